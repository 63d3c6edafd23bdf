"""Many documents cut at once are cut as each of them alone is."""

import importlib
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from model import furniture
from model.bundled import bundled
from model.document import Document, Paragraph, paragraphs
from model.encodings import decode
from model.kinds import KINDS
from model.lines import CLOSERS, SENTENCE_END, Line, cut_up
from model.paragraphs import Paragraphs, cut
from tests.conftest import SHARED
from tests.pages import PAGES

PATTERNS = {k: value for k, value in vars(furniture).items() if isinstance(value, re.Pattern)}


def one_by_one(documents: list[Document]) -> list[tuple[int, int, Paragraph]]:
    return [
        (n, number, paragraph)
        for n, document in enumerate(documents)
        for number, paragraph in enumerate(paragraphs(document))
    ]


def at_once(documents: list[Document]) -> list[tuple[int, int, Paragraph]]:
    found = cut(documents)
    places = found.document_of.tolist(), found.numbers.tolist()
    return list(zip(*places, found.each(), strict=True))


def written(texts: list[str]) -> list[Document]:
    return [Document(text) for text in texts]


SENTENCES = st.sampled_from(
    [
        "居民议事会讨论决定，路面一律采用透水砖",
        "网格员挨户走访。",
        "一、加强领导",
        "（二）分工负责；",
        "主办：河湾区",
        "2024年5月6日",
        "河湾区人民政府",
        "相关链接：",
        "路通了 桥修了",
        "首页 | 动态 | 公告 | 服务",
        "12",
        "3.5%",
        "𠮷祥里",
        "\u00a0",
        "abc",
    ]
)
LINES = st.one_of(
    SENTENCES,
    st.text(st.sampled_from("网格，。；：一（）1.①第条\u3000\t |>”"), max_size=60),
    *(st.from_regex(pattern) for pattern in PATTERNS.values()),
    st.lists(SENTENCES, min_size=10, max_size=40).map("".join),
    st.lists(SENTENCES, min_size=10, max_size=40).map("。　　".join),
)
ENDS = st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\u2028", "\n　　", " \n \n", "\x0b", "\x85"])
TEXTS = st.lists(st.tuples(LINES, ENDS).map("".join), max_size=9).map("".join)


@settings(max_examples=400)
@given(st.lists(TEXTS, max_size=5))
@example(["", "\n", "　"])
@example(["路。\r", "\n桥。\r\n\r\n网。"])
@example(["相关链接：\n河湾区办成十件实事\n路修通了。\n桥也修通了", "河湾区办成十件实事"])
@example(["\ud800网格员", "𠮷" * 700])
def test_many_documents_are_cut_as_each_alone(texts: list[str]) -> None:
    documents = written(texts)
    assert at_once(documents) == one_by_one(documents)


def written_out(parsed: Any) -> list[str]:
    """Texts that a parsed pattern matches: each of its alternatives is in one of them."""
    parts = [_alternatives(str(kind), value) for kind, value in parsed]
    plain = [part[0] for part in parts]
    found = [
        "".join([*plain[:i], each, *plain[i + 1 :]])
        for i, part in enumerate(parts)
        for each in part
    ]
    return list(dict.fromkeys(found)) or [""]


def _alternatives(kind: str, value: Any) -> list[str]:
    if kind == "LITERAL":
        return [chr(value)]
    if kind in ("ANY", "NOT_LITERAL"):
        return ["某"]
    if kind == "IN" and str(value[0][0]) == "NEGATE":
        return ["某"]
    if kind == "IN":
        return [each for part in value for each in _members(*part)] or ["某"]
    if kind == "BRANCH":
        return [each for branch in value[1] for each in written_out(branch)]
    if kind == "SUBPATTERN":
        return written_out(value[-1])
    if kind == "MAX_REPEAT":
        least, most, repeated = value
        times = {least, min(most, max(least, 1)), min(most, 12)}
        return [each * n for n in sorted(times) for each in written_out(repeated)]
    assert kind in ("AT", "ASSERT", "ASSERT_NOT"), kind
    return [""]


def _members(kind: Any, value: Any) -> list[str]:
    known = {"CATEGORY_SPACE": [" "], "CATEGORY_DIGIT": ["7"]}
    if str(kind) == "LITERAL":
        return [chr(value)]
    return [chr(value[0])] if str(kind) == "RANGE" else known.get(str(value), [])


