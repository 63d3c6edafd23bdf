import numpy as np
import pytest
from sklearn import metrics as oracle

from tests.training.judging import LABELS, some_judged
from training.bootstrap import counted, draws, resampled
from training.corpus import Row
from training.judged import Judged
from training.metrics import (
    NONE,
    ColumnError,
    average_precisions,
    by_column,
    columns,
    confusion,
    figures,
    macro_f1,
    macro_f1_interval,
    scores_by_label,
    summary,
)

GENERATOR = np.random.default_rng(0)
TRUE = GENERATOR.uniform(size=(300, 3)) < 0.3
GIVEN = TRUE ^ (GENERATOR.uniform(size=(300, 3)) < 0.15)
SCORES = np.clip(GIVEN + GENERATOR.normal(0, 0.4, GIVEN.shape), 0, 1)


def test_scores_equal_scikit_learn() -> None:
    wanted = oracle.precision_recall_fscore_support(TRUE, GIVEN)
    found = scores_by_label(GIVEN, TRUE, "abc")
    for i, label in enumerate("abc"):
        for j, name in enumerate(("precision", "recall", "f1", "support")):
            assert found[label][name] == pytest.approx(wanted[j][i])


def test_totals_equal_scikit_learn() -> None:
    found = summary(GIVEN, TRUE, "abc")
    for kind in ("macro", "micro"):
        wanted = oracle.precision_recall_fscore_support(TRUE, GIVEN, average=kind)
        for name, value in zip(("precision", "recall", "f1"), wanted, strict=False):
            assert found[f"{kind}_{name}"] == pytest.approx(value)
    assert found["exact_match"] == pytest.approx(oracle.accuracy_score(TRUE, GIVEN))
    assert found["hamming_loss"] == pytest.approx(oracle.hamming_loss(TRUE, GIVEN))
    wanted = oracle.average_precision_score(TRUE, SCORES, average=None)
    assert average_precisions(SCORES, TRUE) == pytest.approx(wanted)


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
    assert found["hamming_loss"] == pytest.approx(2 / 6)


def test_labels_that_do_not_occur_are_left_out_of_macro_averages() -> None:
    """As scikit-learn does where it is given ids and not a list of labels; all absent is 0."""
    rows = [Row(str(n), str(n), ("a",)) for n in range(3)]
    right = np.array([[True, False, False]] * 3)
    found = figures(Judged.marked(rows, LABELS, right, right & False, right.astype(float)))
    names = ("macro_precision", "macro_recall", "macro_f1", "macro_average_precision")
    assert [found[name] for name in names] == [1.0] * 4
    assert found["macro_f1_interval"] == [1.0, 1.0]
    assert macro_f1_interval(right, right) == (1.0, 1.0)
    assert macro_f1(right, right) == 1.0

    given = np.array([[True, False, False], [True, False, False], [False, True, False]])
    wanted = oracle.f1_score(["a", "a", "a"], ["a", "a", "b"], average="macro")
    assert macro_f1(given, right) == pytest.approx(wanted)
    assert summary(given, right, LABELS)["macro_f1"] == pytest.approx(wanted)
    assert macro_f1(right & False, right & False) == 0.0
    assert summary(right & False, right & False, LABELS)["macro_f1"] == 0.0


def test_a_part_averages_over_labels_as_the_whole_does() -> None:
    rows = [Row(str(n), str(n), ("a",), genre="信") for n in range(3)]
    given = np.array([[True, False, False], [True, False, False], [False, True, False]])
    judged = Judged.marked(rows, LABELS, given, given & False, given.astype(float))
    part = by_column(judged, "genre")["信"]
    whole = figures(judged)
    assert {name: part[name] for name in part} == {name: whole[name] for name in part}


def test_the_interval_holds_the_estimate_and_narrows_with_rows() -> None:
    few = macro_f1_interval(GIVEN[:60], TRUE[:60])
    many = macro_f1_interval(GIVEN, TRUE)
    assert few[1] - few[0] > many[1] - many[0]
    assert many[0] < summary(GIVEN, TRUE, "abc")["macro_f1"] < many[1]


def test_a_round_draws_as_many_documents_as_there_are() -> None:
    assert (draws(7, rounds=20).sum(axis=1) == 7).all()


