"""From margins to probabilities: Platt's sigmoid, one a label.

J. Platt, Probabilistic outputs for support vector machines (1999). The slopes and offsets are
learnt in `training` on margins of rows that the classifier was not trained on.
"""

from dataclasses import dataclass

import numpy as np

from model.features import Floats


@dataclass(frozen=True, slots=True)
class Sigmoids:
    """1 / (1 + exp(-(slope × margin + offset))) for each label.

    Attributes:
        slopes: shape (labels,), each > 0, so that a higher margin is a higher probability.
        offsets: shape (labels,).
    """

    slopes: Floats
    offsets: Floats

    def probabilities(self, margins: Floats) -> Floats:
        """Probabilities in (0, 1) for margins of shape (texts, labels)."""
        logits = np.clip(margins * self.slopes + self.offsets, -700.0, 700.0)
        probabilities: Floats = 1.0 / (1.0 + np.exp(-logits))
        return probabilities
