"""Pages that say where their text stands: from lines with places to paragraphs.

A paragraph goes on where a line reaches the right margin and the next is not set in, over pages
too. The lines that stand at the top or the bottom of most pages (a running head, a page number)
are left out. Columns side by side are not told apart.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from service.reading.errors import ReadingError, Rejected

_LEAST_PAGES = 3
_HEAD = 60
_LISTED = 20
_NARROWEST = 18
"""Characters; narrower lines are those of a table."""
_MANY = 25
_PAGE_NUMBER = re.compile(
    r"^[-—–\s·]*(第\s*)?([\divxIVX]{1,5}|[一二三四五六七八九十百]{1,5})(\s*页)?"
    r"(\s*[/,，共]+\s*\d{1,5}\s*页?)?[-—–\s·]*$"
)
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page.

    Attributes:
        text: the line without blanks at its ends.
        left, right: where it begins and ends, in any unit; None where the page does not say.
        size: how high its characters are, in the same unit.
    """

    text: str
    left: float | None = None
    right: float | None = None
    size: float = 0.0


@dataclass(frozen=True, slots=True)
class _Set:
    """A line, and how it is set.

    Attributes:
        begins: it is set in, and so begins a paragraph.
        is_full: it reaches the right margin, so that its paragraph may go on; None where the page
            does not say where its characters stand.
    """

    text: str
    begins: bool = False
    is_full: bool | None = None


def paragraphs(pages: Sequence[Sequence[Line]]) -> str:
    """The text of all pages, an empty line between paragraphs.

    Where a page does not say how its lines are set, each stands by itself, without an empty line
    between, for `split` to join.
    """
    return _joined(line for page in _without_margins(pages) for line in _set(page))


def without_text(doc: str, pages: Sequence[Sequence[Line]]) -> Iterator[Rejected]:
    """A note of the pages that have no text.

    Raises:
        ReadingError: none has.
    """
    empty = [number for number, lines in enumerate(pages, 1) if not lines]
    if len(empty) == len(pages):
        raise ReadingError(f"共 {len(pages)} 页，都没有文字层（扫描件），需要先做文字识别")
    if empty:
        listed = "、".join(map(str, empty[:_LISTED])) + ("……" if len(empty) > _LISTED else "")
        yield Rejected(f"{doc}#{empty[0]}", f"第 {listed} 页没有文字层（扫描页），没有读")


def _without_margins(pages: Sequence[Sequence[Line]]) -> Iterator[list[Line]]:
    """Pages without their numbers and running heads."""
    edges = Counter(
        mark for lines in pages for mark in {_mark(line.text) for line in (*lines[:1], *lines[-1:])}
    )
    filled = sum(bool(lines) for lines in pages)
    for lines in pages:
        kept = list(lines)
        for at in (0, -1, 0, -1):
            if kept and _is_margin(kept[at].text, edges, filled):
                kept.pop(at)
        yield kept


def _mark(line: str) -> str:
    """A line with its numbers made equal, for they change from page to page."""
    return _DIGITS.sub("0", "".join(line.split()))


def _is_margin(line: str, edges: Counter[str], pages: int) -> bool:
    repeated = pages >= _LEAST_PAGES and len(line) <= _HEAD and edges[_mark(line)] > pages / 2
    return repeated or bool(_PAGE_NUMBER.match(line))


def _set(lines: Sequence[Line]) -> Iterator[_Set]:
    placed = [
        (line.left, line.right)
        for line in lines
        if line.left is not None and line.right is not None
    ]
    left, right = _margins(placed)
    size = median(line.size for line in lines) if lines else 0.0
    is_text = right - left >= _NARROWEST * size
    for line in lines:
        if line.left is None or line.right is None:
            yield _Set(line.text)
        else:
            is_full = is_text and line.right > right - 1.5 * size
            yield _Set(line.text, line.left > left + 1.2 * size, is_full)


def _margins(placed: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The outermost places at which several lines begin, and end."""
    # On a page of few lines a single one may reach the margin.
    usual = max(2, len(placed) // 10) if len(placed) >= _MANY else 1
    starts = Counter(round(left) for left, _ in placed)
    ends = Counter(round(right) for _, right in placed)
    left = min((x for x, count in starts.items() if count >= usual), default=min(starts, default=0))
    right = max((x for x, count in ends.items() if count >= usual), default=max(ends, default=0))
    return left, right


def _joined(lines: Iterable[_Set]) -> str:
    parts: list[str] = []
    before: _Set | None = None
    for line in lines:
        if before is None:
            between = ""
        elif before.is_full is None or line.is_full is None:
            between = "\n"
        elif before.is_full and not line.begins:
            between = " " if before.text[-1].isascii() and line.text[0].isascii() else ""
        else:
            between = "\n\n"
        parts += [between, line.text]
        before = line
    return "".join(parts)
