"""Zip archives."""

import stat
import zipfile
from collections.abc import Iterator
from typing import BinaryIO, cast

from service.reading.archives import FAULTS, Member, Names, check_ratio, fault_of, member_name
from service.reading.bounded import BoundedFile
from service.reading.errors import ReadingError
from service.reading.folders import is_passed_over
from service.reading.options import ReadingOptions

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
_ENCRYPTED = 0x1
_UTF8 = 0x800
_ENTRY = 256
"""Bytes of a member's entry in the list, its name included: more than there are on average."""


class ZipArchive:
    """A zip archive; names that are not UTF-8 are taken for GB18030, as Chinese Windows wrote."""

    def __init__(self, file: BinaryIO, options: ReadingOptions) -> None:
        self._options = options
        most = _ENTRY * options.max_members + 65536
        bounded = BoundedFile(file, most, "max_members", "压缩包的目录有 {} 字节")
        try:
            self._zip = zipfile.ZipFile(cast("BinaryIO", bounded))
        except FAULTS as error:
            raise ReadingError(f"压缩包损坏，或不是 zip（{type(error).__name__}）") from error
        bounded.unbind()
        self._by_name: dict[str, zipfile.ZipInfo] = {}
        names = Names()
        for info in self._zip.infolist():
            name = _name(info)
            if not info.is_dir() and not _is_hidden(name):
                self._by_name[names.unique(name)] = info

    def members(self) -> Iterator[Member]:
        for name, info in self._by_name.items():
            yield Member(name, info.file_size, self._reason(name, info))

    def open(self, name: str) -> BinaryIO:
        info = self._by_name.get(name)
        if info is None:
            raise ReadingError("压缩包里没有这个成员")
        reason = self._reason(name, info)
        if reason:
            raise ReadingError(reason)
        try:
            return cast("BinaryIO", self._zip.open(info))
        except FAULTS as error:
            raise ReadingError(f"压缩包的成员损坏（{type(error).__name__}）") from error

    def close(self) -> None:
        self._zip.close()

    def _reason(self, name: str, info: zipfile.ZipInfo) -> str:
        if info.flag_bits & _ENCRYPTED:
            return "压缩包加了密码，请解开后再读"
        if stat.S_ISLNK(info.external_attr >> 16):
            return "是指向别处的链接，没有跟随"
        if info.compress_type not in _METHODS:
            return "压缩方法不支持，请用普通的 zip 重新打包"
        try:
            check_ratio(info.file_size, info.compress_size, self._options)
        except ReadingError as error:
            return str(error)
        return fault_of(name)


def _name(info: zipfile.ZipInfo) -> str:
    name = info.filename
    if not info.flag_bits & _UTF8:
        name = member_name(name.encode("cp437"))
    return name.replace("\\", "/")


def _is_hidden(name: str) -> bool:
    parts = name.split("/")
    return parts[0] == "__MACOSX" or any(
        is_passed_over(part) and part not in (".", "..") for part in parts
    )
