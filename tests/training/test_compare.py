from dataclasses import replace

import numpy as np
import pytest

from tests.training.judging import LABELS, some_judged
from training.compare import compare
from training.judged import Bools
from training.metrics import macro_f1

BEFORE = some_judged(noise=0.2)


def told_as(share: float, seed: int = 9) -> Bools:
    """What is given by a model that corrects this share of what the first got wrong."""
    wrong = BEFORE.given != BEFORE.true
    mended = np.random.default_rng(seed).uniform(size=wrong.shape) < share
    given: Bools = BEFORE.given ^ (wrong & mended)
    return given


def test_a_model_against_itself_shows_no_difference() -> None:
    found = compare(BEFORE, BEFORE)
    assert (found.difference, found.interval, found.p) == (0.0, (0.0, 0.0), 1.0)
    assert found.changes == ()


def test_a_better_model_is_found_to_be_better() -> None:
    after = replace(BEFORE, given=told_as(0.5))
    found = compare(BEFORE, after)
    assert found.before == pytest.approx(macro_f1(BEFORE.given, BEFORE.true))
    assert found.after == pytest.approx(macro_f1(after.given, after.true))
    low, high = found.interval
    assert 0 < low < found.difference < high
    assert low < found.low
    assert found.p < 0.01
    assert {change.kind for change in found.changes} == {"mended", "other"}
    back = compare(after, BEFORE)
    assert back.difference == pytest.approx(-found.difference)
    assert {change.kind for change in back.changes} == {"broken", "other"}


def test_pairing_makes_the_interval_narrow() -> None:
    """Two models that err on the same rows differ by less than two that err anywhere."""
    slightly = compare(BEFORE, replace(BEFORE, given=told_as(0.1)))
    elsewhere = compare(
        BEFORE,
        replace(
            BEFORE,
            given=some_judged(noise=0.2, seed=0).true
            ^ (np.random.default_rng(77).uniform(size=BEFORE.true.shape) < 0.18),
        ),
    )
    width = [found.interval[1] - found.interval[0] for found in (slightly, elsewhere)]
    assert width[0] < 0.6 * width[1]


def test_the_changed_rows_are_named() -> None:
    given = BEFORE.given.copy()
    given[3] = ~given[3]
    (change,) = compare(BEFORE, replace(BEFORE, given=given)).changes
    assert change.row.id == "3"
    assert set(change.before) | set(change.after) == set(LABELS)
    assert set(change.before) & set(change.after) == set()


def test_labels_that_only_one_model_knows_are_left_aside() -> None:
    fewer = BEFORE.only(LABELS[1:])
    found = compare(BEFORE, fewer)
    assert found.labels == LABELS[1:]
    assert found.difference == 0.0


def test_models_that_share_nothing_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="labels of both"):
        compare(BEFORE, replace(BEFORE, labels=("x", "y", "z")))
    with pytest.raises(ValueError, match="same rows"):
        compare(BEFORE, some_judged(seed=5))
