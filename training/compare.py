"""Two models on the same labelled rows: which is better, by how much, and how sure that is.

A paired bootstrap over documents (Efron and Tibshirani 1993; for classifiers, Berg-Kirkpatrick,
Burkett and Klein 2012): both models are measured on the same drawn documents, so that what is hard
for both does not blur the difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.classifier import ThemeClassifier
from training.bootstrap import ROUNDS, counted, f1_of, interval, resampled
from training.corpus import Row
from training.judged import Judged
from training.metrics import macro_f1


@dataclass(frozen=True, slots=True)
class Change:
    """A row on which two models differ: its labels, and what each gave."""

    row: Row
    true: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def kind(self) -> str:
        """`mended`, `broken`, or `other` where both are wrong."""
        if self.after == self.true:
            return "mended"
        return "broken" if self.before == self.true else "other"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came out, the second model against the first.

    Attributes:
        rows, documents: how many were judged.
        labels: those that both models know; all figures are over them.
        before, after: macro-F1 of the first and of the second model.
        interval: the 95 % interval of the difference.
        low: with 95 % confidence the difference is at least this.
        p: two-sided, of the hypothesis that there is no difference.
        changes: rows on which they differ.
    """

    rows: int
    documents: int
    labels: tuple[str, ...]
    before: float
    after: float
    interval: tuple[float, float]
    low: float
    p: float
    changes: tuple[Change, ...]

    @property
    def difference(self) -> float:
        """By how much the second is better."""
        return self.after - self.before

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "rows": self.rows,
            "documents": self.documents,
            "labels": list(self.labels),
            "before": self.before,
            "after": self.after,
            "difference": self.difference,
            "interval": list(self.interval),
            "low": self.low,
            "p": self.p,
            "changes": [
                {
                    "id": change.row.id,
                    "kind": change.kind,
                    "labels": list(change.true),
                    "before": list(change.before),
                    "after": list(change.after),
                }
                for change in self.changes
            ],
        }


def compare(before: Judged, after: Judged, seed: int = 0) -> Comparison:
    """Hold two models against each other on the rows that both judged, and the labels of both.

    Raises:
        ValueError: they judged other rows, or share no label.
    """
    labels = tuple(label for label in after.labels if label in before.labels)
    if before.rows != after.rows or not labels:
        raise ValueError("two models are compared on the same rows and on labels of both")
    first, second = before.only(labels), after.only(labels)
    counts = [counted(judged.given, judged.true) for judged in (first, second)]
    sums = resampled(np.concatenate(counts, axis=1), first.documents, seed)
    one, other = (f1_of(part).mean(axis=1) for part in np.split(sums, 2, axis=1))
    differences = other - one
    low, high = interval(differences)
    beyond = min((differences <= 0).sum(), (differences >= 0).sum())
    return Comparison(
        rows=len(first.rows),
        documents=int(first.documents.max()) + 1 if len(first.rows) else 0,
        labels=labels,
        before=macro_f1(first.given, first.true),
        after=macro_f1(second.given, second.true),
        interval=(low, high),
        low=float(np.percentile(differences, 5)),
        p=min(1.0, 2 * (int(beyond) + 1) / (ROUNDS + 1)),
        changes=_changes(first, second),
    )


def judge_both(
    before: ThemeClassifier, after: ThemeClassifier, rows: Sequence[Row]
) -> tuple[Judged, Judged]:
    """What each of two models says of the same rows."""
    texts = [row.text for row in rows]
    first, second = (
        Judged.of(rows, classifier.labels, classifier.classify(texts))
        for classifier in (before, after)
    )
    return first, second


def _changes(before: Judged, after: Judged) -> tuple[Change, ...]:
    differ = np.flatnonzero(np.logical_or.reduce(before.given != after.given, axis=1))
    return tuple(
        Change(
            before.rows[n],
            before.named(before.true[n]),
            before.named(before.given[n]),
            after.named(after.given[n]),
        )
        for n in differ.tolist()
    )
