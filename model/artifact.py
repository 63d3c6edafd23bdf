"""A trained model on disk: one folder, `model.joblib` and what describes it.

`model.joblib` holds numbers, strings, lists, dicts and plain arrays, nothing else; its SHA-256
names the version. A joblib file is a pickle, and a pickle can run code: it is opened only when the
hash in the manifest fits, and by an unpickler that knows three globals of numpy and joblib and
gives for each a stand-in that holds nothing but plain arrays, so that anything else is refused
before it is called.
"""

import hashlib
import json
import os
import pickle
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Mapping
from io import BufferedReader
from pathlib import Path
from typing import IO, Any

import joblib
import numpy as np
from joblib import numpy_pickle

from model.errors import ArtifactError, NoModelError, UntrustedError
from model.files import sync_folder

FORMAT = 3
"""The format of model.joblib.

3: how often a title counts; format 2, without it, is still read.
2: isotonic calibration, the rules of at least and at most one label; format 1 is refused.

Change it when a reader of the old number could not use, or would misread, a new file. Then: raise
the number, keep a reader for every number that users may still have, add an artifact of the old
format to the tests, and say in the changelog what happens to old models.
"""

READABLE = (2, FORMAT)
"""The formats that this program reads."""

MODEL_FILE = "model.joblib"
MANIFEST_FILE = "manifest.json"
VERSION_DIGITS = 12

# Windows has neither; there a binary file has to be asked for.
_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

_LARGEST_MANIFEST = 4_000_000
_PLAIN_KIND = re.compile(r"[biufU]\d{1,6}")
_NDARRAY = "numpy.ndarray"


class _PlainDtype:
    """numpy's dtype as a pickle describes it: a plain kind and a byte order."""

    def __init__(self, kind: Any, *_: Any) -> None:
        if not isinstance(kind, str) or not _PLAIN_KIND.fullmatch(kind):
            raise pickle.UnpicklingError("an array of objects")
        self._kind = kind
        self._order = "="

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) < 5 or state[1] not in ("<", ">", "|", "="):
            raise pickle.UnpicklingError("an array of an unknown kind")
        if any(part is not None for part in state[2:5]):
            raise pickle.UnpicklingError("an array of records")
        self._order = state[1]

    def plain(self) -> np.dtype[Any]:
        """The dtype itself."""
        return np.dtype(self._order + self._kind)


class _PlainArray(numpy_pickle.NumpyArrayWrapper):  # type: ignore[misc]
    """joblib's place-holder for an array, refusing arrays that hold objects."""

    subclass: Any
    dtype: Any

    def read(self, unpickler: Any, ensure_native_byte_order: bool) -> Any:
        if self.subclass != _NDARRAY or not isinstance(self.dtype, _PlainDtype):
            raise pickle.UnpicklingError("an array of objects")
        self.subclass, self.dtype = np.ndarray, self.dtype.plain()
        return super().read(unpickler, ensure_native_byte_order)


_ADMITTED: Mapping[tuple[str, str], Any] = {
    # A name, which cannot be called.
    ("numpy", "ndarray"): _NDARRAY,
    ("numpy", "dtype"): _PlainDtype,
    ("joblib.numpy_pickle", "NumpyArrayWrapper"): _PlainArray,
}


class _PlainUnpickler(numpy_pickle.NumpyUnpickler):  # type: ignore[misc]
    """Opens joblib files that hold plain data; refuses every global but those listed above."""

    dispatch = numpy_pickle.NumpyUnpickler.dispatch.copy()

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ADMITTED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"the global {module}.{name}") from None


