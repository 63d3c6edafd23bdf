"""Every format by itself: what is written is what is read."""

import csv
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow
import pyarrow.parquet as parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.tables.columnar import Columnar, join
from service.tables.columns import Columns, carried_names, fixed_columns
from service.tables.formats import TableError, format_of, is_folder
from service.tables.json_lines import JsonLines, read_rows
from service.tables.separated import Separated, guarded, unguarded
from service.tables.workbook import LONGEST_CELL, Workbook

THEMES = {"a": "甲主题", "b": "乙主题"}
COLUMNS = Columns(fixed_columns(tuple(THEMES), evidence=True), ("编号",))


def row(**known: Any) -> dict[str, Any]:
    """A row with a label, an uncertain one, evidence, and a carried column."""
    evidence = [{"label": "a", "start": 0, "end": 1, "text": "路", "weight": 0.5}]
    return {
        **dict.fromkeys(COLUMNS.fixed, ""),
        "doc": "一.txt",
        "para": 0,
        "start": 0,
        "end": 3,
        "kind": "body",
        "text": "修路。",
        "labels": ["a"],
        "status": "uncertain",
        "uncertain": ["b"],
        "evidence": evidence,
        "score_a": 0.91,
        "score_b": 0.4,
        "编号": "7",
        **known,
    }


def test_columns_come_in_the_agreed_order() -> None:
    assert fixed_columns(("x",)) == (
        *("doc", "title", "date", "author", "origin", "para", "start", "end", "kind", "text"),
        *("labels", "status", "uncertain", "score_x", "model", "codebook"),
    )
    assert not {"text", "title", "author", "origin"} & set(fixed_columns(("x",), keep_text=False))


def test_carried_columns_never_take_a_name_that_is_taken() -> None:
    names = carried_names(["编号", "Text", "doc", "doc_input", "TITLE"], fixed_columns(("x",)))
    assert names == {
        "编号": "编号",
        "Text": "Text_input",
        "doc": "doc_input",
        "doc_input": "doc_input_input",
        "TITLE": "TITLE_input",
    }


@pytest.mark.parametrize(
    ("name", "kind", "folder"),
    [
        ("a.jsonl", "jsonl", False),
        ("a.CSV", "csv", False),
        ("a.xlsx", "xlsx", False),
        ("a.parquet", "parquet", False),
        ("a", "parquet", True),
    ],
)
def test_the_name_says_the_format(tmp_path: Path, name: str, kind: str, folder: bool) -> None:
    assert (format_of(tmp_path / name), is_folder(tmp_path / name)) == (kind, folder)


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"\.ods.*\.csv"):
        format_of(tmp_path / "a.ods")


def test_json_lines_come_back_in_blocks(tmp_path: Path) -> None:
    table = JsonLines(tmp_path / "a.jsonl")
    rows = [row(para=n) for n in range(5000)]
    table.write(rows[:10])
    table.write(rows[10:])
    table.close()
    blocks = list(read_rows(tmp_path / "a.jsonl"))
    assert [len(block) for block in blocks] == [2048, 2048, 904]
    assert [each for block in blocks for each in block] == rows


@given(st.text(alphabet="'=+-@1.5\t\r\n＝路", max_size=6))
def test_guarding_against_formulas_loses_nothing(text: str) -> None:
    shown = guarded(text)
    assert unguarded(shown) == text
    if shown[:1] and shown[0] in "=+-@\t\r\n＝":
        float(shown)


@pytest.mark.parametrize("text", ["=1+1", "+86 138", "-路", "@x", "\t=1", "＝1", "'=1"])
def test_what_looks_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert guarded(text) == "'" + text


@pytest.mark.parametrize("text", ["", "-5", "+1.5", "路=1", "'路", "1=1"])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert guarded(text) == text


def test_csv_reads_back_and_has_empty_cells_for_what_a_row_lacks(tmp_path: Path) -> None:
    table = Separated(tmp_path / "a.csv", COLUMNS)
    without = row(text="=a,“b”\n换行", labels=["a", "b"])
    del without["编号"]
    table.write([row(), without])
    table.close()
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["labels"], second["labels"]) == ("a", "a;b")
    assert (first["编号"], second["编号"]) == ("7", "")
    assert unguarded(second["text"]) == "=a,“b”\n换行"
    assert '"label":"a"' in first["evidence"]


