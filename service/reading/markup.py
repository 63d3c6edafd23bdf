"""From the tree of a web page to its lines, block by block, with how much of each is links.

Does not judge what is text and what is furniture: see `web`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from service.reading.errors import MissingError, ReadingError

_SKIPPED = frozenset(
    ["script", "style", "noscript", "template", "head", "select", "button", "svg", "iframe",
     "textarea", "object", "audio", "video", "canvas", "map"]
)  # fmt: skip
_BLOCKS = frozenset(
    ["address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details",
     "dialog", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2",
     "h3", "h4", "h5", "h6", "header", "hr", "html", "legend", "li", "main", "nav", "ol", "p",
     "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "title", "tr", "ul"]
)  # fmt: skip
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_CELL = "；"
"""What stands between the cells of a table's row."""
_END_OF_CELL = "\x1f"
_BETWEEN_CELLS = re.compile(rf"\s*(?:{_END_OF_CELL}\s*)+")
_CHINESE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f“”‘’—…"
_BETWEEN_CHINESE = re.compile(rf"(?<=[{_CHINESE}])[ \t\r\n]*[\r\n][ \t\r\n]*(?=[{_CHINESE}])")
_BLANKS = re.compile(r"[ \t\r\n\f\v]+")
_SUBSET = re.compile(
    r"""(<!DOCTYPE(?:[^\["'>]|"[^"]*"|'[^']*')*+)
    \[(?:\s|%[\w.-]+;|<!--.*?-->|<\?.*?\?>|<![A-Z](?:[^"'>]|"[^"]*"|'[^']*')*+>)*+\]\s*(?=>)""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
"""Declarations in a page's first line, which HTML does not have."""
_TOO_DEEP = "Excessive depth"
"""How libxml2 begins to say that it left out the rest; at 2,048 elements in one another."""


@dataclass(frozen=True, slots=True)
class Line:
    """A block of a page.

    Attributes:
        text: its text; line breaks in it are those that the page asks for.
        linked: how many of its characters are links.
        tag: the block's element.
    """

    text: str
    linked: int
    tag: str

    @property
    def is_link(self) -> bool:
        """Whether there is little in it but links."""
        return self.linked > 0.8 * len(self.text)


def parse(markup: str) -> Any:
    """The tree of a page.

    Raises:
        ReadingError: there is no element in it, or too many in one another.
        MissingError: lxml is not installed.
    """
    try:
        import lxml.html
    except ImportError as error:
        raise MissingError("网页") from error
    # huge_tree: without it the text below 256 elements is left out. Size, time and memory have
    # limits of our own.
    parser = lxml.html.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=True
    )
    data = _SUBSET.sub(r"\1", markup, count=1).encode("utf-8", "replace")
    try:
        tree = lxml.html.document_fromstring(data, parser)
    except lxml.etree.ParserError as error:
        raise ReadingError("网页里没有内容") from error
    if any(_TOO_DEEP in entry.message for entry in parser.error_log):
        raise ReadingError("网页的元素套得太深（超过 2000 层），读不全，没有读")
    return tree


def depth(tree: Any) -> int:
    """How many elements lie in one another at most."""
    from lxml import etree

    deepest = here = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        here += 1 if event == "start" else -1
        deepest = max(deepest, here)
    return deepest


class _Blocks:
    """Collects text until a block ends."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._linked = 0

    def add(self, text: str | None, in_link: bool, as_it_is: bool) -> None:
        if text:
            text = text if as_it_is else _BLANKS.sub(" ", _BETWEEN_CHINESE.sub("", text))
            self._parts.append(text)
            self._linked += len(text.strip()) if in_link else 0

    def end(self, tag: str) -> Iterator[Line]:
        text = "".join(self._parts)
        text = "\n".join(line.strip(" \t\xa0") for line in text.split("\n"))
        linked, self._parts, self._linked = self._linked, [], 0
        text = _BETWEEN_CELLS.sub(_CELL, text.strip(f"{_END_OF_CELL} \t\n"))
        if text:
            yield Line(text, linked, tag)


def lines(tree: Any) -> Iterator[Line]:
    """The blocks of a page in their order, without scripts, forms and what is hidden."""
    from lxml import etree

    blocks = _Blocks()
    links = pres = 0
    skipped: Any = None
    tags: list[str] = ["body"]
    for event, node in etree.iterwalk(tree, events=("start", "end")):
        tag = node.tag if isinstance(node.tag, str) else ""
        if event == "start":
            if skipped is None and _is_skipped(node, tag):
                skipped = node
            if skipped is not None:
                continue
            links += tag == "a"
            pres += tag == "pre"
            if tag in _BLOCKS:
                yield from blocks.end(tags[-1])
                tags.append(tag)
            elif tag == "br":
                blocks.add("\n", False, True)
            blocks.add(node.text, links > 0, pres > 0)
            continue
        if skipped is None:
            links -= tag == "a"
            pres -= tag == "pre"
            if tag in _BLOCKS:
                yield from blocks.end(tags.pop())
            elif tag in ("td", "th"):
                blocks.add(_END_OF_CELL, False, True)
        elif skipped is node:
            skipped = None
        if skipped is None and node is not tree:
            blocks.add(node.tail, links > 0, pres > 0)
    yield from blocks.end("body")


def _is_skipped(node: Any, tag: str) -> bool:
    return (
        tag in _SKIPPED
        or node.get("hidden") is not None
        or bool(_HIDDEN.search(node.get("style", "")))
    )
