"""Tables with faults: a row that cannot be read is rejected by its line, and no other is lost."""

import codecs
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from model.document import Document
from service.reading.files import (
    Found,
    ReadingOptions,
    Rejected,
    find_files,
    read_bytes,
    read_documents,
)

HEAD = "编号,内容,来源"


def row(n: int) -> str:
    return f"{n},第{n}件：路灯坏了。,热线"


def read(data: bytes, name: str, **options: object) -> tuple[dict[str, str], dict[str, str]]:
    """Texts and reasons by the number behind the name."""
    items = list(read_bytes(data, name, ReadingOptions(**options)))  # type: ignore[arg-type]
    return (
        {d.source.partition("#")[2]: d.text for d in items if isinstance(d, Document)},
        {r.doc.partition("#")[2]: r.reason for r in items if isinstance(r, Rejected)},
    )


def numbers(start: int, stop: int) -> list[str]:
    return [str(n) for n in range(start, stop)]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_a_quote_left_open_costs_its_own_line_alone(encoding: str, ends: str) -> None:
    lines = [HEAD, *map(row, range(2, 400))]
    lines[2] = '3,"第3件：楼道堆物。,网站'
    documents, rejected = read(ends.join(lines).encode(encoding), "a.csv")
    assert list(documents) == ["2", *numbers(4, 400)]
    assert documents["399"] == "第399件：路灯坏了。"
    assert rejected == {"3": "第 3 行的引号没有配对"}


@pytest.mark.parametrize(
    "closed_by", ['60,"第60件，不亮。",热线', '"60",第60件，不亮。,热线', None]
)
def test_a_quote_that_a_later_one_closes_swallows_nothing(closed_by: str | None) -> None:
    lines = [HEAD, *map(row, range(2, 100))]
    lines[2] = '3,"第3件：楼道堆物。,网站'
    lines[59] = closed_by or '60,第60件，不亮。",热线'
    documents, rejected = read("\n".join(lines).encode(), "a.csv")
    assert list(documents) == ["2", *numbers(4, 100)]
    assert documents["60"].startswith("第60件，不亮。")
    assert list(rejected) == ["3"]


def test_a_quote_left_open_in_a_table_of_one_column_or_beyond_the_limit_of_a_cell() -> None:
    lines = ["内容", *(f"第{n}件：路灯坏了。" for n in range(2, 60))]
    lines[2] = '"' + lines[2]
    assert list(read("\n".join(lines).encode(), "a.csv")[0]) == ["2", *numbers(4, 60)]
    lines = [HEAD, *map(row, range(2, 20_000))]
    lines[2] = '3,"第3件：楼道堆物。,网站'
    documents, rejected = read("\n".join(lines).encode(), "a.csv")
    assert list(documents) == ["2", *numbers(4, 20_000)]
    assert rejected == {"3": "第 3 行的引号没有配对"}


def test_quotes_left_open_in_every_row_glue_no_rows() -> None:
    lines = [HEAD, *(row(n).replace("第", '"第') for n in range(2, 100))]
    assert list(read("\n".join(lines).encode(), "a.csv")[1]) == numbers(2, 100)
    lines += [row(100), row(101)]
    documents, rejected = read("\n".join(lines).encode(), "a.csv")
    assert list(documents) == ["100", "101"]
    assert list(rejected) == numbers(2, 100)


def test_a_column_of_letters_is_not_cut_at_their_commas() -> None:
    documents, _ = read("内容\n路灯坏了，请修。\n占道，没有人管。\n".encode(), "a.csv")
    assert list(documents.values()) == ["路灯坏了，请修。", "占道，没有人管。"]


LETTER = "您好，\n我家门口的路灯坏了，\n三个月没有人修，请尽快。\n谢谢，\n此致，\n张三"


