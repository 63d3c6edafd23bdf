"""How scores are distributed, and how far one distribution has moved from another.

The training keeps the distribution of the out-of-fold scores; a server compares with it what it
gives. The measure is the population stability index: Σ (p − q) ln(p / q) over bins; the usual
reading is below 0.1 stable, above 0.25 moved (Siddiqi, Credit Risk Scorecards, 2006).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.features import Floats

EDGES = (0.01, 0.03, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.97)
"""Between the bins, ascending; closer together at the ends, where most scores are."""

BINS = len(EDGES) + 1

_LEAST_SHARE = 1e-4


def histogram(probabilities: Floats) -> NDArray[np.int64]:
    """How many scores of each label lie in each bin, shape (labels, BINS).

    Args:
        probabilities: shape (texts, labels), each in [0, 1].
    """
    labels = probabilities.shape[1]
    bins = np.searchsorted(EDGES, probabilities, side="right") + np.arange(labels) * BINS
    return np.bincount(bins.ravel(), minlength=labels * BINS).reshape(labels, BINS)


def shares(counts: Sequence[float]) -> list[float]:
    """Counts of bins as shares that sum to 1; all zero without any count."""
    total = float(sum(counts))
    return [float(count) / total if total else 0.0 for count in counts]


def stability_index(reference: Sequence[float], counts: Sequence[float]) -> float:
    """The population stability index of counts against reference shares, ≥ 0.

    An empty bin counts as one ten-thousandth, so that the index stays finite; without any count it
    is 0.
    """
    if not sum(counts):
        return 0.0
    expected = np.maximum(reference, _LEAST_SHARE)
    found = np.maximum(shares(counts), _LEAST_SHARE)
    return float(((found - expected) * np.log(found / expected)).sum())
