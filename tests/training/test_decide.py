from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.decide import best_threshold, cross_decided, fit_rule, precise_threshold
from training.metrics import macro_f1
from training.parameters import Parameters

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


@given(SCORES, st.data())
def test_labels_above_a_precise_threshold_are_right_so_often(
    scores: list[float], data: st.DataObject
) -> None:
    true = data.draw(st.lists(st.booleans(), min_size=len(scores), max_size=len(scores)))
    probabilities, positive = np.array(scores), np.array(true)
    chosen = precise_threshold(probabilities, positive, 0.8)
    given_ = probabilities >= chosen
    if chosen == 1.0:
        assert not given_.any()
    else:
        assert positive[given_].mean() >= 0.8
        lower = probabilities >= np.unique(probabilities[~given_])[:, None]
        assert all(positive[more].mean() < 0.8 for more in lower)


def margins_of(targets: np.ndarray, noise: float) -> np.ndarray:
    generator = np.random.default_rng(7)
    return (2.0 * targets - 1) + generator.normal(scale=noise, size=targets.shape)


FOLDS = np.arange(1200) % 3
EXCLUSIVE = np.eye(4, dtype=bool)[np.arange(1200) % 4]
SEVERAL = EXCLUSIVE | np.eye(4, dtype=bool)[np.arange(1200) // 4 % 4]
NAMES = ("a", "b", "c", "d")


def test_where_every_row_has_one_label_so_has_every_answer() -> None:
    margins = margins_of(EXCLUSIVE, 1.0)
    rule = fit_rule(margins, EXCLUSIVE, FOLDS, NAMES, Parameters())
    given_, unsure = rule.apply(margins)
    assert (given_.sum(axis=1) == 1).all()
    assert (unsure <= given_).all()
    assert rule.thresholds.at == (0.0,) * 4


def test_where_rows_have_one_label_or_none_so_have_answers() -> None:
    targets = EXCLUSIVE[:, :3]
    margins = margins_of(targets, 0.7)
    given_, _ = fit_rule(margins, targets, FOLDS, NAMES[:3], Parameters()).apply(margins)
    assert set(given_.sum(axis=1).tolist()) == {0, 1}


def test_where_every_row_has_a_label_or_several_so_has_every_answer() -> None:
    margins = margins_of(SEVERAL, 1.0)
    given_, unsure = fit_rule(margins, SEVERAL, FOLDS, NAMES, Parameters()).apply(margins)
    assert given_.any(axis=1).all()
    assert given_.sum(axis=1).max() > 1
    assert unsure.any()


def test_a_precision_that_was_asked_for_is_reached_and_costs_answers() -> None:
    margins = margins_of(EXCLUSIVE, 1.0)
    asked = replace(Parameters(), precision=0.95)
    given_, _, _ = cross_decided(margins, EXCLUSIVE, FOLDS, NAMES, asked)
    usual, _, _ = cross_decided(margins, EXCLUSIVE, FOLDS, NAMES, Parameters())
    assert (given_ & EXCLUSIVE).sum() / given_.sum() > 0.92
    assert (usual & EXCLUSIVE).sum() / usual.sum() < 0.92
    assert not given_.any(axis=1).all()


def test_no_row_decides_on_its_own_threshold() -> None:
    """Where labels are drawn by lot, thresholds of other rows don't help, one's own do."""
    generator = np.random.default_rng(1)
    targets = generator.uniform(size=(60, 4)) < 0.5
    margins = generator.normal(size=(60, 4))
    folds = np.arange(60) % 3
    crossed, _, _ = cross_decided(margins, targets, folds, NAMES, Parameters())
    fitted, _ = fit_rule(margins, targets, folds, NAMES, Parameters()).apply(margins)
    assert macro_f1(crossed, targets) < macro_f1(fitted, targets)
