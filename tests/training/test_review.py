"""Wrong labels are found, go through a spreadsheet, and come back as decided."""

import csv
import random
import sys
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from model.classifier import ThemeClassifier
from model.codebook import Codebook
from model.decision import Decision
from tests.small import small_corpus
from training.corpus import Corpus, Row, read_corpus
from training.errors import CorpusError
from training.judged import Judged
from training.mistakes import explainer
from training.review import DECISION, HEADER, ID, apply_review, write_review
from training.suspicion import ReviewError, Suspicion, doubted, suspicions

CORPUS = small_corpus()
BOOK = CORPUS.codebook
FIRST = CORPUS.rows[0]
DOUBT = Suspicion(FIRST, 0.97, ("grid_management",), {"grid_management": 0.9}, ())


@pytest.fixture(scope="module")
def noisy() -> tuple[list[Suspicion], set[str]]:
    """What is doubted in a part of the bundled corpus in which every fortieth label is wrong."""
    corpus = read_corpus()
    rows = list(random.Random(4).sample(corpus.rows, 900))
    wrong = {row.id for row in rows[::40]}
    spoilt = tuple(
        replace(row, labels=() if row.labels else ("volunteer_services",))
        if row.id in wrong
        else row
        for row in rows
    )
    return suspicions(Corpus(spoilt, corpus.codebook)), wrong


def test_most_of_the_labels_that_were_spoilt_are_found(
    noisy: tuple[list[Suspicion], set[str]],
) -> None:
    found, wrong = noisy
    assert len({item.row.id for item in found} & wrong) > 0.6 * len(wrong)
    first = [item.row.id in wrong for item in found[: len(wrong)]]
    assert sum(first) > 0.3 * len(wrong), "by chance it would be one in forty"


def test_the_most_doubtful_stand_first_and_say_why(
    noisy: tuple[list[Suspicion], set[str]],
) -> None:
    found, _ = noisy
    doubts = [item.doubt for item in found]
    assert doubts == sorted(doubts, reverse=True)
    for item in found:
        assert item.suggested != item.row.labels
        changed = set(item.suggested) ^ set(item.row.labels)
        assert set(item.probabilities) == changed
        for evidence in item.evidence:
            assert evidence.label in changed
            assert item.row.text[evidence.start : evidence.end] == evidence.text
    assert any(item.evidence for item in found)


def test_with_one_label_a_row_one_label_is_suggested(classifier: ThemeClassifier) -> None:
    """A hundred sure rows of each of two labels, and one sure row with the other's label."""
    scores = [{"a": 0.97, "b": 0.03}] * 100 + [{"a": 0.03, "b": 0.97}] * 101
    true = ["a"] * 100 + ["b"] * 100 + ["a"]
    rows = [Row(str(n), f"第{n}句。", (label,)) for n, label in enumerate(true)]
    decisions = [Decision((max(s, key=s.__getitem__),), "labelled", (), s) for s in scores]
    judged = Judged.of(rows, ("a", "b"), decisions)
    (item,) = doubted(judged, lambda _text, _labels: ())
    assert (item.row.id, item.suggested) == ("200", ("b",))
    assert item.doubt == pytest.approx(0.97)
    assert explainer(classifier)("网格员上门走访。", ("grid_management",))


def test_without_cleanlab_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cleanlab", None)
    with pytest.raises(ReviewError, match=r"govtheme\[review\]"):
        suspicions(CORPUS)


def edited_csv(path: Path, decision: str, **other: str) -> None:
    """What a person does in Excel: one cell of the column for it, perhaps others."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    row |= {DECISION: decision} | other
    # Chinese Excel saves CSV as GBK.
    with path.open("w", encoding="gb18030", newline="") as file:
        writer = csv.DictWriter(file, HEADER)
        writer.writeheader()
        writer.writerow(row)


@pytest.mark.parametrize(
    ("decision", "after"),
    [
        pytest.param("网格管理；物业管理", ("grid_management", "property_management"), id="names"),
        pytest.param("2", ("grid_management",), id="number"),
        pytest.param("无", (), id="none of them"),
    ],
)
def test_what_was_decided_in_a_csv_file_is_done(
    tmp_path: Path, decision: str, after: tuple[str, ...]
) -> None:
    path = tmp_path / "可疑.csv"
    write_review([DOUBT], BOOK, path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    edited_csv(path, decision)
    fixed, (change,) = apply_review(CORPUS, path)
    assert (change.before, change.after) == (FIRST.labels, after)
    assert fixed.rows[0].labels == after
    assert fixed.rows[1:] == CORPUS.rows[1:]


def test_a_workbook_is_read_back_too(tmp_path: Path) -> None:
    path = tmp_path / "可疑.xlsx"
    write_review([DOUBT], BOOK, path)
    book = openpyxl.load_workbook(path)
    sheet = book.active
    assert sheet is not None
    assert [cell.value for cell in sheet[1]] == list(HEADER)
    sheet.cell(2, HEADER.index(DECISION) + 1).value = "物业管理"
    book.save(path)
    _, (change,) = apply_review(CORPUS, path)
    assert change.after == ("property_management",)


def test_rows_that_nobody_decided_on_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "可疑.csv"
    write_review([DOUBT], BOOK, path)
    assert apply_review(CORPUS, path) == (CORPUS, [])


@pytest.mark.parametrize(
    ("decision", "other", "reason"),
    [
        pytest.param("网格", {}, "未知标签", id="no such label"),
        pytest.param("无", {ID: "nobody"}, "没有编号 'nobody'", id="no such row"),
        pytest.param("无", {"正文": "别的话"}, "正文与语料里的不同", id="another text"),
    ],
)
def test_a_file_that_does_not_fit_changes_nothing(
    tmp_path: Path, decision: str, other: dict[str, str], reason: str
) -> None:
    path = tmp_path / "可疑.csv"
    write_review([DOUBT], BOOK, path)
    edited_csv(path, decision, **other)
    with pytest.raises(CorpusError, match=reason):
        apply_review(CORPUS, path)


def test_a_text_is_never_a_formula(tmp_path: Path) -> None:
    row = Row("=1", '=HYPERLINK("x")', ("a",))
    book = Codebook.of_labels(["a", "b"])
    corpus = Corpus((row,), book)
    doubt = Suspicion(row, 0.9, ("b",), {"b": 0.9}, ())
    for name in ("a.csv", "a.xlsx"):
        write_review([doubt], book, tmp_path / name)
        assert apply_review(corpus, tmp_path / name) == (corpus, [])
    assert "'=HYPERLINK" in (tmp_path / "a.csv").read_text(encoding="utf-8-sig")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert sheet is not None
    assert {cell.data_type for cell in sheet[2] if cell.value} == {"s"}


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReviewError, match=r"\.csv"):
        write_review([DOUBT], BOOK, tmp_path / "a.ods")


def test_a_name_that_holds_a_separator_is_decided_whole(tmp_path: Path) -> None:
    book = Codebook.of_labels(["交通、出行", "噪声", "绿化"])
    rows = tuple(Row(str(n), f"第{n}句", ("绿化",)) for n in range(3))
    path = tmp_path / "r.csv"
    cells = ("交通、出行", "交通、出行；噪声", "噪声、绿化")
    lines = [f"{n},第{n}句,{cell}" for n, cell in enumerate(cells)]
    path.write_text("\n".join(["编号,正文,改为", *lines]), encoding="utf-8")
    fixed, _ = apply_review(Corpus(rows, book), path)
    assert [set(row.labels) for row in fixed.rows] == [
        {"交通、出行"},
        {"交通、出行", "噪声"},
        {"噪声", "绿化"},
    ]
