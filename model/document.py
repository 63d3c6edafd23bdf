"""A document, and its paragraphs.

`Document` is decoded text with a title and a source. `split` cuts it into paragraphs that know
where they stand in it and what they are: body, heading or page furniture (see `lines` and
`kinds`). Many documents are cut at once in `paragraphs`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from model.byline import byline
from model.encodings import decode
from model.kinds import Kind, kinds
from model.lines import pieces

_OPENING = 800
"""Characters among which the title stands."""


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
    texts = [piece.text for piece in pieces(opening)]
    found = (text for text, kind in zip(texts, kinds(texts), strict=True) if kind == "heading")
    return next(found, "")


def paragraphs(document: Document) -> list[Paragraph]:
    """The paragraphs of a document: those that `split` finds, or all of it when it is whole."""
    if not document.whole:
        return split(document.text)
    text = document.text.strip()
    start = document.text.find(text)
    return [Paragraph(text, start, start + len(text), "body")] if text else []


def split(text: str) -> list[Paragraph]:
    """The paragraphs of a decoded text, in order, furniture included."""
    found = pieces(text)
    return [
        Paragraph(piece.text, piece.start, piece.end, kind)
        for piece, kind in zip(found, kinds([piece.text for piece in found]), strict=True)
    ]
