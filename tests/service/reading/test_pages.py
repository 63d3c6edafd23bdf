"""Web pages that were written carelessly: all their text comes out, or a reason."""

import pytest

from model.document import Document
from service.reading.errors import Rejected
from service.reading.files import read_bytes

TEXT = "第一段，讲路灯坏了三个月，请尽快修好。"


def read(page: str) -> Document | Rejected:
    (item,) = read_bytes(f"<html><body>{page}".encode(), "a.html")
    return item


@pytest.mark.parametrize("opened", ["<font>", "<b>", "<span>", "<div>"])
@pytest.mark.parametrize("count", [90, 120, 200, 900])
def test_paragraphs_with_elements_that_are_never_closed_are_all_read(
    opened: str, count: int
) -> None:
    item = read("".join(f"<p>{opened}第{n}段，讲路灯坏了。" for n in range(count)))
    assert isinstance(item, Document)
    assert item.text.split("\n\n") == [f"第{n}段，讲路灯坏了。" for n in range(count)]


@pytest.mark.parametrize("nest", ["<div>", "<font>", "<ul><li>", "<table><tr><td>", "<blockquote>"])
@pytest.mark.parametrize("depth", [300, 1_950])
def test_what_lies_deep_is_read(nest: str, depth: int) -> None:
    item = read(nest * (depth // nest.count("<")) + f"<p>{TEXT}</p>")
    assert isinstance(item, Document)
    assert item.text.strip("；") == TEXT


@pytest.mark.parametrize("depth", [5_000, 200_000])
def test_a_page_too_deep_for_its_parser_is_rejected_and_says_so(depth: int) -> None:
    for page in ("<div>" * depth + f"<p>{TEXT}", f"<p><font>{TEXT}" * depth):
        item = read("<i></b>" * 300 + page)
        assert isinstance(item, Rejected)
        assert "太深" in item.reason


@pytest.mark.parametrize(
    "declared",
    [
        "<!ENTITY a \"b]>\"><!ENTITY % c SYSTEM 'd'> %c; ",
        "<!-- don't ]> -->\n<!ELEMENT p (#PCDATA)><?x y?>",
        "",
    ],
)
@pytest.mark.parametrize("name", ["html", 'html PUBLIC "-//W3C//DTD [x]" "a.dtd"', "x"])
def test_declarations_are_no_text(name: str, declared: str) -> None:
    page = f"<?xml version='1.0'?><!DOCTYPE {name} [{declared}]>\n<html><p>{TEXT}</p></html>"
    (item,) = read_bytes(page.encode(), "a.html")
    assert isinstance(item, Document)
    assert item.text == TEXT


def test_brackets_without_declarations_stay() -> None:
    (item,) = read_bytes(f"<!DOCTYPE html [<html><p>[a]>b，{TEXT}</p></html>".encode(), "a.html")
    assert isinstance(item, Document)
    assert item.text.endswith(f"[a]>b，{TEXT}")
