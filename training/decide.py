"""Calibration, thresholds and bands, all from margins of rows that the classifier has not seen."""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from model.calibration import Sigmoids
from model.features import Floats

BAND_ERROR = 0.01
"""Outside a label's band at most this share of the cross-validated decisions may be wrong."""

_WIDEST_BAND = 2.0
_PRIOR_STRENGTH = 1e4


def fit_sigmoids(margins: Floats, targets: NDArray[np.bool_]) -> Sigmoids:
    """Platt's sigmoid for each label from out-of-fold margins, shape (rows, labels)."""
    slopes, offsets = [], []
    for label in range(targets.shape[1]):
        platt = LogisticRegression(C=_PRIOR_STRENGTH, solver="lbfgs", max_iter=1000, tol=1e-8)
        platt.fit(margins[:, [label]], targets[:, label])
        # A classifier that ranks backwards would turn scores round: hold the slope above 0.
        slopes.append(max(float(platt.coef_[0, 0]), 1e-6))
        offsets.append(float(platt.intercept_[0]))
    return Sigmoids(np.array(slopes), np.array(offsets))


def best_threshold(probabilities: Floats, positive: NDArray[np.bool_]) -> float:
    """The threshold with the highest F1: half way between the last score in and the first one out.

    Args:
        probabilities, positive: shape (rows,) each, at least one positive.
    """
    order = np.argsort(-probabilities, kind="stable")
    scores = probabilities[order]
    true = np.cumsum(positive[order])
    given = np.arange(1, len(scores) + 1)
    f1 = 2 * true / (given + true[-1])
    # Equal scores come in together: only the last of them can be a cut.
    cuts = np.flatnonzero(np.append(scores[1:] < scores[:-1], True))
    best = int(cuts[np.argmax(f1[cuts])])
    below = scores[best + 1] if best + 1 < len(scores) else 0.0
    return float((scores[best] + below) / 2)


def band(
    probabilities: Floats, positive: NDArray[np.bool_], threshold: float
) -> tuple[float, float]:
    """The narrowest band around a threshold outside of which decisions are right often enough.

    It is as wide on either side in log-odds, at most by two.
    """
    logits = np.log(probabilities / (1 - probabilities))
    middle = np.log(threshold / (1 - threshold))
    distance = np.abs(logits - middle)
    wrong = (probabilities >= threshold) != positive
    order = np.argsort(-distance, kind="stable")
    errors = np.cumsum(wrong[order]) / np.arange(1, len(order) + 1)
    # From the far ends inward: the last place up to which few enough are wrong.
    fine = np.flatnonzero(errors <= BAND_ERROR)
    reach = float(distance[order][fine[-1]]) if len(fine) else _WIDEST_BAND
    reach = min(reach, _WIDEST_BAND)
    return tuple(float(1 / (1 + np.exp(-(middle + side * reach)))) for side in (-1, 1))  # type: ignore[return-value]
