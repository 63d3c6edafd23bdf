"""Tar archives, compressed or not, and single files that were compressed by themselves."""

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from service.reading.archives import FAULTS, Member, Names, fault_of, member_name
from service.reading.bounded import BoundedFile
from service.reading.errors import LimitError, ReadingError
from service.reading.folders import is_passed_over
from service.reading.options import ReadingOptions

_UNPACKED = "压缩包解开后至少有 {} 字节"
_LEAST = 32 * 1024 * 1024
"""Bytes up to which the ratio does not matter."""


class TarArchive:
    """A tar archive. Links, devices and pipes in it are never followed or opened."""

    def __init__(self, file: BinaryIO, name: str, size: int, options: ReadingOptions) -> None:
        self._plain = _unpacked(file, name)
        # tarfile reads a long name in one piece, as long as the archive says it is.
        self._most = most = min(options.max_unpacked, max(_LEAST, options.max_ratio * size))
        self._setting = setting = "max_unpacked" if most == options.max_unpacked else "max_ratio"
        self._bounded = BoundedFile(self._plain, options.max_file + 1, setting, _UNPACKED, most)
        self._rewind()

    def members(self) -> Iterator[Member]:
        self._rewind()
        while (found := self._next()) is not None:
            name, info = found
            yield Member(name, info.size, self._reason(name, info))

    def open(self, name: str) -> BinaryIO:
        if self._last is not None and self._last[0] == name:
            return self._opened(*self._last)
        for _ in range(2):
            while (found := self._next()) is not None:
                if found[0] == name:
                    return self._opened(*found)
            self._rewind()
        raise ReadingError("压缩包里没有这个成员")

    def close(self) -> None:
        self._tar.close()
        self._plain.close()

    def _rewind(self) -> None:
        self._names = Names()
        try:
            self._plain.seek(0)
            self._tar = tarfile.TarFile(fileobj=cast("BinaryIO", self._bounded), mode="r")
        except FAULTS as error:
            raise ReadingError(f"压缩包损坏，或不是 tar（{type(error).__name__}）") from error
        self._last: tuple[str, tarfile.TarInfo] | None = None

    def _next(self) -> tuple[str, tarfile.TarInfo] | None:
        """The next member that is neither a folder nor hidden."""
        while True:
            try:
                info = self._tar.next()
            except FAULTS as error:
                raise ReadingError(f"压缩包从这里起损坏（{type(error).__name__}）") from error
            # tarfile remembers every member that it has met.
            cast("Any", self._tar).members = []
            if info is None:
                self._last = None
                return None
            name = member_name(info.name.encode("utf-8", "surrogateescape"))
            hidden = any(is_passed_over(p) and p not in (".", "..") for p in name.split("/"))
            if not info.isdir() and not hidden:
                self._last = self._names.unique(name), info
                return self._last

    def _opened(self, name: str, info: tarfile.TarInfo) -> BinaryIO:
        reason = self._reason(name, info)
        if reason:
            raise ReadingError(reason)
        return cast("BinaryIO", self._tar.extractfile(info))

    def _reason(self, name: str, info: tarfile.TarInfo) -> str:
        if info.issym() or info.islnk():
            return "是指向别处的链接，没有跟随"
        if not info.isreg():
            return "不是普通文件（管道或设备），没有打开"
        end = info.offset_data + info.size
        if end > self._most:
            return str(LimitError(_UNPACKED, end, self._most, self._setting))
        return fault_of(name)


class PackedFile:
    """One file compressed by itself: `a.txt.gz` holds `a.txt`."""

    def __init__(self, file: BinaryIO, name: str, size: int, options: ReadingOptions) -> None:
        self._name = name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        most = min(options.max_file, max(_LEAST, options.max_ratio * size))
        try:
            with _unpacked(file, name) as plain:
                self._data = plain.read(most + 1)
        except FAULTS as error:
            raise ReadingError(f"压缩文件损坏（{type(error).__name__}）") from error
        if len(self._data) > most:
            setting = "max_file" if most == options.max_file else "max_ratio"
            raise LimitError("解开后至少有 {} 字节", len(self._data), most, setting)

    def members(self) -> Iterator[Member]:
        yield Member(self._name, len(self._data))

    def open(self, name: str) -> BinaryIO:
        if name != self._name:
            raise ReadingError("压缩包里没有这个成员")
        return io.BytesIO(self._data)

    def close(self) -> None:
        self._data = b""


def _unpacked(file: BinaryIO, name: str) -> BinaryIO:
    lower = name.lower()
    if lower.endswith((".gz", ".tgz")):
        return cast("BinaryIO", gzip.GzipFile(fileobj=file))
    if lower.endswith((".bz2", ".tbz2", ".tbz")):
        return cast("BinaryIO", bz2.BZ2File(file))
    if lower.endswith((".xz", ".txz")):
        return cast("BinaryIO", lzma.LZMAFile(file))
    return file
