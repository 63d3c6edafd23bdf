"""Rows of a table as documents: which column is the text, what the others say of it."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from statistics import median
from typing import NamedTuple

from model.byline import iso_date
from model.document import Document
from model.lines import LONGEST
from service.reading.errors import LimitError, ReadingError, Rejected
from service.reading.options import ReadingOptions

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
        first = list(islice(rows, _LOOKED_AT))
        column, rows = text_column_of(iter(first), options), chain(first, rows)
    empty: list[int] = []
    for count, row in enumerate(rows, 1):
        if count > options.max_rows:
            raise LimitError("表格至少有 {} 行", count, options.max_rows, "max_rows")
        if isinstance(row, Rejected):
            yield row
        elif row[1].get(column, "").strip():
            yield _document(f"{prefix}{row[0]}", row[1], column, options)
        else:
            empty.append(row[0])
    if empty:
        yield Rejected(
            f"{prefix}{empty[0]}", f"共 {len(empty)} 行的“{column}”是空的，第一处是第 {empty[0]} 行"
        )


def text_column_of(rows: Iterator[Row | Rejected], options: ReadingOptions) -> str:
    """The column that holds the text, by the first of these rows; empty if there are none.

    Raises:
        ReadingError: there is none.
    """
    first = [row[1] for row in islice(rows, _LOOKED_AT) if not isinstance(row, Rejected)]
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
        raise ReadingError(f"没有名为“{options.text_column}”的列；有：{_listed(names)}")
    known = {name.strip().lower(): name for name in reversed(names)}
    for name in TEXT:
        if name in known:
            return known[name]
    lengths = {name: _chinese([row.get(name, "") for row in rows]) for name in names}
    best = max(names, key=lambda name: lengths[name], default="")
    if not best or lengths[best] < _LEAST_CHINESE:
        raise ReadingError(f"找不到正文在哪一列；有：{_listed(names)}。请用 --text-column 指出")
    return best


def _listed(names: Sequence[str]) -> str:
    return "、".join(name[:20] for name in names[:20]) or "（没有列）"


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


def with_header(rows: Iterator[Cells], options: ReadingOptions) -> Iterator[Row]:
    """Rows of cells under the names in the header, which may stand below a title.

    A table without one gets the names 列1, 列2 …; rows without any cell are left out.
    """
    header, rows = find_header(rows, options)
    yield from named(rows, header)


def find_header(rows: Iterator[Cells], options: ReadingOptions) -> tuple[Header, Iterator[Cells]]:
    """The header of a table, and all its rows once more."""
    rows = filter(_filled_cells, rows)
    first = list(islice(rows, _LOOKED_AT))
    at = _header(first, options)
    width = max((len(cells) for _, cells in first), default=0)
    number, cells = first[at] if at is not None else (0, ())
    return Header(_names(cells, width), number), chain(first, rows)


def named(rows: Iterator[Cells], header: Header, width: int = 0) -> Iterator[Row]:
    """The rows below the header under its names, of which there are at least so many."""
    names = header.names
    for number, cells in filter(_filled_cells, rows):
        width = max(width, len(cells))
        if number <= header.row:
            continue
        if width > len(names):
            names = _names(names, width)
        yield number, dict(zip(names, [*cells, *[""] * (len(names) - len(cells))], strict=True))


def _filled_cells(row: Cells) -> bool:
    return any(cell.strip() for cell in row[1])


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
