"""Two models on the same labelled rows: which is better, by how much, and how sure that is.

A paired bootstrap over documents (Efron and Tibshirani 1993; for classifiers, Berg-Kirkpatrick,
Burkett and Klein 2012): both models are measured on the same drawn documents, so that what is hard
for both does not blur the difference.

A bootstrap knows nothing of what no document shows, and on a few documents that both models answer
alike its interval has no width at all. So the lower bound is never above what the rule of three
leaves open (Hanley and Lippman-Hand 1983): what did not happen on n documents may, with 95 %
confidence, still happen on 3 / n of all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.classifier import ThemeClassifier
from model.features import Floats
from training.bootstrap import ROUNDS, counted, f1_of, interval, macro, occurring, resampled
from training.corpus import Row
from training.judged import Bools, Judged


@dataclass(frozen=True, slots=True)
class Change:
    """A row on which two models differ.

    Attributes:
        row: the row.
        true, before, after: its labels and what each model gave, those that are not compared too.
        compared: the labels on which models are held against each other.
    """

    row: Row
    true: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    compared: tuple[str, ...]

    @property
    def kind(self) -> str:
        """`mended`, `broken`, or `other` where both are wrong, by the labels compared."""
        true, before, after = (
            set(self.compared).intersection(some) for some in (self.true, self.before, self.after)
        )
        if after == true:
            return "mended"
        return "broken" if before == true else "other"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came out, the second model against the first.

    Attributes:
        rows, documents: how many were judged.
        labels: those that are compared, which both models know; all figures are over them.
        left_out: labels of either model that are not compared.
        before, after: macro-F1 of the first and of the second model, over those of the labels that
            a row has or was given by either.
        interval: the 95 % interval of the difference.
        low: with 95 % confidence the difference is at least this; below `difference` even where no
            row shows one.
        p: two-sided, of the hypothesis that there is no difference.
        changes: rows on which they differ.
    """

    rows: int
    documents: int
    labels: tuple[str, ...]
    left_out: tuple[str, ...]
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
            "left_out": list(self.left_out),
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
    # Two averages are compared when they are over the same labels.
    occur = occurring(first.given | second.given, first.true)
    one, other = (macro(f1_of(part), occur) for part in np.split(sums, 2, axis=1))
    before_f1, after_f1 = (_macro_f1(part.sum(axis=0), occur) for part in counts)
    documents = int(first.documents.max()) + 1 if len(first.rows) else 0
    unseen = after_f1 - _macro_f1(_missing(counts[1].sum(axis=0), _unseen(documents)), occur)
    differences = other - one
    low, high = interval(differences)
    beyond = min((differences <= 0).sum(), (differences >= 0).sum())
    return Comparison(
        rows=len(first.rows),
        documents=documents,
        labels=labels,
        left_out=tuple(label for label in _known(before, after) if label not in labels),
        before=before_f1,
        after=after_f1,
        interval=(low, high),
        low=min(float(np.percentile(differences, 5)), after_f1 - before_f1 - unseen),
        p=min(1.0, 2 * (int(beyond) + 1) / (ROUNDS + 1)),
        changes=_changes(before, after, labels),
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


def _macro_f1(sums: Floats, occur: Bools) -> float:
    return float(macro(f1_of(sums), occur))


def _unseen(documents: int) -> float:
    """The share of all documents that may be answered otherwise though none of these is."""
    return min(1.0, 3 / documents) if documents else 1.0


def _missing(sums: Floats, share: float) -> Floats:
    """Sums as `counted` gives them, were this share of the labels rightly given not given."""
    hit, given, true = np.split(sums, 3)
    return np.concatenate([hit * (1 - share), given - hit * share, true])


def _known(before: Judged, after: Judged) -> tuple[str, ...]:
    """The labels of two models, those of the second first."""
    return tuple(dict.fromkeys((*after.labels, *before.labels)))


def _changes(before: Judged, after: Judged, compared: tuple[str, ...]) -> tuple[Change, ...]:
    place = {label: n for n, label in enumerate(_known(before, after))}

    def ordered(some: Sequence[str]) -> tuple[str, ...]:
        return tuple(sorted(some, key=lambda label: place.get(label, len(place))))

    differ = before.only(compared).given != after.only(compared).given
    return tuple(
        Change(
            before.rows[n],
            ordered(before.rows[n].labels),
            ordered(before.named(before.given[n])),
            ordered(after.named(after.given[n])),
            compared,
        )
        for n in np.flatnonzero(np.logical_or.reduce(differ, axis=1)).tolist()
    )
