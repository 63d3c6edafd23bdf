import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from training.metrics import macro_f1_interval, scores_by_label, summary

GENERATOR = np.random.default_rng(0)
TRUE = GENERATOR.uniform(size=(300, 3)) < 0.3
GIVEN = TRUE ^ (GENERATOR.uniform(size=(300, 3)) < 0.15)


def test_scores_equal_scikit_learn() -> None:
    wanted = precision_recall_fscore_support(TRUE, GIVEN)
    found = scores_by_label(GIVEN, TRUE, "abc")
    for i, label in enumerate("abc"):
        for j, name in enumerate(("precision", "recall", "f1", "support")):
            assert found[label][name] == pytest.approx(wanted[j][i])


def test_a_worked_example() -> None:
    """Three rows: one right, one of two labels missed, one given too much.

    Label a: 2 given, 1 right of 2: P = R = F1 = 1/2. Label b: 1 given, right, of 1: all 1.
    """
    true = np.array([[True, False], [True, True], [False, False]])
    given = np.array([[True, False], [False, True], [True, False]])
    found = summary(given, true, ["a", "b"])
    assert found["labels"]["a"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 2}
    assert found["labels"]["b"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 1}
    assert found["macro_f1"] == 0.75
    assert found["exact_match"] == pytest.approx(1 / 3)
    assert found["none_share"] == pytest.approx(1 / 3)


def test_the_interval_holds_the_estimate_and_narrows_with_rows() -> None:
    few = macro_f1_interval(GIVEN[:60], TRUE[:60])
    many = macro_f1_interval(GIVEN, TRUE)
    assert few[1] - few[0] > many[1] - many[0]
    assert many[0] < summary(GIVEN, TRUE, "abc")["macro_f1"] < many[1]
