"""The columns of a scored row, and those that the input carried beside its text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]

WORDS = ("title", "author", "origin", "text")
"""Columns that repeat what the documents say; a run that keeps no text does without them."""

_OF_DOCUMENT = ("doc", "title", "date", "author", "origin")
_OF_PARAGRAPH = ("para", "start", "end", "kind", "text", "labels", "status", "uncertain")
_CLASH = "_input"


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table, in order.

    Attributes:
        fixed: those of every scored row.
        carried: those that the input carried, under the names that they have in the output; a row
            need not have them.
    """

    fixed: tuple[str, ...]
    carried: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.fixed, *self.carried)


def fixed_columns(
    labels: Sequence[str], *, evidence: bool = False, keep_text: bool = True
) -> tuple[str, ...]:
    """The columns of a scored row, in order, those that the input carried left out."""
    names = (
        *_OF_DOCUMENT,
        *_OF_PARAGRAPH,
        *(f"score_{label}" for label in labels),
        "model",
        "codebook",
        *(["evidence"] if evidence else []),
    )
    return names if keep_text else tuple(name for name in names if name not in WORDS)


def carried_names(names: Iterable[str], fixed: Sequence[str]) -> dict[str, str]:
    """From a column's name in the input to its name in the output.

    A name that a scored row has already gets `_input` behind it: `text_input`.
    """
    found: dict[str, str] = {}
    taken = {name.lower() for name in (*fixed, *WORDS)}
    for name in names:
        out = name
        while out.lower() in taken:
            out += _CLASH
        found[name] = out
        taken.add(out.lower())
    return found
