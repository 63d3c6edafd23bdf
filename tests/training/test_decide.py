import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.decide import BAND_ERROR, band, best_threshold, fit_sigmoids
from training.metrics import macro_f1

SCORES = st.lists(st.integers(1, 99).map(lambda n: n / 100), min_size=2, max_size=40)


@given(SCORES, st.data())
def test_no_other_threshold_has_a_better_f1(scores: list[float], data: st.DataObject) -> None:
    true = data.draw(st.lists(st.booleans(), min_size=len(scores), max_size=len(scores)))
    true[0] = True
    probabilities, positive = np.array(scores), np.array(true)
    chosen = best_threshold(probabilities, positive)

    def f1(threshold: float) -> float:
        return macro_f1((probabilities >= threshold)[:, None], positive[:, None])

    assert 0.0 < chosen < 1.0
    assert all(f1(chosen) >= f1(other) - 1e-12 for other in np.arange(0.005, 1, 0.01))


def test_a_threshold_lies_half_way_between_in_and_out() -> None:
    """Scores 0.9 and 0.7 are true, 0.4 is not: the cut is at (0.7 + 0.4) / 2."""
    assert best_threshold(
        np.array([0.9, 0.7, 0.4]), np.array([True, True, False])
    ) == pytest.approx(0.55)


def test_outside_the_band_decisions_are_right_often_enough() -> None:
    generator = np.random.default_rng(0)
    probabilities = generator.uniform(0.001, 0.999, 4000)
    positive = generator.uniform(size=4000) < 1 / (1 + np.exp(-12 * (probabilities - 0.5)))
    low, high = band(probabilities, positive, 0.5)
    assert 0.0 < low < 0.5 < high < 1.0
    outside = (probabilities < low) | (probabilities > high)
    wrong = (probabilities >= 0.5) != positive
    assert wrong[outside].mean() <= BAND_ERROR


def test_a_label_without_mistakes_has_a_narrow_band() -> None:
    probabilities = np.array([0.01, 0.02, 0.97, 0.98])
    low, high = band(probabilities, probabilities > 0.5, 0.5)
    assert probabilities[1] < 0.5 < probabilities[2]
    assert low > probabilities[0]
    assert high < probabilities[3]


def test_sigmoids_are_calibrated_and_rising() -> None:
    generator = np.random.default_rng(0)
    margins = generator.normal(size=(5000, 1)) * 2
    targets = generator.uniform(size=(5000, 1)) < 1 / (1 + np.exp(-(1.5 * margins - 0.5)))
    sigmoids = fit_sigmoids(margins, targets)
    assert sigmoids.slopes[0] == pytest.approx(1.5, abs=0.15)
    assert sigmoids.offsets[0] == pytest.approx(-0.5, abs=0.15)
    backwards = fit_sigmoids(-margins, targets)
    assert backwards.slopes[0] > 0
