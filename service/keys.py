"""API keys: who may ask for what. The file holds names, scopes and hashes, never a key.

A key is 32 random bytes, so one SHA-256 is enough to store it; guessing it is out of reach and
there is nothing for a slow hash to slow down. The file is read again when it changes, so keys are
added and taken away without a restart.
"""

import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson

from model.errors import UserError
from model.files import write_bytes
from service.errors import ForbiddenError, UnauthorizedError

Scope = Literal["classify", "admin"]
SCOPES: tuple[Scope, ...] = ("classify", "admin")

_NAME = re.compile(r"[\w.@-]{1,64}")
_PREFIX = "gt_"


class KeyFileError(UserError):
    """The file of keys cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key as the file knows it.

    Attributes:
        name: who uses it; this is what logs show.
        scopes: what it may do.
        digest: SHA-256 of the key, hexadecimal.
        rate: requests a minute; None for what the settings say, 0 for any number.
    """

    name: str
    scopes: tuple[Scope, ...]
    digest: str
    rate: int | None = None


class KeyRing:
    """The keys of a file, read anew whenever the file changes.

    Args:
        path: the file; None is a server without keys, where everybody may classify.

    Raises:
        KeyFileError: the file is missing, damaged, or readable by everybody.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._keys: tuple[Key, ...] = ()
        self._stamp: tuple[int, int] | None = None
        self.failure: str | None = None
        if path is not None:
            self._keys, self._stamp = read_keys(path), _stamp(path)

    @property
    def wanted(self) -> bool:
        """Whether requests need a key."""
        return self._path is not None

    def refresh(self) -> None:
        """Read the file again if it has changed; while it cannot be read the old keys count."""
        if self._path is None:
            return
        stamp = _stamp(self._path)
        if stamp == self._stamp:
            return
        try:
            self._keys, self._stamp, self.failure = read_keys(self._path), stamp, None
        except (KeyFileError, OSError) as error:
            self.failure = str(error)

    def find(self, token: str | None) -> Key:
        """The key that a request shows.

        Raises:
            UnauthorizedError: none, or one that is not in the file.
        """
        if not token:
            raise UnauthorizedError("需要密钥：请在请求头里加 Authorization: Bearer 密钥")
        digest = _digest(token)
        found = None
        # All are compared, so that the time taken does not tell which one was close.
        for key in self._keys:
            if hmac.compare_digest(key.digest, digest):
                found = key
        if found is None:
            raise UnauthorizedError("密钥不对，或已经作废")
        return found

    def named(self, name: str) -> Key | None:
        """The key of this name."""
        return next((key for key in self._keys if key.name == name), None)


def require(key: Key | None, scope: Scope) -> None:
    """Make sure that a key may do this.

    Raises:
        ForbiddenError: it may not, or there is none and the scope is not for everybody.
    """
    if key is None:
        if scope != "classify":
            raise ForbiddenError(
                "管理功能需要密钥：请设置 GOVTHEME_KEYS，并用 govtheme keys add 添加"
            )
    elif scope not in key.scopes:
        raise ForbiddenError(f"密钥 {key.name} 没有 {scope} 权限")


def add_key(path: Path, name: str, scopes: tuple[Scope, ...], rate: int | None = None) -> str:
    """Add a key to the file, or give a name a new key; returns the key, which is kept nowhere.

    Raises:
        KeyFileError: the name cannot be used, or the file is damaged.
    """
    if not _NAME.fullmatch(name):
        raise KeyFileError(f"名称 {name!r} 不能用：只能有字母、数字、汉字和 _ . @ -，最多 64 个")
    token = _PREFIX + secrets.token_urlsafe(32)
    others = [key for key in _present(path) if key.name != name]
    _write(path, [*others, Key(name, scopes, _digest(token), rate)])
    return token


def remove_key(path: Path, name: str) -> None:
    """Take a key away.

    Raises:
        KeyFileError: there is no key of that name.
    """
    keys = read_keys(path)
    left = [key for key in keys if key.name != name]
    if len(left) == len(keys):
        known = "、".join(key.name for key in keys) or "无"
        raise KeyFileError(f"没有叫 {name} 的密钥；已有：{known}")
    _write(path, left)


def read_keys(path: Path) -> tuple[Key, ...]:
    """The keys of a file.

    Raises:
        KeyFileError: it is missing, no list of keys, or readable by everybody.
    """
    try:
        content = orjson.loads(path.read_bytes())
        if os.name == "posix" and path.stat().st_mode & 0o004:
            raise KeyFileError(f"密钥文件 {path} 所有人可读，请运行 chmod 640 {path}")
        return tuple(_key(entry) for entry in content["keys"])
    except FileNotFoundError as error:
        raise KeyFileError(f"没有密钥文件 {path}；请用 govtheme keys add 添加密钥") from error
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise KeyFileError(f"密钥文件 {path} 已损坏：{error}") from error


def _key(entry: dict[str, Any]) -> Key:
    name, scopes, digest = entry["name"], tuple(entry["scopes"]), entry["sha256"]
    rate = entry.get("rate")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError("名称不对")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise ValueError(f"{name} 的权限应是 {'、'.join(SCOPES)}")
    if not isinstance(digest, str) or not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise ValueError(f"{name} 的 sha256 不是 64 位十六进制数")
    if rate is not None and (not isinstance(rate, int) or rate < 0):
        raise ValueError(f"{name} 的 rate 应是不小于 0 的整数")
    return Key(name, scopes, digest, rate)


def _present(path: Path) -> tuple[Key, ...]:
    return read_keys(path) if path.exists() else ()


def _write(path: Path, keys: list[Key]) -> None:
    entries = [
        {"name": key.name, "scopes": key.scopes, "sha256": key.digest}
        | ({} if key.rate is None else {"rate": key.rate})
        for key in keys
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    data = orjson.dumps({"keys": entries}, option=orjson.OPT_INDENT_2) + b"\n"
    write_bytes(path, data, mode=mode)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino
