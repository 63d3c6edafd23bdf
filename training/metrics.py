"""How good decisions are: every figure of an evaluation, as `metrics.json` holds them.

Macro averages are over the labels that occur: those that at least one row has or was given.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import UserError
from model.features import Floats
from training.bootstrap import counted as counts_of
from training.bootstrap import f1_of, interval, intervals, macro, occurring, resampled
from training.corpus import Row
from training.judged import Judged
from training.reliability import answered, coverage, reliability

Bools = NDArray[np.bool_]

NONE = "none"
MOST_VALUES = 60
"""A column with more values than this is no column to break figures down by."""

_MOST_CONFUSIONS = 60


class ColumnError(UserError):
    """Figures cannot be broken down by a column."""


def scores_by_label(
    given: Bools, true: Bools, labels: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Precision, recall, F1 (each 0 where it is undefined) and support of each label.

    Args:
        given, true: shape (rows, labels).
        labels: the ids by column.
    """
    hit, answer, support = (x.sum(axis=0) for x in (given & true, given, true))
    return {
        label: {
            "precision": _ratio(hit[i], answer[i]),
            "recall": _ratio(hit[i], support[i]),
            "f1": _ratio(2 * hit[i], answer[i] + support[i]),
            "support": int(support[i]),
        }
        for i, label in enumerate(labels)
    }


def summary(given: Bools, true: Bools, labels: Sequence[str], seed: int = 0) -> dict[str, Any]:
    """The figures that need no probabilities, with the 95 % interval of macro-F1 over rows."""
    return totals(given, true, labels) | {
        "macro_f1_interval": list(macro_f1_interval(given, true, seed))
    }


def totals(given: Bools, true: Bools, labels: Sequence[str]) -> dict[str, Any]:
    """The figures that need no probabilities and no bootstrap."""
    by_label = scores_by_label(given, true, labels)
    hit, answer, support = int((given & true).sum()), int(given.sum()), int(true.sum())
    occur = occurring(given, true)
    return {
        "rows": len(true),
        "labels": by_label,
        **{
            f"macro_{name}": _macro([s[name] for s in by_label.values()], occur)
            for name in ("precision", "recall", "f1")
        },
        "micro_precision": _ratio(hit, answer),
        "micro_recall": _ratio(hit, support),
        "micro_f1": _ratio(2 * hit, answer + support),
        "exact_match": float((given == true).all(axis=1).mean()) if len(true) else 0.0,
        "hamming_loss": float((given != true).mean()) if true.size else 0.0,
        "none_share": float((~true.any(axis=1)).mean()) if len(true) else 0.0,
    }


def figures(judged: Judged, by: Sequence[str] = ()) -> dict[str, Any]:
    """Every figure of an evaluation.

    Args:
        judged: the rows and what was said of them.
        by: columns to break the figures down by.

    Raises:
        ColumnError: there is no such column, or it has too many values.
    """
    found = totals(judged.given, judged.true, judged.labels)
    overall, each = intervals(judged)
    precisions = average_precisions(judged.probabilities, judged.true)
    for n, label in enumerate(judged.labels):
        found["labels"][label] |= {
            "average_precision": float(precisions[n]),
            "intervals": each[n],
        }
    return found | {
        "documents": int(judged.documents.max()) + 1 if len(judged.rows) else 0,
        "macro_average_precision": _macro(precisions, occurring(judged.given, judged.true)),
        "macro_f1_interval": overall["macro_f1"],
        "intervals": overall,
        "uncertain_share": float(judged.unsure.mean()) if len(judged.rows) else 0.0,
        "answered": answered(judged),
        "confusion": confusion(judged),
        "reliability": reliability(judged),
        "coverage": coverage(judged),
        "by": {column: by_column(judged, column) for column in by},
    }


def average_precisions(probabilities: Floats, true: Bools) -> Floats:
    """The area under each label's precision-recall curve, as scikit-learn sums it; 0 without rows.

    Args:
        probabilities, true: shape (rows, labels).
    """
    from sklearn.metrics import average_precision_score

    return np.array(
        [
            average_precision_score(true[:, n], probabilities[:, n]) if true[:, n].any() else 0.0
            for n in range(true.shape[1])
        ]
    )


