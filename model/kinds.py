"""What the paragraphs of a document are: body, heading or page furniture."""

from collections.abc import Iterator, Sequence
from typing import Literal

from model.furniture import LINK_LIST, is_furniture, is_link, is_signature
from model.lines import SENTENCE_END

Kind = Literal["body", "heading", "furniture"]

KINDS: tuple[Kind, ...] = ("body", "heading", "furniture")

LONGEST_HEADING = 45
NO_HEADING_END = SENTENCE_END + "：:，,、"
"""A heading does not end with one of these."""

NO_HEADING = "。；;"
"""A heading has none of these."""

OPENING_LINES = 4
"""Nobody signs so early."""

_LONGEST_LINK = 60


def kinds(texts: Sequence[str]) -> Iterator[Kind]:
    """The kind of each paragraph of a document, one after the other.

    Args:
        texts: all its paragraphs, without blanks at their ends.
    """
    in_links = False
    for i, text in enumerate(texts):
        if is_set_aside(texts, i, 0, len(texts)):
            kind: Kind = "furniture"
            in_links = is_link_list(text) or (in_links and len(text) < _LONGEST_LINK)
        elif in_links and is_link(text):
            kind = "furniture"
        else:
            kind = "heading" if is_heading(text) else "body"
            in_links = False
        yield kind


def is_set_aside(texts: Sequence[str], i: int, first: int, last: int) -> bool:
    """Whether a paragraph is furniture, whatever list it may stand in.

    Args:
        texts: paragraphs.
        i: which of them.
        first, last: those of its document, half-open.
    """
    if is_furniture(texts[i], texts[max(first, i - 2) : min(i + 3, last)]):
        return True
    below = texts[i + 1] if i + 1 < last else ""
    return i - first >= OPENING_LINES and is_signature(texts[i], below)


def is_link_list(text: str) -> bool:
    """Whether a list of links follows."""
    return bool(LINK_LIST.match(text))


def is_heading(text: str) -> bool:
    """Short, and not a sentence."""
    return (
        len(text) <= LONGEST_HEADING
        and any(char.isalpha() for char in text)
        and text[-1] not in NO_HEADING_END
        and not any(mark in text for mark in NO_HEADING)
    )
