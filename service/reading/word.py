"""Word documents (docx): paragraphs, the numbers of lists, tables, text boxes and notes, in order.

What was deleted under tracked changes, and headers and footers, are left out.
"""

import io
from collections.abc import Iterator
from itertools import islice
from typing import Any

from model.byline import byline
from model.document import Document, title_of
from service.reading.errors import MissingError, ReadingError
from service.reading.numbering import Numbering
from service.reading.options import ReadingOptions
from service.reading.package import open_package
from service.reading.source import Source

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_LEFT_OUT = frozenset([f"{_W}del", f"{_W}moveFrom", f"{_W}pPr", f"{_W}rPr", _FALLBACK])
_MARKS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_BOX = f"{_W}txbxContent"
_CELL = "；"
_LONG_CELL = 120
"""Characters; a row with a longer cell is laid out text, not data."""
_NOBODY = ("", "python-docx", "administrator", "admin", "user", "微软用户", "unknown")
_TITLE_STYLES = ("title", "heading 1", "标题", "标题 1")
_TITLE_WITHIN = 20
_NOTES = ("footnotes", "endnotes")


def read(source: Source, options: ReadingOptions) -> Iterator[Document]:
    """The document's text, one line a paragraph or a table's row.

    Raises:
        ReadingError: it is no docx, or encrypted, broken, or empty.
        LimitError: it is too large.
    """
    try:
        import docx
    except ImportError as error:
        raise MissingError("Word 文档") from error
    data = source.read(options)
    open_package(data, options).close()
    document = docx.Document(io.BytesIO(data))
    lines = [line for line in _lines(document) if line.strip()]
    if not lines:
        raise ReadingError("文档里没有文字")
    text = "\n\n".join(lines)
    said, properties = byline(text), document.core_properties
    author = properties.author.strip()
    written = properties.created
    yield Document(
        text,
        _title(document) or title_of(text) or properties.title.strip(),
        source.doc,
        said.date or (written.date().isoformat() if written else ""),
        said.author or (author if author.lower() not in _NOBODY else ""),
        said.origin,
    )


def _lines(document: Any) -> Iterator[str]:
    parts = {rel.reltype.rsplit("/", 1)[-1]: rel for rel in document.part.rels.values()}
    numbering = parts.get("numbering")
    root = numbering.target_part.element if numbering is not None else None
    numbers = Numbering(root, document.styles.element)
    yield from _blocks(document.element.body, numbers)
    for name in _NOTES:
        if name in parts and not parts[name].is_external:
            from docx.oxml.parser import parse_xml

            yield from _blocks(parse_xml(parts[name].target_part.blob), numbers)


def _blocks(parent: Any, numbers: Numbering) -> Iterator[str]:
    """The lines below an element; a stack stands for recursion, for the depth is the file's."""
    below = [iter(parent)]
    while below:
        node = next(below[-1], None)
        if node is None:
            below.pop()
        elif node.tag == f"{_W}p":
            yield from _paragraph(node, numbers)
        elif node.tag == f"{_W}tr" and _is_data(node):
            yield _CELL.join(filter(None, (_plain(cell) for cell in node.iter(f"{_W}tc"))))
        elif node.tag not in _LEFT_OUT:
            below.append(iter(node))


def _paragraph(node: Any, numbers: Numbering) -> Iterator[str]:
    text = "".join(_pieces(node)).strip(" \t\n\u3000\xa0")
    label = numbers.label(node)
    if text:
        yield label + text
    for box in node.iter(_BOX):
        if not any(above.tag in _LEFT_OUT for above in box.iterancestors()):
            yield from _blocks(box, numbers)


def _pieces(paragraph: Any) -> Iterator[str]:
    below = [iter(paragraph)]
    while below:
        node = next(below[-1], None)
        if node is None:
            below.pop()
        elif node.tag == f"{_W}t":
            yield node.text or ""
        elif node.tag in _MARKS:
            yield _MARKS[node.tag]
        elif node.tag not in _LEFT_OUT and node.tag != _BOX:
            below.append(iter(node))


def _is_data(row: Any) -> bool:
    cells = [_plain(cell) for cell in row.iter(f"{_W}tc")]
    return max(map(len, cells), default=0) <= _LONG_CELL and row.find(f".//{_W}tbl") is None


def _plain(cell: Any) -> str:
    lines = ("".join(_pieces(paragraph)) for paragraph in cell.iter(f"{_W}p"))
    return " ".join(" ".join(lines).split())


def _title(document: Any) -> str:
    """The first paragraph in the style of a title or of a first heading."""
    styles = _title_styles(document.styles.element)
    for node in islice(document.element.body.iterchildren(f"{_W}p"), _TITLE_WITHIN):
        style = node.find(f"{_W}pPr/{_W}pStyle")
        if style is not None and style.get(f"{_W}val") in styles:
            title = "".join(_pieces(node)).strip()
            if title:
                return title
    return ""


def _title_styles(styles: Any) -> frozenset[str]:
    """The ids of the styles that titles have; python-docx looks each paragraph's up anew."""
    return frozenset(
        style.get(f"{_W}styleId", "")
        for style in styles.iterchildren(f"{_W}style")
        if (name := style.find(f"{_W}name")) is not None
        and name.get(f"{_W}val", "").lower() in _TITLE_STYLES
    )
