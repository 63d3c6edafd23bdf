"""Two models on the same paragraphs: what differs, in which order, from which files."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from model.classifier import ThemeClassifier
from model.codebook import Codebook
from service.cli import main
from service.differences import Differences, NothingInCommonError
from service.paragraphs import ParagraphsError, read_paragraphs
from service.reading.errors import Rejected
from service.reading.options import ReadingOptions
from service.tables.scored import ScoredRow
from tests.small import Versions, small_corpus
from training.corpus import Corpus, Row
from training.parameters import Parameters
from training.train import train

# Both small models know the corpus, but not what mixes its sentences.
_ROWS = small_corpus().rows
TEXTS = [
    a.text[: len(a.text) // 2] + b.text[len(b.text) // 2 :]
    for n, a in enumerate(_ROWS)
    for b in _ROWS[n % 3 :: 3]
]


@pytest.fixture(scope="module")
def models(two_models: Versions) -> tuple[ThemeClassifier, ThemeClassifier]:
    store, first, second = two_models
    return ThemeClassifier.load(store.folder(first)), ThemeClassifier.load(store.folder(second))


def told(models: tuple[ThemeClassifier, ThemeClassifier], texts: Sequence[str]) -> Differences:
    found = Differences(*models)
    for _ in found.take(ScoredRow(text, "甲", para=n) for n, text in enumerate(texts)):
        pass
    return found


def test_every_difference_is_what_the_two_models_say_by_themselves(
    models: tuple[ThemeClassifier, ThemeClassifier],
) -> None:
    """Held against `classify`, text by text."""
    before, after = (model.classify(TEXTS) for model in models)
    differing = [n for n in range(len(TEXTS)) if before[n].labels != after[n].labels]
    assert len(differing) > 10
    with told(models, TEXTS) as found:
        rows = list(found.rows())
    assert sorted(row["para"] for row in rows) == differing
    for row in rows:
        n = row["para"]
        assert row["text"] == TEXTS[n]
        assert (tuple(row["before"]), tuple(row["after"])) == (before[n].labels, after[n].labels)
        assert set(row["gained"]) == set(after[n].labels) - set(before[n].labels)
        assert set(row["lost"]) == set(before[n].labels) - set(after[n].labels)
        for label in models[0].labels:
            assert row[f"score_before_{label}"] == pytest.approx(before[n].scores[label], abs=1e-6)
            assert row[f"score_after_{label}"] == pytest.approx(after[n].scores[label], abs=1e-6)
    tally = found.tally.as_dict()
    assert (tally["paragraphs"], tally["changed"]) == (len(TEXTS), len(differing))
    for label, counts in tally["themes"].items():
        assert counts == {
            "before": sum(label in decision.labels for decision in before),
            "after": sum(label in decision.labels for decision in after),
            "gained": sum(label in row["gained"] for row in rows),
            "lost": sum(label in row["lost"] for row in rows),
        }


def test_what_moved_most_comes_first(models: tuple[ThemeClassifier, ThemeClassifier]) -> None:
    with told(models, TEXTS) as found:
        rows = list(found.rows())
    shifts = [row["shift"] for row in rows]
    assert shifts == sorted(shifts, reverse=True)
    for row in rows:
        moved = (
            abs(row[f"score_before_{label}"] - row[f"score_after_{label}"])
            for label in (*row["gained"], *row["lost"])
        )
        assert row["shift"] == pytest.approx(sum(moved), abs=1e-5)


def test_a_model_against_itself_differs_nowhere(
    models: tuple[ThemeClassifier, ThemeClassifier],
) -> None:
    with told((models[0], models[0]), TEXTS) as found:
        assert list(found.rows()) == []
    assert (found.tally.paragraphs, found.tally.changed) == (len(TEXTS), 0)


def test_a_label_that_only_one_model_knows_comes_or_goes(
    models: tuple[ThemeClassifier, ThemeClassifier], tmp_path: Path
) -> None:
    kept = ("grid_management", "property_management")
    rows = tuple(
        Row(row.id, row.text, tuple(label for label in row.labels if label in kept))
        for row in _ROWS
    )
    version = train(Corpus(rows, Codebook.of_labels(set(kept))), tmp_path, Parameters()).version
    narrow = ThemeClassifier.load(tmp_path / version)
    with told((models[0], narrow), [_ROWS[0].text]) as found:
        (row,) = found.rows()
    assert "infrastructure" in row["before"]
    assert "infrastructure" in row["lost"]
    assert "infrastructure" not in row["after"]
    assert row["score_after_infrastructure"] is None
    with told((narrow, models[0]), [_ROWS[0].text]) as found:
        (row,) = found.rows()
    assert "infrastructure" in row["gained"]
    assert row["score_before_infrastructure"] is None


def test_models_without_a_label_in_common_are_refused(
    models: tuple[ThemeClassifier, ThemeClassifier], tmp_path: Path
) -> None:
    rows = tuple(Row(row.id, row.text, ("甲",) if row.labels else ("乙",)) for row in _ROWS)
    version = train(Corpus(rows, Codebook.of_labels({"甲", "乙"})), tmp_path, Parameters()).version
    with pytest.raises(NothingInCommonError):
        Differences(models[0], ThemeClassifier.load(tmp_path / version))


def read(path: Path, rejected: list[Rejected] | None = None) -> list[ScoredRow]:
    """The paragraphs of a file; what is rejected goes into the list."""
    told_of: list[Rejected] = [] if rejected is None else rejected
    return list(read_paragraphs(path, ReadingOptions(), told_of.append))


def test_a_row_that_cannot_be_read_is_told_of_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "修路架桥，通水通电。"}\n{"te\n', encoding="utf-8")
    (tmp_path / "a.csv").write_text("编号,正文\n1,\n2,修路架桥，通水。\n", encoding="utf-8")
    for name, row in (("a.jsonl", "a.jsonl#2"), ("a.csv", "a.csv#2")):
        rejected: list[Rejected] = []
        assert len(read(tmp_path / name, rejected)) == 1
        assert [one.doc for one in rejected] == [row]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_lines_of_a_text_are_paragraphs(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "段落.txt"
    path.write_text("网格员入户走访。\n\n  物业费涨了，业主不同意。\n", encoding=encoding)
    found = [(one.text, one.doc, one.para) for one in read(path)]
    assert found == [
        ("网格员入户走访。", "段落.txt", 0),
        ("  物业费涨了，业主不同意。", "段落.txt", 2),
    ]


def test_a_row_of_a_table_is_a_paragraph_and_is_not_cut(tmp_path: Path) -> None:
    text = "第一行。\n第二行，修路。"
    (tmp_path / "a.csv").write_text(f'编号,正文\n7,"{text}"\n', encoding="utf-8")
    row = json.dumps({"text": text, "doc": "简报.docx", "para": 3, "title": "题"})
    (tmp_path / "a.jsonl").write_text(f"{row}\n", encoding="utf-8")
    (one,) = read(tmp_path / "a.csv")
    assert (one.text, one.doc) == (text, "a.csv#2")
    (one,) = read(tmp_path / "a.jsonl")
    assert (one.text, one.doc, one.para, one.title) == (text, "简报.docx", 3, "题")


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".xlsx", ".parquet", ""])
def test_a_scored_table_gives_its_paragraphs_without_furniture(
    two_models: Versions, tmp_path: Path, suffix: str
) -> None:
    page = Path(__file__).parents[2] / "data" / "sample_page.txt"
    out = tmp_path / f"out{suffix}"
    words = ["score", str(page), "--out", str(out), "--workers", "1"]
    assert main([*words, "--models", str(two_models[0].root)]) == 0
    found = read(out)
    assert {one.doc for one in found} == {"sample_page.txt"}
    assert any("供暖支管" in one.text for one in found)
    assert not any("您的位置" in one.text for one in found)
    numbers = [one.para for one in found]
    assert None not in numbers
    assert len(set(numbers)) == len(numbers) > 3


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        pytest.param("a.docx", "x", "要的是", id="kind"),
        pytest.param("a.jsonl", '{"te', "a.jsonl#1", id="line"),
        pytest.param("a.csv", "甲,乙\n1,2\n", "找不到正文", id="no text"),
    ],
)
def test_what_holds_no_paragraphs_is_refused(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(ParagraphsError, match=said):
        read(tmp_path / name)


def test_the_command_tells_counts_and_writes_tables(
    two_models: Versions,
    models: tuple[ThemeClassifier, ThemeClassifier],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store, first, second = two_models
    path = tmp_path / "段落.txt"
    path.write_text("\n".join(TEXTS), encoding="utf-8")
    words = ["models", "diff", first, second, str(path), "--models", str(store.root)]
    assert main([*words, "--json"]) == 0
    told_all = json.loads(capsys.readouterr().out)
    with told(models, TEXTS) as found:
        rows = list(found.rows())
    assert [row["para"] for row in told_all["differences"]] == [row["para"] for row in rows]
    assert (told_all["before"], told_all["after"]) == (first, second)
    assert told_all["changed"] == len(rows)

    assert main([*words, "--json", "--out", str(tmp_path / "d.jsonl")]) == 0
    assert json.loads(capsys.readouterr().out) == {
        key: value for key, value in told_all.items() if key != "differences"
    }
    lines = (tmp_path / "d.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == told_all["differences"]

    assert main([*words, "--out", str(tmp_path / "d.csv")]) == 0
    assert f"{len(rows)} 段的主题不同" in capsys.readouterr().out
    with (tmp_path / "d.csv").open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["gained"] for row in table] == [";".join(row["gained"]) for row in rows]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d.csv", "d.jsonl", "段落.txt"]


def test_the_command_refuses_a_table_that_it_cannot_write(
    two_models: Versions, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, first, second = two_models
    words = ["models", "diff", first, second, "x.txt", "--models", str(store.root)]
    assert main([*words, "--out", str(tmp_path / "d.docx")]) == 1
    assert ".jsonl、.csv" in capsys.readouterr().err


def test_the_command_does_not_write_over_what_it_reads(
    two_models: Versions, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, first, second = two_models
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": TEXTS[0]}), encoding="utf-8")
    before = path.read_bytes()
    words = ["models", "diff", first, second, str(path), "--models", str(store.root)]
    assert main([*words, "--out", str(path)]) == 2
    assert "--out" in capsys.readouterr().err
    assert path.read_bytes() == before
