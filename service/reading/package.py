"""Office files as zips of XML: opened only when nothing in them is out of proportion.

Parts that declare a document type are refused, for only there can entities be declared.
"""

import io
import zipfile
from collections.abc import Callable
from typing import BinaryIO, cast
from xml.parsers import expat

from service.reading.archives import FAULTS, check_ratio
from service.reading.bounded import BoundedFile
from service.reading.errors import LimitError, ReadingError
from service.reading.options import ReadingOptions

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DIRECTORY = 4 * 1024 * 1024
_ENCRYPTED = 0x1
_CHUNK = 512


def open_package(
    data: bytes,
    options: ReadingOptions,
    is_streamed: Callable[[str], bool] = lambda _name: False,
) -> zipfile.ZipFile:
    """An office file whose parts may be read.

    Args:
        data: the file.
        options: the limits.
        is_streamed: tells by its name whether a part is read piece by piece; such a part may be as
            large as a table.

    Raises:
        LimitError: there are too many parts, or one is too large or too often enlarged.
        ReadingError: the file is encrypted or broken, or declares a document type.
    """
    if data.startswith(_OLE):
        raise ReadingError(
            "文件加了密码，请去掉密码后再读"
            if "EncryptedPackage".encode("utf-16-le") in data
            else "是旧格式的文件，扩展名与内容不符；请在原软件中另存"
        )
    bounded = BoundedFile(io.BytesIO(data), _DIRECTORY, "max_members", "文件的目录有 {} 字节")
    try:
        package = zipfile.ZipFile(cast("BinaryIO", bounded))
    except FAULTS as error:
        raise ReadingError(f"文件损坏，或与扩展名不符（{type(error).__name__}）") from error
    bounded.unbind()
    parts = package.infolist()
    if len(parts) > options.max_members:
        raise LimitError("文件有 {} 个部件", len(parts), options.max_members, "max_members")
    for part in parts:
        _check(package, part, options, is_streamed(part.filename))
    return package


def _check(
    package: zipfile.ZipFile, part: zipfile.ZipInfo, options: ReadingOptions, streamed: bool
) -> None:
    if part.flag_bits & _ENCRYPTED:
        raise ReadingError("文件加了密码，请去掉密码后再读")
    check_ratio(part.file_size, part.compress_size, options)
    if not part.filename.lower().endswith((".xml", ".rels")):
        return
    what = "部件解开后有 {} 字节"
    if streamed and part.file_size > options.max_table:
        raise LimitError(what, part.file_size, options.max_table, "max_table")
    if not streamed and part.file_size > options.max_markup:
        raise LimitError(what, part.file_size, options.max_markup, "max_markup")
    _refuse_declarations(package, part)


def _refuse_declarations(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Parse as far as the first element: declarations stand before it, and nowhere else."""
    seen: list[str] = []
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = lambda *_: seen.append("declaration")
    parser.StartElementHandler = lambda *_: seen.append("element")
    try:
        with package.open(part) as file:
            while not seen and (chunk := file.read(_CHUNK)):
                parser.Parse(chunk)
    except (expat.ExpatError, *FAULTS) as error:
        if not seen:
            raise ReadingError(f"文件的 XML 损坏（{type(error).__name__}）") from error
    if seen[:1] == ["declaration"]:
        raise ReadingError("文件的 XML 里有文档类型或实体的声明，没有读")
