"""Which texts a model was trained on: an artifact keeps a hash of each, and no text.

It knows texts only, and only those that are the same but for blanks; whether a row is near to one
that was learnt from is a matter of `training`.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

ROWS_FILE = "rows.txt"
"""The file of an artifact that holds a hash of every row it was trained on."""

_DIGITS = 16


def learnt(folder: Path, texts: Sequence[str]) -> list[bool]:
    """Whether a model was trained on each of some texts; False where it does not say.

    Args:
        folder: the artifact.
    """
    try:
        known = frozenset((folder / ROWS_FILE).read_text(encoding="ascii").split())
    except FileNotFoundError:
        return [False] * len(texts)
    return [text_mark(text) in known for text in texts]


def text_mark(text: str) -> str:
    """The hash of a text, whatever its blanks."""
    return mark(f"text {''.join(text.split())}")


def mark(said: str) -> str:
    """The hash of whatever a row is known by."""
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
