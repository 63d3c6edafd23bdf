"""On which paragraphs two models differ: what each says, and by how much it moved.

Paragraphs are taken as they come and only those that differ are kept, in a temporary file; what
stays in memory is 16 bytes for each of them, however many there are.
"""

import tempfile
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from model.classifier import ThemeClassifier
from model.errors import UserError
from model.features import BATCH_CHARACTERS, BATCH_TEXTS, Floats
from service.answers import DIGITS
from service.tables.columns import Row
from service.tables.scored import ScoredRow

Bools = NDArray[np.bool_]


class NothingInCommonError(UserError):
    """Two models that share no label cannot be held against each other."""


@dataclass(slots=True)
class Tally:
    """What two models made of the same paragraphs.

    Attributes:
        labels: those of the second model, then those that only the first has.
        paragraphs: how many there were.
        changed: how many have other labels.
        before, after: paragraphs that have each label by the first and by the second model.
        gained, lost: paragraphs that have each label only by the second, only by the first model.
    """

    labels: tuple[str, ...]
    paragraphs: int = 0
    changed: int = 0
    before: list[int] = field(default_factory=list)
    after: list[int] = field(default_factory=list)
    gained: list[int] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        for counts in (self.before, self.after, self.gained, self.lost):
            counts.extend([0] * len(self.labels))

    def add(self, before: Bools, after: Bools) -> None:
        """Count paragraphs; what each model gave, shape (paragraphs, labels)."""
        self.paragraphs += len(before)
        self.changed += int((before != after).any(axis=1).sum())
        for counts, marks in (
            (self.before, before),
            (self.after, after),
            (self.gained, after & ~before),
            (self.lost, before & ~after),
        ):
            counts[:] = (np.array(counts, int) + marks.sum(axis=0)).tolist()

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        counts = zip(self.before, self.after, self.gained, self.lost, strict=True)
        return {
            "paragraphs": self.paragraphs,
            "changed": self.changed,
            "themes": {
                label: dict(zip(("before", "after", "gained", "lost"), some, strict=True))
                for label, some in zip(self.labels, counts, strict=True)
            },
        }


class Differences:
    """Two models on the same paragraphs; closed by `with`.

    Args:
        before, after: the models.

    Raises:
        NothingInCommonError: they share no label.
    """

    def __init__(self, before: ThemeClassifier, after: ThemeClassifier) -> None:
        if not set(before.labels) & set(after.labels):
            raise NothingInCommonError("两个模型没有相同的标签，没法比较")
        self._models = before, after
        only = [label for label in before.labels if label not in after.labels]
        self.tally = Tally((*after.labels, *only))
        self._spool = tempfile.TemporaryFile()  # noqa: SIM115  closed by `__exit__`
        self._shifts, self._starts = array("d"), array("q")

    def __enter__(self) -> "Differences":
        return self

    def __exit__(self, *_: object) -> None:
        self._spool.close()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a row, in order."""
        scores = (f"score_{when}_{n}" for when in ("before", "after") for n in self.tally.labels)
        return (*_COLUMNS, *scores)

    def take(self, paragraphs: Iterable[ScoredRow]) -> Iterator[int]:
        """Let both models judge paragraphs; says from time to time how many are done."""
        for batch in _batches(paragraphs):
            self._judge(batch)
            yield self.tally.paragraphs

    def rows(self) -> Iterator[Row]:
        """A row for each paragraph with other labels, those that moved most first.

        `shift` is how far the probabilities of the labels that came or went moved, added up.
        """
        for n in np.argsort(-np.array(self._shifts), kind="stable").tolist():
            self._spool.seek(self._starts[n])
            yield orjson.loads(self._spool.readline())

    def _judge(self, batch: Sequence[ScoredRow]) -> None:
        texts = [paragraph.text for paragraph in batch]
        judged = [_given(model, texts, self.tally.labels) for model in self._models]
        (before, first), (after, second) = judged
        self.tally.add(before, after)
        shifts = np.where(before != after, np.abs(np.nan_to_num(second) - np.nan_to_num(first)), 0)
        self._spool.seek(0, 2)
        for n in np.flatnonzero((before != after).any(axis=1)).tolist():
            shift = float(shifts[n].sum())
            row = self._row(batch[n], before[n], after[n]) | {"shift": round(shift, DIGITS)}
            row |= self._scores("before", first[n]) | self._scores("after", second[n])
            self._starts.append(self._spool.tell())
            self._shifts.append(shift)
            self._spool.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))

    def _row(self, paragraph: ScoredRow, before: Bools, after: Bools) -> Row:
        return {
            "doc": paragraph.doc,
            "title": paragraph.title,
            "para": paragraph.para,
            "text": paragraph.text,
            "before": self._named(before),
            "after": self._named(after),
            "gained": self._named(after & ~before),
            "lost": self._named(before & ~after),
        }

    def _named(self, marks: Bools) -> list[str]:
        return [self.tally.labels[n] for n in np.flatnonzero(marks).tolist()]

    def _scores(self, when: str, scores: Floats) -> Row:
        return {
            f"score_{when}_{label}": None if np.isnan(score) else round(float(score), DIGITS)
            for label, score in zip(self.tally.labels, scores, strict=True)
        }


_COLUMNS = ("doc", "title", "para", "text", "before", "after", "gained", "lost", "shift")


def _given(
    classifier: ThemeClassifier, texts: Sequence[str], labels: Sequence[str]
) -> tuple[Bools, Floats]:
    """What a model gives and its scores, shape (texts, labels) each; it never gives a label that
    it does not know, whose score is not a number.
    """
    scores = classifier.scores(texts)
    marks = classifier.thresholds.apply(scores)[0]
    places = [labels.index(label) for label in classifier.labels]
    given = np.zeros((len(texts), len(labels)), bool)
    wide = np.full((len(texts), len(labels)), np.nan)
    given[:, places], wide[:, places] = marks, scores
    return given, wide


def _batches(paragraphs: Iterable[ScoredRow]) -> Iterator[list[ScoredRow]]:
    batch: list[ScoredRow] = []
    characters = 0
    for paragraph in paragraphs:
        batch.append(paragraph)
        characters += len(paragraph.text)
        if len(batch) == BATCH_TEXTS or characters >= BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch
