import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from training.corpus import read_corpus
from training.errors import CorpusError

HEADER = ["正文", "标签", "体裁"]
ROWS = [
    ["村里修了路，装了灯。", "基础设施", "简报"],
    ["网格员和志愿者一起上门。", "网格管理；志愿服务", "简报"],
    ["今年粮食丰收。", "", "新闻"],
]
WANTED = [("infrastructure",), ("grid_management", "volunteer_services"), ()]


def csv_bytes(encoding: str, delimiter: str = ",") -> bytes:
    lines = [delimiter.join(cells) for cells in (HEADER, *ROWS)]
    return ("\r\n".join(lines) + "\r\n").encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_csv_as_excel_saves_it(tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = tmp_path / "语料.csv"
    path.write_bytes(csv_bytes(encoding, delimiter))
    corpus = read_corpus([str(path)])
    assert [row.labels for row in corpus.rows] == WANTED
    assert [row.text for row in corpus.rows] == [cells[0] for cells in ROWS]
    assert corpus.rows[0].more == {"体裁": "简报"}
    assert corpus.rows[0].id == "语料.csv:2"


def test_xlsx_with_columns_by_name(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for cells in (["诉求内容", "归类", "number"], ["小区物业不管事。", 4, 7], ["修路。", "1", 8]):
        sheet.append(cells)
    path = tmp_path / "a.xlsx"
    book.save(path)
    corpus = read_corpus([str(path)], text_column="诉求内容", label_column="归类")
    assert [row.labels for row in corpus.rows] == [("property_management",), ("infrastructure",)]


def jsonl(tmp_path: Path, *lines: str, name: str = "a.jsonl") -> str:
    path = tmp_path / name
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def test_jsonl_keeps_what_it_is_given(tmp_path: Path) -> None:
    name = jsonl(
        tmp_path,
        '{"id": "x", "text": "修路\\u2028修桥", "labels": [1], "genre": "g", "group": "7", "町": 3}',
        "",
        '{"text": "丰收", "labels": []}',
    )
    first, second = read_corpus([name]).rows
    assert (first.id, first.text, first.genre, first.group) == ("x", "修路\u2028修桥", "g", "7")
    assert first.labels == ("infrastructure",)
    assert first.more == {"町": 3}
    assert (second.id, second.labels) == ("a.jsonl:3", ())


def test_labels_of_another_kind_are_taken_as_they_are(tmp_path: Path) -> None:
    name = jsonl(tmp_path, '{"text": "一", "label": "体育"}', '{"text": "二", "label": "财经"}')
    corpus = read_corpus([name])
    assert corpus.codebook.ids == ("体育", "财经")
    assert corpus.rows[0].labels == ("体育",)


def test_labels_that_may_have_been_torn_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    cells = ["交通、出行"] * 3 + ["噪声", "噪声;绿化"]
    path.write_text("\n".join(["正文;标签", *(f'第{n}句;"{x}"' for n, x in enumerate(cells))]))
    corpus = read_corpus([str(path)])
    (note,) = corpus.notes
    assert "“交通、出行”（3 段）" in note
    assert "噪声" not in note
    assert "--label-separator ''" in note
    whole = read_corpus([str(path)], separator="")
    assert whole.rows[0].labels == ("交通、出行",)
    assert whole.notes == ()
    parted = jsonl(tmp_path, '{"text": "修路", "labels": "基础设施、志愿服务"}')
    assert read_corpus([parted]).notes == ()


def test_numbers_that_are_read_by_the_bundled_codebook_are_told(tmp_path: Path) -> None:
    name = jsonl(tmp_path, *(f'{{"text": "第{n}句", "label": {n}}}' for n in (4, 1, 1)))
    corpus = read_corpus([name])
    (note,) = corpus.notes
    assert "标签 1、4 按自带编码手册的编号读作 基础设施、物业管理" in note
    assert "--codebook none" in note
    kept = read_corpus([name], codebook="none")
    assert (kept.codebook.ids, kept.notes) == (("1", "4"), ())
    assert read_corpus([name], codebook=corpus.codebook).notes == ()
    named = jsonl(tmp_path, '{"text": "修路", "label": "基础设施"}', name="b.jsonl")
    assert read_corpus([named]).notes == ()


def test_everything_that_is_wrong_is_listed_with_its_line(tmp_path: Path) -> None:
    name = jsonl(
        tmp_path,
        '{"id": "1", "text": "修路", "labels": ["基础设施"]}',
        "{broken",
        '{"id": "2", "text": "  ", "labels": []}',
        '{"id": "3", "labels": []}',
        '{"id": "4", "text": "修桥"}',
        '{"id": "1", "text": "修渠", "labels": ["基础设备"]}',
        '["修路"]',
        '{"id": "5", "text": "修楼", "labels": 3.5}',
    )
    with pytest.raises(CorpusError) as caught:
        read_corpus([name])
    lines = sorted(problem.line for problem in caught.value.problems)
    assert lines == [2, 3, 4, 5, 6, 6, 7, 8]
    assert "基础设备" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "语料是空的", id="empty"),
        pytest.param(b"\xff\xff\xff\xff\x81", "无法解码", id="no text"),
        pytest.param("标题,类\n修路,1\n".encode(), "没有文本列", id="no such column"),
        pytest.param("正文,标签\n修路,1,2,3\n".encode(), "格数比表头多", id="too many cells"),
    ],
)
def test_a_wrong_csv_is_refused_with_the_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=reason):
        read_corpus([str(path)])


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "b.xlsx").write_bytes(b"no zip")
    names = [str(tmp_path / name) for name in ("missing.csv", "a.docx", "empty", "b.xlsx")]
    with pytest.raises(CorpusError) as caught:
        read_corpus(names)
    found = {Path(problem.file).name for problem in caught.value.problems}
    assert found == {"missing.csv", "a.docx", "empty", "b.xlsx"}


def test_an_empty_file_among_others_is_told(tmp_path: Path) -> None:
    full = jsonl(tmp_path, '{"text": "修路", "labels": ["基础设施"]}')
    empty = tmp_path / "b.csv"
    empty.write_text("正文,标签\n", encoding="utf-8")
    (note,) = read_corpus([full, str(empty)]).notes
    assert note == f"{empty}：里面没有一段"


def test_bundled_and_own_rows_can_be_put_together(tmp_path: Path) -> None:
    name = jsonl(tmp_path, '{"id": "mine", "text": "修路", "labels": ["基础设施"]}')
    rows: Any = read_corpus(["bundled", name]).rows
    assert rows[-1].id == "mine"
    assert len(rows) == len(read_corpus().rows) + 1


def test_a_weight_is_a_number_above_nothing(tmp_path: Path) -> None:
    good = jsonl(tmp_path, '{"text": "修路", "labels": [1], "weight": 2.5}', name="good.jsonl")
    assert read_corpus([good]).rows[0].weight == 2.5
    bad = [0, -1, "很重", "nan", [2]]
    lines = [
        f'{{"text": "修路{n}", "labels": [1], "weight": {json.dumps(weight)}}}'
        for n, weight in enumerate([*bad, None, ""])
    ]
    with pytest.raises(CorpusError) as caught:
        read_corpus([jsonl(tmp_path, *lines)])
    assert [problem.line for problem in caught.value.problems] == [1, 2, 3, 4, 5]
    assert all("weight" in problem.reason for problem in caught.value.problems)
