from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.bundled import bundled
from model.document import Document, paragraphs, read_document, split
from model.encodings import decode
from model.lines import LONGEST
from tests.conftest import SHARED


def test_paragraphs_stand_where_they_say() -> None:
    text = "  标题一行\r\n\r\n　　第一段，讲的是修路。　\n第二段，讲的是别的事情。"
    paragraphs = split(text)
    assert [p.text for p in paragraphs] == [
        "标题一行",
        "第一段，讲的是修路。",
        "第二段，讲的是别的事情。",
    ]
    assert all(text[p.start : p.end] == p.text for p in paragraphs)
    assert [p.kind for p in paragraphs] == ["heading", "body", "body"]


WRAPPED = """\
街道今年把背街小巷的整修列为头一件实事，从春天开始逐条摸底登记，问计于
居民，到秋天已经完成了十一条巷子的路面翻新，剩下的四条要等地下管线改完
之后再铺，预计明年开春动工，施工期间各巷口留出通道，保证救护车能够进
出。
一、整修的标准由居民议事会讨论决定，路面一律采用透水砖，井盖换成防沉降
的，路灯改成节能灯，墙面不再统一刷白。
"""


def test_hard_wrapped_lines_are_joined_and_span_their_source() -> None:
    paragraphs = split(WRAPPED)
    assert len(paragraphs) == 2
    assert "整修列为头一件实事，从春天开始逐条摸底登记，问计于居民，到秋天" in paragraphs[0].text
    assert paragraphs[1].text.startswith("一、整修的标准")
    first = paragraphs[0]
    assert WRAPPED[first.start : first.end].replace("\n", "") == first.text


def test_paragraphs_of_an_ordinary_page_are_not_joined() -> None:
    lines = [f"第{n}段说的是第{n}件事情，与上一段没有关系，写到这里就结束了。" for n in range(9)]
    assert [p.text for p in split("\n".join(lines))] == lines


def test_a_dump_without_line_ends_is_cut_at_numbered_items() -> None:
    items = [
        f"（{n}）{'这一条要求各单位认真落实有关工作，' * 6}按时报送情况。" for n in "一二三四五"
    ]
    paragraphs = split("".join(items))
    assert [p.text for p in paragraphs] == items


def test_a_dump_without_line_ends_is_cut_at_wide_gaps() -> None:
    pieces = ["街道开展了一次普查，共登记各类问题三百余件。" * 12, "居民说路比以前好走多了。"]
    assert [p.text for p in split("　　".join(pieces))] == pieces


def test_a_paragraph_longer_than_any_is_cut_at_a_sentence() -> None:
    text = "这句话有十二个字加标点。" * 1000
    paragraphs = split(text)
    assert max(len(p.text) for p in paragraphs) <= LONGEST
    assert "".join(p.text for p in paragraphs) == text
    assert all(p.text.endswith("。") for p in paragraphs)
    assert all(text[p.start : p.end] == p.text for p in paragraphs)


@settings(max_examples=200)
@given(
    st.text(
        st.one_of(st.sampled_from("网格，。一（）1.\n\r\u3000 |>"), st.characters()), max_size=300
    )
)
def test_no_character_but_blanks_is_lost_or_doubled(text: str) -> None:
    paragraphs = split(text)
    assert "".join("".join(p.text.split()) for p in paragraphs) == "".join(text.split())
    assert all(a.end <= b.start for a, b in pairwise(paragraphs))


def test_a_whole_text_is_one_paragraph_however_many_lines() -> None:
    (only,) = paragraphs(Document("  一行。\n二行。 ", whole=True))
    assert (only.text, only.start, only.end, only.kind) == ("一行。\n二行。", 2, 9, "body")
    assert paragraphs(Document(" \n", whole=True)) == []
    assert len(paragraphs(Document("一行。\n二行。"))) == 2


SET_IN = """\
　　入冬前，街道把供暖管道检修了一遍，共更换阀门三十个，疏通管道两千米，还备
足了抢修的材料。
　　网格员挨户问暖不暖。
　　志愿者给独居老人送去棉被，教他们使用电热毯，提醒睡前关掉电源，有事就拨打
社区的电话。
"""


def test_in_a_text_with_indents_a_few_broken_lines_are_enough() -> None:
    assert [p.text[-5:] for p in split(SET_IN)] == [
        "抢修的材料。"[-5:],
        "户问暖不暖。"[-5:],
        "社区的电话。"[-5:],
    ]


def test_the_office_that_signs_is_furniture_and_a_title_is_not() -> None:
    body = "这一段说的是检修管道的事情，一共更换了三十个阀门。\n" * 3
    text = f"河湾区人民政府\n2024-01-08\n{body}河湾区人民政府\n2024年1月8日"
    assert [p.kind for p in split(text)] == [
        "heading", "furniture", "body", "body", "body", "furniture", "furniture",
    ]  # fmt: skip


def test_the_title_is_the_first_heading_not_the_furniture() -> None:
    document = read_document(bundled("sample_page.txt").read_bytes(), "a.txt")
    assert document.title == "河湾街道：小院里的变化看得见"
    assert document.source == "a.txt"


@pytest.mark.skipif(not (SHARED / "samples").is_dir(), reason="the real pages are not here")
def test_the_real_pages_split_as_a_reader_would() -> None:
    """The furniture lines were marked by hand."""
    furniture = {
        "002": ["无障碍阅读", "当前位置", "作者:"],
        "003": ["您的位置", "日期:2024"],
    }
    for path in sorted((SHARED / "samples").glob("*.txt")):
        found = [p.text for p in split(decode(path.read_bytes())) if p.kind == "furniture"]
        wanted = furniture[path.name[:3]]
        assert len(found) == len(wanted)
        assert all(a.startswith(b) for a, b in zip(found, wanted, strict=True))


def test_a_wrapped_text_without_an_end_is_joined_in_one_go() -> None:
    """Line by line it would take the square of the time: a hundred thousand lines, hours."""
    line = "居民议事会讨论决定路面一律采用透水砖井盖换成防沉降的路灯改成节能灯墙面不再统一"
    found = split(f"{line}\n" * 100_000)
    assert sum(len(p.text) for p in found) == 100_000 * len(line)
    assert found[0].text.startswith(line + line)
