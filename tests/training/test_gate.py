"""The gate, on real models: what is as good passes, what is worse or unproven does not."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.codebook import Codebook
from model.learnt import ROWS_FILE
from model.store import ModelStore
from tests.small import small_corpus
from tests.training.judging import some_judged
from training.compare import compare
from training.corpus import Corpus, Row
from training.gate import gate, verdict_of
from training.judged import Bools, Judged
from training.parameters import Parameters
from training.train import train

CORPUS = small_corpus()
TEXTS = {
    "infrastructure": "{}村的水泥路和管网改造工程{}月开工，路灯装好。",
    "grid_management": "{}社区网格员第{}次入户走访，上报平台派单。",
    "volunteer_services": "志愿者到{}村开展第{}回志愿服务，陪老人聊天。",
    "property_management": "{}小区物业公司第{}次涨物业费，业主都不同意。",
}
ROWS = tuple(
    Row(f"{label}{n}", text.format("甲乙丙丁戊己庚辛"[n % 8], n + 1), (label,))
    for label, text in TEXTS.items()
    for n in range(24)
)


def shifted(row: Row) -> Row:
    """The row with the next label in the place of each of its own."""
    ids = CORPUS.codebook.ids
    return replace(row, labels=tuple(ids[(ids.index(x) + 1) % 4] for x in row.labels))


Trainer = Callable[..., Path]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trainer:
    """Trains a model in a store of its own and gives its folder."""

    def run(rows: tuple[Row, ...], book: Codebook = CORPUS.codebook) -> Path:
        root = tmp_path_factory.mktemp("gate")
        return root / train(Corpus(rows, book), root, Parameters(folds=2)).version

    return run


@pytest.fixture(scope="module")
def as_good(trained: Trainer) -> Path:
    return trained(CORPUS.rows[:-1])


@pytest.fixture(scope="module")
def worse(trained: Trainer) -> Path:
    return trained(tuple(shifted(row) for row in CORPUS.rows))


def test_a_model_that_is_as_good_passes(store: ModelStore, as_good: Path) -> None:
    verdict = gate(as_good, store.folder(), ROWS)
    assert verdict.passed, verdict.reason
    assert verdict.comparison is not None
    assert verdict.comparison.rows == len(ROWS)


def test_a_worse_model_is_refused_with_the_figures(store: ModelStore, worse: Path) -> None:
    verdict = gate(worse, store.folder(), ROWS)
    assert not verdict.passed
    assert "比正在使用的差" in verdict.reason
    assert "96 段" in verdict.reason
    assert gate(store.folder(), worse, ROWS).passed


def test_a_wide_margin_lets_it_pass(store: ModelStore, worse: Path) -> None:
    assert gate(worse, store.folder(), ROWS, margin=1.0).passed


def test_too_few_rows_prove_nothing() -> None:
    """On few rows a model with the same number of mistakes, made elsewhere, may yet be worse."""
    few, many = (
        compare(judged, replace(judged, given=elsewhere(judged)))
        for judged in (some_judged(30), some_judged(6000))
    )
    assert abs(many.difference) < 0.02
    assert verdict_of(many, 0.03).passed
    verdict = verdict_of(replace(few, after=few.before), 0.03)
    assert not verdict.passed
    assert "段数太少" in verdict.reason


def test_rows_that_are_answered_alike_prove_no_more_than_their_number() -> None:
    """By the rule of three, not more than 3 of 40 rows go wrong elsewhere: that is beyond 0.02."""
    few, many = (
        compare(judged, judged) for judged in (some_judged(40, noise=0), some_judged(400, noise=0))
    )
    assert (few.difference, few.interval) == (0.0, (0.0, 0.0))
    # Recall of 1 - 3 / n at a precision of 1 is an F1 of 2 (1 - 3 / n) / (2 - 3 / n).
    assert few.low == pytest.approx(2 * 0.925 / 1.925 - 1)
    assert many.low == pytest.approx(2 * 0.9925 / 1.9925 - 1)
    refused = verdict_of(few, 0.02)
    assert not refused.passed
    assert "最坏 -0.039" in refused.reason
    assert verdict_of(many, 0.02).passed


def test_three_rows_do_not_promote_a_model_with_two_labels_swapped(
    store: ModelStore, trained: Trainer
) -> None:
    """The rows have neither of the labels that were swapped: both models answer them alike."""
    ids = CORPUS.codebook.ids
    names = {ids[0]: ids[1], ids[1]: ids[0]}
    swapped = trained(
        tuple(replace(r, labels=tuple(names.get(x, x) for x in r.labels)) for r in CORPUS.rows)
    )
    rows = [row for row in ROWS if row.labels[0] in ids[2:]]
    verdict = gate(swapped, store.folder(), rows[:2] + rows[-1:], named=True)
    assert not verdict.passed
    assert "3 段上" in verdict.reason
    assert "4 个标签每个至少要有 10 段" in verdict.reason
    assert f"{ids[0]}（0 段）、{ids[1]}（0 段）" in verdict.reason
    for way in ("多标", "--gate 文件", "--force"):
        assert way in verdict.reason
    assert not gate(swapped, store.folder(), rows, named=True).passed
    assert not gate(swapped, store.folder(), ROWS, named=True).passed


def test_labels_without_rows_are_not_averaged_over(store: ModelStore, as_good: Path) -> None:
    rows = [row for row in ROWS if row.labels[0] != "volunteer_services"]
    found = gate(as_good, store.folder(), rows)
    assert found.comparison is not None
    assert found.comparison.labels == tuple(x for x in CORPUS.codebook.ids if x[0] != "v")
    assert not found.passed
    assert "不够的有：volunteer_services（0 段）。" in found.reason
    assert "不足 50 段的标签全部用来学习" in found.reason
    none = gate(as_good, store.folder(), [replace(row, labels=()) for row in ROWS])
    assert (none.passed, none.comparison) == (False, None)
    assert "不足以检验" in none.reason


@pytest.mark.parametrize(("rows", "enough"), [(9, False), (10, True)])
def test_each_label_needs_ten_rows(
    store: ModelStore, as_good: Path, rows: int, enough: bool
) -> None:
    rare = [row for row in ROWS if row.labels == ("volunteer_services",)]
    others = [row for row in ROWS if row.labels != ("volunteer_services",)]
    found = gate(as_good, store.folder(), [*others, *rare[:rows]], margin=0.5)
    assert found.passed == enough
    assert (f"volunteer_services（{rows} 段）" in found.reason) != enough


def elsewhere(judged: Judged) -> Bools:
    """As many mistakes as in what is given, on other rows."""
    wrong = np.random.default_rng(5).uniform(size=judged.true.shape) < 0.15
    given: Bools = judged.true ^ wrong
    return given


def test_rows_that_either_model_knows_are_left_out(store: ModelStore, as_good: Path) -> None:
    verdict = gate(as_good, store.folder(), (*CORPUS.rows, *ROWS[:30]))
    assert verdict.comparison is not None
    assert verdict.comparison.rows == 30
    assert f"另有 {len(CORPUS.rows)} 段是学过的，不算" in verdict.reason
    only_known = gate(as_good, store.folder(), CORPUS.rows)
    assert not only_known.passed
    assert "没有可以检验的段" in only_known.reason


def test_a_model_that_does_not_say_what_it_learnt_needs_rows_by_name(
    store: ModelStore, as_good: Path, tmp_path: Path
) -> None:
    silent = Path(shutil.copytree(as_good, tmp_path / "silent"))
    (silent / ROWS_FILE).unlink()
    refused = gate(store.folder(), silent, ROWS)
    assert not refused.passed
    assert "没有记下" in refused.reason
    assert gate(store.folder(), silent, ROWS, named=True).passed


def test_other_labels_are_said_and_compared_only_when_asked(
    store: ModelStore, trained: Trainer
) -> None:
    book = Codebook(CORPUS.codebook.version, CORPUS.codebook.themes[:3])
    rows = tuple(
        replace(row, labels=tuple(x for x in row.labels if x in book.ids)) for row in CORPUS.rows
    )
    fewer = trained(rows, book)
    verdict = gate(fewer, store.folder(), ROWS)
    assert not verdict.passed
    assert "不再有：property_management" in verdict.reason
    compared = gate(fewer, store.folder(), ROWS, named=True)
    assert compared.comparison is not None
    assert compared.comparison.labels == book.ids


def test_models_without_a_common_label_cannot_be_compared(
    store: ModelStore, trained: Trainer
) -> None:
    rows = tuple(
        Row(str(n), f"{'球队比赛' if n % 2 else '银行利率'}第{n}回", ("体育" if n % 2 else "财经",))
        for n in range(24)
    )
    other = trained(rows, Codebook.of_labels(["体育", "财经"]))
    assert "没有相同的标签" in gate(other, store.folder(), ROWS, named=True).reason


def test_a_damaged_current_model_is_named(as_good: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "manifest.json").write_text("{", encoding="utf-8")
    verdict = gate(as_good, broken, ROWS)
    assert verdict.passed
    assert "不能使用" in verdict.reason


def test_a_new_model_that_cannot_be_used_does_not_pass(as_good: Path, tmp_path: Path) -> None:
    verdict = gate(tmp_path, as_good, ROWS)
    assert not verdict.passed
    assert "读不出来" in verdict.reason
