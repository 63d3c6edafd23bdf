"""A document, and its paragraphs.

`Document` is decoded text with a title and a source. `split` cuts it into paragraphs that know
where they stand in it and what they are: body, heading or page furniture (see `furniture`).
"""

import re
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from model.byline import byline
from model.encodings import decode
from model.furniture import LINK_LIST, is_furniture, is_link, is_signature

Kind = Literal["body", "heading", "furniture"]

LONGEST = 2000
"""A paragraph of more characters than this is cut at the end of a sentence."""

_LINE = re.compile(r"[^\r\n\u2028\u2029]+")
_SENTENCE_END = "。！？；…!?;"
_CLOSERS = "”’」』）)】》\"'"
_NUMBERED = re.compile(
    r"第[一二三四五六七八九十百零〇\d]{1,6}[章节条款]|[（(][一二三四五六七八九十\d]{1,3}[）)]"
    r"|[一二三四五六七八九十]{1,3}[、.．]|\d{1,2}[、.．](?!\d)|[①-⑳]"
)
_OPENING = 800
_OPENING_LINES = 4
_GAPPED = 100
_RUN_ON = 500
_GAP = rf"(?<=[{_SENTENCE_END}{_CLOSERS}])[ \u3000\t]{{2,}}"
_GAP_BREAK = re.compile(_GAP)
_RUN_ON_BREAK = re.compile(rf"{_GAP}|(?<=[{_SENTENCE_END}{_CLOSERS}])(?={_NUMBERED.pattern})")
_WRAP_LEAST_WIDTH = 40
_WRAP_MOST_WIDTH = 160
_WRAP_LEAST_LINES = 4
_WRAP_LEAST_BROKEN = 2


