"""Which files an archive run reads, in which order, and under which names."""

import errno
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.document import Document, read_document
from model.errors import DecodingError

TEXT_SUFFIXES = (".txt", ".text", ".md")
LARGEST_FILE = 64 * 1024 * 1024
"""Bytes; a larger text file is rejected, for it would fill the memory."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read, and the name under which its rows appear: its path below the root."""

    path: Path
    doc: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file that was not scored, and why."""

    doc: str
    reason: str


def find_files(roots: Sequence[Path]) -> list[Found]:
    """Every file below the roots, sorted by name; links, hidden files and the
    lock files of office programs are passed over, and none comes twice.

    With several roots the root's name comes first, so that names stay apart.

    Raises:
        FileNotFoundError: a root is not there.
    """
    found: dict[Path, Found] = {}
    for root in roots:
        if not root.exists():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(root))
        prefix = f"{root.name}/" if len(roots) > 1 and root.is_dir() else ""
        if root.is_file():
            found.setdefault(root.resolve(), Found(root, root.name))
            continue
        for name in sorted(_walk(root)):
            found.setdefault((root / name).resolve(), Found(root / name, prefix + name))
    return list(found.values())


def _walk(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            path = Path(folder) / name
            if not name.startswith((".", "~$")) and not path.is_symlink():
                yield path.relative_to(root).as_posix()


def read_file(found: Found) -> Document | Rejected:
    """The document in a file, or the reason why there is none."""
    if found.path.suffix.lower() not in TEXT_SUFFIXES:
        suffix = found.path.suffix or "（无扩展名）"
        return Rejected(
            found.doc,
            f"暂不支持 {suffix} 文件；支持 {'、'.join(TEXT_SUFFIXES)}。"
            "Word、WPS 文档请先另存为纯文本",
        )
    try:
        size = found.path.stat().st_size
        if size > LARGEST_FILE:
            return Rejected(found.doc, f"文件有 {size} 字节，超过 {LARGEST_FILE} 字节的上限")
        return read_document(found.path.read_bytes(), found.doc)
    except DecodingError as error:
        return Rejected(found.doc, str(error))
    except OSError as error:
        return Rejected(found.doc, f"无法读取（{error.strerror or error}）")
