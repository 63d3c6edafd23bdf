"""Accuracy from a random share: known values, other people's functions, and coverage."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import f1_score

from model.store import ModelStore
from service.workbench.errors import WorkbenchError
from service.workbench.models.accuracy import (
    FEWEST_ROWS,
    Bools,
    TooFewError,
    accuracy,
    share,
)
from service.workbench.models.opinions import opinions
from tests.small import small_corpus

LABELS = ("甲", "乙")


def column(marks: str) -> Bools:
    """A theme's column, 1 where it stands."""
    return np.array([[mark == "1"] for mark in marks])


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        # Newcombe (1998), Statistics in Medicine 17, table I, method 3.
        pytest.param(81, 263, 0.2553, 0.3662, id="81 of 263"),
        pytest.param(15, 148, 0.0624, 0.1605, id="15 of 148"),
        pytest.param(0, 20, 0.0000, 0.1611, id="0 of 20"),
        pytest.param(1, 29, 0.0061, 0.1718, id="1 of 29"),
    ],
)
def test_a_share_has_the_published_interval(part: int, whole: int, low: float, high: float) -> None:
    found = share(part, whole)
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


@pytest.mark.parametrize("whole", [1, 5, 40, 1000])
def test_a_share_is_what_scipy_says(whole: int) -> None:
    for part in {0, 1, whole // 3, whole}:
        theirs = stats.binomtest(part, whole).proportion_ci(method="wilson")
        found = share(part, whole)
        assert found.value == part / whole
        assert found.low == pytest.approx(theirs.low, abs=1e-12)
        assert found.high == pytest.approx(theirs.high, abs=1e-12)
        assert found.low <= found.value <= found.high


def test_figures_of_a_theme_by_hand() -> None:
    """20 rows, 10 with the theme, 8 of them found, 2 more given: P = R = F1 = 0.8, 16 exact."""
    true = column("1" * 10 + "0" * 10)
    given = column("1" * 8 + "0" * 2 + "1" * 2 + "0" * 8)
    found = accuracy(true, given, ("甲",), [str(n) for n in range(20)])
    (theme,) = found.themes
    assert theme.precision == theme.recall == share(8, 10)
    assert theme.f1 is not None
    assert theme.f1.value == pytest.approx(0.8)
    assert theme.f1.rows == 12
    assert 0 < theme.f1.low < 0.8 < theme.f1.high <= 1
    assert found.exact == share(16, 20)
    assert (found.rows, found.documents, found.more) == (20, 20, 60)
    assert found.macro_f1 is not None
    assert found.macro_f1.value == theme.f1.value


def test_the_interval_of_f1_is_the_bootstrap_written_out() -> None:
    generator = np.random.default_rng(5)
    true = generator.random((60, 1)) < 0.4
    given = true ^ (generator.random((60, 1)) < 0.15)
    documents = np.repeat(np.arange(20), 3)
    (theme,) = accuracy(true, given, ("甲",), [f"{n}" for n in documents]).themes
    drawn = []
    for _ in range(3000):
        rows = np.concatenate([np.flatnonzero(documents == n) for n in generator.choice(20, 20)])
        drawn.append(f1_score(true[rows, 0], given[rows, 0]))
    low, high = np.percentile(drawn, [2.5, 97.5])
    assert theme.f1 is not None
    assert theme.f1.low == pytest.approx(low, abs=0.02)
    assert theme.f1.high == pytest.approx(high, abs=0.02)


def test_paragraphs_of_one_document_say_less_than_as_many_documents() -> None:
    """Where a document is right or wrong as a whole, its paragraphs are one witness."""
    true = np.ones((60, 1), bool)
    given = np.repeat(np.arange(12) % 4 != 0, 5)[:, None]
    apart = accuracy(true, given, ("甲",), [str(n) for n in range(60)]).themes[0].f1
    together = accuracy(true, given, ("甲",), [str(n // 5) for n in range(60)]).themes[0].f1
    assert apart is not None
    assert together is not None
    assert together.high - together.low > 1.5 * (apart.high - apart.low)


def test_no_mistake_in_few_rows_is_no_proof() -> None:
    """All right: F1 = 1, yet 6 rows leave room: Wilson's 6 of 6 is from 0.610, F1 from 0.758."""
    true = column("1" * 6 + "0" * 14)
    (theme,) = accuracy(true, true, ("甲",), [str(n) for n in range(20)]).themes
    assert theme.f1 is not None
    assert (theme.f1.value, theme.f1.high) == (1.0, 1.0)
    assert theme.f1.low == pytest.approx(2 * 0.60966 / 1.60966, abs=1e-4)


def test_nothing_is_said_of_a_handful() -> None:
    rows = FEWEST_ROWS - 1
    with pytest.raises(TooFewError, match=f"只有 {rows} 段"):
        accuracy(column("1" * rows), column("1" * rows), ("甲",), ["a"] * rows)


def test_nothing_is_said_of_a_theme_that_hardly_comes() -> None:
    true = np.concatenate([column("1" * 4 + "0" * 16), column("1" * 10 + "0" * 10)], axis=1)
    given = np.concatenate([column("0" * 20), column("1" * 10 + "0" * 10)], axis=1)
    rare, common = accuracy(true, given, LABELS, [str(n) for n in range(20)]).themes
    assert (rare.precision, rare.recall, rare.f1) == (None, None, None)
    assert (rare.true, rare.given) == (4, 0)
    assert common.f1 is not None


def test_the_interval_holds_what_it_promises() -> None:
    """Drawn 300 times from an archive that is right in 85 of 100: about 95 in 100 intervals know.

    With 300 draws of chance 0.95 fewer than 270 come less than once in a thousand times.
    """
    generator = np.random.default_rng(1)
    right = generator.binomial(80, 0.85, 300)
    inside = [share(int(n), 80).low <= 0.85 <= share(int(n), 80).high for n in right]
    assert sum(inside) >= 270


def test_a_model_of_the_store_is_asked_in_a_process_of_its_own(store: ModelStore) -> None:
    rows = small_corpus().rows[:8]
    texts = [row.text for row in rows] + ["今年的收成很好，<b>颗粒</b>归仓。"]
    found = opinions(store.folder(), texts)
    assert [one.learnt for one in found] == [True] * 8 + [False]
    right = [set(row.labels) <= set(one.labels) for row, one in zip(rows, found, strict=False)]
    assert sum(right) >= 7


def test_a_model_that_cannot_be_used_is_told_of(store: ModelStore) -> None:
    with pytest.raises(WorkbenchError, match="没有"):
        opinions(store.root / "nothing", ["甲"])
