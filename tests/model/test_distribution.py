"""The distribution of scores and its stability index."""

import math

import numpy as np
import pytest

from model.distribution import BINS, EDGES, histogram, shares, stability_index


def test_each_score_lies_in_one_bin_of_its_label() -> None:
    probabilities = np.array([[0.0, 1.0], [EDGES[0], 0.005], [0.4, 0.4]])
    counts = histogram(probabilities)
    assert counts.shape == (2, BINS)
    assert counts.sum(axis=1).tolist() == [3, 3]
    assert counts[0].nonzero()[0].tolist() == [0, 1, 5]
    assert counts[1].nonzero()[0].tolist() == [0, 5, BINS - 1]


def test_the_index_is_the_sum_that_the_definition_gives() -> None:
    expected = (0.5 - 0.25) * math.log(0.5 / 0.25) + (0.5 - 0.75) * math.log(0.5 / 0.75)
    assert stability_index([0.25, 0.75], [10, 10]) == pytest.approx(expected)


def test_the_same_distribution_has_no_drift_and_nothing_has_none() -> None:
    reference = shares(range(BINS))
    assert stability_index(reference, [7 * i for i in range(BINS)]) == pytest.approx(0, abs=1e-3)
    assert stability_index(reference, [0] * BINS) == 0


def test_an_empty_bin_keeps_the_index_finite() -> None:
    assert 5 < stability_index([1.0, 0.0], [0, 1]) < 20
