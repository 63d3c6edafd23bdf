"""CSV and its kin: commas, semicolons, tabs or bars between the cells."""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from model.document import Document
from model.encodings import encoding_of
from service.reading import columns
from service.reading.errors import LimitError, ReadingError, Rejected
from service.reading.options import ReadingOptions
from service.reading.source import Part, Source

_SAMPLE = 1024 * 1024
_BY_BYTES = ("utf-8", "utf-8-sig", "gb18030", "cp950")
"""Encodings in which a byte that looks like a line end is one."""
_DELIMITERS = ",;\t|，"


def read(source: Source, options: ReadingOptions) -> Iterator[Document | Rejected]:
    """A document for every row, one row at a time.

    Raises:
        ReadingError: no column is the text, or the table is too large or broken off in the middle.
        DecodingError: it is not text.
    """
    if source.size > options.max_table:
        raise LimitError("表格有 {} 字节", source.size, options.max_table, "max_table")
    encoding = _encoding(source)
    with _text(source.file, encoding) as text:
        delimiter = _delimiter(text)
        rows = _cells(text, delimiter, options)
        if source.part is None:
            named = columns.with_header(rows, options)
            yield from columns.documents(f"{source.doc}#", named, options)
            return
        header, column = _head(rows, options)
    part = source.part
    with _text(source.stretch(part), encoding) as text:
        rows = _cells(text, delimiter, options, part.row)
        named = columns.named(rows, header, part.width)
        yield from columns.documents(f"{source.doc}#", named, options, column)


def parts(source: Source, options: ReadingOptions, most: int) -> Iterator[Part]:
    """The parts of a table, each of about so many bytes.

    Raises:
        ReadingError, DecodingError, UnicodeDecodeError, csv.Error: it has to be read whole.
    """
    encoding = _encoding(source)
    if encoding not in _BY_BYTES:
        raise ReadingError("表格要整个读")
    with _text(source.file, encoding) as text:
        delimiter = _delimiter(text)
        _head(_cells(text, delimiter, options), options)
    source.file.seek(0)
    lines = _Lines(source.file, encoding, options)
    start, first, before, width = 0, 1, 0, 0
    for row, cells in enumerate(csv.reader(lines, delimiter=delimiter), 1):
        if row > options.max_rows:
            raise ReadingError("表格要整个读")
        if any(cell.strip() for cell in cells):
            width = max(width, len(cells))
        if lines.read - start >= most:
            yield Part(start, lines.read - start, first, before)
            start, first, before = lines.read, row + 1, width
    if lines.read > start:
        yield Part(start, lines.read - start, first, before)


class _Lines:
    """The lines of a file, decoded; knows how many bytes it has given."""

    def __init__(self, file: BinaryIO, encoding: str, options: ReadingOptions) -> None:
        self._file = file
        self._encoding = encoding
        self._most = options.max_file
        self.read = 0

    def __iter__(self) -> Iterator[str]:
        while line := self._file.readline(self._most):
            if len(line) == self._most or b"\r" in line.removesuffix(b"\r\n"):
                raise ReadingError("表格要整个读")
            self.read += len(line)
            yield line.decode(self._encoding)


def _head(
    rows: Iterator[tuple[int, Sequence[str]]], options: ReadingOptions
) -> tuple[columns.Header, str]:
    """The header of a table, and which column is the text."""
    header, rows = columns.find_header(rows, options)
    return header, columns.text_column_of(columns.named(rows, header), options)


def _encoding(source: Source) -> str:
    sample = source.file.read(_SAMPLE)
    source.file.seek(0)
    return encoding_of(_whole_lines(sample))


@contextmanager
def _text(file: BinaryIO, encoding: str) -> Iterator[io.TextIOWrapper]:
    text = io.TextIOWrapper(file, encoding, newline="")
    try:
        yield text
    finally:
        # The file is closed by whoever opened it.
        text.detach()


def _whole_lines(sample: bytes) -> bytes:
    """Without the line that the end of the sample cuts in two."""
    return sample if len(sample) < _SAMPLE else sample[: sample.rfind(b"\n") + 1] or sample


def _cells(
    text: io.TextIOWrapper, delimiter: str, options: ReadingOptions, first: int = 1
) -> Iterator[tuple[int, Sequence[str]]]:
    csv.field_size_limit(max(131_072, 2 * options.max_cell))
    reader = csv.reader(text, delimiter=delimiter)
    try:
        yield from enumerate(reader, first)
    except csv.Error as error:
        raise ReadingError(f"第 {reader.line_num} 行起不是完好的表格（{error}）") from error
    except UnicodeDecodeError as error:
        raise ReadingError(f"第 {reader.line_num} 行之后有不是文字的字节，没有再读") from error


def _delimiter(text: io.TextIOWrapper) -> str:
    """What most often stands in the first line that has any of them."""
    opening = text.read(4096)
    text.seek(0)
    for line in opening.splitlines():
        counts = {mark: line.count(mark) for mark in _DELIMITERS}
        best = max(counts, key=lambda mark: counts[mark])
        if counts[best]:
            return best
    return ","
