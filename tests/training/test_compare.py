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
    assert found.left_out == LABELS[:1]
    assert found.as_dict()["left_out"] == ["a"]
    assert compare(fewer, BEFORE).left_out == LABELS[:1]
    assert found.difference == 0.0


def test_labels_that_are_not_compared_are_told_but_not_judged() -> None:
    """A row that is all `a` is not shown as a row without a label where `a` is not compared."""
    judged = some_judged(noise=0.0)
    only_a = next(n for n, row in enumerate(judged.rows) if row.labels == ("a",))
    given = judged.given.copy()
    given[only_a] = [False, True, False]
    (change,) = compare(judged, replace(judged, given=given).only(("c", "b"))).changes
    assert (change.true, change.before, change.after) == (("a",), ("a",), ("b",))
    assert change.kind == "broken"
    fewer = replace(judged, given=given).only(("b", "c"))
    (change,) = compare(fewer, judged).changes
    assert (change.true, change.before, change.after) == (("a",), ("b",), ("a",))
    assert change.kind == "mended"
    assert compare(fewer, judged).as_dict()["changes"][0]["labels"] == ["a"]


def test_both_averages_are_over_the_same_labels() -> None:
    """A label that no row has counts for both models as soon as one of them gives it."""
    some = BEFORE.where(~BEFORE.true[:, 2])
    quiet, loud = some.given.copy(), some.given.copy()
    quiet[:, 2], loud[:, 2] = False, np.arange(len(loud)) == 0
    first, second = (replace(some, given=given) for given in (quiet, loud))
    found = compare(first, second)
    assert found.difference == 0.0
    assert found.before == pytest.approx(2 / 3 * macro_f1(quiet, some.true))
    assert compare(first, first).before == macro_f1(quiet, some.true)


def test_models_that_share_nothing_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="labels of both"):
        compare(BEFORE, replace(BEFORE, labels=("x", "y", "z")))
    with pytest.raises(ValueError, match="same rows"):
        compare(BEFORE, some_judged(seed=5))
