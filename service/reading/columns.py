"""Rows of a table as documents: which column is the text, what the others say of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from statistics import median
from typing import NamedTuple, TypeVar

from model.byline import iso_date
from model.document import Document
from model.lines import LONGEST
from service.reading.errors import LimitError, ReadingError, Rejected
from service.reading.options import ReadingOptions

_T = TypeVar("_T")

Row = tuple[int, Mapping[str, str]]
"""A row's number as the table's own program shows it, from 1, and its cells by column."""

Cells = tuple[int, Sequence[str]]
"""A row's number and its cells."""

TEXT = (
    "正文", "内容", "诉求内容", "工单内容", "来信内容", "反映内容", "问题描述", "事件描述",
    "投诉内容", "文本", "详情", "text", "content", "body", "message", "description",
)  # fmt: skip
"""What columns with the text are called, the likeliest first."""

_TITLES = ("标题", "题目", "主题", "诉求标题", "工单标题", "title", "subject")
_DATES = (
    "日期", "时间", "发布日期", "发布时间", "受理时间", "来电时间", "创建时间", "登记时间",
    "提交时间", "date", "time", "created", "published",
)  # fmt: skip
_AUTHORS = ("作者", "姓名", "来信人", "诉求人", "author")
_ORIGINS = ("来源", "渠道", "诉求来源", "发布机构", "单位", "source", "publisher")
_LOOKED_AT = 200
_LEAST_CHINESE = 4


def documents(
    prefix: str,
    rows: Iterator[Row | Rejected],
    options: ReadingOptions,
    column: str | None = None,
) -> Iterator[Document | Rejected]:
    """A document for every row that has a text, named by the prefix and its number.

    Rows without one are told of once, at the end; a cell that is too large is rejected. The column
    with the text is found from the first rows where it is not given.

    Raises:
        ReadingError: no column is the text, or there are too many rows.
    """
    if column is None:
        first = _opening(rows)
        column, rows = text_column_of(iter(first), options), chain(first, rows)
    empty: list[int] = []
    without: list[int] = []
    for count, row in enumerate(rows, 1):
        if count > options.max_rows:
            raise LimitError("表格至少有 {} 行", count, options.max_rows, "max_rows")
        if isinstance(row, Rejected):
            yield row
            continue
        number, cells = row
        own = _column_in(cells, column, options)
        if cells.get(own, "").strip():
            yield _document(f"{prefix}{number}", cells, own, options)
        else:
            (empty if own in cells else without).append(number)
    named = "正文列" if options.discreet else f"“{column}”"
    for rows_of, what in ((empty, f"{named}是空的"), (without, f"没有{named}")):
        if rows_of:
            at = rows_of[0]
            yield Rejected(f"{prefix}{at}", f"共 {len(rows_of)} 行{what}，第一处是第 {at} 行")


def _opening(rows: Iterator[_T | Rejected]) -> list[_T | Rejected]:
    """The first rows, as many as are looked at, and what is rejected among them."""
    opening: list[_T | Rejected] = []
    count = 0
    for row in rows:
        opening.append(row)
        count += not isinstance(row, Rejected)
        if count == _LOOKED_AT or len(opening) == _LOOKED_AT * _LOOKED_AT:
            break
    return opening


def _column_in(cells: Mapping[str, str], column: str, options: ReadingOptions) -> str:
    """The column with the text in a row that may have other columns than its neighbours."""
    if column in cells or options.text_column is not None:
        return column
    return _known(cells) or column


def _known(names: Iterable[str]) -> str:
    """The likeliest of the columns with a known name; empty if there is none."""
    known = {name.strip().lower(): name for name in reversed(list(names))}
    return next((known[name] for name in TEXT if name in known), "")


def text_column_of(rows: Iterator[Row | Rejected], options: ReadingOptions) -> str:
    """The column that holds the text, by the first of these rows; empty if there are none.

    Raises:
        ReadingError: there is none.
    """
    first = [row[1] for row in _opening(rows) if not isinstance(row, Rejected)]
    return text_column(first, options) if first else ""


