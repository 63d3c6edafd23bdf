"""Archives: which members there are, one inside the other, and opening one of them.

Nothing is ever unpacked onto the disk. What an archive says of itself is checked before anything
is read: how many members, how large, how often enlarged, how deep, and under which names.
"""

import atexit
import io
import lzma
import struct
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from model.encodings import decode
from model.errors import DecodingError
from service.reading.errors import LimitError, ReadingError
from service.reading.options import ReadingOptions

_TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz")
_SINGLES = (".gz", ".bz2", ".xz")
SUFFIXES = (".zip", *_TARS, *_SINGLES)
"""How the names of archives end that are opened."""

FAULTS = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
    RuntimeError,
)
"""What the libraries raise over broken bytes; a bad checksum of gzip is an OSError."""

_SMALL = 1024 * 1024
"""Bytes; how often something smaller is enlarged does not matter."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive.

    Attributes:
        name: its path in the archive with `/`; numbered where the archive has it twice.
        size: bytes when unpacked.
        reason: why it must not be opened, empty where it may be.
    """

    name: str
    size: int
    reason: str = ""


class Archive(Protocol):
    """An opened archive. What goes wrong with its bytes is a `ReadingError`."""

    def members(self) -> Iterator[Member]:
        """The members in the order of the archive; folders are left out."""

    def open(self, name: str) -> BinaryIO:
        """A member's bytes, seekable; cheap for the one that follows the member last opened."""

    def close(self) -> None:
        """Let go of the archive; its members are closed with it."""


def is_archive(name: str) -> bool:
    """Whether a name ends like that of an archive."""
    return name.lower().endswith(SUFFIXES)


def open_archive(file: BinaryIO, name: str, size: int, options: ReadingOptions) -> Archive:
    """Open an archive by how its name ends.

    Raises:
        ReadingError: it is broken, or passes a limit.
    """
    from service.reading.tars import PackedFile, TarArchive
    from service.reading.zips import ZipArchive

    lower = name.lower()
    if lower.endswith(".zip"):
        return ZipArchive(file, options)
    kind = TarArchive if lower.endswith(_TARS) else PackedFile
    return kind(file, name, size, options)


def list_members(
    file: BinaryIO, name: str, size: int, options: ReadingOptions
) -> Iterator[tuple[tuple[str, ...], Member]]:
    """Every file in an archive and in the archives in it, with the names that lead to it.

    A member that must not be read has its reason; so has an archive that breaks off, after the
    members that came before.
    """
    yield from _listed(file, (name,), size, Allowance(options), options)


def _listed(
    file: BinaryIO,
    names: tuple[str, ...],
    size: int,
    allowance: "Allowance",
    options: ReadingOptions,
) -> Iterator[tuple[tuple[str, ...], Member]]:
    try:
        allowance.descend(len(names))
        with closing(open_archive(file, names[-1], size, options)) as archive:
            for count, member in enumerate(archive.members(), 1):
                allowance.take(count, member)
                inner = (*names, member.name)
                if member.reason or not is_archive(member.name):
                    yield inner[1:], member
                else:
                    content = inner_archive(archive, member, options)
                    yield from _listed(content, inner, member.size, allowance, options)
    except ReadingError as error:
        yield names[1:], Member(names[-1], 0, str(error))
    except FAULTS as error:
        yield names[1:], Member(names[-1], 0, f"压缩包从这里起损坏（{type(error).__name__}）")


class Allowance:
    """What is left of the limits of an outermost archive."""

    def __init__(self, options: ReadingOptions) -> None:
        self._options = options
        self._unpacked = 0

    def descend(self, depth: int) -> None:
        """Go into an archive, the outermost being at depth 1; a LimitError where it is too deep."""
        most = self._options.max_depth
        if depth > most:
            raise LimitError("压缩包套了 {} 层", depth, most, "max_depth")

    def take(self, count: int, member: Member) -> None:
        """Take the member with this number, from 1; a LimitError where it is one too many."""
        most = self._options.max_members
        if count > most:
            what = f"压缩包至少有 {{}} 个成员，只读了前 {most} 个"
            raise LimitError(what, count, most, "max_members")
        self._unpacked += member.size
        most = self._options.max_unpacked
        if self._unpacked > most:
            raise LimitError("压缩包解开后至少有 {} 字节", self._unpacked, most, "max_unpacked")


def inner_archive(archive: Archive, member: Member, options: ReadingOptions) -> io.BytesIO:
    """An archive in an archive, in memory: its list stands at its end or needs a second look."""
    if member.size > options.max_file:
        raise LimitError("内层压缩包有 {} 字节", member.size, options.max_file, "max_file")
    with archive.open(member.name) as file:
        return io.BytesIO(file.read(options.max_file))


def check_ratio(size: int, packed: int, options: ReadingOptions) -> None:
    """Raise a LimitError when unpacking enlarges more than it may."""
    if size > _SMALL and size > options.max_ratio * packed:
        times = size // max(packed, 1)
        raise LimitError("解开后是原来的 {} 倍", times, options.max_ratio, "max_ratio")


def fault_of(name: str) -> str:
    """What is wrong with a member's name, empty when nothing is."""
    parts = name.split("/")
    if ".." in parts or name.startswith("/") or ":" in parts[0]:
        return "成员的路径越出压缩包，没有读"
    return ""


def member_name(raw: bytes) -> str:
    """A name that an archive does not say the encoding of."""
    try:
        return decode(raw)
    except DecodingError:
        return raw.decode("cp437")


class Names:
    """Names of members, numbered from the second time on, so that each is one member's."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def unique(self, name: str) -> str:
        """The name, or `a (2).txt` when `a.txt` has come before."""
        count = self._seen[name] = self._seen.get(name, 0) + 1
        if count == 1:
            return name
        path = PurePosixPath(name)
        return self.unique(str(path.with_name(f"{path.stem} ({count}){path.suffix}")))


class _Kept(threading.local):
    """The archives that were read from last, one inside the other, still open.

    A compressed tar can only be read from front to back; were it opened anew for every member,
    reading all of them would take the square of the time.
    """

    def __init__(self) -> None:
        self.key: tuple[Path, int] | None = None
        self.file: BinaryIO | None = None
        self.names: list[str] = []
        self.archives: list[Archive] = []


_kept = _Kept()
atexit.register(lambda: close_kept())


def open_member(
    path: Path, stamp: int, inside: tuple[str, ...], options: ReadingOptions
) -> BinaryIO:
    """A member of an archive on the disk; the archive stays open until another is asked for.

    Raises:
        ReadingError: the archive is broken, or the member is not there.
    """
    if _kept.key != (path, stamp):
        close_kept()
        _kept.key = (path, stamp)
    names = [path.name, *inside[:-1]]
    while _kept.names != names[: len(_kept.names)]:
        _kept.names.pop()
        _kept.archives.pop().close()
    file: BinaryIO
    for name in names[len(_kept.names) :]:
        if _kept.archives:
            with _kept.archives[-1].open(name) as member:
                file = io.BytesIO(member.read(options.max_file + 1))
        else:
            _kept.file = file = path.open("rb")
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        _kept.archives.append(open_archive(file, name, size, options))
        _kept.names.append(name)
    return _kept.archives[-1].open(inside[-1])


def close_kept() -> None:
    """Close the archives that are kept open in this thread."""
    while _kept.archives:
        _kept.archives.pop().close()
    if _kept.file is not None:
        _kept.file.close()
    _kept.key, _kept.file, _kept.names = None, None, []
