"""How good decisions are: precision, recall, F1 and support a label, and over all labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]

BOOTSTRAP_ROUNDS = 1000


def scores_by_label(
    given: Bools, true: Bools, labels: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Precision, recall, F1 (each 0 where it is undefined) and support of each label.

    Args:
        given, true: shape (rows, labels).
        labels: the ids by column.
    """
    hit, answered, support = (x.sum(axis=0) for x in (given & true, given, true))
    return {
        label: {
            "precision": _ratio(hit[i], answered[i]),
            "recall": _ratio(hit[i], support[i]),
            "f1": _ratio(2 * hit[i], answered[i] + support[i]),
            "support": int(support[i]),
        }
        for i, label in enumerate(labels)
    }


def summary(given: Bools, true: Bools, labels: Sequence[str], seed: int = 0) -> dict[str, Any]:
    """All figures, with 95 % intervals of macro-F1 by bootstrap over rows."""
    by_label = scores_by_label(given, true, labels)
    hit = int((given & true).sum())
    return {
        "rows": len(true),
        "labels": by_label,
        "macro_f1": float(np.mean([scores["f1"] for scores in by_label.values()])),
        "macro_f1_interval": list(macro_f1_interval(given, true, seed)),
        "micro_f1": _ratio(2 * hit, int(given.sum()) + int(true.sum())),
        "exact_match": float((given == true).all(axis=1).mean()) if len(true) else 0.0,
        "none_share": float((~true.any(axis=1)).mean()) if len(true) else 0.0,
    }


def macro_f1(given: Bools, true: Bools) -> float:
    """The mean of the labels' F1."""
    doubled = 2 * (given & true).sum(axis=0)
    total = given.sum(axis=0) + true.sum(axis=0)
    return float(np.mean(np.divide(doubled, total, out=np.zeros(len(total)), where=total > 0)))


def macro_f1_interval(given: Bools, true: Bools, seed: int = 0) -> tuple[float, float]:
    """The 95 % interval of macro-F1 by percentile bootstrap over rows (Efron 1979)."""
    if not len(true):
        return 0.0, 0.0
    generator = np.random.default_rng(seed)
    draws = generator.integers(0, len(true), (BOOTSTRAP_ROUNDS, len(true)))
    low, high = np.percentile([macro_f1(given[draw], true[draw]) for draw in draws], [2.5, 97.5])
    return float(low), float(high)


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0
