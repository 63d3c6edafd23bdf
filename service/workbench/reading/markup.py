"""Paragraphs as HTML: coloured by theme, the deciding words underlined.

Everything that comes from a text, a file's name or a codebook is escaped here, piece by piece.
A row has the class `t1`, `t2`, … for each theme by its place, `t0` for none, `unsure`, `furniture`;
rows and whole chunks without the class that is looked for are hidden by the page's style sheet.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape

from service.client.results import Document, Evidence, Rejected, Result
from service.workbench.look import theme_class
from service.workbench.marking import pieces
from service.workbench.reading.sheet import Sheet, is_none
from service.workbench.wording import say

FIRST_ROWS = 20
"""So many rows are shown at once; the others follow."""

CHUNK_ROWS = 100

MOST_ROWS = 10_000
"""So many rows are shown; a browser with more of them is no pleasure, and tables have them all."""

_MOST_REJECTED = 500


@dataclass(frozen=True)
class Themes:
    """What is shown of the themes.

    Attributes:
        labels: their ids in codebook order.
        names: what they are called.
        unsure, scores, hint: words of every row, looked up once.
    """

    labels: Sequence[str]
    names: Sequence[str]
    unsure: str = field(default_factory=lambda: say("拿不准", "uncertain"))
    scores: str = field(default_factory=lambda: say("各主题的概率", "All scores"))
    hint: str = field(default_factory=lambda: say("看编码手册", "Open the codebook"))

    def colour(self, label: str) -> str:
        """The class that gives the colour of a theme."""
        return theme_class(self.place(label))

    def place(self, label: str) -> int:
        """The place of a theme, from 1."""
        return self.labels.index(label) + 1

    def name(self, label: str) -> str:
        """What it is called, escaped."""
        return escape(self.names[self.labels.index(label)])


@dataclass(frozen=True, slots=True)
class Piece:
    """Some HTML, and the classes that it or any row in it has."""

    html: str
    classes: frozenset[str]


def chunks(sheet: Sheet, themes: Themes) -> Iterator[Piece]:
    """The first `MOST_ROWS` rows, some at a time."""
    held: list[Piece] = []
    size = FIRST_ROWS
    for row in itertools.islice(_rows(sheet.scored.documents, themes), MOST_ROWS):
        held.append(row)
        if len(held) >= size:
            yield _joined(held)
            held, size = [], CHUNK_ROWS
    if held:
        yield _joined(held)


def rejected(found: Sequence[Rejected]) -> str:
    """What was not read, and why."""
    items = "".join(
        f"<li><b>{escape(one.doc)}</b> {escape(one.reason)}</li>" for one in found[:_MOST_REJECTED]
    )
    more = len(found) - _MOST_REJECTED
    return items + (f"<li>{say(f'还有 {more} 个', f'{more} more')}</li>" if more > 0 else "")


def underlined(text: str, evidence: Iterable[Evidence], themes: Themes) -> str:
    """A text with its deciding words underlined in the colour of the theme they moved most."""
    parts = []
    for said, moved in pieces(text, evidence):
        part = escape(said)
        if moved is not None:
            title = f"{themes.name(moved.label)} {moved.weight:+.2f}"
            part = f'<u class="{themes.colour(moved.label)}" title="{title}">{part}</u>'
        parts.append(part)
    return "".join(parts)


def _joined(rows: Sequence[Piece]) -> Piece:
    classes = frozenset[str]().union(*(row.classes for row in rows))
    return Piece("".join(row.html for row in rows), classes)


def _rows(documents: Sequence[Document], themes: Themes) -> Iterator[Piece]:
    several = len(documents) > 1
    for document in documents:
        # A row of a table, or a short mail: its name stands beside it.
        alone = several and len(document.results) == 1
        if several and not alone:
            yield _head(document, themes)
        for result in document.results:
            yield _row(result, document.doc if alone else "", themes)


def _head(document: Document, themes: Themes) -> Piece:
    classes = frozenset(name for result in document.results for name in _classes(result, themes))
    title = f"<span>{escape(document.title)}</span>" if document.title else ""
    count = say(f"{len(document.results)} 段", f"{len(document.results)} paragraphs")
    html = (
        f'<h2 class="para doc {" ".join(sorted(classes))}"><b>{escape(document.doc)}</b>{title}'
        f"<i>{count}</i></h2>"
    )
    return Piece(html, classes)


def _row(result: Result, where: str, themes: Themes) -> Piece:
    classes = _classes(result, themes)
    bars = "".join(f'<i class="{themes.colour(label)}"></i>' for label in result.labels)
    tag = "h3" if result.kind == "heading" else "p"
    text = underlined(result.text or "", result.evidence, themes)
    place = f'<span class="where">{escape(where)}</span>' if where else ""
    html = (
        f'<div class="para {" ".join(classes)}"><span class="bars">{bars}</span>'
        f'<span class="n">{(result.para or 0) + 1}</span>'
        f'<div class="said">{place}<{tag}>{text}</{tag}></div>{_opinion(result, themes)}</div>'
    )
    return Piece(html, frozenset(classes))


def _classes(result: Result, themes: Themes) -> list[str]:
    classes = [f"t{themes.place(label)}" for label in result.labels]
    if is_none(result):
        classes.append("t0")
    if result.kind == "furniture":
        classes.append("furniture")
    if result.status == "uncertain":
        classes.append("unsure")
    return classes


def _opinion(result: Result, themes: Themes) -> str:
    """The chips of a paragraph, and on demand the scores of all themes."""
    if result.kind == "furniture":
        return '<div class="opinion"></div>'
    asked = [*result.labels, *(label for label in result.uncertain if label not in result.labels)]
    chips = "".join(_chip(label, result, themes) for label in asked)
    unsure = f'<span class="unsure-mark">{themes.unsure}</span>'
    scores = "".join(
        f'<span class="{themes.colour(label)}">{themes.name(label)} <b>{score:.3f}</b></span>'
        for label, score in result.scores.items()
    )
    return (
        f'<div class="opinion">{chips}{unsure if result.status == "uncertain" else ""}'
        f"<details><summary>{themes.scores}</summary>{scores}</details></div>"
    )


def _chip(label: str, result: Result, themes: Themes) -> str:
    kind = "chip" if label in result.labels else "chip doubtful"
    return (
        f'<button type="button" class="{kind} {themes.colour(label)}" '
        f'data-theme="{escape(label)}" title="{themes.hint}">'
        f"{themes.name(label)} <b>{result.scores[label]:.2f}</b></button>"
    )
