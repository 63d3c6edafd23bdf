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


def read(source: Source, options: ReadingOptions) -> Iterator[Document | Rejected]:
    """A document for every record, numbered by its line, or by its place in the array, from 1.

    A broken line is rejected and the next one read.

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
            what = f"第 {number} 行至少有 {{}} 字节"
            raise LimitError(what, len(line), options.max_file, "max_file")
        if line.strip():
            yield _row(f"{doc}#{number}", number, line)


def _row(name: str, number: int, line: bytes) -> Row | Rejected:
    try:
        return number, _cells(orjson.loads(decode(line)))
    except orjson.JSONDecodeError:
        return Rejected(name, "这一行不是 JSON")
    except DecodingError as error:
        return Rejected(name, str(error))


def _array(source: Source, options: ReadingOptions) -> Iterator[Row]:
    try:
        content = orjson.loads(decode(source.read(options)))
    except orjson.JSONDecodeError as error:
        raise ReadingError(f"不是 JSON（第 {error.lineno} 行第 {error.colno} 列起）") from error
    for number, record in enumerate(_records(content), 1):
        yield number, _cells(record)


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


def _cells(record: Any) -> dict[str, str]:
    if not isinstance(record, dict):
        return {"text": _text(record)}
    return {name: _text(value) for name, value in record.items()}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()
