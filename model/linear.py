"""One linear classifier a label: weighted counts in, margins out.

Weights are float32, as stored and mapped; products and sums are float64.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.features import Counts, Floats, segment_sums

_LABELS_AT_A_TIME = 16


@dataclass(frozen=True, slots=True)
class LinearModel:
    """Weights and intercepts.

    Attributes:
        weights: shape (features, labels), float32.
        intercepts: shape (labels,), float64.
    """

    weights: NDArray[np.float32]
    intercepts: Floats

    def margins(self, counts: Counts, values: Floats) -> Floats:
        """The margin of each text for each label, shape (texts, labels), before calibration."""
        texts, labels = len(counts.rows) - 1, len(self.intercepts)
        margins = np.empty((texts, labels), np.float64)
        # A corpus may have 200 labels: memory for the products stays bounded.
        for low in range(0, labels, _LABELS_AT_A_TIME):
            some = slice(low, low + _LABELS_AT_A_TIME)
            products = self.weights[counts.features, some] * values[:, None]
            margins[:, some] = segment_sums(products, counts.rows)
        margins += self.intercepts
        return margins
