"""OFD (GB/T 33190), the layout format of official documents: a zip of XML pages.

A page holds pieces of text with their places on it; the pieces at one height are a line.
Signatures, pictures and templates are not looked at.
"""

import posixpath
from collections.abc import Iterator
from itertools import groupby
from typing import Any
from zipfile import ZipFile

from model.byline import byline, iso_date
from model.document import Document, title_of
from service.reading.archives import FAULTS
from service.reading.errors import LimitError, MissingError, ReadingError, Rejected
from service.reading.layout import Line, paragraphs, without_text
from service.reading.options import ReadingOptions
from service.reading.package import open_package
from service.reading.source import Source

_OFD = "{http://www.ofdspec.org/2016}"


def read(source: Source, options: ReadingOptions) -> Iterator[Document | Rejected]:
    """The text of all pages as one document, then a note of the pages that have none.

    Raises:
        ReadingError: it is no OFD, encrypted, broken, or without text.
        LimitError: it is too large or has too many pages.
    """
    with open_package(source.read(options), options) as package:
        root = _parse(package, "OFD.xml")
        pages = list(_pages(package, root, options))
    notes = list(without_text(source.doc, pages))
    text = paragraphs(pages)
    said = byline(text)
    yield Document(
        text,
        title_of(text) or _value(root, "Title"),
        source.doc,
        said.date or iso_date(_value(root, "CreationDate")),
        said.author or _value(root, "Author"),
        said.origin,
    )
    yield from notes


def _parse(package: ZipFile, name: str) -> Any:
    try:
        from defusedxml.ElementTree import ParseError, fromstring
    except ImportError as error:
        raise MissingError("OFD") from error
    try:
        return fromstring(package.read(name), forbid_dtd=True)
    except KeyError as error:
        raise ReadingError(f"不是完好的 OFD：缺少 {name[:80]}") from error
    except (ParseError, *FAULTS) as error:
        raise ReadingError(f"OFD 的 {name[:80]} 损坏（{type(error).__name__}）") from error


def _value(root: Any, name: str) -> str:
    found = root.find(f".//{_OFD}{name}")
    return (found.text or "").strip() if found is not None else ""


def _pages(package: ZipFile, root: Any, options: ReadingOptions) -> Iterator[list[Line]]:
    count = characters = 0
    for body in root.iter(f"{_OFD}DocRoot"):
        document = posixpath.normpath((body.text or "").strip().lstrip("/"))
        for page in _parse(package, document).iter(f"{_OFD}Page"):
            count += 1
            if count > options.max_pages:
                raise LimitError("OFD 至少有 {} 页", count, options.max_pages, "max_pages")
            lines = list(_lines(_parse(package, _below(document, page.get("BaseLoc", "")))))
            characters += sum(len(line.text) for line in lines)
            if characters > options.max_text:
                raise LimitError("文档至少有 {} 个字", characters, options.max_text, "max_text")
            yield lines


def _below(document: str, place: str) -> str:
    """A part's name from the place that the document gives: from the root, or from where it is."""
    if place.startswith("/"):
        return posixpath.normpath(place.lstrip("/"))
    return posixpath.normpath(posixpath.join(posixpath.dirname(document), place))


def _lines(page: Any) -> Iterator[Line]:
    """The lines of a page from top to bottom: pieces whose heights differ by less than half."""
    pieces = sorted(_pieces(page), key=lambda piece: piece[0])
    rows: list[int] = []
    for i, (height, line) in enumerate(pieces):
        same = i > 0 and height - pieces[i - 1][0] < 0.5 * line.size
        rows.append(rows[-1] if same else i)
    for _, group in groupby(zip(rows, pieces, strict=True), key=lambda item: item[0]):
        row = sorted((piece[1] for _, piece in group), key=lambda line: line.left or 0.0)
        text = "".join(_spaced(row)).strip()
        if text:
            yield Line(text, row[0].left, row[-1].right, row[0].size)


def _spaced(row: list[Line]) -> Iterator[str]:
    """The pieces of a row, with a blank where there is a gap between two."""
    for i, line in enumerate(row):
        if i and (line.left or 0.0) - (row[i - 1].right or 0.0) > 0.5 * line.size:
            yield "　"
        yield line.text


def _pieces(page: Any) -> Iterator[tuple[float, Line]]:
    """Every piece of text with the height of its base line, in millimetres from the top."""
    for item in page.iter(f"{_OFD}TextObject"):
        x, y, *_ = (*_numbers(item.get("Boundary", "")), 0.0, 0.0)
        size = next(iter(_numbers(item.get("Size", ""))), 0.0)
        for code in item.iter(f"{_OFD}TextCode"):
            text = code.text or ""
            left = x + next(iter(_numbers(code.get("X", ""))), 0.0)
            top = y + next(iter(_numbers(code.get("Y", ""))), 0.0)
            if text.strip():
                right = left + _advance(code.get("DeltaX", ""), len(text), size) + size
                yield top, Line(text, left, right, size)


def _advance(deltas: str, count: int, size: float) -> float:
    """How far it is to the last character; `g 3 4.2` stands for 4.2 three times."""
    words = deltas.split()
    total, i, steps = 0.0, 0, 0
    while i < len(words) and steps < count - 1:
        repeated = words[i] == "g" and i + 2 < len(words)
        times = next(iter(_numbers(words[i + 1])), 0.0) if repeated else 1.0
        times = max(0.0, min(times, count - 1 - steps))
        value = next(iter(_numbers(words[i + 2] if repeated else words[i])), 0.0)
        total += times * value
        steps += int(times)
        i += 3 if repeated else 1
    return total + (count - 1 - steps) * size if not words else total


def _numbers(text: str) -> list[float]:
    found = []
    for word in text.split():
        try:
            found.append(float(word))
        except ValueError:
            return []
    return found