def confusion(judged: Judged) -> list[dict[str, Any]]:
    """What was taken for what: pairs of a label missed and a label wrongly given in the same row.

    `none` stands for nothing: a label missed with nothing wrong given in its place, or given where
    nothing was missed. With one label a row this is the confusion matrix without its diagonal.
    """
    pairs: Counter[tuple[str, str]] = Counter()
    wrong = judged.given != judged.true
    for n in np.flatnonzero(wrong.any(axis=1)).tolist():
        missed = np.flatnonzero(judged.true[n] & wrong[n]).tolist()
        added = np.flatnonzero(judged.given[n] & wrong[n]).tolist()
        for m in missed or [-1]:
            for a in added or [-1]:
                pairs[_name(judged.labels, m), _name(judged.labels, a)] += 1
    ordered = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))
    return [
        {"true": true, "given": given, "rows": count}
        for (true, given), count in ordered[:_MOST_CONFUSIONS]
    ]


def _name(labels: Sequence[str], number: int) -> str:
    return labels[number] if number >= 0 else NONE


def by_column(judged: Judged, column: str) -> dict[str, dict[str, Any]]:
    """Figures for each value of a column; macro-F1 over the labels that rows there have.

    Raises:
        ColumnError: there is no such column, or it has too many values.
    """
    values = [_value(row, column) for row in judged.rows]
    if not any(value for value in values):
        raise ColumnError(f"语料没有 {column} 这一列；有的列：{'、'.join(columns(judged.rows))}")
    counts = Counter(values)
    if len(counts) > MOST_VALUES:
        raise ColumnError(f"{column} 有 {len(counts)} 种值，多于 {MOST_VALUES} 种，不便分开统计")
    found = {}
    for value, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        part = judged.where(np.array([mine == value for mine in values]))
        found[value] = _part(part)
    return found


def _part(part: Judged) -> dict[str, Any]:
    """The figures of some of the rows; None where no label occurs in them."""
    overall = totals(part.given, part.true, part.labels)
    found = {"rows": len(part.rows), "exact_match": overall["exact_match"]}
    occur = occurring(part.given, part.true)
    if not occur.any():
        return found | {"macro_f1": None, "macro_f1_interval": None, "micro_f1": None}
    sums = resampled(counts_of(part.given, part.true), part.documents)
    return found | {
        "macro_f1": overall["macro_f1"],
        "macro_f1_interval": interval(macro(f1_of(sums), occur)),
        "micro_f1": overall["micro_f1"],
    }


def columns(rows: Sequence[Row]) -> list[str]:
    """The columns that figures may be broken down by, in the order in which they come."""
    known = [name for name in ("genre", "source", "group") if any(getattr(r, name) for r in rows)]
    return list(dict.fromkeys([*known, *(name for row in rows for name in row.more), "file"]))


def _value(row: Row, column: str) -> str:
    if column in ("genre", "source", "group", "file"):
        return str(getattr(row, column))
    value = row.more.get(column)
    return "" if value is None else str(value)


def macro_f1(given: Bools, true: Bools) -> float:
    """The mean F1 of the labels that a row has or was given; 0 where there are none."""
    return _macro(f1_of(counts_of(given, true).sum(axis=0)), occurring(given, true))


def macro_f1_interval(given: Bools, true: Bools, seed: int = 0) -> tuple[float, float]:
    """The 95 % interval of macro-F1 by percentile bootstrap over rows (Efron 1979)."""
    if not len(true):
        return 0.0, 0.0
    sums = resampled(counts_of(given, true), np.arange(len(true)), seed)
    low, high = interval(macro(f1_of(sums), occurring(given, true)))
    return low, high


def _macro(values: Sequence[float] | Floats, occur: Bools) -> float:
    return float(macro(np.asarray(values, np.float64), occur))


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0
