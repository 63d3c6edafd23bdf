"""CSV and its kin: commas, semicolons, tabs or bars between the cells.

A quote that nobody closed would swallow the rows behind it: its line is rejected, and reading goes
on with the next one.
"""

import csv
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Literal, NamedTuple

from model.document import Document
from service.reading import columns
from service.reading.columns import Cells
from service.reading.errors import LimitError, ReadingError, Rejected
from service.reading.lines import Line, encoding_of_lines, is_by_bytes, lines, sample_of
from service.reading.options import ReadingOptions
from service.reading.source import Part, Source

_DELIMITERS = ",;\t|，"
_LOOKED_AT = 200
_SURELY = 8
"""So many marks between cells, as many in every line as in the table, are no accident."""


def read(source: Source, options: ReadingOptions) -> Iterator[Document | Rejected]:
    """A document for every row, one row at a time; a row that is broken is rejected by its line.

    Raises:
        ReadingError: no column is the text, or the table is too large.
        DecodingError: it is not text.
    """
    if source.size > options.max_table:
        raise LimitError("表格有 {} 字节", source.size, options.max_table, "max_table")
    encoding, delimiter = _kind(source)
    prefix = f"{source.doc}#"
    whole = _Rows(lines(source.file, encoding, options), delimiter, options)
    if source.part is None:
        named = columns.with_header(_cells(prefix, whole), options)
        yield from columns.documents(prefix, named, options)
        return
    header, column = _head(_cells(prefix, whole), options)
    part = source.part
    stretch = lines(source.stretch(part), encoding, options, may_change=False)
    rows = _Rows(stretch, delimiter, options, is_good=True)
    named = columns.named(_cells(prefix, rows, part.row), header, part.width)
    yield from columns.documents(prefix, named, options, column)


def parts(source: Source, options: ReadingOptions, most: int) -> Iterator[Part]:
    """The parts of a table, each of about so many bytes.

    Raises:
        ReadingError, DecodingError: it has to be read whole.
    """
    encoding, delimiter = _kind(source)
    if not is_by_bytes(encoding):
        raise ReadingError("表格要整个读")
    _head(_cells("", _Rows(lines(source.file, encoding, options), delimiter, options)), options)
    source.file.seek(0)
    start, first, before, width = 0, 1, 0, 0
    same = lines(source.file, encoding, options, may_change=False)
    rows = _Rows(same, delimiter, options)
    for number, row in enumerate(rows, 1):
        if number > options.max_rows or row.fault or row.has_old_ends:
            raise ReadingError("表格要整个读")
        if any(cell.strip() for cell in row.cells):
            width = max(width, len(row.cells))
        if row.end - start >= most:
            yield Part(start, row.end - start, first, before)
            start, first, before = row.end, number + 1, width
    if source.size > start:
        yield Part(start, source.size - start, first, before)


def _kind(source: Source) -> tuple[str, str]:
    """The encoding of a table, and what stands between its cells."""
    sample = sample_of(source.file)
    encoding = encoding_of_lines(sample)
    return encoding, _delimiter(sample[:16_384].decode(encoding, "replace")[:4096])


def _delimiter(opening: str) -> str:
    """What most often stands in the first line that has any of them.

    A Chinese comma below the first line is one of a text.
    """
    marks = _DELIMITERS
    for line in filter(str.strip, opening.splitlines()):
        counts = {mark: line.count(mark) for mark in marks}
        best = max(counts, key=lambda mark: counts[mark])
        if counts[best]:
            return best
        marks = marks.replace("，", "")
    return ","


def _head(rows: Iterator[Cells | Rejected], options: ReadingOptions) -> tuple[columns.Header, str]:
    """The header of a table, and which column is the text."""
    header, rows = columns.find_header(rows, options)
    return header, columns.text_column_of(columns.named(rows, header), options)


def _cells(prefix: str, rows: "_Rows", first: int = 1) -> Iterator[Cells | Rejected]:
    for number, row in enumerate(rows, first):
        yield Rejected(f"{prefix}{number}", row.fault) if row.fault else (number, row.cells)


