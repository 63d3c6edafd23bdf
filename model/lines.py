"""From a decoded text to its paragraphs' places: lines put together or cut where a text needs it.

A line is a paragraph in most texts. A hard-wrapped text has several lines a paragraph; a dump that
lost its line ends has several paragraphs a line.
"""

import re
import statistics
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

LONGEST = 2000
"""A paragraph of more characters than this is cut at the end of a sentence."""

SENTENCE_END = "。！？；…!?;"
CLOSERS = "”’」』）)】》\"'"

_LINE = re.compile(r"[^\r\n\u2028\u2029]+")
_LINE_END = re.compile(r"\r\n|\r|\n|\u2028|\u2029")
_NUMBERED = re.compile(
    r"第[一二三四五六七八九十百零〇\d]{1,6}[章节条款]|[（(][一二三四五六七八九十\d]{1,3}[）)]"
    r"|[一二三四五六七八九十]{1,3}[、.．]|\d{1,2}[、.．](?!\d)|[①-⑳]"
)
GAPPED = 100
"""A line of so many characters is cut at wide gaps."""

RUN_ON = 500
"""A line of so many characters is cut at its numbered items as well."""

_GAP = rf"[{SENTENCE_END}{CLOSERS}]([ \u3000\t]{{2,}})"
_GAP_BREAK = re.compile(_GAP)
_RUN_ON_BREAK = re.compile(rf"{_GAP}|[{SENTENCE_END}{CLOSERS}](?={_NUMBERED.pattern})")
WRAP_LEAST_WIDTH = 40
WRAP_MOST_WIDTH = 160
WRAP_LEAST_LINES = 4
WRAP_LEAST_BROKEN = 2
WRAP_UNEVEN = 4
"""Columns that a full line may be shorter than the longest."""


class Line(NamedTuple):
    """A line, or a piece of one, or several put together.

    Attributes:
        text: without blanks at its ends.
        start, end: its place in the text, code points, half-open.
        indented: blanks stood before it.
        after_blank: an empty line stood before it.
        width: columns with what it was set in by; a Chinese character has two.
    """

    text: str
    start: int
    end: int
    indented: bool
    after_blank: bool
    width: int = 0


def pieces(text: str) -> list[Line]:
    """The paragraphs of a text, in order, as lines without a kind."""
    return [piece for line in _joined(list(_lines(text))) for piece in cut_up(line)]


def cut_up(line: Line) -> Iterator[Line]:
    """The pieces of a line: where a dump lost its line ends, and where it is longer than any."""
    return (part for piece in _run_ons(line) for part in _sentences(piece))


def is_run_on(text: str, start: int, stop: int) -> bool:
    """Whether a line as long as a run-on, in its place in a text, is one."""
    return _RUN_ON_BREAK.search(text, start, stop) is not None


def _lines(text: str) -> Iterator[Line]:
    before = 0
    for match in _LINE.finditer(text):
        raw = match.group()
        stripped = raw.strip()
        if not stripped:
            continue
        first = match.start()
        blank = first - before > 1 and len(_LINE_END.findall(text, before, first)) > 1
        before = match.end()
        lead = raw.index(stripped[0])
        start = first + lead
        width = _width(raw[: lead + len(stripped)])
        yield Line(stripped, start, start + len(stripped), lead > 0, blank, width)


def _joined(lines: list[Line]) -> list[Line]:
    """Put hard-wrapped lines together: as wide as the widest, and in the middle of a sentence."""
    width = _wrap_width(lines)
    if width is None:
        return lines
    paragraphs: list[list[Line]] = []
    open_line = False
    for line in lines:
        goes_on = (
            open_line
            and not line.indented
            and not line.after_blank
            and not _NUMBERED.match(line.text)
        )
        if goes_on:
            paragraphs[-1].append(line)
        else:
            paragraphs.append([line])
        open_line = line.width >= width - WRAP_UNEVEN
    return [_together(paragraph) for paragraph in paragraphs]


def _together(lines: list[Line]) -> Line:
    """One line of several, with a gap where ASCII meets ASCII."""
    first, last = lines[0], lines[-1]
    if first is last:
        return first
    parts = [first.text]
    for before, line in pairwise(lines):
        if before.text[-1].isascii() and line.text[0].isascii():
            parts.append(" ")
        parts.append(line.text)
    return Line("".join(parts), first.start, last.end, first.indented, first.after_blank)


def _wrap_width(lines: list[Line]) -> int | None:
    """The width at which a text was wrapped, in columns; None when it was not."""
    most = max((line.width for line in lines), default=0)
    if not WRAP_LEAST_WIDTH <= most <= WRAP_MOST_WIDTH:
        return None
    full = [i for i, line in enumerate(lines) if line.width >= most - WRAP_UNEVEN]
    broken = [i for i in full if lines[i].text[-1] not in UNBROKEN]
    if 2 * len(broken) <= len(full):
        return None
    return most if _goes_on(lines, broken) or _is_even(lines, full, most) else None


UNBROKEN = SENTENCE_END + CLOSERS + "：:"
"""A line that ends with one of these was not broken in the middle of a sentence."""


def _goes_on(lines: list[Line], broken: list[int]) -> bool:
    """Whether paragraphs are set in, and what follows a broken line is not."""
    follow = [lines[i + 1] for i in broken if i + 1 < len(lines)]
    going_on = sum(not line.indented and not line.after_blank for line in follow)
    return (
        going_on >= WRAP_LEAST_BROKEN
        and going_on > 0.8 * len(follow)
        and sum(line.indented for line in lines) >= WRAP_LEAST_BROKEN
    )


def _is_even(lines: list[Line], full: list[int], most: int) -> bool:
    """Whether most long lines are as long as the longest."""
    wide = [line.width for line in lines if line.width >= WRAP_LEAST_WIDTH]
    return (
        len(full) >= max(WRAP_LEAST_LINES, len(wide) // 2) and statistics.median(wide) >= most - 8
    )


def _width(text: str) -> int:
    """Columns: Chinese characters are as wide as two of ASCII."""
    return 2 * len(text) - len(text.encode("ascii", "ignore"))


def _run_ons(line: Line) -> Iterator[Line]:
    """Cut a line where a dump lost its line ends: at wide gaps, a very long one at its items."""
    text = line.text
    if len(text) < GAPPED or line.end - line.start != len(text):
        yield line
        return
    breaks = _RUN_ON_BREAK if len(text) >= RUN_ON else _GAP_BREAK
    start = 0
    for match in [*breaks.finditer(text), None]:
        # The mark before a break stays with what it ends.
        stop = match.start() + 1 if match else len(text)
        piece = text[start:stop]
        stripped = piece.strip()
        if stripped:
            first = line.start + start + len(piece) - len(piece.lstrip())
            yield Line(stripped, first, first + len(stripped), line.indented, line.after_blank)
        start = match.end() if match else stop


def _sentences(line: Line) -> Iterator[Line]:
    """Cut what is still longer than any paragraph at the last sentence end that fits."""
    text = line.text
    if len(text) <= LONGEST:
        yield line
        return
    exact = line.end - line.start == len(text)
    start = 0
    while start < len(text):
        stop = min(start + LONGEST, len(text))
        if stop < len(text):
            ends = [text.rfind(mark, start + LONGEST // 2, stop) for mark in SENTENCE_END]
            stop = max(ends) + 1 or stop
        first, last = (line.start + start, line.start + stop) if exact else (line.start, line.end)
        yield Line(text[start:stop], first, last, line.indented, line.after_blank)
        start = stop
