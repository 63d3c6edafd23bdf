"""Signed artifacts: who vouches for a model, checked without a network.

`signature.json` beside a model holds the SHA-256 of every other file of its folder and an Ed25519
signature (RFC 8032) of that list. Checking it needs the public key, given by whoever checks: a key
that came with the model would vouch for nothing. Needs `cryptography`, an extra.
"""

import base64
import hashlib
import importlib.util
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.artifact import opened
from model.errors import ArtifactError, UserError
from model.files import write_text

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

SIGNATURE_FILE = "signature.json"

_FORMAT = 1
_LARGEST = 1_000_000


class KeyFileError(UserError):
    """A key cannot be used, or keys cannot be used here at all."""


class SignatureError(ArtifactError):
    """The signature is missing, of somebody else, or does not fit what it signs."""


def make_keys(path: Path) -> Path:
    """Write a new private key (PEM, readable by its owner alone); returns the public key's path.

    Raises:
        KeyFileError: one of the files is there already.
    """
    _need_library()
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    public_path = path.with_name(f"{path.name}.pub")
    for wanted in (path, public_path):
        if wanted.exists():
            raise KeyFileError(f"{wanted} 已经有了；不会覆盖钥匙，请换一个名字")
    private = Ed25519PrivateKey.generate()
    secret = private.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    public = private.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
    for target, data, mode in ((path, secret, 0o600), (public_path, public, 0o644)):
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    return public_path


def sign(folder: Path, key: Path) -> str:
    """Sign an artifact; returns the key's fingerprint.

    Raises:
        KeyFileError: the key is no private Ed25519 key.
        ArtifactError: the folder holds something that cannot be signed.
    """
    private = _private_key(key)
    files = _digests(folder)
    fingerprint = _fingerprint(private.public_key())
    signature = base64.b64encode(private.sign(_statement(files))).decode()
    told = {"format": _FORMAT, "algorithm": "ed25519", "key": fingerprint, "files": files}
    write_text(folder / SIGNATURE_FILE, json.dumps(told | {"signature": signature}, indent=1))
    return fingerprint


def verify(folder: Path, key: Path) -> str:
    """Check that an artifact is what the owner of a key signed; returns the key's fingerprint.

    Raises:
        KeyFileError: the key is no public Ed25519 key.
        SignatureError: no signature, another key's, or a file that was changed, added or removed.
    """
    public = _public_key(key)
    told = _read(folder)
    fingerprint = _fingerprint(public)
    if told.get("format") != _FORMAT or told.get("algorithm") != "ed25519":
        raise SignatureError(folder, f"{SIGNATURE_FILE} 的格式不认识，请升级 govtheme")
    if told.get("key") != fingerprint:
        raise SignatureError(folder, f"不是这把钥匙签的（{fingerprint}）")
    _check(public, told, folder)
    found, signed = _digests(folder), told["files"]
    changed = sorted({*found, *signed} - {n for n in found if signed.get(n) == found[n]})
    if changed:
        raise SignatureError(folder, f"签名之后有改动：{'、'.join(name[:40] for name in changed)}")
    return fingerprint


def signer(folder: Path) -> str | None:
    """The fingerprint that a signature claims, unchecked; None where there is no signature."""
    if not (folder / SIGNATURE_FILE).exists():
        return None
    return str(_read(folder).get("key"))[:64]


def _check(public: "Ed25519PublicKey", told: dict[str, Any], folder: Path) -> None:
    from cryptography.exceptions import InvalidSignature

    try:
        public.verify(base64.b64decode(told["signature"], validate=True), _statement(told["files"]))
    except (InvalidSignature, KeyError, TypeError, ValueError) as error:
        raise SignatureError(folder, "签名不对：签名或清单被改动过") from error


def _read(folder: Path) -> dict[str, Any]:
    if not (folder / SIGNATURE_FILE).exists():
        raise SignatureError(folder, "没有签名。签名：govtheme models sign 版本号 --key 私钥文件")
    with opened(folder, SIGNATURE_FILE) as file:
        data = file.read(_LARGEST)
    try:
        told = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SignatureError(folder, f"{SIGNATURE_FILE} 损坏") from error
    if not isinstance(told, dict) or not isinstance(told.get("files"), dict):
        raise SignatureError(folder, f"{SIGNATURE_FILE} 损坏")
    return told


def _digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file of an artifact but the signature."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.name != SIGNATURE_FILE:
            with opened(folder, path.name) as file:
                found[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def _statement(files: dict[str, str]) -> bytes:
    """What is signed: one spelling of the list of files."""
    listed = json.dumps(files, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return b"govtheme artifact 1\n" + listed.encode()


def _private_key(path: Path) -> "Ed25519PrivateKey":
    _need_library()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except TypeError as error:
        raise KeyFileError(f"{path} 有口令，请先去掉口令") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError(
            f"{path} 不是 PEM 私钥；用 govtheme models keygen 文件 可以造一把"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path} 不是 Ed25519 私钥")
    return key


def _public_key(path: Path) -> "Ed25519PublicKey":
    _need_library()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(path.read_bytes())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError(f"{path} 不是 PEM 公钥（核对用公钥，文件名多以 .pub 结尾）") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError(f"{path} 不是 Ed25519 公钥")
    return key


def _fingerprint(key: "Ed25519PublicKey") -> str:
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:32]


def _need_library() -> None:
    if importlib.util.find_spec("cryptography") is None:
        raise KeyFileError("签名需要 cryptography：pip install 'govtheme[sign]'")
