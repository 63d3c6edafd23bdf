import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from model.artifact import read_manifest
from model.classifier import ThemeClassifier
from model.codebook import Codebook
from model.store import ModelStore
from tests.small import small_corpus
from training.corpus import Corpus, Row, read_corpus
from training.errors import TooLittleError
from training.evaluate import evaluate
from training.parameters import Parameters
from training.train import train


def test_the_same_corpus_gives_the_same_bytes_in_any_order_and_on_any_number_of_cores(
    tmp_path: Path, store: ModelStore
) -> None:
    corpus = small_corpus()
    rows = list(corpus.rows)
    random.Random(3).shuffle(rows)
    again = train(Corpus(tuple(rows), corpus.codebook), tmp_path, Parameters(), jobs=1)
    first = store.folder() / "model.joblib"
    assert (tmp_path / again.version / "model.joblib").read_bytes() == first.read_bytes()


def test_a_large_corpus_gives_the_same_bytes_too(tmp_path: Path) -> None:
    """Large enough that fits run side by side for a while."""
    corpus = read_corpus()
    rows = list(corpus.rows[::6])
    versions = set()
    for jobs in (1, 2, 2):
        random.Random(jobs).shuffle(rows)
        shuffled = Corpus(tuple(rows), corpus.codebook)
        versions.add(train(shuffled, tmp_path, Parameters(), jobs=jobs).version)
    assert len(versions) == 1


def test_another_corpus_or_parameter_gives_another_version(
    tmp_path: Path, store: ModelStore
) -> None:
    corpus = small_corpus()
    fewer = Corpus(corpus.rows[:-1], corpus.codebook)
    assert train(fewer, tmp_path, Parameters()).version != store.current()
    assert train(corpus, tmp_path, Parameters(c=0.5)).version != store.current()


def test_an_artifact_describes_itself(store: ModelStore) -> None:
    folder = store.folder()
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    corpus = small_corpus()
    assert manifest["corpus"]["rows"] == len(corpus.rows)
    assert manifest["codebook"] == corpus.codebook.version
    assert manifest["parameters"]["words"] == [1, 2]
    assert set(manifest["libraries"]) >= {"numpy", "scikit-learn", "joblib", "jieba", "rjieba"}
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert set(metrics["labels"]) == set(corpus.codebook.ids)
    assert "网格管理" in (folder / "card.md").read_text(encoding="utf-8")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "网格管理" in page
    assert "://" not in page
    assert "<script" not in page


def test_an_artifact_needs_nothing_of_the_data_folder(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(name: str) -> Path:
        raise FileNotFoundError(name)

    monkeypatch.setattr("model.bundled.bundled", gone)
    classifier = ThemeClassifier.load(store.folder())
    assert classifier.codebook.name("grid_management") == "网格管理"
    assert "grid_management" in classifier.classify(["網格員每天入户走访。"])[0].labels


def test_progress_is_told_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    train(small_corpus(), tmp_path, Parameters(folds=2), lambda *step: told.append(step))
    steps = {what: (done, total) for what, done, total in told}
    assert len(steps) == 3
    assert all(done == total for done, total in steps.values())


def test_labels_of_another_kind_can_be_learnt(tmp_path: Path) -> None:
    texts = {"体育": "球队赢了比赛进入决赛", "财经": "银行下调了贷款利率"}
    rows = [
        Row(f"{label}{n}", f"{text}，第{n}次。", (label,))
        for label, text in texts.items()
        for n in range(12)
    ]
    corpus = Corpus(tuple(rows), Codebook.of_labels(texts))
    version = train(corpus, tmp_path, Parameters(folds=3)).version
    classifier = ThemeClassifier.load(tmp_path / version)
    assert classifier.labels == ("体育", "财经")
    assert classifier.classify(["球队输了比赛"])[0].labels == ("体育",)
    assert evaluate(classifier, corpus)["macro_f1"] == 1.0


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        pytest.param([], "空的", id="no rows"),
        pytest.param(
            [Row(str(n), f"第{n}句", ("a",)) for n in range(9)], "只有一个标签", id="one label"
        ),
        pytest.param(
            [Row(str(n), f"第{n}句", ("a",) if n < 4 else ("b",)) for n in range(20)],
            r"a（4 段）",
            id="too few of one",
        ),
        pytest.param(
            [Row(str(n), f"第{n}句", ("a", "b") if n < 9 else ("a",)) for n in range(20)],
            "每段都有标签 a",
            id="no counterexample",
        ),
    ],
)
def test_what_cannot_be_learnt_is_refused(tmp_path: Path, rows: list[Row], reason: str) -> None:
    labels = sorted({label for row in rows for label in row.labels})
    corpus = Corpus(tuple(rows), Codebook.of_labels(labels))
    with pytest.raises(TooLittleError, match=reason):
        train(corpus, tmp_path, Parameters())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"c": 0.0},
        {"c": float("inf")},
        {"folds": 1},
        {"folds": 21},
        {"min_df_words": 0},
        {"title": -1},
    ],
)
def test_parameters_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        replace(Parameters(), **wrong)  # type: ignore[arg-type]


def test_a_title_counts_more_where_half_of_the_rows_have_one(tmp_path: Path) -> None:
    texts = {"体育": "球队赢了比赛进入决赛", "财经": "银行下调了贷款利率"}
    rows = [
        Row(f"{label}{n}", f"{label}新闻{n}\n{text}，第{n}次。", (label,))
        for label, text in texts.items()
        for n in range(12)
    ]
    book = Codebook.of_labels(texts)
    titled = train(Corpus(tuple(rows), book), tmp_path, Parameters(folds=3)).version
    assert read_manifest(tmp_path / titled)["parameters"]["title"] == 8
    plain = [replace(row, text=row.text.replace("\n", "，")) for row in rows]
    without = train(Corpus(tuple(plain), book), tmp_path, Parameters(folds=3)).version
    assert read_manifest(tmp_path / without)["parameters"]["title"] == 0
    classifier = ThemeClassifier.load(tmp_path / titled)
    one, other = classifier.margins(["体育新闻\n贷款利率", "体育新闻，贷款利率"])
    assert one[0] > other[0]
    assert one[1] < other[1]


def test_a_row_counts_as_much_as_its_weight_says(tmp_path: Path, store: ModelStore) -> None:
    corpus = small_corpus()
    text = "广场舞的音响夜里太吵。"
    quarrel = [
        Row(f"{label}{n}", f"第{n}次：{text}", (label,), more={"weight": weight})
        for n in range(6)
        for label, weight in (("volunteer_services", 0.01), ("property_management", "20"))
    ]
    mixed = Corpus((*corpus.rows, *quarrel), corpus.codebook)
    turned = [
        replace(row, more={"weight": 20 if row.labels[0][0] == "v" else 0.01}) for row in quarrel
    ]
    scores = []
    for rows in (quarrel, turned):
        version = train(replace(mixed, rows=(*corpus.rows, *rows)), tmp_path, Parameters()).version
        scores.append(ThemeClassifier.load(tmp_path / version).classify([text])[0].scores)
    for label, less, more in (("property_management", 1, 0), ("volunteer_services", 0, 1)):
        assert scores[more][label] > scores[less][label] + 0.2
    same = [replace(row, more={"weight": 1}) for row in corpus.rows]
    assert train(Corpus(tuple(same), corpus.codebook), tmp_path, Parameters()).version == (
        store.current()
    )
