"""Plain text and Markdown."""

from collections.abc import Iterator

from model.document import Document, read_document
from service.reading.options import ReadingOptions
from service.reading.source import Source


def read(source: Source, options: ReadingOptions) -> Iterator[Document]:
    """The text as it stands; its first heading is the title.

    Raises:
        LimitError: the file is too large.
        DecodingError: it is not text.
    """
    yield read_document(source.read(options), source.doc)
