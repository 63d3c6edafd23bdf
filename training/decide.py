"""The decision rule: calibration, thresholds and bands, all from margins of rows not seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.calibration import Calibration
from model.decision import Thresholds
from model.features import Floats
from training.calibrate import better_isotonic, calibrate
from training.guarantee import Band, band
from training.parameters import Parameters

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rule:
    """From margins to decisions.

    Attributes:
        calibration: from margins to probabilities.
        thresholds: from probabilities to labels.
        bands: the labels' bands and what is proven of them, in the order of labels.
    """

    calibration: Calibration
    thresholds: Thresholds
    bands: tuple[Band, ...]

    def apply(self, margins: Floats) -> tuple[Bools, Bools]:
        """Which labels are given and which are uncertain, shape (rows, labels) each."""
        return self.thresholds.apply(self.calibration.probabilities(margins))

    def content(self) -> dict[str, Any]:
        """What an artifact keeps of it."""
        return {
            "slopes": self.calibration.slopes.tolist(),
            "offsets": self.calibration.offsets.tolist(),
            "isotonic": [
                [label, margins.tolist(), logits.tolist()]
                for label, (margins, logits) in sorted(self.calibration.isotonic.items())
            ],
            "thresholds": list(self.thresholds.at),
            "bands": [list(edges) for edges in self.thresholds.bands],
            "at_least_one": self.thresholds.at_least_one,
            "at_most_one": self.thresholds.at_most_one,
        }

    def description(self, parameters: Parameters) -> dict[str, Any]:
        """What people should know of it: plain data for the figures and the card."""
        labels = self.thresholds.labels
        proven = list(zip(labels, self.bands, strict=True))
        return {
            "at_least_one": self.thresholds.at_least_one,
            "at_most_one": self.thresholds.at_most_one,
            "calibration": {
                label: "isotonic" if i in self.calibration.isotonic else "platt"
                for i, label in enumerate(labels)
            },
            "thresholds": dict(zip(labels, self.thresholds.at, strict=True)),
            "bands": {label: [found.low, found.high] for label, found in proven},
            "guarantee": {
                "confidence": parameters.confidence,
                "given_right": parameters.given_right,
                "given": [label for label, found in proven if found.given],
                "withheld_right": parameters.withheld_right,
                "withheld": [label for label, found in proven if found.withheld],
            },
        }


def fit_rule(
    margins: Floats,
    targets: Bools,
    fold_of: NDArray[np.int64],
    labels: Sequence[str],
    parameters: Parameters,
) -> Rule:
    """The rule that suits these margins.

    Args:
        margins: out of fold, shape (rows, labels).
        targets: shape (rows, labels).
        fold_of: the fold of each row, for choosing the calibration.
        labels: the ids by column.
        parameters: what precision and what guarantee is asked for.
    """
    return _rule(margins, targets, labels, parameters, better_isotonic(margins, targets, fold_of))


def cross_decided(
    margins: Floats,
    targets: Bools,
    fold_of: NDArray[np.int64],
    labels: Sequence[str],
    parameters: Parameters,
    isotonic: Bools | None = None,
) -> tuple[Bools, Bools, Floats]:
    """What is given, what is uncertain, probabilities: each fold by a rule fitted on the others.

    Figures of these decisions don't flatter: no row has had a say in its own threshold.

    Args:
        margins, targets, fold_of, labels, parameters: as above.
        isotonic: which labels get an isotonic curve, shape (labels,); None finds out.
    """
    if isotonic is None:
        isotonic = better_isotonic(margins, targets, fold_of)
    given, unsure = np.zeros(targets.shape, bool), np.zeros(targets.shape, bool)
    probabilities = np.zeros(targets.shape)
    for fold in range(int(fold_of.max()) + 1):
        held = fold_of == fold
        rule = _rule(margins[~held], targets[~held], labels, parameters, isotonic)
        probabilities[held] = rule.calibration.probabilities(margins[held])
        given[held], unsure[held] = rule.thresholds.apply(probabilities[held])
    return given, unsure, probabilities


def _rule(
    margins: Floats,
    targets: Bools,
    labels: Sequence[str],
    parameters: Parameters,
    isotonic: Bools,
) -> Rule:
    calibration = calibrate(margins, targets, isotonic)
    probabilities = calibration.probabilities(margins)
    counts = targets.sum(axis=1)
    at_most_one = bool(counts.max() <= 1)
    at_least_one = bool(counts.min() >= 1) and parameters.precision is None
    if at_most_one:
        probabilities = only_best(probabilities)
    at, bands = [], []
    for label in range(len(labels)):
        mine = probabilities[:, label], targets[:, label]
        if at_most_one and at_least_one:
            threshold = 0.0
        elif parameters.precision is not None:
            threshold = precise_threshold(*mine, parameters.precision)
        else:
            threshold = best_threshold(*mine)
        at.append(threshold)
        bands.append(band(*mine, threshold, parameters))
    thresholds = Thresholds(
        tuple(labels),
        tuple(at),
        tuple((found.low, found.high) for found in bands),
        at_least_one,
        at_most_one,
    )
    return Rule(calibration, thresholds, tuple(bands))


def only_best(probabilities: Floats) -> Floats:
    """The best label of each row keeps its probability; the others have 0."""
    rows = np.arange(len(probabilities))
    best = probabilities.argmax(axis=1)
    alone = np.zeros_like(probabilities)
    alone[rows, best] = probabilities[rows, best]
    return alone


def best_threshold(probabilities: Floats, positive: Bools) -> float:
    """The threshold with the highest F1: half way between the last score in and the first one out.

    Args:
        probabilities, positive: shape (rows,) each, at least one positive.
    """
    scores, true, cuts = _cuts(probabilities, positive)
    f1 = 2 * true / (np.arange(1, len(scores) + 1) + true[-1])
    return _between(scores, int(cuts[np.argmax(f1[cuts])]))


def precise_threshold(probabilities: Floats, positive: Bools, precision: float) -> float:
    """The lowest threshold above which labels are right so often; 1 where there is none.

    Args:
        probabilities, positive: shape (rows,) each.
        precision: in (0, 1).
    """
    scores, true, cuts = _cuts(probabilities, positive)
    fine = cuts[true[cuts] >= precision * (cuts + 1)]
    return _between(scores, int(fine[-1])) if len(fine) else 1.0


def _cuts(
    probabilities: Floats, positive: Bools
) -> tuple[Floats, NDArray[np.int64], NDArray[np.intp]]:
    """Scores from the top, how many so far are true, and after which of them one may cut."""
    order = np.argsort(-probabilities, kind="stable")
    scores = probabilities[order]
    # Equal scores come in together: only the last of them can be a cut.
    cuts = np.flatnonzero(np.append(scores[1:] < scores[:-1], True))
    return scores, np.cumsum(positive[order]), cuts


def _between(scores: Floats, last: int) -> float:
    below = scores[last + 1] if last + 1 < len(scores) else 0.0
    return float((scores[last] + below) / 2)