def test_resampled_sums_are_those_of_the_drawn_rows() -> None:
    """Against the plain way: draw documents, put their rows together, add up."""
    judged = some_judged(60, groups=9)
    counts = counted(judged.given, judged.true)
    found = resampled(counts, judged.documents, seed=5)
    for round_number, drawn in enumerate(draws(9, seed=5, rounds=3)):
        rows = np.repeat(np.arange(60), drawn[judged.documents].astype(int))
        assert found[round_number] == pytest.approx(counts[rows].sum(axis=0))


def test_rows_of_one_document_are_drawn_together() -> None:
    """Where a document's rows are all right or all wrong, there are as few cases as documents."""
    rows = [Row(str(n), str(n), ("a",), group=f"g{n // 20}") for n in range(400)]
    given = np.array([[(n // 20) % 4 != 0] for n in range(400)])
    args = (rows, ("a",), given, np.zeros_like(given), given.astype(float))
    together = figures(Judged.marked(*args))
    alone = figures(Judged.marked([Row(r.id, r.text, r.labels) for r in rows], *args[1:]))
    assert (together["documents"], alone["documents"]) == (20, 400)
    low, high = together["intervals"]["exact_match"]
    low_alone, high_alone = alone["intervals"]["exact_match"]
    assert high - low > 3 * (high_alone - low_alone)


def test_every_figure_is_there_and_inside_its_interval() -> None:
    found = figures(some_judged(), by=["genre"])
    for name, (low, high) in found["intervals"].items():
        assert low <= found[name] <= high
    for one in found["labels"].values():
        for name, (low, high) in one["intervals"].items():
            assert low <= one[name] <= high
        assert 0 < one["average_precision"] < 1
    assert found["uncertain_share"] == 0.0
    assert found["answered"]["exact_match"] == found["exact_match"]


def test_what_was_taken_for_what() -> None:
    rows = [
        Row("1", "一", ("a",)),
        Row("2", "二", ("a", "b")),
        Row("3", "三", ()),
        Row("4", "四", ("c",)),
    ]
    given = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 1]], bool)
    judged = Judged.marked(rows, LABELS, given, np.zeros((4, 3), bool), given.astype(float))
    assert confusion(judged) == [
        {"true": "a", "given": "b", "rows": 1},
        {"true": "b", "given": NONE, "rows": 1},
        {"true": NONE, "given": "c", "rows": 1},
    ]


def test_with_one_label_a_row_it_is_the_confusion_matrix() -> None:
    generator = np.random.default_rng(3)
    true, given = generator.integers(0, 3, (2, 200))
    rows = [Row(str(n), str(n), (LABELS[k],)) for n, k in enumerate(true)]
    marks = np.eye(3, dtype=bool)[given]
    judged = Judged.marked(rows, LABELS, marks, np.zeros_like(marks), marks.astype(float))
    matrix = oracle.confusion_matrix(true, given)
    for pair in confusion(judged):
        places = LABELS.index(pair["true"]), LABELS.index(pair["given"])
        assert pair["rows"] == matrix[places]


def test_figures_by_a_column() -> None:
    judged = some_judged()
    found = by_column(judged, "县")
    assert {value: one["rows"] for value, one in found.items()} == {"东": 200, "西": 200}
    east = judged.where(np.arange(400) % 2 == 1)
    wanted = oracle.f1_score(east.true, east.given, average="macro")
    assert found["东"]["macro_f1"] == pytest.approx(wanted)
    low, high = found["东"]["macro_f1_interval"]
    assert low < wanted < high


def test_a_part_without_any_label_has_no_f1() -> None:
    rows = [Row("1", "一", ("a",), genre="信"), Row("2", "二", (), genre="报")]
    given = np.array([[True], [False]])
    judged = Judged.marked(rows, ("a",), given, np.zeros_like(given), np.ones((2, 1)))
    found = by_column(judged, "genre")
    assert found["报"] == {
        "rows": 1,
        "exact_match": 1.0,
        "macro_f1": None,
        "macro_f1_interval": None,
        "micro_f1": None,
    }


def test_a_column_that_is_not_there_or_says_too_much_is_refused() -> None:
    judged = some_judged(groups=100)
    with pytest.raises(ColumnError, match="genre、group、县"):
        by_column(judged, "省")
    with pytest.raises(ColumnError, match="100 种值"):
        by_column(judged, "group")
    assert columns(judged.rows) == ["genre", "group", "县", "file"]
