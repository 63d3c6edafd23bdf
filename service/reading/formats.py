"""Which reader reads which format. A reader's module is loaded when it is first needed."""

import datetime
import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from model.byline import byline, iso_date
from model.document import Document
from model.errors import UserError
from service.reading.archives import SUFFIXES as ARCHIVES
from service.reading.archives import is_archive
from service.reading.errors import LimitError, ReadingError, Rejected
from service.reading.options import ReadingOptions
from service.reading.source import Source

Reader = Callable[[Source, ReadingOptions], Iterator[Document | Rejected]]

_MODULES = {
    "text": (".txt", ".text", ".md"),
    "web": (".html", ".htm", ".shtml", ".xhtml", ".mht", ".mhtml"),
    "word": (".docx",),
    "converted": (".doc", ".wps", ".wpt", ".rtf", ".odt", ".docm", ".dot", ".dotx"),
    "pdf": (".pdf",),
    "ofd": (".ofd",),
    "delimited": (".csv", ".tsv"),
    "sheets": (".xlsx", ".xlsm", ".xlsb", ".xls", ".et", ".ods"),
    "records": (".jsonl", ".ndjson", ".json"),
    "mail": (".eml",),
    "packed": ARCHIVES,
}
_READERS = {suffix: module for module, suffixes in _MODULES.items() for suffix in suffixes}
_ISOLATED = ("web", "word", "pdf")
"""Modules whose native libraries may crash or hang."""
_CLOCKED = ("word", "converted", "pdf", "ofd")
"""Modules that fall back on when a file was made, which may be when its template was."""
_WORD = re.compile(r"[0-9A-Za-z]+")
_IDENTIFIER = re.compile(r"[0-9][A-Za-z]")
_LONGEST_NAME = 255
_LOOKED_AT = 512
_PAGES = (b"<html", b"<!doctype html", b"<table", b"<meta", b"<head")


def read_source(source: Source, options: ReadingOptions) -> Iterator[Document | Rejected]:
    """The documents in an opened file, or the reason why there is none; nothing else comes out."""
    try:
        for item in _reader(source)(source, options):
            if isinstance(item, Document) and len(item.text) > options.max_text:
                excess = LimitError("文档有 {} 个字", len(item.text), options.max_text, "max_text")
                yield Rejected(item.source, str(excess))
            else:
                yield plain(_dated(item, source))
    except UserError as error:
        yield Rejected(source.doc, str(error))
    except OSError as error:
        yield Rejected(source.doc, f"无法读取（{error.strerror or type(error).__name__}）")
    except Exception as error:  # noqa: BLE001  a broken file may break its library anywhere
        yield Rejected(source.doc, f"文件损坏，或与扩展名不符（{type(error).__name__}）")


def reader_of(module: str) -> Reader:
    """The reader in a module of this package."""
    reader: Reader = importlib.import_module(f"service.reading.{module}").read
    return reader


def plain(item: Document | Rejected) -> Document | Rejected:
    """The same without halves of surrogate pairs, which no encoding can write."""
    if isinstance(item, Rejected):
        return Rejected(_whole(item.doc), _whole(item.reason))
    said = (item.text, item.title, item.source, item.date, item.author, item.origin)
    if _is_whole("".join((*said, *item.columns, *item.columns.values()))):
        return item
    columns = {_whole(name): _whole(value) for name, value in item.columns.items()}
    text, title, source, date, author, origin = map(_whole, said)
    return Document(text, title, source, date, author, origin, columns, item.whole)


def _dated(item: Document | Rejected, source: Source) -> Document | Rejected:
    """A file's document with the date in the file's name, where its text says none."""
    if isinstance(item, Rejected) or item.whole or item.source != source.doc:
        return item
    if item.date and _READERS.get(source.suffix) not in _CLOCKED:
        return item
    named = named_date(item.source)
    # Readers have asked the text; a date may yet be that of the file's properties alone.
    if not named or (item.date and byline(item.text).date):
        return item
    return replace(item, date=named)


def named_date(doc: str) -> str:
    """The date in a file's own name, from 1949 to tomorrow; digits of a hash are none."""
    name = doc.rpartition("/")[2][-_LONGEST_NAME:].replace("_", "-")
    found = iso_date(_WORD.sub(lambda word: "" if _IDENTIFIER.search(word[0]) else word[0], name))
    tomorrow = datetime.date.today() + datetime.timedelta(days=1)
    return found if "1949" <= found <= tomorrow.isoformat() else ""


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _whole(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _reader(source: Source) -> Reader:
    module = _module(source)
    return partial(_isolated, module) if module in _ISOLATED else reader_of(module)


def _isolated(
    module: str, source: Source, options: ReadingOptions
) -> Iterator[Document | Rejected]:
    from service.reading import isolated

    return isolated.read(module, source, options)


def _module(source: Source) -> str:
    """The module for a file by its name, or by its first bytes where offices misname files."""
    if is_archive(source.doc):
        return "packed"
    module = _READERS.get(source.suffix)
    if module is None:
        if source.suffix in (".rar", ".7z"):
            raise ReadingError(f"不打开 {source.suffix} 压缩包；请解开，或重新打包为 zip")
        raise ReadingError(
            f"暂不支持 {source.suffix or '（无扩展名）'} 文件；支持 {'、'.join(sorted(_READERS))}"
        )
    return _by_content(source, module) if module in ("word", "converted", "sheets") else module


def _by_content(source: Source, module: str) -> str:
    head = source.file.read(_LOOKED_AT)
    source.file.seek(0)
    if head.startswith(b"%PDF"):
        return "pdf"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGES):
        return "web"
    if head.startswith(b"{\\rtf"):
        return "converted"
    if head.startswith(b"PK") and source.suffix in (".doc", ".wps"):
        return "word"
    return module