def text_column(rows: Sequence[Mapping[str, str]], options: ReadingOptions) -> str:
    """The column that holds the text: the one that is named, one of a known name, or the one
    with the most Chinese.

    Raises:
        ReadingError: there is none.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    if options.text_column is not None:
        if options.text_column in names:
            return options.text_column
        raise ReadingError(f"没有名为“{options.text_column}”的列；{_listed(names, options)}")
    if known := _known(names):
        return known
    lengths = {name: _chinese([row.get(name, "") for row in rows]) for name in names}
    best = max(names, key=lambda name: lengths[name], default="")
    if not best or lengths[best] < _LEAST_CHINESE:
        listed = _listed(names, options)
        raise ReadingError(f"找不到正文在哪一列；{listed}。请用 --text-column 指出")
    return best


def _listed(names: Sequence[str], options: ReadingOptions) -> str:
    if options.discreet:
        return f"共有 {len(names)} 列"
    return f"有：{'、'.join(name[:20] for name in names[:20]) or '（没有列）'}"


def _chinese(cells: Sequence[str]) -> float:
    """How many Chinese characters a cell has, in the middle of those that are not empty."""
    filled = [sum("一" <= char <= "鿿" for char in cell[:1000]) for cell in cells if cell.strip()]
    return median(filled) if filled else 0.0


def _document(
    name: str, cells: Mapping[str, str], column: str, options: ReadingOptions
) -> Document | Rejected:
    text = cells[column]
    longest = max(map(len, cells.values()))
    if longest > options.max_cell:
        excess = LimitError("单元格有 {} 个字", longest, options.max_cell, "max_cell")
        return Rejected(name, str(excess))
    others = {other: value for other, value in cells.items() if other != column}
    known = {other.strip().lower(): value.strip() for other, value in others.items()}

    def value(names: Sequence[str]) -> str:
        return next((known[name] for name in names if known.get(name)), "")

    return Document(
        text,
        value(_TITLES),
        name,
        iso_date(value(_DATES)),
        value(_AUTHORS),
        value(_ORIGINS),
        others,
        # A cell as long as a page is a page.
        whole=len(text) <= LONGEST,
    )


class Header(NamedTuple):
    """What a table's columns are called, and the number of the row that says so; 0 if none does."""

    names: list[str]
    row: int


def with_header(
    rows: Iterator[Cells | Rejected], options: ReadingOptions
) -> Iterator[Row | Rejected]:
    """Rows of cells under the names in the header, which may stand below a title.

    A table without one gets the names 列1, 列2 …; rows without any cell are left out.
    """
    header, rows = find_header(rows, options)
    yield from named(rows, header)


def find_header(
    rows: Iterator[Cells | Rejected], options: ReadingOptions
) -> tuple[Header, Iterator[Cells | Rejected]]:
    """The header of a table, and all its rows once more."""
    rows = filter(_is_filled, rows)
    first = _opening(rows)
    good = [row for row in first if not isinstance(row, Rejected)]
    at = _header(good, options)
    width = max((len(cells) for _, cells in good), default=0)
    number, cells = good[at] if at is not None else (0, ())
    return Header(_names(cells, width), number), chain(first, rows)


def named(
    rows: Iterator[Cells | Rejected], header: Header, width: int = 0
) -> Iterator[Row | Rejected]:
    """The rows below the header under its names, of which there are at least so many."""
    names = header.names
    for row in filter(_is_filled, rows):
        if isinstance(row, Rejected):
            yield row
            continue
        number, cells = row
        width = max(width, len(cells))
        if number <= header.row:
            continue
        if width > len(names):
            names = _names(names, width)
        yield number, dict(zip(names, [*cells, *[""] * (len(names) - len(cells))], strict=True))


def _is_filled(row: Cells | Rejected) -> bool:
    return isinstance(row, Rejected) or any(cell.strip() for cell in row[1])


def _header(rows: Sequence[tuple[int, Sequence[str]]], options: ReadingOptions) -> int | None:
    """Which row is the header: one with the text column's name, else one of short names alone."""
    wanted = TEXT if options.text_column is None else (options.text_column,)
    for i, (_, cells) in enumerate(rows[:10]):
        if any(cell.strip() in wanted or cell.strip().lower() in wanted for cell in cells):
            return i
    width = max((_filled(cells) for _, cells in rows), default=0)
    for i, (_, cells) in enumerate(rows[:10]):
        if _filled(cells) == width:
            return i if all(_is_name(cell) for cell in cells if cell.strip()) else None
    return None


def _filled(cells: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in cells)


def _is_name(cell: str) -> bool:
    return (
        len(cell.strip()) <= 20
        and not any(mark in cell for mark in "。，；！？,;!?")
        and not cell.strip().replace(".", "").replace("-", "").isdigit()
    )


def _names(cells: Sequence[str], width: int) -> list[str]:
    names: list[str] = []
    for i in range(width):
        name = known = " ".join(cells[i].split()) if i < len(cells) else ""
        name = known = known or f"列{i + 1}"
        number = 1
        while name in names:
            number += 1
            name = f"{known} ({number})"
        names.append(name)
    return names
