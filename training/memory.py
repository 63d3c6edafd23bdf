"""What a model remembers of the rows it was trained on, so that none of them ever judges it.

An artifact keeps a hash of every row's text and document, and a sketch of every text, from which
no text can be read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.errors import ArtifactError
from model.learnt import ROWS_FILE, mark, text_mark
from training.corpus import Row
from training.judged import document_of
from training.sketches import Sketches, as_text, from_lines, none, resembling, sketches

SKETCHES_FILE = "sketches.txt"
"""The file of an artifact that holds a sketch of every text it was trained on."""


@dataclass(frozen=True, slots=True)
class Memory:
    """The rows of a model.

    Attributes:
        marks: hashes of their texts and documents.
        sketches: of their texts; none where the model is of a version that made none.
    """

    marks: frozenset[str]
    sketches: Sketches

    @classmethod
    def of(cls, folder: Path) -> "Memory | None":
        """What an artifact remembers; None when it does not say.

        Raises:
            ArtifactError: its sketches are none.
        """
        try:
            marks = frozenset((folder / ROWS_FILE).read_text(encoding="ascii").split())
        except FileNotFoundError:
            return None
        try:
            lines = (folder / SKETCHES_FILE).read_text(encoding="ascii").split()
        except FileNotFoundError:
            return cls(marks, none())
        try:
            return cls(marks, from_lines(lines))
        except ValueError as error:
            raise ArtifactError(folder, f"{SKETCHES_FILE} 损坏，请重新训练") from error


@dataclass(frozen=True, slots=True)
class Sorted:
    """Rows by what models know of them.

    Attributes:
        fresh: rows that no model was trained on, nor on anything like them.
        known: how many rows, or others of their documents, a model was trained on.
        near: how many others are near copies of what a model was trained on.
    """

    fresh: tuple[Row, ...]
    known: int
    near: int

    @property
    def said(self) -> str:
        """What was set aside, for people; empty where nothing was."""
        parts = [f"{self.known} 段是学过的"] * bool(self.known)
        parts += [f"{self.near} 段与学过的几乎相同"] * bool(self.near)
        return "，".join(parts)


def sort_rows(rows: Sequence[Row], *memories: Memory) -> Sorted:
    """Tell the rows that none of the models knows from the others."""
    marks = frozenset[str]().union(*(memory.marks for memory in memories))
    new = [row for row in rows if marks.isdisjoint(marks_of(row))]
    learnt = np.concatenate([none(), *(memory.sketches for memory in memories)])
    near = resembling(sketches([row.text for row in new]), learnt)
    fresh = tuple(row for row, like in zip(new, near.tolist(), strict=True) if not like)
    return Sorted(fresh, len(rows) - len(new), len(new) - len(fresh))


def marks_of(row: Row) -> tuple[str, ...]:
    """Hashes of a row's text without blanks, and of its document."""
    return text_mark(row.text), mark(document_of(row))


def remembered(rows: Iterable[Row]) -> dict[str, str]:
    """The files of an artifact by which it knows its rows again, whatever their order."""
    rows = list(rows)
    marks = sorted({mark for row in rows for mark in marks_of(row)})
    return {
        ROWS_FILE: "".join(f"{mark}\n" for mark in marks),
        SKETCHES_FILE: as_text(sketches([row.text for row in rows])),
    }
