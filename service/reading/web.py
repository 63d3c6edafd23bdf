"""Web pages: html as saved by a browser, and mhtml, a page with its pictures in one file.

trafilatura finds where the main text is; the paragraphs are the page's own blocks from the first
to the last that it found, so that none between them is lost. A page of which it finds little
is kept whole, and `furniture` tells its lines apart.
"""

import email
import email.policy
import re
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from typing import Any

from model.byline import byline, iso_date
from model.document import Document, title_of
from model.encodings import decode
from model.errors import DecodingError
from service.reading.errors import LimitError, MissingError, ReadingError
from service.reading.markup import Line, depth, lines, parse
from service.reading.options import ReadingOptions
from service.reading.source import Source

_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{2,20})", re.IGNORECASE)
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "big5": "cp950"}
_LITTLE = 0.3
_DEEPEST = 200
"""In trees twice as deep trafilatura loses paragraphs; in still deeper ones it gives up."""
_ANCHOR = 12
_ABOVE = 12
_SENTENCE = re.compile(r"[。！？；]")

_TITLES = ("articletitle", "og:title")
_DATES = ("pubdate", "publishdate", "article:published_time", "og:release_date", "date")
_AUTHORS = ("author",)
_ORIGINS = ("contentsource", "source", "og:site_name", "sitename")


def read(source: Source, options: ReadingOptions) -> Iterator[Document]:
    """The page as one document.

    Raises:
        ReadingError: there is no text in it.
        LimitError: it is too large.
        DecodingError: it is not text.
    """
    data = source.read(options)
    if source.suffix in (".mht", ".mhtml"):
        data, charset = _page(data)
    else:
        charset = None
    yield read_page(data, source.doc, options, charset)


def read_page(
    data: bytes, doc: str, options: ReadingOptions, charset: str | None = None
) -> Document:
    """The document that a page's bytes hold.

    Raises:
        ReadingError, LimitError, DecodingError: as `read`.
    """
    if len(data) > options.max_markup:
        raise LimitError("网页有 {} 字节", len(data), options.max_markup, "max_markup")
    tree = parse(_decoded(data, charset))
    # trafilatura changes the tree that it is given.
    said = _meta(tree)
    window = _window(tree)
    page = list(lines(tree))
    kept = _main(page, _found(tree))
    text = "\n\n".join(line.text for line in kept)
    if not text:
        raise ReadingError("网页里没有文字")
    stands = byline(text)
    return Document(
        text,
        _first(said, _TITLES) or _heading(kept) or window or title_of(text),
        doc,
        iso_date(_first(said, _DATES)) or stands.date,
        _first(said, _AUTHORS) or stands.author,
        _first(said, _ORIGINS) or stands.origin,
    )


def _page(data: bytes) -> tuple[bytes, str | None]:
    """The first page in a file of parts, and the charset that its header names."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    for part in message.walk():
        if isinstance(part, EmailMessage) and part.get_content_type() == "text/html":
            content = part.get_payload(decode=True)
            return content if isinstance(content, bytes) else b"", part.get_content_charset()
    raise ReadingError("mhtml 文件里没有网页")


def _decoded(data: bytes, charset: str | None) -> str:
    """By the charset that the header or the page names, where that fits; else as any text."""
    named = _META.search(data[:4096])
    charset = charset or (named[1].decode().lower() if named else None)
    if charset is not None and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        try:
            return decode(data, _WIDER.get(charset, charset))
        except (DecodingError, LookupError):
            pass
    return decode(data)


def _found(tree: Any) -> list[str]:
    """The lines of the main text that trafilatura finds; none in a tree too deep for it."""
    try:
        import trafilatura
    except ImportError as error:
        raise MissingError("网页") from error
    if depth(tree) > _DEEPEST:
        return []
    found = trafilatura.extract(
        tree, fast=True, favor_recall=True, include_comments=False, include_tables=True
    )
    squeezed = (_squeeze(line.removeprefix("- ")) for line in (found or "").splitlines())
    return [line for line in squeezed if line.strip("-")]


def _squeeze(text: str) -> str:
    return "".join(text.split()).replace("；", "").replace("|", "")


def _main(page: Sequence[Line], found: Sequence[str]) -> list[Line]:
    """The lines of the main text: from the first to the last that was found, and their title."""
    everything, known = "".join(found), set(found)
    marked = [
        (squeezed := _squeeze(line.text)) in known
        or (len(squeezed) >= _ANCHOR and squeezed in everything)
        for line in page
    ]
    sentences = [bool(_SENTENCE.search(line.text)) and not line.is_link for line in page]
    wanted = sum(len(line.text) for line, is_one in zip(page, sentences, strict=True) if is_one)
    anchors = [i for i, is_one in enumerate(marked) if is_one]
    if not anchors or sum(len(page[i].text) for i in anchors) < _LITTLE * wanted:
        return [line for line in page if not line.is_link or len(page) < _ABOVE]
    first, last = anchors[0], anchors[-1]
    for i in range(first - 1, max(-1, first - _ABOVE), -1):
        if page[i].tag in ("h1", "h2") or sentences[i]:
            first = i
    for i in range(last + 1, len(page)):
        is_row = page[i].tag == "tr" and sentences[i]
        if i - last <= 3 and (is_row or (sentences[i] and len(page[i].text) >= _ANCHOR)):
            last = i
    return [
        line
        for i, line in enumerate(page)
        if first <= i <= last and (marked[i] or sentences[i] or not line.is_link)
    ]


def _meta(tree: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in tree.iter("meta"):
        name = node.get("name") or node.get("property") or ""
        content = (node.get("content") or "").strip()
        if content:
            found.setdefault(name.lower(), content)
    return found


def _first(said: dict[str, str], names: Sequence[str]) -> str:
    return next((said[name] for name in names if name in said), "")


def _heading(kept: Sequence[Line]) -> str:
    return next((line.text for line in kept if line.tag == "h1"), "")


def _window(tree: Any) -> str:
    """What the window is called, without the site's name behind it."""
    title = " ".join(str(tree.xpath("string(//title)")).split())
    return re.split(r"\s*[_|｜]\s*|\s+-+\s+|\s*--+\s*", title)[0].strip()