class _Row(NamedTuple):
    """A row of a table.

    Attributes:
        cells: its cells.
        end: the bytes of the file up to its end; 0 where they are not counted.
        has_old_ends: whether a line of it ends with a bare carriage return.
        fault: why it must not be read; empty for a good row.
    """

    cells: Sequence[str]
    end: int
    has_old_ends: bool
    fault: str


class _Rows:
    """The rows that lines make; a line is read once more when the row that took it was none.

    Args:
        lines: of the file.
        delimiter: between cells.
        options: the limits.
        is_good: nobody left a quote open in these lines.
    """

    def __init__(
        self, lines: Iterator[Line], delimiter: str, options: ReadingOptions, is_good: bool = False
    ) -> None:
        self._lines = lines
        self._delimiter = delimiter
        self._is_good = is_good
        self._most = options.max_cell
        self._again: deque[Line] = deque()
        self._held: list[Line] = []
        self._is_at_end = False
        self._widths: Counter[int] = Counter()

    def __iter__(self) -> Iterator[_Row]:
        largest = max(131_072, 2 * self._most)
        csv.field_size_limit(largest)
        reader = csv.reader(self._taken(), delimiter=self._delimiter)
        while True:
            self._held = []
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                what = f"第 {self._held[0].number} 行的单元格至少有 {{}} 个字"
                fault = str(LimitError(what, largest + 1, self._most, "max_cell"))
                fault = self._first_alone(fault if len(self._held) == 1 else "")
                reader = csv.reader(self._taken(), delimiter=self._delimiter)
                yield self._row([], fault)
                continue
            is_odd = len(self._held) > 1 or self._is_at_end
            if is_odd and not self._is_good and self._is_open(cells):
                fault = self._first_alone()
                reader = csv.reader(self._taken(), delimiter=self._delimiter)
                yield self._row([], fault)
                continue
            self._widths[len(cells)] += 1
            yield self._row(cells)

    def _taken(self) -> Iterator[str]:
        """The lines' texts, for the row that is being read."""
        while line := self._again.popleft() if self._again else next(self._lines, None):
            self._held.append(line)
            yield line.text
        self._is_at_end = True

    def _row(self, cells: Sequence[str], fault: str = "") -> _Row:
        last = self._held[-1]
        fault, old = fault or last.fault, last.text.endswith("\r")
        if len(self._held) > 1:
            fault = next((line.fault for line in self._held if line.fault), fault)
            old = any(line.text.endswith("\r") for line in self._held)
        return _Row(cells, last.end, old, fault)

    def _first_alone(self, fault: str = "") -> str:
        """Give back all lines but the first; what is wrong with that."""
        first, *others = self._held
        self._held = [first]
        self._again.extendleft(reversed(others))
        self._is_at_end = False
        return first.fault or fault or f"第 {first.number} 行的引号没有配对"

    def _is_open(self, cells: Sequence[str]) -> bool:
        """Whether a quote in the first of these lines swallowed rows of the table behind it."""
        swallowed = [len(row) for row in self._alone(csv.QUOTE_MINIMAL) if row]
        if not swallowed:
            # The last line of all: the quote took the cells behind it, or nothing.
            took = len(cells) < max(self._widths, default=0) and self._delimiter in cells[-1]
            return self._is_at_end and took
        (width, _) = (self._widths or Counter(swallowed)).most_common(1)[0]
        alike = swallowed.count(width)
        if self._is_at_end or len(cells) != width or not self._is_well_closed():
            # Quotes may be left open in the lines behind it as well.
            alike = max(alike, sum(len(row) == width for row in self._alone(csv.QUOTE_NONE)))
            return 2 * alike > len(swallowed) and (width > 1 or self._is_at_end)
        return alike == len(swallowed) and alike * (width - 1) >= _SURELY

    def _alone(self, quoting: Literal[0, 3]) -> Iterator[list[str]]:
        """The cells of the lines behind the first, each read as a row of its own."""
        for line in islice(self._held, 1, _LOOKED_AT):
            yield from csv.reader([line.text], delimiter=self._delimiter, quoting=quoting)

    def _is_well_closed(self) -> bool:
        texts = (line.text for line in self._held)
        try:
            return all(csv.reader(texts, delimiter=self._delimiter, strict=True))
        except csv.Error:
            return False
