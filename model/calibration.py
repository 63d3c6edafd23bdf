"""From margins to probabilities, one rising curve a label: Platt's sigmoid, or isotonic.

J. Platt, Probabilistic outputs for support vector machines (1999); B. Zadrozny and C. Elkan,
Transforming classifier scores into accurate multiclass probability estimates (2002). The curves
are learnt in `training` on margins of rows that the classifier was not trained on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from model.features import Floats

Breakpoints = tuple[Floats, Floats]
"""Margins, rising, and the log-odds at each, not falling."""

_MOST = 700.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """1 / (1 + exp(-log-odds)), where log-odds are slope × margin + offset or isotonic.

    Attributes:
        slopes: shape (labels,), each > 0, so that a higher margin is a higher probability.
        offsets: shape (labels,).
        isotonic: breakpoints by label number, for labels whose curve is not Platt's. Log-odds are
            linear between them, and beyond them go on with the label's slope.
    """

    slopes: Floats
    offsets: Floats
    isotonic: Mapping[int, Breakpoints] = field(default_factory=dict)

    def probabilities(self, margins: Floats) -> Floats:
        """Probabilities in (0, 1) for margins of shape (texts, labels)."""
        logits = margins * self.slopes + self.offsets
        for label, (knots, values) in self.isotonic.items():
            mine = margins[:, label]
            beyond = mine - np.clip(mine, knots[0], knots[-1])
            logits[:, label] = np.interp(mine, knots, values) + self.slopes[label] * beyond
        probabilities: Floats = 1.0 / (1.0 + np.exp(-np.clip(logits, -_MOST, _MOST)))
        return probabilities
