"""JSON Lines and JSON arrays of records: one record is one document."""

from collections.abc import Iterator
from typing import Any

import orjson

from model.document import Document
from model.encodings import decode
from model.errors import DecodingError
from service.reading import columns
from service.reading.columns import Row
from service.reading.errors import LimitError, ReadingError, Rejected
from service.reading.options import ReadingOptions
from service.reading.source import Source


def read(source: Source, options: ReadingOptions) -> Iterator[Document | Rejected]:
    """A document for every record, numbered by its line, or by its place in the array, from 1.

    A broken line is rejected and the next one read.

    Raises:
        ReadingError: the whole is not JSON, or no field is the text.
    """
    rows = _array(source, options) if source.suffix == ".json" else _lines(source, options)
    yield from columns.documents(f"{source.doc}#", rows, options)


def _lines(source: Source, options: ReadingOptions) -> Iterator[Row | Rejected]:
    if source.size > options.max_table:
        raise LimitError("文件有 {} 字节", source.size, options.max_table, "max_table")
    number = 0
    while line := source.file.readline(options.max_file + 1):
        number += 1
        if len(line) > options.max_file:
            what = f"第 {number} 行至少有 {{}} 字节"
            raise LimitError(what, len(line), options.max_file, "max_file")
        if line.strip():
            yield _row(f"{source.doc}#{number}", number, line)


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
