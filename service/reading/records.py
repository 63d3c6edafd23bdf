"""JSON Lines and JSON arrays of records: one record is one document."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from model.document import Document
from model.encodings import decode
from model.errors import DecodingError
from service.reading import columns
from service.reading.columns import Row
from service.reading.errors import LimitError, ReadingError, Rejected
from service.reading.options import ReadingOptions
from service.reading.source import Part, Source

_PIECE = 64 * 1024
_KINDS = {list: "数组", int: "数", float: "数", bool: "真假值", type(None): "空值 null"}


def read(source: Source, options: ReadingOptions) -> Iterator[Document | Rejected]:
    """A document for every record, numbered by its line, or by its place in the array, from 1.

    A broken line, or one that is too long, is rejected and the next one read.

    Raises:
        ReadingError: the whole is not JSON, or no field is the text.
    """
    column = None
    if source.suffix == ".json":
        rows: Iterator[Row | Rejected] = _array(source, options)
    elif source.part is None:
        rows = _lines(source.doc, _checked(source, options), options)
    else:
        column = columns.text_column_of(_lines(source.doc, source.file, options), options)
        rows = _lines(source.doc, source.stretch(source.part), options, source.part.row)
    yield from columns.documents(f"{source.doc}#", rows, options, column)


def parts(source: Source, options: ReadingOptions, most: int) -> Iterator[Part]:
    """The parts of a file of JSON Lines, each of about so many bytes.

    Raises:
        ReadingError: it has to be read whole.
    """
    columns.text_column_of(_lines(source.doc, source.file, options), options)
    offset, row = source.file.seek(0), 1
    while block := source.file.read(most):
        block += source.file.readline(options.max_file)
        last = row + block.removesuffix(b"\n").count(b"\n")
        if len(block) > options.max_file or last > options.max_rows:
            raise ReadingError("表格要整个读")
        yield Part(offset, len(block), row)
        offset, row = offset + len(block), last + 1


def _checked(source: Source, options: ReadingOptions) -> BinaryIO:
    if source.size > options.max_table:
        raise LimitError("文件有 {} 字节", source.size, options.max_table, "max_table")
    return source.file


def _lines(
    doc: str, file: BinaryIO, options: ReadingOptions, first: int = 1
) -> Iterator[Row | Rejected]:
    number = first - 1
    while line := file.readline(options.max_file + 1):
        number += 1
        if len(line) > options.max_file:
            length = len(line) if line.endswith(b"\n") else len(line) + _rest_of_line(file)
            excess = LimitError(f"第 {number} 行有 {{}} 字节", length, options.max_file, "max_file")
            yield Rejected(f"{doc}#{number}", str(excess))
        elif line.strip():
            yield _row(f"{doc}#{number}", number, line)


def _rest_of_line(file: BinaryIO) -> int:
    """Read to the end of a line without keeping it; how many bytes there were."""
    length = 0
    while piece := file.readline(_PIECE):
        length += len(piece)
        if piece.endswith(b"\n"):
            break
    return length


def _row(name: str, number: int, line: bytes) -> Row | Rejected:
    try:
        return _record(name, number, orjson.loads(decode(line)))
    except orjson.JSONDecodeError:
        return Rejected(name, "这一行不是 JSON")
    except DecodingError as error:
        return Rejected(name, str(error))


def _array(source: Source, options: ReadingOptions) -> Iterator[Row | Rejected]:
    try:
        content = orjson.loads(decode(source.read(options)))
    except orjson.JSONDecodeError as error:
        raise ReadingError(f"不是 JSON（第 {error.lineno} 行第 {error.colno} 列起）") from error
    for number, record in enumerate(_records(content), 1):
        yield _record(f"{source.doc}#{number}", number, record)


def _records(content: Any) -> list[Any]:
    """The list, or the one list in an object such as `{"total": 2, "rows": [...]}`, or the one."""
    if isinstance(content, list):
        return content
    if isinstance(content, dict):
        lists: list[list[Any]] = [value for value in content.values() if _is_table(value)]
        if len(lists) == 1:
            return lists[0]
    return [content]


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(r, dict) for r in value)


def _record(name: str, number: int, record: Any) -> Row | Rejected:
    """A record's cells; a bare string is a text."""
    if isinstance(record, str):
        return number, {"text": record}
    if not isinstance(record, dict):
        return Rejected(name, f"第 {number} 条是{_KINDS[type(record)]}，不是记录或文字")
    return number, {field: _text(value) for field, value in record.items()}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()