@pytest.mark.parametrize("name", PATTERNS)
def test_whatever_a_pattern_matches_is_looked_at(name: str) -> None:
    """Every alternative of every pattern, alone, in the middle of a page, and at its end."""
    pattern = PATTERNS[name]
    parser = importlib.import_module("re._parser")
    lines = [text.strip() for text in written_out(parser.parse(pattern.pattern, pattern.flags))]
    lines += [line.upper() for line in lines if line.upper() != line]
    matched = [line for line in lines if line and pattern.search(line)]
    assert len(matched) > len(lines) / 3
    body = ["这一段说的是修路的事情，一共修了三条。"] * 4
    pages = [
        page
        for line in matched
        for page in (
            line,
            f"{'甲' * 90}。{line}",
            "\n".join([*body, line, *body]),
            "\n".join([*body, line]),
            "\n".join([*body, line, "2024年1月8日"]),
            "\n".join([*body, "河湾区人民政府", line]),
        )
    ]
    documents = written(pages)
    assert at_once(documents) == one_by_one(documents)


def test_menus_dates_and_counters_are_looked_at_whatever_they_are_written_with() -> None:
    lines = [
        gap.join(["机构概况", "政务公开", "办事服务", "互动交流"]) for gap in "|｜/·•>›» \u3000\t"
    ]
    lines += [f"{4 * digit}年十二月三十一日" for digit in "二〇○零一九八七六五四三2２"]
    lines += [f"本文已有{what}36次" for what in ("次阅读", "人浏览", "点击次数：")]
    body = ["这一段说的是修路的事情，一共修了三条。"] * 4
    documents = written(["\n".join([*body, line]) for line in lines])
    assert at_once(documents) == one_by_one(documents)
    assert [KINDS[kind] for kind in cut(documents).kinds[4::5]][:10] == ["furniture"] * 10


@given(st.lists(SENTENCES, min_size=15, max_size=60).map("".join))
def test_a_run_on_is_cut_behind_a_mark_and_before_an_item(text: str) -> None:
    """Written out: a blank stretch behind a mark goes, and before an item nothing is lost."""
    items = (
        r"第[一二三四五六七八九十百零〇\d]{1,6}[章节条款]|[（(][一二三四五六七八九十\d]{1,3}[）)]"
        r"|[一二三四五六七八九十]{1,3}[、.．]|\d{1,2}[、.．](?!\d)|[①-⑳]"
    )
    behind = rf"(?<=[{SENTENCE_END}{CLOSERS}])"
    breaks = rf"{behind}[ \u3000\t]{{2,}}"
    if len(text.strip()) >= 500:
        breaks += rf"|{behind}(?={items})"
    text = text.strip()
    wanted = re.split(breaks, text) if len(text) >= 100 else [text]
    found = [piece.text for piece in cut_up(Line(text, 0, len(text), False, False))]
    assert found == [piece.strip() for piece in wanted if piece.strip()]


def test_cells_and_wrapped_texts_keep_their_places_among_the_others() -> None:
    wrapped = "街道今年把背街小巷的整修列为头一件实事，从春天开始逐条摸底登记，问计于\n" * 6
    documents = [
        Document("一段。\n又一段。"),
        Document(" 一格。\n两行。", whole=True),
        Document(wrapped),
        Document("", whole=True),
        Document("最后一段。"),
    ]
    assert at_once(documents) == one_by_one(documents)
    found = cut(documents)
    assert found.document_of.tolist() == [0, 0, 1, 2, 4]
    assert found.texts[2] == "一格。\n两行。"


def test_a_part_keeps_what_it_holds() -> None:
    found = cut(written(["一。\n二。\n三。", "四。"]))
    assert found[1:3].texts == ["二。", "三。"]
    assert found[1:3].starts.tolist() == [3, 6]
    assert len(found[4:]) == 0
    assert [KINDS[kind] for kind in found.kinds] == ["body"] * 4
    nothing = Paragraphs.of([], [])
    assert (nothing + found).texts == found.texts


@pytest.mark.parametrize("size", [1, 3])
def test_the_pages_marked_by_hand_are_cut_alike(size: int) -> None:
    texts = [bundled("sample_page.txt").read_text(encoding="utf-8"), *(page.text for page in PAGES)]
    for n in range(0, len(texts), size):
        documents = written(texts[n : n + size])
        assert at_once(documents) == one_by_one(documents)


@pytest.mark.skipif(not (SHARED / "archive").is_dir(), reason="the real pages are not here")
def test_the_real_pages_are_cut_alike() -> None:
    files = sorted((SHARED / "archive").rglob("*.txt"))[::5]
    documents = written([decode(path.read_bytes()) for path in files])
    assert at_once(documents) == one_by_one(documents)
