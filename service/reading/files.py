"""Which files an archive run reads, in which order and under which names; and reading them."""

import errno
import io
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.document import Document
from model.errors import UserError
from service.reading.errors import LimitError, ReadingError, Rejected
from service.reading.folders import is_passed_over, shown, walk
from service.reading.formats import read_source
from service.reading.options import ReadingOptions
from service.reading.source import Source

__all__ = ["Found", "ReadingOptions", "Rejected", "find_files", "read_bytes", "read_documents"]


@dataclass(frozen=True, slots=True)
class Found:
    """One unit of work: a file, or a member of an archive.

    Attributes:
        path: the file on the disk.
        doc: its name in rows: the path below the root with `/`, in archives `a.zip!/b.txt`.
        inside: the members' names, from the outermost archive inward.
        size: bytes, of the member for a member.
        stamp: when the file on the disk was last changed, in nanoseconds.
    """

    path: Path
    doc: str
    inside: tuple[str, ...] = ()
    size: int = 0
    stamp: int = 0


def find_files(
    roots: Sequence[Path], options: ReadingOptions | None = None
) -> Iterator[Found | Rejected]:
    """Every file below the roots, sorted by name, none twice.

    Links, hidden files and the lock files of office programs are passed over. With several roots
    the root's name comes first, so that names stay apart.

    Raises:
        FileNotFoundError: a root is not there; at once, before anything is listed.
    """
    for root in roots:
        if not root.exists():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(root))
    return _find(roots, options or ReadingOptions())


def _find(roots: Sequence[Path], options: ReadingOptions) -> Iterator[Found | Rejected]:
    before: list[Path] = []
    for root, prefix in zip(roots, _prefixes(roots), strict=True):
        entries = walk(root) if root.is_dir() else iter([(prefix or shown(root.name), root, None)])
        for name, path, error in entries:
            if before and _is_below(path.resolve(), before):
                continue
            doc = shown(prefix + name if root.is_dir() else name)
            if error is not None:
                yield Rejected(doc, f"文件夹无法列出（{error.strerror or error}）")
            else:
                yield from _units(path, doc, options)
        before.append(root.resolve())


def _prefixes(roots: Sequence[Path]) -> list[str]:
    """What stands before the names of a root's files: its own name, numbered when it is not new."""
    names: list[str] = []
    for root in roots:
        name = root.resolve().name
        known, number = name, 1
        while name in names:
            number += 1
            name = f"{known} ({number})"
        names.append(name)
    return [
        shown(name) + ("/" if root.is_dir() else "") if len(roots) > 1 else ""
        for root, name in zip(roots, names, strict=True)
    ]


def _is_below(path: Path, roots: Sequence[Path]) -> bool:
    """Whether one of the roots has listed a file already."""
    return any(
        path == root
        or (
            root in path.parents
            and not any(is_passed_over(part) for part in path.relative_to(root).parts)
        )
        for root in roots
    )


def _units(path: Path, doc: str, _options: ReadingOptions) -> Iterator[Found | Rejected]:
    try:
        status = path.stat()
    except OSError as error:
        yield Rejected(doc, f"无法读取（{error.strerror or error}）")
        return
    if not stat.S_ISREG(status.st_mode):
        yield Rejected(doc, "不是普通文件（管道、设备或套接字），没有打开")
        return
    yield Found(path, doc, (), status.st_size, status.st_mtime_ns)


def read_documents(
    found: Found, options: ReadingOptions | None = None
) -> Iterator[Document | Rejected]:
    """The documents in a file: one, or one a row of a table; or the reason why there is none.

    Nothing but `Document` and `Rejected` comes out, whatever the file holds.
    """
    options = options or ReadingOptions()
    yield from _guarded(found.doc, _opened(found, options), options)


def read_bytes(
    data: bytes, name: str, options: ReadingOptions | None = None
) -> Iterator[Document | Rejected]:
    """The documents in bytes that came with a name, as `read_documents` reads those of a file."""
    options = options or ReadingOptions()
    source = Source(name, io.BytesIO(data), len(data))
    yield from _guarded(name, read_source(source, options), options)


def _opened(found: Found, options: ReadingOptions) -> Iterator[Document | Rejected]:
    with found.path.open("rb") as file:
        status = os.fstat(file.fileno())
        if found.stamp and (status.st_size, status.st_mtime_ns) != (found.size, found.stamp):
            raise ReadingError("文件在列出之后被改动，没有读；请重新运行")
        yield from read_source(Source(found.doc, file, status.st_size), options)
        after = os.fstat(file.fileno())
    if (after.st_size, after.st_mtime_ns) != (status.st_size, status.st_mtime_ns):
        raise ReadingError("文件在读取时被改动，读出的内容可能不全；请重新运行")


def _guarded(
    doc: str, items: Iterator[Document | Rejected], options: ReadingOptions
) -> Iterator[Document | Rejected]:
    try:
        for item in items:
            if isinstance(item, Document) and len(item.text) > options.max_text:
                excess = LimitError("文档有 {} 个字", len(item.text), options.max_text, "max_text")
                yield Rejected(item.source, str(excess))
            else:
                yield item
    except UserError as error:
        yield Rejected(doc, str(error))
    except OSError as error:
        yield Rejected(doc, f"无法读取（{error.strerror or type(error).__name__}）")
    except Exception as error:  # noqa: BLE001  a broken file may break its library anywhere
        yield Rejected(doc, f"文件损坏，或与扩展名不符（{type(error).__name__}）")
