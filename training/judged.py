"""What a model said of labelled rows, in plain arrays: all that figures are made from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.decision import Decision
from model.features import Floats
from training.corpus import Row
from training.folds import group_of

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Judged:
    """Labelled rows and what a model said of them.

    Attributes:
        rows: the rows, in the order of all arrays.
        labels: the label ids by column.
        true, given: the labels that rows have and that the model gave, shape (rows, labels).
        uncertain: labels that lay in their bands, shape (rows, labels).
        probabilities: calibrated, shape (rows, labels).
        documents: the number of each row's document, 0 to documents - 1, shape (rows,); rows of
            one document are drawn together in a bootstrap.
    """

    rows: tuple[Row, ...]
    labels: tuple[str, ...]
    true: Bools
    given: Bools
    uncertain: Bools
    probabilities: Floats
    documents: Ints

    @classmethod
    def of(
        cls, rows: Sequence[Row], labels: Sequence[str], decisions: Sequence[Decision]
    ) -> "Judged":
        """From one decision a row; labels that the model does not know are left aside."""
        return cls.marked(
            rows,
            labels,
            _marked([decision.labels for decision in decisions], labels),
            _marked([decision.uncertain for decision in decisions], labels),
            np.array(
                [[decision.scores[label] for label in labels] for decision in decisions], np.float64
            ).reshape(len(rows), len(labels)),
        )

    @classmethod
    def marked(
        cls,
        rows: Sequence[Row],
        labels: Sequence[str],
        given: Bools,
        uncertain: Bools,
        probabilities: Floats,
    ) -> "Judged":
        """From what was given, what is uncertain, and the probabilities, shape (rows, labels)."""
        documents = np.unique([document_of(row) for row in rows], return_inverse=True)[1]
        true = _marked([row.labels for row in rows], labels)
        return cls(
            tuple(rows),
            tuple(labels),
            true,
            given,
            uncertain,
            probabilities,
            documents.astype(np.int64),
        )

    @property
    def unsure(self) -> Bools:
        """Rows with a label in its band, shape (rows,)."""
        found: Bools = np.logical_or.reduce(self.uncertain, axis=1)
        return found

    def named(self, marks: Bools) -> tuple[str, ...]:
        """The ids of the labels that are marked, shape (labels,)."""
        return tuple(self.labels[n] for n in np.flatnonzero(marks).tolist())

    def only(self, labels: Sequence[str]) -> "Judged":
        """These labels alone, in this order."""
        places = [self.labels.index(label) for label in labels]
        return replace(
            self,
            labels=tuple(labels),
            true=self.true[:, places],
            given=self.given[:, places],
            uncertain=self.uncertain[:, places],
            probabilities=self.probabilities[:, places],
        )

    def where(self, chosen: Bools) -> "Judged":
        """The chosen rows alone, shape (rows,)."""
        documents = np.unique(self.documents[chosen], return_inverse=True)[1]
        return Judged(
            tuple(row for row, mine in zip(self.rows, chosen.tolist(), strict=True) if mine),
            self.labels,
            self.true[chosen],
            self.given[chosen],
            self.uncertain[chosen],
            self.probabilities[chosen],
            documents.astype(np.int64),
        )


def document_of(row: Row) -> str:
    """What a row's document is called: its `doc` or `group` column, else the text itself."""
    doc = row.more.get("doc")
    return f"doc {doc}" if doc not in (None, "") else group_of(row)


def _marked(sets: Sequence[Sequence[str]], labels: Sequence[str]) -> Bools:
    places = {label: n for n, label in enumerate(labels)}
    marks = np.zeros((len(sets), len(labels)), bool)
    for n, some in enumerate(sets):
        known = [places[label] for label in some if label in places]
        marks[n, known] = True
    return marks