@dataclass(frozen=True, slots=True)
class Document:
    """Decoded text and what is known about it.

    Attributes:
        text: the text with a byte-order mark removed and its line ends untouched.
        title: the title, empty where none is known.
        source: its name: a path, an address, or empty.
        date: when it was published, as ISO 8601 (`2024-05-06`), empty where it is not known.
        author: who wrote it, as the page or file says.
        origin: who published it, as the page or file says.
        columns: what the input carried beside the text, such as the other cells of a row.
        whole: the text is one paragraph, such as a table's cell, and is not to be split.
    """

    text: str
    title: str = ""
    source: str = ""
    date: str = ""
    author: str = ""
    origin: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of a document.

    Attributes:
        text: the paragraph without blanks at its ends; hard-wrapped lines are joined.
        start, end: its place in the document's text, code points, half-open.
        kind: `furniture` is never given a theme.
    """

    text: str
    start: int
    end: int
    kind: Kind


def read_document(data: bytes, source: str = "") -> Document:
    """Decode a document and see what its first lines say of it.

    Raises:
        DecodingError: the bytes are not text.
    """
    text = decode(data)
    return Document(text, title_of(text), source, *byline(text))


def title_of(text: str) -> str:
    """The first heading among the first lines of a text, empty where there is none."""
    opening = text[:_OPENING]
    if len(text) > _OPENING:
        opening = opening[: max(map(opening.rfind, "\r\n")) + 1] or opening
    return next((p.text for p in split(opening) if p.kind == "heading"), "")


def paragraphs(document: Document) -> list[Paragraph]:
    """The paragraphs of a document: those that `split` finds, or all of it when it is whole."""
    if not document.whole:
        return split(document.text)
    text = document.text.strip()
    start = document.text.find(text)
    return [Paragraph(text, start, start + len(text), "body")] if text else []


def split(text: str) -> list[Paragraph]:
    """The paragraphs of a decoded text, in order, furniture included."""
    lines = [line for line in _lines(text) if line.text]
    pieces = [piece for line in _joined(lines) for piece in _run_ons(line)]
    return _kinds([part for piece in pieces for part in _sentences(piece)])


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    start: int
    end: int
    indented: bool
    after_blank: bool
    width: int = 0


def _lines(text: str) -> Iterator[_Line]:
    before = 0
    for match in _LINE.finditer(text):
        raw = match.group()
        stripped = raw.strip()
        lead = len(raw) - len(raw.lstrip())
        start = match.start() + lead
        blank = len(re.findall(r"\r\n|\r|\n|\u2028|\u2029", text[before : match.start()])) > 1
        if stripped:
            before = match.end()
        width = _width(raw.rstrip())
        yield _Line(stripped, start, start + len(stripped), lead > 0, blank, width)


def _joined(lines: list[_Line]) -> list[_Line]:
    """Put hard-wrapped lines together: as wide as the widest, and in the middle of a sentence."""
    width = _wrap_width(lines)
    if width is None:
        return lines
    joined: list[_Line] = []
    open_line = False
    for line in lines:
        if (
            open_line
            and not line.indented
            and not line.after_blank
            and not _NUMBERED.match(line.text)
        ):
            last = joined[-1]
            glue = " " if last.text[-1].isascii() and line.text[0].isascii() else ""
            joined[-1] = _Line(
                last.text + glue + line.text, last.start, line.end, last.indented, last.after_blank
            )
        else:
            joined.append(line)
        open_line = line.width >= width - 4
    return joined


def _wrap_width(lines: list[_Line]) -> int | None:
    """The width at which a text was wrapped, in columns; None when it was not."""
    most = max((line.width for line in lines), default=0)
    if not _WRAP_LEAST_WIDTH <= most <= _WRAP_MOST_WIDTH:
        return None
    full = [i for i, line in enumerate(lines) if line.width >= most - 4]
    broken = [i for i in full if lines[i].text[-1] not in _SENTENCE_END + _CLOSERS + "：:"]
    if 2 * len(broken) <= len(full):
        return None
    return most if _goes_on(lines, broken) or _is_even(lines, full, most) else None


def _goes_on(lines: list[_Line], broken: list[int]) -> bool:
    """Whether paragraphs are set in, and what follows a broken line is not."""
    follow = [lines[i + 1] for i in broken if i + 1 < len(lines)]
    going_on = sum(not line.indented and not line.after_blank for line in follow)
    return (
        going_on >= _WRAP_LEAST_BROKEN
        and going_on > 0.8 * len(follow)
        and sum(line.indented for line in lines) >= _WRAP_LEAST_BROKEN
    )


def _is_even(lines: list[_Line], full: list[int], most: int) -> bool:
    """Whether most long lines are as long as the longest."""
    wide = [line.width for line in lines if line.width >= _WRAP_LEAST_WIDTH]
    return (
        len(full) >= max(_WRAP_LEAST_LINES, len(wide) // 2) and statistics.median(wide) >= most - 8
    )


def _width(text: str) -> int:
    """Columns: Chinese characters are as wide as two of ASCII."""
    return 2 * len(text) - len(text.encode("ascii", "ignore"))


def _run_ons(line: _Line) -> Iterator[_Line]:
    """Cut a line where a dump lost its line ends: at wide gaps, a very long one at its items."""
    if len(line.text) < _GAPPED or line.end - line.start != len(line.text):
        yield line
        return
    breaks = _RUN_ON_BREAK if len(line.text) >= _RUN_ON else _GAP_BREAK
    start = 0
    for match in [*breaks.finditer(line.text), None]:
        stop = match.start() if match else len(line.text)
        piece = line.text[start:stop]
        stripped = piece.strip()
        if stripped:
            first = line.start + start + len(piece) - len(piece.lstrip())
            yield _Line(stripped, first, first + len(stripped), line.indented, line.after_blank)
        start = match.end() if match else stop


def _sentences(line: _Line) -> Iterator[_Line]:
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
            ends = [text.rfind(mark, start + LONGEST // 2, stop) for mark in _SENTENCE_END]
            stop = max(ends) + 1 or stop
        first, last = (line.start + start, line.start + stop) if exact else (line.start, line.end)
        yield _Line(text[start:stop], first, last, line.indented, line.after_blank)
        start = stop


def _kinds(lines: list[_Line]) -> list[Paragraph]:
    paragraphs = []
    in_links = False
    for i, line in enumerate(lines):
        near = [other.text for other in lines[max(0, i - 2) : i + 3]]
        below = lines[i + 1].text if i + 1 < len(lines) else ""
        if is_furniture(line.text, near) or (
            i >= _OPENING_LINES and is_signature(line.text, below)
        ):
            kind: Kind = "furniture"
            in_links = bool(LINK_LIST.match(line.text)) or (in_links and len(line.text) < 60)
        elif in_links and is_link(line.text):
            kind = "furniture"
        else:
            kind = "heading" if _is_heading(line.text) else "body"
            in_links = False
        paragraphs.append(Paragraph(line.text, line.start, line.end, kind))
    return paragraphs


def _is_heading(text: str) -> bool:
    """Short, and not a sentence."""
    return (
        len(text) <= 45
        and any(char.isalpha() for char in text)
        and text[-1] not in _SENTENCE_END + "：:，,、"
        and not any(mark in text for mark in "。；;")
    )