@pytest.mark.parametrize(("mark", "end"), [(",", '"'), (",", ""), ("，", '"')])
def test_a_letter_within_quotes_is_one_cell(mark: str, end: str) -> None:
    """At the end of a file that broke off, too."""
    lines = [mark.join(("编号", "内容")), mark.join(("1", f'"{LETTER}"')), mark.join(("2", "短。"))]
    lines.append(mark.join(("3", f'"{LETTER}{end}')))
    documents, rejected = read("\n".join(lines).encode(), "a.csv")
    assert documents == {"2": LETTER, "3": "短。", "4": LETTER}
    assert rejected == {}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "cp950"])
@pytest.mark.parametrize("count", [9, 60_000])
def test_bytes_that_are_no_text_cost_their_row_alone(encoding: str, count: int) -> None:
    texts = ["no,text", *(f"{n},第{n}件，中山路的水管工。" for n in range(2, count))]
    lines = [text.encode(encoding.removesuffix("-sig")) for text in texts]
    if encoding == "utf-8-sig":
        lines[0] = codecs.BOM_UTF8 + lines[0]
    at = count * 2 // 3
    lines[at - 1] = f"{at},".encode() + b"\xff\xff\x80"
    data = b"\n".join(lines)
    documents, rejected = read(data, "a.csv")
    assert list(documents) == [*numbers(2, at), *numbers(at + 1, count)]
    assert documents["2"] == "第2件，中山路的水管工。"
    assert list(rejected) == [str(at)]
    assert f"第 {at} 行" in rejected[str(at)]
    place = data.index(b"\xff\xff")
    assert f"第 {place} 字节" in rejected[str(at)]


def test_a_row_of_several_lines_with_a_bad_byte_is_rejected_as_one() -> None:
    data = (
        '编号,内容\n1,"第一行，\n第二'.encode() + b"\xff" + '行，\n完。"\n2,路灯坏了。\n'.encode()
    )
    documents, rejected = read(data, "a.csv")
    assert documents == {"3": "路灯坏了。"}
    assert list(rejected) == ["2"]
    assert "第 3 行" in rejected["2"]


@pytest.mark.parametrize("encoding", ["gb18030", "cp950"])
def test_what_follows_a_million_letters_is_read_in_its_own_encoding(encoding: str) -> None:
    count = 160_000
    data = b"id,text\n" + b"1,lamp\n" * count + "2,路燈壞了,請修\n".encode(encoding) * 99
    documents, rejected = read(data, "a.csv", text_column="text")
    assert len(documents) == count + 99
    assert documents[str(count + 100)] == "路燈壞了"
    assert rejected == {}


def test_one_bad_byte_behind_a_million_letters_changes_no_encoding() -> None:
    data = b"id,text\n" + b"1,lamp\n" * 160_000 + b"2,\xc2\xb7\xb5\n" + "3,路灯坏了\n".encode() * 9
    documents, rejected = read(data, "a.csv", text_column="text")
    assert list(documents.values())[-1] == "路灯坏了"
    assert list(rejected) == ["160002"]


def test_a_line_that_is_too_long_costs_itself_alone() -> None:
    good = [json.dumps({"text": f"第{n}件：路灯坏了。"}) for n in range(9)]
    good[3] = json.dumps({"text": "长" * 60_000})
    for name, data in (
        ("a.jsonl", "\n".join(good)),
        ("a.csv", "text,编号\n" + "\n".join(line.replace('"', "") + ",1" for line in good[1:])),
    ):
        documents, rejected = read(data.encode(), name, max_file=5000)
        assert list(documents) == [
            n for n in numbers(1, 10) if n != "4" and (n, name) != ("1", "a.csv")
        ]
        assert list(rejected) == ["4"]
        assert "GOVTHEME_MAX_FILE" in rejected["4"]
        assert "第 4 行" in rejected["4"]