def test_parquet_joins_files_with_different_columns(tmp_path: Path) -> None:
    narrow = Columns(COLUMNS.fixed)
    for name, columns, rows in (
        ("1", narrow, [row() for _ in range(3)]),
        ("2", COLUMNS, [row(para=n) for n in range(2)]),
    ):
        table = Columnar(tmp_path / name, columns)
        table.add(pyarrow.Table.from_pylist(rows, table.schema))
        table.close()
    join([tmp_path / "1", tmp_path / "2"], tmp_path / "both", COLUMNS)
    read = parquet.read_table(tmp_path / "both")
    assert read.column_names == list(COLUMNS.names)
    assert read.column("编号").to_pylist() == [None, None, None, "7", "7"]
    assert read.to_pylist()[3] == row()
    assert str(read.schema.field("labels").type) == "list<element: string>"


def test_an_empty_parquet_table_has_its_columns(tmp_path: Path) -> None:
    Columnar(tmp_path / "none", COLUMNS).close()
    read = parquet.read_table(tmp_path / "none")
    assert (read.num_rows, read.column_names) == (0, list(COLUMNS.names))


def workbook(path: Path, rows: list[dict[str, Any]], sheet_rows: int = 1000) -> Any:
    table = Workbook(path, COLUMNS, THEMES, sheet_rows=sheet_rows)
    table.write(rows)
    table.close()
    return openpyxl.load_workbook(path)


def test_a_workbook_is_for_people(tmp_path: Path) -> None:
    book = workbook(tmp_path / "a.xlsx", [row(text="=1+1")])
    sheet = book["结果1"]
    heads = [cell.value for cell in sheet[1]]
    shown = dict(zip(heads, sheet[2], strict=True))
    assert heads[:2] == ["文件", "标题"]
    assert heads[-1] == "编号"
    assert shown["主题"].value == "甲主题"
    assert shown["拿不准的主题"].value == "乙主题"
    assert (shown["类型"].value, shown["状态"].value) == ("正文", "不确定")
    assert shown["甲主题的概率"].value == 0.91
    assert shown["依据"].value == "甲主题：路（+0.50）"
    assert (shown["文字"].value, shown["文字"].data_type) == ("=1+1", "s")
    assert shown["主题"].fill.fgColor.rgb == shown["甲主题的概率"].fill.fgColor.rgb
    assert shown["主题"].fill.fill_type == "solid"
    assert shown["乙主题的概率"].fill.fill_type is None
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == f"A1:{sheet.cell(2, len(heads)).coordinate}"


def test_a_workbook_has_no_header_twice(tmp_path: Path) -> None:
    columns = Columns(COLUMNS.fixed, ("日期", "编号", "段号"))
    Workbook(tmp_path / "a.xlsx", columns, THEMES).close()
    heads = [cell.value for cell in openpyxl.load_workbook(tmp_path / "a.xlsx")["结果1"][1]]
    assert heads[-3:] == ["日期（原表）", "编号", "段号（原表）"]
    assert len(set(heads)) == len(heads)


def test_a_workbook_goes_on_in_the_next_sheet(tmp_path: Path) -> None:
    book = workbook(tmp_path / "a.xlsx", [row(para=n) for n in range(7)], sheet_rows=4)
    assert book.sheetnames == ["结果1", "结果2", "结果3"]
    assert [sheet.max_row for sheet in book] == [4, 4, 2]
    numbers = [line[5] for sheet in book for line in sheet.iter_rows(min_row=2, values_only=True)]
    assert numbers == list(range(7))


@pytest.mark.parametrize("text", ["路" * 40_000, "😀" * 17_000], ids=["long", "two units each"])
def test_what_excel_cannot_hold_is_cut_and_says_so(tmp_path: Path, text: str) -> None:
    sheet = workbook(tmp_path / "a.xlsx", [row(text=text), row(text="路" * LONGEST_CELL)]).active
    cut = sheet.cell(2, 10).value
    assert len(cut.encode("utf-16-le")) <= 2 * LONGEST_CELL
    assert f"共 {len(text)} 字" in cut
    assert sheet.cell(3, 10).value == "路" * LONGEST_CELL
