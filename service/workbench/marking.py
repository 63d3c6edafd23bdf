"""A text with the words that decided underlined, as HTML in which nothing of the text is HTML."""

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from itertools import groupby, pairwise

from service.client import Evidence
from service.workbench.look import theme_class


def pieces(text: str, evidence: Iterable[Evidence]) -> Iterator[tuple[str, Evidence | None]]:
    """The text in order, cut where a stretch of evidence begins or ends.

    Yields:
        A part of the text, not empty, and the heaviest stretch that it lies in, if any.
    """
    heaviest_first = sorted(evidence, key=lambda item: -item.weight)
    edges = {0, len(text)}
    for item in heaviest_first:
        edges |= {min(item.start, len(text)), min(item.end, len(text))}
    for start, end in pairwise(sorted(edges)):
        within = (item for item in heaviest_first if item.start <= start and end <= item.end)
        yield text[start:end], next(within, None)


def marked(text: str, evidence: Iterable[Evidence], numbers: Mapping[str, int]) -> str:
    """The text, escaped, each stretch that speaks for a theme in a `<u>` of the theme's class.

    Where stretches overlap, the one of the greatest weight is shown; what speaks against a theme
    is left out.

    Args:
        numbers: the number of each theme, from 1.
    """
    speaking = [item for item in evidence if item.weight > 0 and item.label in numbers]
    parts = []
    for item, joined in groupby(pieces(text, speaking), key=lambda piece: piece[1]):
        part = escape("".join(said for said, _ in joined))
        parts.append(
            part if item is None else f'<u class="{theme_class(numbers[item.label])}">{part}</u>'
        )
    return "".join(parts)
