import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from tests.training.judging import some_judged
from training.judged import Judged
from training.reliability import answered, calibration_error, coverage, curve, reliability

GENERATOR = np.random.default_rng(1)
CHANCES = GENERATOR.uniform(size=(5000, 1))
TRUE = GENERATOR.uniform(size=CHANCES.shape) < CHANCES


def test_the_curve_equals_scikit_learn() -> None:
    observed, predicted = calibration_curve(TRUE.ravel(), CHANCES.ravel(), n_bins=10)
    found = curve(CHANCES, TRUE)
    assert [bin_["observed"] for bin_ in found] == pytest.approx(observed)
    assert [bin_["predicted"] for bin_ in found] == pytest.approx(predicted)
    assert sum(bin_["decisions"] for bin_ in found) == 5000


def test_a_worked_example_of_the_error() -> None:
    """Four at 0.8 of which two are true: a gap of 0.3; one at 0.1 and false: 0.1. Mean 1.3/5."""
    chances = np.array([[0.8], [0.8], [0.8], [0.8], [0.1]])
    true = np.array([[True], [True], [False], [False], [False]])
    assert calibration_error(chances, true) == pytest.approx((4 * 0.3 + 0.1) / 5)


def test_true_probabilities_have_a_small_error_and_squared_ones_a_large_one() -> None:
    assert calibration_error(CHANCES, TRUE) < 0.03
    assert calibration_error(CHANCES**2, TRUE) > 0.1


def test_brier_is_the_mean_square() -> None:
    judged = some_judged()
    wanted = np.mean((judged.probabilities - judged.true) ** 2)
    assert reliability(judged)["brier"] == pytest.approx(wanted)


def test_the_surest_are_right_most_often() -> None:
    given = CHANCES > 0.5
    rows = some_judged(5000).rows
    args = (given, np.abs(CHANCES - 0.5) < 0.2, CHANCES)
    judged = Judged(rows, ("a",), TRUE, *args, np.arange(5000))
    points = {point["coverage"]: point for point in coverage(judged)}
    assert points[1.0]["exact_match"] == pytest.approx((given == TRUE).mean())
    assert points[0.5]["exact_match"] > points[1.0]["exact_match"] + 0.1
    assert points[0.1]["rows"] == 500
    found = answered(judged)
    assert found["share"] == pytest.approx(0.6, abs=0.03)
    assert found["exact_match"] > 0.8 > found["exact_match_uncertain"]
    assert found["decisions_right"]["a"] == pytest.approx(found["exact_match"])
