"""CSV and its kin: commas, semicolons, tabs or bars between the cells."""

import csv
import io
from collections.abc import Iterator, Sequence

from model.document import Document
from model.encodings import encoding_of
from service.reading import columns
from service.reading.errors import LimitError, ReadingError, Rejected
from service.reading.options import ReadingOptions
from service.reading.source import Source

_SAMPLE = 1024 * 1024
_DELIMITERS = ",;\t|，"


def read(source: Source, options: ReadingOptions) -> Iterator[Document | Rejected]:
    """A document for every row, one row at a time.

    Raises:
        ReadingError: no column is the text, or the table is too large or broken off in the middle.
        DecodingError: it is not text.
    """
    if source.size > options.max_table:
        raise LimitError("表格有 {} 字节", source.size, options.max_table, "max_table")
    sample = source.file.read(_SAMPLE)
    source.file.seek(0)
    text = io.TextIOWrapper(source.file, encoding_of(_whole_lines(sample)), newline="")
    try:
        rows = columns.with_header(_cells(text, options), options)
        yield from columns.documents(f"{source.doc}#", rows, options)
    finally:
        # The file is closed by whoever opened it.
        text.detach()


def _whole_lines(sample: bytes) -> bytes:
    """Without the line that the end of the sample cuts in two."""
    return sample if len(sample) < _SAMPLE else sample[: sample.rfind(b"\n") + 1] or sample


def _cells(text: io.TextIOWrapper, options: ReadingOptions) -> Iterator[tuple[int, Sequence[str]]]:
    opening = text.read(4096)
    text.seek(0)
    csv.field_size_limit(max(131_072, 2 * options.max_cell))
    reader = csv.reader(text, delimiter=_delimiter(opening))
    try:
        yield from enumerate(reader, 1)
    except csv.Error as error:
        raise ReadingError(f"第 {reader.line_num} 行起不是完好的表格（{error}）") from error
    except UnicodeDecodeError as error:
        raise ReadingError(f"第 {reader.line_num} 行之后有不是文字的字节，没有再读") from error


def _delimiter(opening: str) -> str:
    """What most often stands in the first line that has any of them."""
    for line in opening.splitlines():
        counts = {mark: line.count(mark) for mark in _DELIMITERS}
        best = max(counts, key=lambda mark: counts[mark])
        if counts[best]:
            return best
    return ","