def test_a_row_with_too_large_a_cell_costs_itself_alone() -> None:
    lines = [HEAD, *map(row, range(2, 9))]
    lines[3] = f"4,{'长' * 300_000},热线"
    documents, rejected = read("\n".join(lines).encode(), "a.csv")
    assert list(documents) == ["2", "3", *numbers(5, 9)]
    assert "GOVTHEME_MAX_CELL" in rejected["4"]


def test_a_record_is_read_by_its_own_keys() -> None:
    records = [
        {"内容": "第一件，路灯坏了。"},
        {"text": "第二件，楼道堆物。"},
        {"text": ""},
        {"n": 1},
    ]
    lines = [*map(json.dumps, records), "[1,2]", '"第六件，占道经营。"', "7", "null"]
    documents, rejected = read("\n".join(lines).encode(), "a.jsonl")
    assert documents == {
        "1": "第一件，路灯坏了。", "2": "第二件，楼道堆物。", "6": "第六件，占道经营。",
    }  # fmt: skip
    assert list(rejected) == ["5", "7", "8", "3", "4"]
    assert "数组" in rejected["5"]
    assert "是空的" in rejected["3"]
    assert "没有“内容”" in rejected["4"]
    documents, rejected = read("\n".join(lines).encode(), "a.jsonl", text_column="text")
    assert list(documents) == ["2", "6"]
    assert "共 2 行没有“text”" in rejected["1"]


def faulty(count: int) -> Iterator[bytes]:
    """A table in which every kind of fault stands; the first row is its header."""
    yield HEAD.encode()
    for n in range(2, count):
        yield {
            5: b'5,"no end,a',
            11: b"11,\xe8\xb7,a",
            17: f"17,{'长' * 200_001},a".encode(),
            23: b"23,a\0b,c",
            29: f"29,{'长' * 120_000},{'长' * 120_000}".encode(),
            35: b'35,"\xff no end,a',
            41: b"41,,",
            47: f"47,{'长' * 150_000},a".encode(),
            count - 1: b'99,"last',
        }.get(n, row(n).encode())


def test_what_is_read_and_what_is_rejected_are_every_line(tmp_path: Path) -> None:
    count = 60
    data = b"\n".join(faulty(count))
    documents, rejected = read(data, "a.csv", max_file=700_000)
    assert sorted(map(int, [*documents, *rejected])) == list(range(2, count))
    assert sorted(map(int, rejected)) == [5, 11, 17, 23, 29, 35, 41, 47]
    path = tmp_path / "表.csv"
    path.write_bytes(data)
    (unit,) = find_files([path], ReadingOptions(max_file=700_000), 150)
    assert isinstance(unit, Found)
    assert unit.part is None
    assert len(list(read_documents(unit, ReadingOptions(max_file=700_000)))) == count - 2


def test_a_table_is_found_behind_hundreds_of_faults() -> None:
    lines = [HEAD.encode(), *[b"1,\xff,a"] * 300, *(row(n).encode() for n in range(302, 700))]
    documents, rejected = read(b"\n".join(lines), "a.csv")
    assert list(documents) == numbers(302, 700)
    assert len(rejected) == 300


@pytest.mark.parametrize(
    ("data", "name", "options", "said"),
    [
        ("李四五,男\n男,1\n", "a.csv", {}, "共有 2 列"),
        ("李四五,男\n诉求人反映路灯不亮,1\n", "a.csv", {"text_column": "正文"}, "共有 2 列"),
        ('{"李四五": "诉求人反映"}\n{"李四五": ""}', "a.jsonl", {}, "正文列是空的"),
        ('{"李四五": "诉求人反映"}\n{"男": ""}', "a.jsonl", {}, "没有正文列"),
    ],
)
def test_a_discreet_reason_repeats_nothing_of_the_file(
    data: str, name: str, options: dict[str, str], said: str
) -> None:
    open_reasons = "".join(read(data.encode(), name, **options)[1].values())
    reasons = "".join(read(data.encode(), name, discreet=True, **options)[1].values())
    assert "李四五" in open_reasons
    assert said in reasons
    assert "李四五" not in reasons
