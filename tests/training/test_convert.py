"""What is converted arrives: any rows, through every format that can hold them, and back."""

import json
import tempfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.codebook import Codebook
from training.convert import write_corpus
from training.corpus import Corpus, Row, read_corpus
from training.errors import CorpusError
from training.formats.reading import FORMATS, SUFFIXES

BOOK = Codebook.of_labels(["体育", "Sport", "sport", "12", "组织关系-裁员"])
SEPARATORS = {"csv": ";", "xlsx": ";", "doccano-csv": "#"}

characters = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\ufeff")
texts = st.text(st.one_of(characters, st.sampled_from("\n\t=,;\"'#")), min_size=1).filter(str.strip)
words = st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd"]), min_size=1)
labels = st.sets(st.sampled_from(BOOK.ids)).map(
    lambda some: tuple(sorted(some, key=BOOK.ids.index))
)
rows = st.lists(st.builds(Row, id=words, text=texts, labels=labels, genre=words, group=words), min_size=1, unique_by=lambda row: row.id)  # fmt: skip # noqa: E501


def round_trip(corpus: Corpus, name: str) -> tuple[Row, ...]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out.x"
        write_corpus(corpus, path, name)
        read = read_corpus([str(path)], codebook=BOOK, format=name, separator=SEPARATORS.get(name))
    return read.rows


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "fasttext"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some=rows)
def test_rows_come_back_as_they_were(name: str, some: list[Row]) -> None:
    for row, again in zip(some, round_trip(Corpus(tuple(some), BOOK), name), strict=True):
        for part in ("id", "text", "labels", "genre", "group"):
            assert getattr(row, part) == getattr(again, part)


@settings(max_examples=25, deadline=None)
@given(some=st.lists(st.builds(Row, id=words, text=words, labels=labels), min_size=1))
def test_fasttext_keeps_texts_and_labels(some: list[Row]) -> None:
    back = round_trip(Corpus(tuple(some), BOOK), "fasttext")
    assert [(row.text, row.labels) for row in back] == [(row.text, row.labels) for row in some]


@settings(max_examples=10, deadline=None)
@given(some=rows, path=st.permutations([name for name in FORMATS if name != "fasttext"]))
def test_a_way_through_all_formats_ends_where_it_began(some: list[Row], path: list[str]) -> None:
    corpus = Corpus(tuple(some), BOOK)
    for name in path:
        corpus = Corpus(round_trip(corpus, name), BOOK)
    said = [(row.id, row.text, row.labels, row.genre, row.group) for row in corpus.rows]
    assert said == [(row.id, row.text, row.labels, row.genre, row.group) for row in some]


def corpus_of(text: str = "修路。", label: str = "a", **more: object) -> Corpus:
    return Corpus((Row("1", text, (label,), more=more),), Codebook.of_labels([label]))


def test_what_fasttext_has_no_room_for_is_said(tmp_path: Path) -> None:
    notes = write_corpus(corpus_of("修路。\n修桥。", 来源="某县"), tmp_path / "a.txt")
    assert "id、来源" in notes[0]
    assert "1 段里的换行" in notes[1]
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "__label__a 修路。 修桥。\n"


@pytest.mark.parametrize(
    ("name", "text", "label", "reason"),
    [
        pytest.param("a.csv", "修路。", "a;b", "分隔|标签里有 ;", id="separator in a label"),
        pytest.param("a.txt", "修路。", "a b", "标签里有空格", id="blank in a label"),
        pytest.param("a.txt", "别写 __label__b 这样的词", "a", "写不下", id="a text like a label"),
        pytest.param("a.xlsx", "响铃\x07", "a", "控制字符", id="control character"),
        pytest.param("a.xlsx", "长" * 32768, "a", "32767", id="too long for a cell"),
        pytest.param("a.csv", "半个\ud83d字", "a", "写不下", id="half a surrogate pair"),
        pytest.param("a.bin", "修路。", "a", "--to", id="no such format"),
    ],
)
def test_what_a_format_cannot_hold_is_refused_and_leaves_nothing(
    tmp_path: Path, name: str, text: str, label: str, reason: str
) -> None:
    with pytest.raises(CorpusError, match=reason):
        write_corpus(corpus_of(text, label), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_half_a_surrogate_pair_goes_through_json(tmp_path: Path) -> None:
    write_corpus(corpus_of("半个\ud83d字"), tmp_path / "a.jsonl")
    assert read_corpus([str(tmp_path / "a.jsonl")]).rows[0].text == "半个\ud83d字"


def test_a_text_that_begins_with_an_equals_sign_is_no_formula(tmp_path: Path) -> None:
    write_corpus(corpus_of("=1+1"), tmp_path / "a.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert sheet is not None
    assert sheet["B2"].data_type == "s"


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet", ".xlsx"])
def test_further_columns_are_kept(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    row = Row("1", "修路。", ("a",), more={"年份": 2024, "text": "别的列也叫 text"})
    write_corpus(Corpus((row,), Codebook.of_labels("a")), path)
    more = read_corpus([str(path)]).rows[0].more
    assert (str(more["年份"]), more["text_"]) == ("2024", "别的列也叫 text")
    assert set(SUFFIXES) >= {suffix}


def test_line_ends_of_windows_become_those_of_a_cell(tmp_path: Path) -> None:
    (note,) = write_corpus(corpus_of("修路。\r\n修桥。"), tmp_path / "a.xlsx")
    assert "回车" in note
    assert read_corpus([str(tmp_path / "a.xlsx")]).rows[0].text == "修路。\n修桥。"


def test_a_column_of_mixed_types_is_text_in_parquet(tmp_path: Path) -> None:
    corpus = Corpus(
        (Row("1", "一", ("a",), more={"x": 1}), Row("2", "二", (), more={"x": {"y": 2}})),
        Codebook.of_labels("a"),
    )
    (note,) = write_corpus(corpus, tmp_path / "a.parquet")
    first, second = read_corpus([str(tmp_path / "a.parquet")]).rows
    assert "x" in note
    assert (first.more["x"], json.loads(second.more["x"])) == ("1", {"y": 2})
