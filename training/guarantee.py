"""Bands of uncertainty with a guarantee: what is answered outside of them is right often enough.

Edges are tried from a grid that was fixed beforehand. For each, the rows that the classifier has
not seen say how often it would be wrong; an edge is proven when the upper Clopper-Pearson bound of
that share is low enough, at a confidence that is divided among all edges (Bonferroni), so that the
one that is taken may be chosen freely: learn then test (Angelopoulos and others 2021). It holds for
text like the corpus and for a classifier like those of the folds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from model.features import Floats
from training.parameters import Parameters

Bools = NDArray[np.bool_]
Counts = NDArray[np.int64]

EDGES: Floats = 1 / (1 + np.exp(-np.linspace(-6.0, 6.0, 25)))
_WIDEST = 2.0
"""How far below its threshold a band may reach, in log-odds."""


@dataclass(frozen=True, slots=True)
class Band:
    """The band of a label around its threshold.

    Attributes:
        low, high: its edges; a score in between is uncertain.
        given: it is proven that the label is right often enough where its score is at least `high`.
        withheld: it is proven that the label is absent often enough where its score is below `low`.
    """

    low: float
    high: float
    given: bool
    withheld: bool


def band(probabilities: Floats, positive: Bools, threshold: float, parameters: Parameters) -> Band:
    """The narrowest band that is proven; where none is, the narrowest that held on these rows.

    Args:
        probabilities, positive: shape (rows,), of rows that the classifier has not seen.
        threshold: of the label, in [0, 1].
        parameters: how often answers must be right, and with what confidence.
    """
    above = probabilities >= EDGES[:, None]
    confidence = 1 - (1 - parameters.confidence) / len(EDGES)
    proven, observed = _right_enough(above, ~positive, parameters.given_right, confidence)
    high, given = _nearest(proven, observed, threshold <= EDGES, first=True)
    proven, observed = _right_enough(~above, positive, parameters.withheld_right, confidence)
    reach = _moved(threshold, -_WIDEST)
    inside = (reach <= EDGES) & (threshold >= EDGES)
    low, withheld = _nearest(proven, observed, inside, first=False)
    return Band(
        low=min(reach if low is None else low, threshold),
        high=max(1.0 if high is None else high, threshold),
        given=given,
        withheld=withheld,
    )


def upper_bound(wrong: Counts, rows: Counts, confidence: float) -> Floats:
    """The share that is wrong is at most this, by Clopper and Pearson (1934); 1 without rows."""
    bounds = np.asarray(beta.ppf(confidence, wrong + 1, np.maximum(rows - wrong, 1)))
    return np.where(rows > wrong, bounds, 1.0)


def _right_enough(
    answered: Bools, wrong: Bools, right: float, confidence: float
) -> tuple[Bools, Bools]:
    """For which edges answers are proven, and were observed, to be right often enough.

    Args:
        answered: shape (edges, rows).
        wrong: which rows would be wrong if they were answered, shape (rows,).
        right: how often answers must be right.
        confidence: of the proof for one edge.
    """
    rows, mistakes = answered.sum(axis=1), (answered & wrong).sum(axis=1)
    proven = upper_bound(mistakes, rows, confidence) <= 1 - right
    return proven, (rows > 0) & (mistakes <= (1 - right) * rows)


def _nearest(
    proven: Bools, observed: Bools, allowed: Bools, first: bool
) -> tuple[float | None, bool]:
    """The allowed edge nearest to the threshold that is proven, else observed; and if proven."""
    for fine in (proven & allowed, observed & allowed):
        if fine.any():
            return float(EDGES[fine][0 if first else -1]), bool((proven & allowed).any())
    return None, False


def _moved(threshold: float, by: float) -> float:
    """A probability moved by so much in log-odds."""
    if not 0.0 < threshold < 1.0:
        return threshold
    return float(1 / (1 + np.exp(-(np.log(threshold / (1 - threshold)) + by))))
