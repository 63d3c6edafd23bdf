import numpy as np
import pytest

from model.calibration import Calibration
from training.calibrate import better_isotonic, calibrate, fit_isotonic, fit_sigmoids, log_loss

GENERATOR = np.random.default_rng(0)
MARGINS = GENERATOR.normal(size=(5000, 1)) * 2
SIGMOID = GENERATOR.uniform(size=(5000, 1)) < 1 / (1 + np.exp(-(1.5 * MARGINS - 0.5)))
STEPS = GENERATOR.uniform(size=(5000, 1)) < np.where(MARGINS < 0, 0.05, 0.6)
FOLDS = np.arange(5000) % 5


def test_sigmoids_are_calibrated_and_rising() -> None:
    slopes, offsets = fit_sigmoids(MARGINS, SIGMOID)
    assert slopes[0] == pytest.approx(1.5, abs=0.15)
    assert offsets[0] == pytest.approx(-0.5, abs=0.15)
    backwards, _ = fit_sigmoids(-MARGINS, SIGMOID)
    assert backwards[0] > 0


def test_a_label_without_mistakes_has_a_finite_sigmoid() -> None:
    margins = np.array([[-1.0], [-0.9], [1.0], [1.1]])
    slopes, offsets = fit_sigmoids(margins, margins > 0)
    probabilities = Calibration(slopes, offsets).probabilities(margins)
    assert 0.01 < probabilities.min() < 0.3 < 0.7 < probabilities.max() < 0.99


def test_labels_are_calibrated_each_on_its_own() -> None:
    both = np.hstack([MARGINS, MARGINS * 0.2 + 1])
    targets = np.hstack([SIGMOID, STEPS])
    for label in range(2):
        alone = fit_sigmoids(both[:, [label]], targets[:, [label]])
        together = fit_sigmoids(both, targets)
        assert together[0][label] == pytest.approx(alone[0][0], rel=1e-3)
        assert together[1][label] == pytest.approx(alone[1][0], rel=1e-3)


def test_isotonic_is_taken_where_the_curve_is_no_sigmoid_and_only_there() -> None:
    both = np.hstack([MARGINS, MARGINS])
    assert better_isotonic(both, np.hstack([SIGMOID, STEPS]), FOLDS).tolist() == [False, True]


def test_isotonic_follows_the_shares_and_never_falls() -> None:
    fitted = calibrate(MARGINS, STEPS, np.array([True]))
    grid = np.linspace(-9, 9, 400)[:, None]
    curve = fitted.probabilities(grid)[:, 0]
    assert (np.diff(curve) >= 0).all()
    assert curve[grid[:, 0] < -0.5].max() < 0.15
    assert 0.5 < curve[(grid[:, 0] > 0.5) & (grid[:, 0] < 3)].mean() < 0.7
    platt = Calibration(fitted.slopes, fitted.offsets)
    better, worse = (log_loss(c.probabilities(MARGINS), STEPS)[0] for c in (fitted, platt))
    assert better < worse


def test_breakpoints_are_the_level_stretches() -> None:
    """Margins 0, 1 never, 2, 3 half, 4 always: shares (0 + ½) / 3, 1.5 / 3, 1.5 / 2."""
    margins = np.array([3.0, 0.0, 2.0, 1.0, 4.0])
    positive = np.array([False, False, True, False, True])
    knots, logits = fit_isotonic(margins, positive)
    assert knots.tolist() == [0.5, 2.5, 4.0]
    assert (1 / (1 + np.exp(-logits))).tolist() == pytest.approx([0.5 / 3, 1.5 / 3, 1.5 / 2])
