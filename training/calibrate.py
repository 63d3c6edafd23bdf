"""Calibration from margins of rows that the classifier has not seen: Platt's sigmoid or isotonic.

For each label the one is taken that has the lower log loss on rows that neither was fitted on.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import isotonic_regression

from model.calibration import Breakpoints, Calibration
from model.features import Floats

Bools = NDArray[np.bool_]

_STEPS = 50
_HALVINGS = 30
_LEAST_SLOPE = 1e-6
_ROUNDING = 1e-9


def calibrate(margins: Floats, targets: Bools, isotonic: Bools) -> Calibration:
    """The curve of each label.

    Args:
        margins, targets: shape (rows, labels).
        isotonic: which labels get an isotonic curve, shape (labels,).
    """
    slopes, offsets = fit_sigmoids(margins, targets)
    curves = {
        int(label): fit_isotonic(margins[:, label], targets[:, label])
        for label in np.flatnonzero(isotonic)
    }
    return Calibration(slopes, offsets, curves)


def better_isotonic(margins: Floats, targets: Bools, fold_of: NDArray[np.int64]) -> Bools:
    """For which labels isotonic has the lower log loss on folds that the curve was not fitted on.

    Returns:
        Shape (labels,).
    """
    labels = targets.shape[1]
    losses = np.zeros((2, labels))
    for fold in range(int(fold_of.max()) + 1):
        held = fold_of == fold
        fitted = calibrate(margins[~held], targets[~held], np.ones(labels, bool))
        platt = Calibration(fitted.slopes, fitted.offsets)
        for kind, curves in enumerate((platt, fitted)):
            losses[kind] += log_loss(curves.probabilities(margins[held]), targets[held])
    better: Bools = losses[1] < losses[0]
    return better


def log_loss(probabilities: Floats, targets: Bools) -> Floats:
    """The sum over rows of -ln(probability of what is true), shape (labels,)."""
    true = np.where(targets, probabilities, 1.0 - probabilities)
    loss: Floats = -np.log(np.maximum(true, 1e-15)).sum(axis=0)
    return loss


def fit_sigmoids(margins: Floats, targets: Bools) -> tuple[Floats, Floats]:
    """Slopes and offsets, shape (labels,) each, by Newton's method on all labels at once.

    Targets are drawn in a little, as in Platt (1999), so that a label without mistakes has a
    finite slope.
    """
    positive, negative = targets.sum(axis=0), (~targets).sum(axis=0)
    wanted = np.where(targets, (positive + 1) / (positive + 2), 1 / (negative + 2))
    slopes, offsets = np.zeros(len(positive)), np.log((positive + 1.0) / (negative + 1.0))
    loss = _cross_entropy(margins * slopes + offsets, wanted)
    for _ in range(_STEPS):
        probabilities = 1 / (1 + np.exp(-(margins * slopes + offsets)))
        off, bend = probabilities - wanted, probabilities * (1 - probabilities)
        first, second = (off * margins).sum(axis=0), off.sum(axis=0)
        a, b, c = (bend * margins**2).sum(axis=0), (bend * margins).sum(axis=0), bend.sum(axis=0)
        a, c = a + 1e-12, c + 1e-12
        area = np.maximum(a * c - b * b, 1e-12)
        steps = (b * second - c * first) / area, (b * first - a * second) / area
        part = np.ones(len(positive))
        for _ in range(_HALVINGS):
            moved = slopes + part * steps[0], offsets + part * steps[1]
            fresh = _cross_entropy(margins * moved[0] + moved[1], wanted)
            rises = fresh > loss * (1 + _ROUNDING)
            if not rises.any():
                break
            part[rises] /= 2
        slopes, offsets = slopes + part * steps[0], offsets + part * steps[1]
        done = loss - fresh <= _ROUNDING * loss
        loss = fresh
        if done.all():
            break
    # A classifier that ranks backwards would turn scores round: hold the slope above 0.
    return np.maximum(slopes, _LEAST_SLOPE), offsets


def fit_isotonic(margins: Floats, positive: Bools) -> Breakpoints:
    """The breakpoints of one label: each level stretch of the isotonic fit is one, at its mean.

    Shares of a stretch are drawn in by half a row on either side, so that log-odds are finite.
    """
    order = np.argsort(margins, kind="stable")
    sorted_margins, sorted_positive = margins[order], positive[order]
    levels = isotonic_regression(sorted_positive.astype(np.float64))
    begins = np.flatnonzero(np.append(True, levels[1:] != levels[:-1]))
    counts = np.diff(begins, append=len(levels))
    hits = np.add.reduceat(sorted_positive.astype(np.float64), begins)
    means = np.add.reduceat(sorted_margins, begins) / counts
    shares = np.maximum.accumulate((hits + 0.5) / (counts + 1.0))
    return means, np.log(shares / (1.0 - shares))


def _cross_entropy(logits: Floats, wanted: Floats) -> Floats:
    return (np.logaddexp(0.0, logits) - wanted * logits).sum(axis=0)  # type: ignore[no-any-return]
