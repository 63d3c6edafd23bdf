"""One linear classifier a label: weighted counts in, margins out.

Weights are float32, as stored and mapped; products and sums are float64.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.features import Counts, Floats, Weighting, segment_sums

_LABELS_AT_A_TIME = 16


@dataclass(frozen=True, slots=True)
class LinearModel:
    """Weights and intercepts.

    Attributes:
        weights: shape (features, labels), float32: what a feature weighs lies together, so that
            looking it up costs one trip to memory and not one a label.
        intercepts: shape (labels,), float64.
    """

    weights: NDArray[np.float32]
    intercepts: Floats

    def margins(self, counts: Counts, weighting: Weighting) -> Floats:
        """The margin of each text for each label, shape (texts, labels), before calibration."""
        raw, blocks = weighting.raw(counts), weighting.blocks(counts)
        norms = weighting.norms(raw, blocks)
        shape = counts.texts, len(weighting.block_ends)
        margins = np.empty((counts.texts, len(self.intercepts)), np.float64)
        # A corpus may have 200 labels: memory for the products stays bounded.
        for low in range(0, len(self.intercepts), _LABELS_AT_A_TIME):
            some = slice(low, low + _LABELS_AT_A_TIME)
            found = self.weights[:, some].take(counts.features, axis=0, mode="clip")
            products = np.ascontiguousarray(found.T) * raw
            # Dividing a block's sum by its norm is dividing each of its values.
            sums = segment_sums(products, blocks) / norms
            margins[:, some] = sums.reshape(-1, *shape).sum(axis=2).T
        margins += self.intercepts
        return margins
