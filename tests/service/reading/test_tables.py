"""Tables: which column is the text, what rows are called, what is carried through."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from model.document import Document
from model.lines import LONGEST
from service.reading.files import (
    Found,
    ReadingOptions,
    Rejected,
    find_files,
    read_bytes,
    read_documents,
)
from tests.archives import records, table, workbook

ROWS = [
    ["编号", "受理时间", "诉求内容", "来源"],
    ["1", "2024年5月6日", "路灯坏了三个月，请尽快修。", "热线"],
    ["2", "", "楼道里堆满杂物，\n没有人管。", "网站"],
    ["3", "2024-05-08", "", "热线"],
]


def read(data: bytes, name: str, **options: object) -> tuple[list[Document], dict[str, str]]:
    items = list(read_bytes(data, name, ReadingOptions(**options)))  # type: ignore[arg-type]
    return (
        [item for item in items if isinstance(item, Document)],
        {item.doc: item.reason for item in items if isinstance(item, Rejected)},
    )


@pytest.mark.parametrize(
    ("data", "name", "prefix"),
    [
        pytest.param(table(ROWS), "a.csv", "a.csv#", id="csv gb18030"),
        pytest.param(table(ROWS, "utf-8-sig"), "a.csv", "a.csv#", id="csv utf-8"),
        pytest.param(table(ROWS, "utf-16"), "a.csv", "a.csv#", id="csv utf-16"),
        pytest.param(workbook({"热线": ROWS}), "a.xlsx", "a.xlsx#热线/", id="xlsx"),
    ],
)
def test_a_row_is_a_document_and_keeps_its_other_cells(data: bytes, name: str, prefix: str) -> None:
    documents, rejected = read(data, name)
    assert [d.source for d in documents] == [f"{prefix}2", f"{prefix}3"]
    assert [d.text for d in documents] == [ROWS[1][2], ROWS[2][2]]
    assert documents[0].columns == {"编号": "1", "受理时间": "2024年5月6日", "来源": "热线"}
    assert (documents[0].date, documents[0].origin) == ("2024-05-06", "热线")
    assert all(d.whole for d in documents)
    assert list(rejected) == [f"{prefix}4"]
    assert "1 行" in rejected[f"{prefix}4"]


def test_records_are_documents_and_a_broken_line_stops_nothing() -> None:
    data = records(ROWS[:3]) + b"{broken\n" + json.dumps({"诉求内容": "最后。"}).encode()
    documents, rejected = read(data, "a.jsonl")
    assert [d.source for d in documents] == ["a.jsonl#1", "a.jsonl#2", "a.jsonl#4"]
    assert list(rejected) == ["a.jsonl#3"]


def test_a_list_within_an_object_is_the_table() -> None:
    data = json.dumps({"total": 1, "rows": [{"content": "路灯坏了。", "n": [1, 2]}]}).encode()
    documents, _ = read(data, "a.json")
    assert [(d.source, d.text, d.columns) for d in documents] == [
        ("a.json#1", "路灯坏了。", {"n": "[1,2]"})
    ]


def test_the_column_may_be_named_and_is_listed_when_it_is_not_there() -> None:
    documents, _ = read(table(ROWS), "a.csv", text_column="来源")
    assert [d.text for d in documents] == ["热线", "网站", "热线"]
    documents, rejected = read(table(ROWS), "a.csv", text_column="正文")
    assert documents == []
    assert "受理时间" in rejected["a.csv"]


def test_without_a_known_name_the_column_with_the_most_chinese_is_the_text() -> None:
    rows = [
        ["甲", "乙"],
        ["东城", "小区门口的路灯坏了三个月没有人来修"],
        ["西城", "楼道里堆满了杂物"],
    ]
    documents, _ = read(table(rows), "a.csv")
    assert [d.text for d in documents] == [rows[1][1], rows[2][1]]
    assert [d.columns for d in documents] == [{"甲": "东城"}, {"甲": "西城"}]
    assert "--text-column" in read(b"a,b\n1,2\n", "a.csv")[1]["a.csv"]


def test_a_title_above_the_header_and_a_table_without_one() -> None:
    documents, _ = read(table([["2024年热线工单"], *ROWS]), "a.csv")
    assert documents[0].source == "a.csv#3"
    assert documents[0].columns["编号"] == "1"
    documents, _ = read(table([row[1:3] for row in ROWS[1:3]]), "a.csv")
    assert documents[0].columns == {"列1": "2024年5月6日"}
    assert len(documents) == 2


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_other_marks_between_cells(mark: str) -> None:
    documents, _ = read(f"编号{mark}内容\n1{mark}路灯坏了。\n".encode(), "a.csv")
    assert [(d.text, d.columns) for d in documents] == [("路灯坏了。", {"编号": "1"})]


def test_a_cell_as_long_as_a_page_is_split_as_one() -> None:
    documents, _ = read(table([["内容"], ["路灯坏了。"], ["这一句话写得很长。" * 500]]), "a.csv")
    assert [d.whole for d in documents] == [True, False]
    assert len(documents[1].text) > LONGEST


def test_a_sheet_without_a_text_is_told_of_and_the_others_are_read() -> None:
    documents, rejected = read(workbook({"数": [["a"], ["1"]], "热线": ROWS[:2]}), "a.xlsx")
    assert [d.source for d in documents] == ["a.xlsx#热线/2"]
    assert list(rejected) == ["a.xlsx#数"]


def test_a_large_sheet_is_read_row_by_row_with_the_same_result() -> None:
    """Sheets beyond `max_file` go through another library."""
    data = workbook({"热线": [ROWS[0], *(ROWS[1:3] * 200)]})
    assert read(data, "a.xlsx") == read(data, "a.xlsx", max_file=len(data) + 1)


@pytest.mark.parametrize(
    ("data", "name", "options", "setting"),
    [
        (table(ROWS), "a.csv", {"max_table": 10}, "GOVTHEME_MAX_TABLE"),
        (table(ROWS), "a.csv", {"max_rows": 2}, "GOVTHEME_MAX_ROWS"),
        (table(ROWS), "a.csv", {"max_cell": 5}, "GOVTHEME_MAX_CELL"),
        (records(ROWS), "a.jsonl", {"max_rows": 2}, "GOVTHEME_MAX_ROWS"),
        (records(ROWS), "a.jsonl", {"max_file": 20}, "GOVTHEME_MAX_FILE"),
        (workbook({"热线": ROWS}), "a.xlsx", {"max_rows": 2}, "GOVTHEME_MAX_ROWS"),
        (workbook({"热线": ROWS}), "a.xlsx", {"max_table": 100}, "GOVTHEME_MAX_TABLE"),
    ],
)
def test_a_limit_that_is_passed_is_named(
    data: bytes, name: str, options: dict[str, int], setting: str
) -> None:
    _, rejected = read(data, name, **options)
    assert any(setting in reason for reason in rejected.values())


ODD = ("", "\n", "坏\n", '{"正文": "", "编号": 1}\n')

AWKWARD = {
    "utf-8.csv": "诉求登记表\n编号,正文\n".encode()
    + b"".join(f'{n},"第{n}件：路灯不亮，\n请修。"\n'.encode() for n in range(40))
    + "41,多出一格,甲\n42,末尾两格\n".encode()
    + b"".join(f"{n},第{n}件，楼道堆物。\n".encode() for n in range(43, 70)),
    "bom.csv": b"\xef\xbb\xbf"
    + "正文;编号\r\n".encode()
    + b"".join(f"第{n}件事，请网格员上门。;{n}\r\n\r\n".encode() for n in range(60)),
    "gb.tsv": "内容\t单位\n".encode("gb18030")
    + b"".join(f"第{n}件，楼道堆物。\t某某街道\n".encode("gb18030") for n in range(60)),
    "lines.jsonl": b"".join(
        f'{{"编号": {n}, "正文": "第{n}件，请修路。"}}\n{ODD[n % 4]}'.encode() for n in range(60)
    ),
    "no_end.ndjson": b"".join(f'{{"text": "第{n}件，请修路。"}}\n'.encode() for n in range(60))[
        :-1
    ],
}


@pytest.mark.parametrize("name", AWKWARD)
@pytest.mark.parametrize("largest", [150, 700])
def test_the_parts_of_a_table_hold_its_rows(name: str, largest: int, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(AWKWARD[name])
    options = ReadingOptions()
    (whole,) = find_files([path], options)
    parts = [part for part in find_files([path], options, largest) if isinstance(part, Found)]
    assert len(parts) > 2
    assert sum(part.size for part in parts) == path.stat().st_size
    assert isinstance(whole, Found)
    wanted = list(read_documents(whole, options))
    found = [item for part in parts for item in read_documents(part, options)]
    assert [d for d in found if isinstance(d, Document)] == [
        d for d in wanted if isinstance(d, Document)
    ]
    # Rows without a text are told of once a part.
    told = [{r.doc for r in items if isinstance(r, Rejected)} for items in (wanted, found)]
    assert told[0] <= told[1]


UNUSUAL = {
    "open_quote.csv": '正文,编号\n"没有引号收尾,1\n'.encode() + "路,2\n".encode() * 100,
    "old_ends.csv": b"\r".join(f"第{n}件，请修路。,{n}".encode() for n in range(60)),
    "utf-16.csv": "正文,编号\n第一件，请修路。,1\n".encode("utf-16") * 30,
    "no_text.csv": b"a,b\n" + b"1,2\n" * 200,
    "no_text.jsonl": b'{"a": 1}\n' * 200,
    "not_text.csv": "正文,编号\n".encode() + b"a,1\n" * 200 + b"\xff\xff,\x81\n",
    "ascii_then_gb.csv": b"id,text\n"
    + b"1,lamp\n" * 160_000
    + "2,路灯坏了。\n".encode("gb18030") * 99,
    "members.zip": b"",
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_what_is_out_of_the_ordinary_is_read_whole(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(UNUSUAL[name])
    if name.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("utf-8.csv", AWKWARD["utf-8.csv"])
    options = ReadingOptions()
    assert list(find_files([path], options, 150)) == list(find_files([path], options))


@pytest.mark.parametrize("limit", ["max_rows", "max_file", "max_table"])
def test_a_table_beyond_a_limit_is_read_whole_and_says_so(limit: str, tmp_path: Path) -> None:
    path = tmp_path / "表.jsonl"
    path.write_bytes(AWKWARD["no_end.ndjson"] + b" " * 400)
    most = {"max_rows": 59, "max_file": 300, "max_table": 999}[limit]
    options = replace(ReadingOptions(), **{limit: most})  # type: ignore[arg-type]
    (unit,) = find_files([path], options, 150)
    assert isinstance(unit, Found)
    assert unit.part is None
    last = list(read_documents(unit, options))[-1]
    assert isinstance(last, Rejected)
    assert f"GOVTHEME_{limit.upper()}" in last.reason
