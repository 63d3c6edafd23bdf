import numpy as np
import pytest
from scipy.stats import binom

from training.guarantee import EDGES, band, upper_bound
from training.parameters import Parameters

PARAMETERS = Parameters(given_right=0.9, withheld_right=0.95, confidence=0.8)


def drawn(rows: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Scores, and labels that are there with a chance of 0.2 + 0.85 × score."""
    probabilities = generator.uniform(size=rows)
    return probabilities, generator.uniform(size=rows) < 0.2 + 0.85 * probabilities


def test_the_bound_holds_at_its_edge() -> None:
    """At the bound, as few mistakes as were seen happen with the probability that is left."""
    bound = upper_bound(np.array([3]), np.array([50]), 0.95)[0]
    assert binom.cdf(3, 50, bound) == pytest.approx(0.05)
    assert upper_bound(np.array([0, 5]), np.array([0, 5]), 0.95).tolist() == [1.0, 1.0]


def test_what_is_proven_holds_on_new_text_as_often_as_was_said() -> None:
    generator = np.random.default_rng(0)
    new, positive = drawn(200_000, generator)
    broken = proven = 0
    for _ in range(100):
        found = band(*drawn(400, generator), 0.5, PARAMETERS)
        if found.given:
            proven += 1
            broken += positive[new >= found.high].mean() < 0.9
    assert proven > 20
    assert broken <= 0.2 * 100


def test_a_band_is_no_wider_than_needed() -> None:
    """With plenty of rows that are nearly all right, the band shrinks to the grid's step."""
    generator = np.random.default_rng(1)
    probabilities = np.concatenate([generator.uniform(0, 0.45, 9000), np.full(9000, 0.9)])
    found = band(probabilities, probabilities > 0.5, 0.5, PARAMETERS)
    assert found.given
    assert found.withheld
    assert found.low == found.high == 0.5
    assert 0.5 in EDGES


def test_too_few_rows_prove_nothing_and_get_what_was_observed() -> None:
    probabilities = np.array([0.1, 0.2, 0.3, 0.6, 0.7, 0.95, 0.97])
    positive = np.array([False, False, False, False, True, True, True])
    found = band(probabilities, positive, 0.55, PARAMETERS)
    assert not found.given
    assert not found.withheld
    assert 0.6 < found.high <= 0.7
    assert found.low <= 0.55


def test_where_nothing_is_right_often_enough_everything_is_uncertain() -> None:
    probabilities = np.linspace(0.01, 0.99, 100)
    found = band(probabilities, np.zeros(100, bool), 0.5, PARAMETERS)
    assert found.high == 1.0
    assert not found.given
