"""Labelled corpora in the formats that people have them in, and everything that is wrong listed."""

import json
import sys
from pathlib import Path

import openpyxl
import pyarrow
import pytest
from pyarrow import parquet

from model.codebook import Codebook
from training.corpus import AS_WRITTEN, read_corpus
from training.errors import CorpusError, Problem

DOCCANO = '{"id": 7, "text": "修路。", "label": ["基础设施"], "Comments": []}\n'


def save(path: Path, content: str | bytes) -> str:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def problems(*names: str, **options: str) -> list[Problem]:
    with pytest.raises(CorpusError) as caught:
        read_corpus(names, **options)  # type: ignore[arg-type]
    return list(caught.value.problems)


def choice(*labels: str, name: str = "label", **more: object) -> dict[str, object]:
    part = {"from_name": name, "to_name": "text", "type": "choices"}
    return {"result": [part | {"value": {"choices": list(labels)}}], **more}


def tasks(path: Path, *annotations: list[dict[str, object]]) -> str:
    data = [
        {"id": n, "data": {"text": f"第{n}句。", "genre": "信"}, "annotations": some}
        for n, some in enumerate(annotations)
    ]
    return save(path, json.dumps(data))


@pytest.mark.parametrize(
    ("name", "content", "labels"),
    [
        pytest.param("a.jsonl", DOCCANO, ["基础设施"], id="doccano jsonl"),
        pytest.param("a.json", f"[{DOCCANO}]", ["基础设施"], id="doccano json"),
        pytest.param(
            "a.csv", "id,text,label\n7,修路。,基础设施#物业管理\n", ["基础设施", "物业管理"], id="#"
        ),
        pytest.param("a.txt", "__label__基础设施 修路。\n", ["基础设施"], id="fasttext"),
        pytest.param("a.csv", "__label__a __label__b 修路。\n", ["a", "b"], id="content, not name"),
        pytest.param(
            "a.json",
            '[{"text": "修路。", "label": {"choices": ["a", "b"]}}]',
            ["a", "b"],
            id="label studio, short form",
        ),
        pytest.param("a.csv", "正文,标签\n修路。,a\n".encode("utf-16"), ["a"], id="utf-16"),
        pytest.param("a.jsonl", DOCCANO.encode("gb18030"), ["基础设施"], id="gb18030"),
        pytest.param("a.jsonl", b"\xef\xbb\xbf" + DOCCANO.encode(), ["基础设施"], id="bom"),
    ],
)
def test_a_file_is_recognised_by_its_name_and_content(
    tmp_path: Path, name: str, content: str | bytes, labels: list[str]
) -> None:
    corpus = read_corpus([save(tmp_path / name, content)])
    (row,) = corpus.rows
    assert row.text == "修路。"
    assert [corpus.codebook.name(label) for label in row.labels] == labels


def test_a_workbook_under_a_wrong_name_is_still_a_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["正文", "标签"])
    book.active.append(["修路。", "a"])
    book.create_sheet("说明").append(["别的"])
    book.save(tmp_path / "a.xlsx")
    (tmp_path / "a.xlsx").rename(tmp_path / "a.csv")
    corpus = read_corpus([str(tmp_path / "a.csv")])
    assert corpus.rows[0].labels == ("a",)
    assert "说明" in corpus.notes[0]


def test_parquet_keeps_lists(tmp_path: Path) -> None:
    table = pyarrow.table({"text": ["一", "二"], "labels": [["a;b"], []], "n": [1, None]})
    parquet.write_table(table, tmp_path / "a.parquet")
    first, second = read_corpus([str(tmp_path / "a.parquet")]).rows
    assert (first.labels, second.labels) == (("a;b",), ())
    assert first.more == {"n": 1}


def test_parquet_without_its_library_names_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    name = save(tmp_path / "a.parquet", b"PAR1")
    with pytest.raises(CorpusError, match=r"govtheme\[archive\]"):
        read_corpus([name])


def test_cancelled_annotations_and_unlabelled_tasks_are_left_out_and_told(tmp_path: Path) -> None:
    name = tasks(
        tmp_path / "a.json",
        [choice("a"), choice("b", was_cancelled=True)],
        [choice("b"), choice("a", ground_truth=True)],
        [{"result": []}],
        [choice("a", was_cancelled=True)],
        [],
    )
    corpus = read_corpus([name])
    assert [row.labels for row in corpus.rows] == [("a",), ("a",), ()]
    assert [row.line for row in corpus.rows] == [1, 2, 3]
    assert corpus.rows[0].genre == "信"
    assert "2 份取消的标注" in corpus.notes[0]
    assert "2 个没有标注的任务（第 4、5 个）" in corpus.notes[1]


def test_annotators_who_differ_and_several_questions_are_problems(tmp_path: Path) -> None:
    two = {"result": choice("x", name="q")["result"] + choice("y")["result"]}  # type: ignore[operator]
    name = tasks(tmp_path / "a.json", [choice("a"), choice("b")], [two], [choice("a")])
    first, second = problems(name)
    assert (first.line, second.line) == (1, 2)
    assert "不一致（a；b）" in first.reason
    assert "--label-column" in second.reason
    assert "没有一组选项叫 q" in problems(name, label_column="q")[-1].reason


