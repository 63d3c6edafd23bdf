"""Which reader reads which format. A reader's module is loaded when it is first needed."""

import importlib
from collections.abc import Callable, Iterator

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
    "delimited": (".csv", ".tsv"),
    "sheets": (".xlsx", ".xlsm", ".xlsb", ".xls", ".et", ".ods"),
    "records": (".jsonl", ".ndjson", ".json"),
    "web": (".html", ".htm", ".shtml", ".xhtml", ".mht", ".mhtml"),
    "word": (".docx",),
    "pdf": (".pdf",),
    "ofd": (".ofd",),
    "mail": (".eml",),
    "converted": (".doc", ".wps", ".wpt", ".rtf", ".odt", ".docm", ".dot", ".dotx"),
    "packed": ARCHIVES,
}
_READERS = {suffix: module for module, suffixes in _MODULES.items() for suffix in suffixes}
"""How a name ends, and the module whose `read` reads it."""


def read_source(source: Source, options: ReadingOptions) -> Iterator[Document | Rejected]:
    """The documents in an opened file, or the reason why there is none; nothing else comes out."""
    try:
        for item in _reader(source)(source, options):
            if isinstance(item, Document) and len(item.text) > options.max_text:
                excess = LimitError("文档有 {} 个字", len(item.text), options.max_text, "max_text")
                yield Rejected(item.source, str(excess))
            else:
                yield item
    except UserError as error:
        yield Rejected(source.doc, str(error))
    except OSError as error:
        yield Rejected(source.doc, f"无法读取（{error.strerror or type(error).__name__}）")
    except Exception as error:  # noqa: BLE001  a broken file may break its library anywhere
        yield Rejected(source.doc, f"文件损坏，或与扩展名不符（{type(error).__name__}）")


def _reader(source: Source) -> Reader:
    name = "packed" if is_archive(source.doc) else _READERS.get(source.suffix)
    if name is None:
        known = "、".join(sorted(_READERS))
        raise ReadingError(f"暂不支持 {source.suffix or '（无扩展名）'} 文件；支持 {known}")
    reader: Reader = importlib.import_module(f"service.reading.{name}").read
    return reader
