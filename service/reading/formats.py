"""Which reader reads which format. A reader's module is loaded when it is first needed."""

import importlib
from collections.abc import Callable, Iterator

from model.document import Document
from service.reading.errors import ReadingError, Rejected
from service.reading.options import ReadingOptions
from service.reading.source import Source

Reader = Callable[[Source, ReadingOptions], Iterator[Document | Rejected]]

_READERS = {
    ".txt": "text",
    ".text": "text",
    ".md": "text",
}


def read_source(source: Source, options: ReadingOptions) -> Iterator[Document | Rejected]:
    """The documents in an opened file.

    Raises:
        ReadingError: no reader reads this format, or the file is not what it should be.
    """
    name = _READERS.get(source.suffix)
    if name is None:
        raise ReadingError(
            f"暂不支持 {source.suffix or '（无扩展名）'} 文件；支持 {'、'.join(sorted(_READERS))}"
        )
    reader: Reader = importlib.import_module(f"service.reading.{name}").read
    yield from reader(source, options)