def test_blanks_go_only_from_texts_that_were_cut_into_words(tmp_path: Path) -> None:
    cut = save(tmp_path / "a.txt", "__label__a 物业 不 管事 , 找 12345 热线\n__label__b 修 路\n")
    corpus = read_corpus([cut])
    assert [row.text for row in corpus.rows] == ["物业不管事 , 找 12345 热线", "修路"]
    assert "空格" in corpus.notes[0]
    whole = save(tmp_path / "b.txt", "__label__a 关于修路的通知 各村民小组\n")
    assert read_corpus([whole]).rows[0].text == "关于修路的通知 各村民小组"


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        pytest.param(
            "a.csv",
            '正文,标签\n"一\n二",a\n三\n四,a,b\n\n,a\n',
            [(4, "只有 1 格"), (5, "格数比表头多"), (7, "正文是空的")],
            id="csv, by the line where a row begins",
        ),
        pytest.param(
            "a.csv", "标题,类\n一,1\n二,2\n", [(1, "没有文本列"), (1, "没有标签列")], id="header"
        ),
        pytest.param("a.csv", "正文,标签,标签\n一,a,b\n", [(1, "列名重复：标签")], id="twice"),
        pytest.param(
            "a.jsonl",
            '{"text": "一"}\n{"text": 1, "labels": {}}\n',
            [(1, "没有标签列"), (2, "标签应是"), (2, "正文是空的")],
            id="jsonl",
        ),
        pytest.param("a.json", '{"a": [', [(1, "不是 JSON")], id="json that breaks off"),
        pytest.param("a.json", "[1]", [(1, "JSON 对象")], id="no object"),
        pytest.param("a.json", "[[", [(1, "不是 JSON")], id="no json"),
        pytest.param("a.xls", b"\xd0\xcf\x11\xe0", [(0, "另存为 XLSX")], id="old excel"),
        pytest.param("a.parquet", b"PAR1xxxxPAR1", [(0, "不是 Parquet")], id="broken parquet"),
        pytest.param("a.xlsx", b"PK\x03\x04xx", [(0, "不是 XLSX")], id="broken xlsx"),
        pytest.param("a.txt", "修路。", [(0, "不认识的格式")], id="plain text"),
    ],
)
def test_everything_wrong_is_listed(
    tmp_path: Path, name: str, content: str | bytes, wanted: list[tuple[int, str]]
) -> None:
    found = problems(save(tmp_path / name, content))
    assert [problem.line for problem in found] == [line for line, _ in wanted]
    for problem, (_, reason) in zip(found, wanted, strict=True):
        assert reason in problem.reason


def test_a_nameless_column_of_a_sheet_is_a_problem_of_its_rows(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for cells in (["正文", "标签", None], ["修路。", "a", None], ["修桥。", "b", "?"]):
        book.active.append(cells)
    book.save(tmp_path / "a.xlsx")
    (problem,) = problems(str(tmp_path / "a.xlsx"))
    assert problem.line == 3


def test_a_folder_is_read_and_its_other_files_are_told(tmp_path: Path) -> None:
    save(tmp_path / "a.csv", "正文,标签\n一,a\n")
    save(tmp_path / "b.txt", "__label__b 二\n")
    save(tmp_path / "说明.txt", "这不是语料。")
    save(tmp_path / "c.docx", b"PK")
    corpus = read_corpus([str(tmp_path)])
    assert [row.labels for row in corpus.rows] == [("a",), ("b",)]
    assert "c.docx、说明.txt" in corpus.notes[0]


@pytest.mark.parametrize(
    ("labels", "ids"),
    [
        pytest.param("01", ("0", "1"), id="0 and 1 are no numbers of the codebook"),
        pytest.param("14", ("infrastructure", "property_management"), id="1 and 4 may be"),
        pytest.param("Aa", ("A", "a"), id="case matters where it has to"),
    ],
)
def test_labels_that_look_like_numbers(tmp_path: Path, labels: str, ids: tuple[str, ...]) -> None:
    lines = "\n".join(f"第{n}句,{label}" for n, label in enumerate(labels))
    corpus = read_corpus([save(tmp_path / "a.csv", f"正文,标签\n{lines}\n")])
    assert tuple(row.labels[0] for row in corpus.rows) == ids


def test_labels_as_written_and_separators_of_ones_own(tmp_path: Path) -> None:
    name = save(tmp_path / "a.csv", "正文,标签\n一,教育、文体/2\n二,1\n")
    corpus = read_corpus([name], codebook=AS_WRITTEN, separator="/")
    assert [row.labels for row in corpus.rows] == [("2", "教育、文体"), ("1",)]
    whole = read_corpus([name], codebook=AS_WRITTEN, separator="")
    assert whole.rows[0].labels == ("教育、文体/2",)


def test_two_hundred_labels_on_many_rows(tmp_path: Path) -> None:
    lines = [json.dumps({"text": f"{n}", "labels": [f"L{n % 200}"]}) for n in range(60_000)]
    corpus = read_corpus([save(tmp_path / "a.jsonl", "\n".join(lines))])
    assert len(corpus.codebook.ids) == 200
    assert corpus.rows[199].labels == ("L199",)


def test_a_codebook_given_decides(tmp_path: Path) -> None:
    book = Codebook.of_labels(["x", "y"])
    name = save(tmp_path / "a.jsonl", '{"text": "一", "label": "基础设施"}\n')
    with pytest.raises(CorpusError, match="未知标签"):
        read_corpus([name], codebook=book)
