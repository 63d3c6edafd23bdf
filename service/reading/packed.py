"""Archives that are read as they come: uploads, attachments, and whatever lies in them.

An archive on the disk is listed first, member by member (see `files`), so that its members can be
shared out; here all of them come from one call.
"""

from collections.abc import Iterator
from contextlib import closing

from model.document import Document
from service.reading.archives import (
    FAULTS,
    Allowance,
    inner_archive,
    is_archive,
    open_archive,
)
from service.reading.errors import ReadingError, Rejected
from service.reading.formats import read_source
from service.reading.options import ReadingOptions
from service.reading.source import Source


def read(source: Source, options: ReadingOptions) -> Iterator[Document | Rejected]:
    """The documents in an archive and in the archives in it, named `a.zip!/b.txt`."""
    yield from _read(source, Allowance(options), options)


def _read(
    source: Source, allowance: Allowance, options: ReadingOptions
) -> Iterator[Document | Rejected]:
    try:
        allowance.descend(source.depth + 1)
        with closing(open_archive(source.file, source.doc, source.size, options)) as archive:
            for count, member in enumerate(archive.members(), 1):
                allowance.take(count, member)
                doc = f"{source.doc}!/{member.name}"
                if member.reason:
                    yield Rejected(doc, member.reason)
                elif is_archive(member.name):
                    content = inner_archive(archive, member, options)
                    inner = Source(doc, content, member.size, source.depth + 1)
                    yield from _read(inner, allowance, options)
                else:
                    with archive.open(member.name) as file:
                        inner = Source(doc, file, member.size, source.depth + 1)
                        yield from read_source(inner, options)
    except ReadingError as error:
        yield Rejected(source.doc, str(error))
    except FAULTS as error:
        yield Rejected(source.doc, f"压缩包从这里起损坏（{type(error).__name__}）")
