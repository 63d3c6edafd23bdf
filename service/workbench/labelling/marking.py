"""A text with the words that decided underlined, as HTML in which nothing of the text is HTML."""

from collections.abc import Mapping, Sequence
from html import escape

from service.client import Evidence


def marked(text: str, evidence: Sequence[Evidence], numbers: Mapping[str, int]) -> str:
    """The text, escaped, each stretch that speaks for a theme in a `<u>` of the theme's class.

    Where stretches overlap, the one of the greatest weight is shown; what speaks against a theme
    is left out.

    Args:
        numbers: the number of each theme, from 1; colours begin again after eight.
    """
    at: list[Evidence | None] = [None] * len(text)
    speaking = [item for item in evidence if item.weight > 0 and item.label in numbers]
    for item in sorted(speaking, key=lambda item: item.weight):
        at[item.start : item.end] = [item] * (min(item.end, len(text)) - item.start)
    parts = []
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and at[end] is at[start]:
            end += 1
        parts.append(_part(escape(text[start:end]), at[start], numbers))
        start = end
    return "".join(parts)


def _part(text: str, item: Evidence | None, numbers: Mapping[str, int]) -> str:
    if item is None:
        return text
    return f'<u class="theme-{(numbers[item.label] - 1) % 8 + 1}">{text}</u>'
