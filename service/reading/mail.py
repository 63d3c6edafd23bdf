"""Mails (eml): the text, else the page, of the mail; its attachments, named `a.eml!/b.docx`."""

import codecs
import contextlib
import email
import email.policy
import email.utils
import io
from collections.abc import Iterator
from email.message import EmailMessage, Message

from model.byline import byline
from model.document import Document, title_of
from model.encodings import decode
from model.errors import DecodingError
from service.reading.archives import Names, fault_of
from service.reading.errors import LimitError, ReadingError, Rejected
from service.reading.formats import read_source
from service.reading.options import ReadingOptions
from service.reading.source import Source


def read(source: Source, options: ReadingOptions) -> Iterator[Document | Rejected]:
    """The mail's own text as one document, then those of its attachments.

    Raises:
        ReadingError: there is neither text nor attachment in it.
        LimitError: it is too large, or holds too many parts or mails in mails.
    """
    message = email.message_from_bytes(source.read(options), policy=email.policy.default)
    if not isinstance(message, EmailMessage) or not message.keys():
        raise ReadingError("不是邮件：没有信头")
    body = message.get_body(("plain", "html"))
    text = _text(body, options) if body is not None else ""
    if text.strip():
        yield _document(message, text, source.doc)
    found = bool(text.strip())
    for item in _attachments(message, source, options):
        found = True
        yield item
    if not found:
        raise ReadingError("邮件里没有文字")


def _document(message: EmailMessage, text: str, doc: str) -> Document:
    said = byline(text)
    name, address = email.utils.parseaddr(_header(message, "from"))
    return Document(
        text,
        _header(message, "subject") or title_of(text),
        doc,
        _date(message) or said.date,
        name or address,
        said.origin,
    )


def _header(message: EmailMessage, name: str) -> str:
    """A header as text; bytes that no encoding is named for are decoded as those of a file."""
    raw = next((str(value) for key, value in message.raw_items() if key.lower() == name), "")
    try:
        raw.encode()
        value = str(message.get(name, ""))
    except UnicodeEncodeError:
        try:
            value = decode(raw.encode("utf-8", "surrogateescape"))
        except DecodingError:
            value = raw.encode("utf-8", "replace").decode()
    return " ".join(value.split())


def _date(message: EmailMessage) -> str:
    try:
        return email.utils.parsedate_to_datetime(_header(message, "date")).date().isoformat()
    except ValueError:
        return ""


def _text(part: Message, options: ReadingOptions) -> str:
    data = _data(part)
    charset = part.get_content_charset()
    text = None
    if charset is not None:
        with contextlib.suppress(DecodingError, LookupError):
            text = decode(data, {"gb2312": "gb18030", "gbk": "gb18030"}.get(charset, charset))
    text = decode(data) if text is None else text
    return text if part.get_content_type() != "text/html" else _page(text, options)


def _page(markup: str, options: ReadingOptions) -> str:
    data = codecs.BOM_UTF8 + markup.encode("utf-8", "replace")
    source = Source("页.html", io.BytesIO(data), len(data))
    read = [item for item in read_source(source, options) if isinstance(item, Document)]
    return read[0].text if read else ""


def _data(part: Message) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _inner(part: Message) -> bytes:
    """A mail in a mail."""
    content = part.get_payload()
    first = content[0] if isinstance(content, list) and content else None
    return first.as_bytes() if isinstance(first, Message) else b""


def _attachments(
    message: EmailMessage, source: Source, options: ReadingOptions
) -> Iterator[Document | Rejected]:
    depth = source.depth + 1
    names = Names()
    for count, part in enumerate(message.iter_attachments(), 1):
        if depth > options.max_depth:
            raise LimitError("附件套了 {} 层", depth, options.max_depth, "max_depth")
        if count > options.max_members:
            raise LimitError("邮件至少有 {} 个附件", count, options.max_members, "max_members")
        mail = part.get_content_type() == "message/rfc822"
        name = (part.get_filename() or (f"{count}.eml" if mail else f"{count}")).replace("\\", "/")
        doc = f"{source.doc}!/{names.unique(name)}"
        if fault_of(name):
            yield Rejected(doc, fault_of(name))
            continue
        data = _inner(part) if mail else _data(part)
        yield from read_source(Source(doc, io.BytesIO(data), len(data), depth), options)
