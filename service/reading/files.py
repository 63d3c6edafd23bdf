"""Which files an archive run reads, in which order and under which names; and reading them."""

import errno
import io
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from model.document import Document
from service.reading.archives import FAULTS, is_archive, list_members, open_member
from service.reading.errors import ReadingError, Rejected
from service.reading.folders import is_passed_over, shown, walk
from service.reading.formats import read_source
from service.reading.options import ReadingOptions
from service.reading.parts import parts_of
from service.reading.source import Part, Source

__all__ = ["Found", "ReadingOptions", "Rejected", "find_files", "read_bytes", "read_documents"]


@dataclass(frozen=True, slots=True)
class Found:
    """One unit of work: a file, or a member of an archive.

    Attributes:
        path: the file on the disk.
        doc: its name in rows: the path below the root with `/`, in archives `a.zip!/b.txt`.
        inside: the members' names, from the outermost archive inward.
        size: bytes, of the member for a member, of the part for a part.
        stamp: when the file on the disk was last changed, in nanoseconds.
        part: the stretch of a large table, None for all of it.
    """

    path: Path
    doc: str
    inside: tuple[str, ...] = ()
    size: int = 0
    stamp: int = 0
    part: Part | None = None


def find_files(
    roots: Sequence[Path], options: ReadingOptions | None = None, largest: int | None = None
) -> Iterator[Found | Rejected]:
    """Every file below the roots, sorted by name, none twice.

    Hidden files and the lock files of office programs are passed over, links are rejected. With
    several roots the root's name comes first, so that names stay apart.

    Args:
        roots: files and folders.
        options: the limits.
        largest: large tables come in parts of about so many bytes; None for whole ones.

    Raises:
        FileNotFoundError: a root is not there; at once, before anything is listed.
    """
    for root in roots:
        if not root.exists():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(root))
    options = options or ReadingOptions()
    found = _find(roots, options)
    return found if largest is None else _in_parts(found, options, largest)


def _in_parts(
    units: Iterator[Found | Rejected], options: ReadingOptions, largest: int
) -> Iterator[Found | Rejected]:
    for unit in units:
        parts = []
        if isinstance(unit, Found) and not unit.inside:
            parts = parts_of(unit.path, unit.size, options, largest)
        if isinstance(unit, Found) and parts:
            yield from (replace(unit, part=part, size=part.length) for part in parts)
        else:
            yield unit


def _find(roots: Sequence[Path], options: ReadingOptions) -> Iterator[Found | Rejected]:
    before: list[Path] = []
    for root, prefix in zip(roots, _prefixes(roots), strict=True):
        entries = walk(root) if root.is_dir() else iter([(prefix or shown(root.name), root, "")])
        for name, path, reason in entries:
            if before and _is_below(path.resolve(), before):
                continue
            doc = shown(prefix + name if root.is_dir() else name)
            if reason:
                yield Rejected(doc, reason)
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


def _units(path: Path, doc: str, options: ReadingOptions) -> Iterator[Found | Rejected]:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            yield Rejected(doc, "不是普通文件（管道、设备或套接字），没有打开")
        elif is_archive(path.name):
            yield from _members(path, doc, status, options)
        else:
            yield Found(path, doc, (), status.st_size, status.st_mtime_ns)
    except OSError as error:
        yield Rejected(doc, f"无法读取（{error.strerror or error}）")


def _members(
    path: Path, doc: str, status: os.stat_result, options: ReadingOptions
) -> Iterator[Found | Rejected]:
    with path.open("rb") as file:
        for inside, member in list_members(file, path.name, status.st_size, options):
            name = "!/".join((doc, *inside))
            if member.reason:
                yield Rejected(name, member.reason)
            else:
                yield Found(path, name, inside, member.size, status.st_mtime_ns)


def read_documents(
    found: Found, options: ReadingOptions | None = None
) -> Iterator[Document | Rejected]:
    """The documents in a file: one, or one a row of a table; or the reason why there is none.

    Nothing but `Document` and `Rejected` comes out, whatever the file holds.
    """
    options = options or ReadingOptions()
    try:
        before = found.path.stat()
        if found.stamp and before.st_mtime_ns != found.stamp:
            raise ReadingError("文件在列出之后被改动，没有读；请重新运行")
        with _opened(found, before, options) as file:
            size = found.size if found.inside else before.st_size
            source = Source(found.doc, file, size, len(found.inside), found.part)
            yield from read_source(source, options)
        after = found.path.stat()
        if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            raise ReadingError("文件在读取时被改动，读出的内容可能不全；请重新运行")
    except ReadingError as error:
        yield Rejected(found.doc, str(error))
    except OSError as error:
        yield Rejected(found.doc, f"无法读取（{error.strerror or type(error).__name__}）")
    except FAULTS as error:
        yield Rejected(found.doc, f"压缩包的成员损坏（{type(error).__name__}）")


def _opened(found: Found, status: os.stat_result, options: ReadingOptions) -> BinaryIO:
    if found.inside:
        return open_member(found.path, status.st_mtime_ns, found.inside, options)
    return found.path.open("rb")


def read_bytes(
    data: bytes, name: str, options: ReadingOptions | None = None
) -> Iterator[Document | Rejected]:
    """The documents in bytes that came with a name, as `read_documents` reads those of a file."""
    yield from read_source(Source(name, io.BytesIO(data), len(data)), options or ReadingOptions())