def write_artifact(
    store: Path, content: Mapping[str, Any], manifest: Mapping[str, Any], files: Mapping[str, str]
) -> str:
    """Write a model into a store and return its version.

    The folder appears whole or not at all. The same content gives the same version; when that
    version is there already, it stays as it is.

    Args:
        store: the folder of models, made where it is missing.
        content: what goes into model.joblib.
        manifest: what describes it; format, version and hash are added.
        files: further files by name, as text.
    """
    store.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".new-", dir=store))
    try:
        joblib.dump(_canonical(content), folder / MODEL_FILE, compress=0)
        digest = _digest(folder / MODEL_FILE)
        version = digest[:VERSION_DIGITS]
        for name, text in files.items():
            _write(folder / name, text)
        head = {
            "format": FORMAT,
            "version": version,
            "sha256": digest,
            "files": {name: _digest(folder / name) for name in sorted(files)},
        }
        _write(
            folder / MANIFEST_FILE, json.dumps({**head, **manifest}, ensure_ascii=False, indent=1)
        )
        folder.chmod(0o755)
        target = store / version
        if not (target / MANIFEST_FILE).is_file():
            os.replace(folder, target)
            sync_folder(store)
        return version
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of an artifact.

    Raises:
        NoModelError: there is no such folder.
        ArtifactError: no manifest, or a format that this program does not read.
    """
    if not folder.is_dir():
        raise NoModelError(folder, "没有这个模型。用 govtheme models list 查看已有的模型")
    with opened(folder, MANIFEST_FILE) as file:
        data = file.read(_LARGEST_MANIFEST + 1)
    if len(data) > _LARGEST_MANIFEST:
        raise ArtifactError(folder, f"{MANIFEST_FILE} 大得不像话（多于 {_LARGEST_MANIFEST} 字节）")
    try:
        manifest = json.loads(data)
        number = manifest["format"]
        manifest["sha256"], manifest["version"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ArtifactError(folder, f"{MANIFEST_FILE} 损坏（{str(error)[:200]!r}）") from error
    if number not in READABLE:
        older = isinstance(number, int) and number < FORMAT
        hint = "请运行 govtheme train 重新训练" if older else "请升级 govtheme"
        raise ArtifactError(
            folder, f"格式号是 {number}，本程序只认 {READABLE[0]} 到 {FORMAT}。{hint}"
        )
    if not isinstance(manifest, dict):
        raise ArtifactError(folder, f"{MANIFEST_FILE} 损坏（不是对象）")
    return manifest


def read_artifact(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The content of model.joblib, arrays memory-mapped, and the manifest.

    Raises:
        NoModelError: there is no such artifact.
        ArtifactError: the file is damaged, was changed, or has another format.
        UntrustedError: the file asks for something that no artifact of ours holds.
    """
    manifest = read_manifest(folder)
    with opened(folder, MODEL_FILE) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != manifest["sha256"] or digest[:VERSION_DIGITS] != manifest["version"]:
            raise ArtifactError(
                folder,
                f"{MODEL_FILE} 与 {MANIFEST_FILE} 中的 SHA-256 不符：文件损坏或被改动过，请勿使用",
            )
        file.seek(0)
        content = _unpickle(file, folder / MODEL_FILE)
    if not isinstance(content, dict) or content.get("format") != manifest["format"]:
        raise ArtifactError(folder, f"{MODEL_FILE} 的格式号与 {MANIFEST_FILE} 不符")
    _check_labels(folder, content, manifest)
    return content, manifest


def check_files(folder: Path) -> None:
    """Make sure that the files beside the model are those that were written with it.

    Raises:
        ArtifactError: one is missing or was changed.
    """
    listed = read_manifest(folder).get("files", {})
    if not isinstance(listed, dict):
        raise ArtifactError(folder, f"{MANIFEST_FILE} 损坏（files 不是对象）")
    for name, digest in listed.items():
        if Path(name).name != name:
            raise ArtifactError(folder, f"{MANIFEST_FILE} 里有不该有的文件名 {name[:40]!r}")
        with opened(folder, name) as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                raise ArtifactError(folder, f"{name} 被改动过（SHA-256 不符）")


def _check_labels(folder: Path, content: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
    """Labels and codebook are told twice; a model whose two tales differ is two models."""
    book = content.get("codebook")
    version = book.get("version") if isinstance(book, dict) else None
    for what, inside, told in (
        ("标签", content.get("labels"), manifest.get("labels")),
        ("编码手册版本", version, manifest.get("codebook")),
    ):
        if inside != told:
            raise ArtifactError(
                folder, f"{MODEL_FILE} 的{what}与 {MANIFEST_FILE} 不符：它们不是同一个模型的"
            )


def opened(folder: Path, name: str) -> BufferedReader:
    """A file of an artifact, open for reading; only if it is a plain file and stands right there.

    Raises:
        ArtifactError: it is missing, a link, or no plain file.
    """
    path = folder / name
    try:
        # Without waiting: a pipe in the place of a file would never end.
        handle = os.open(path, os.O_RDONLY | _FLAGS)
    except OSError as error:
        if path.is_symlink():
            raise ArtifactError(folder, f"{name} 是符号链接，不读取") from error
        raise ArtifactError(folder, f"缺少 {name}（{error.strerror}）") from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise ArtifactError(folder, f"{name} 不是普通文件")
    return os.fdopen(handle, "rb")


def _unpickle(file: IO[bytes], path: Path) -> Any:
    try:
        return _PlainUnpickler(str(path), file, False, mmap_mode="r").load()
    except pickle.UnpicklingError as error:
        raise UntrustedError(
            path.parent, f"{MODEL_FILE} 含有不允许的内容（{error}），已拒绝载入"
        ) from error
    except Exception as error:
        # A damaged pickle may fail in any way at all; nothing of it was used.
        raise ArtifactError(path.parent, f"{MODEL_FILE} 损坏（{type(error).__name__}）") from error


def _canonical(value: Any) -> Any:
    """The same content with every string interned and dicts in sorted order.

    A pickle writes a string once and refers back to it only when it is the very same object, so
    equal but distinct strings would change the bytes.
    """
    if isinstance(value, Mapping):
        return {sys.intern(str(key)): _canonical(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    if isinstance(value, str):
        return sys.intern(str(value))
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            raise TypeError("an artifact holds no array of objects")
        return np.array(value, dtype=value.dtype, order="C")
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool | int | float):
        return value
    raise TypeError(f"an artifact holds plain data only, not {type(value).__name__}")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
