"""PDF: the text layer, page by page. A page that is a picture is told of, for it holds no text."""

import re
from collections.abc import Iterator
from typing import Any

from model.byline import byline, iso_date
from model.document import Document, title_of
from service.reading.errors import LimitError, MissingError, ReadingError, Rejected
from service.reading.layout import Line, paragraphs, without_text
from service.reading.options import ReadingOptions
from service.reading.source import Source

_LINE = re.compile(r"[^\r\n]*[^\s][^\r\n]*")
_NOT_TEXT = str.maketrans("", "", "\ufffe\x02")
"""pdfium marks a hyphen at the end of a line with a noncharacter."""


def read(source: Source, options: ReadingOptions) -> Iterator[Document | Rejected]:
    """The text of all pages as one document, then a note of the pages that have none.

    Raises:
        ReadingError: it is no PDF, encrypted, broken, or a picture from the first page to the last.
        LimitError: it is too large or has too many pages.
    """
    try:
        import pypdfium2
    except ImportError as error:
        raise MissingError("PDF") from error
    try:
        pdf = pypdfium2.PdfDocument(source.read(options))
    except pypdfium2.PdfiumError as error:
        if "assword" in str(error):
            raise ReadingError("文件加了密码，请去掉密码后再读") from error
        raise ReadingError(f"文件损坏，或不是 PDF（{type(error).__name__}）") from error
    try:
        yield from _documents(pdf, source.doc, options)
    finally:
        pdf.close()


def _documents(pdf: Any, doc: str, options: ReadingOptions) -> Iterator[Document | Rejected]:
    if len(pdf) > options.max_pages:
        raise LimitError("PDF 有 {} 页", len(pdf), options.max_pages, "max_pages")
    pages = list(_pages(pdf, options))
    notes = list(without_text(doc, pages))
    text = paragraphs(pages)
    said, known = byline(text), pdf.get_metadata_dict()
    yield Document(
        text,
        title_of(text) or known.get("Title", "").strip(),
        doc,
        said.date or iso_date(known.get("CreationDate", "").removeprefix("D:")[:8]),
        said.author or known.get("Author", "").strip(),
        said.origin,
    )
    yield from notes


def _pages(pdf: Any, options: ReadingOptions) -> Iterator[list[Line]]:
    """The lines of each page; none for a page without a text layer."""
    characters = 0
    for i in range(len(pdf)):
        page = pdf[i]
        try:
            layer = page.get_textpage()
            lines = list(_lines(layer))
            layer.close()
        finally:
            page.close()
        characters += sum(len(line.text) for line in lines)
        if characters > options.max_text:
            raise LimitError("文档至少有 {} 个字", characters, options.max_text, "max_text")
        yield lines


def _lines(layer: Any) -> Iterator[Line]:
    text = layer.get_text_range()
    # Characters beyond the basic plane are two to pdfium, and its places are then another's.
    has_places = layer.count_chars() == len(text)
    for match in _LINE.finditer(text):
        line = match.group().translate(_NOT_TEXT).strip()
        if line and has_places:
            left, bottom, _, top = layer.get_charbox(match.start(), loose=True)
            right = layer.get_charbox(match.end() - 1, loose=True)[2]
            yield Line(line, left, right, top - bottom)
        elif line:
            yield Line(line)
