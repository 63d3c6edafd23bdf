"""Paragraphs from a file, one after the other, each taken as it comes and not cut further.

A scored table, in any of its formats, is known by its columns; its furniture is left out. Any other
table gives a paragraph a row, a text file one a line.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from model.bundled import bundled
from model.codebook import load_codebook
from model.document import Document
from model.encodings import encoding_of
from model.errors import UserError
from service.reading.files import Found, Rejected, read_documents
from service.reading.options import ReadingOptions
from service.tables.formats import TableError
from service.tables.scored import ScoredRow, read_scored

SUFFIXES = (".txt", ".jsonl", ".csv", ".xlsx", ".parquet")

_SAMPLE = 1024 * 1024


class ParagraphsError(UserError):
    """A file that holds no paragraphs; the message says what would."""


def read_paragraphs(
    path: Path, options: ReadingOptions, rejected: Callable[[Rejected], None]
) -> Iterator[ScoredRow]:
    """The paragraphs of a file, or of a folder of Parquet files.

    Args:
        options: how a table is read that is no scored one.
        rejected: told of rows that are left out because they cannot be read.

    Raises:
        ParagraphsError: it is of another kind, or none of it can be read.
        TableError: it is a scored table that cannot be read.
        OSError: it is not there.
    """
    path.stat()
    suffix = path.suffix.lower()
    if path.is_dir() or suffix == ".parquet":
        return read_scored(path, _names())
    if suffix == ".txt":
        return _lines(path)
    if suffix in SUFFIXES:
        return _scored(path) or _rows(path, options, rejected)
    raise ParagraphsError(
        f"{path.name}：要的是 {'、'.join(SUFFIXES)} 文件，或 govtheme score 写成的文件夹"
    )


def _names() -> Mapping[str, str]:
    return {theme.name_zh: theme.id for theme in load_codebook(bundled("codebook.toml")).themes}


def _scored(path: Path) -> Iterator[ScoredRow] | None:
    """The paragraphs of a scored table; None when it is none."""
    rows = read_scored(path, _names())
    try:
        first = next(rows, None)
    except TableError:
        # Its columns are not those of a scored table; whatever else is wrong comes up again.
        return None
    return chain([first], rows) if first is not None else None


def _lines(path: Path) -> Iterator[ScoredRow]:
    with path.open("rb") as file:
        sample = file.read(_SAMPLE)
    whole = sample if len(sample) < _SAMPLE else sample[: sample.rfind(b"\n") + 1] or sample
    with path.open(encoding=encoding_of(whole), errors="replace") as file:
        for number, line in enumerate(file):
            if line.strip():
                yield ScoredRow(line.strip("\r\n"), path.name, para=number)


def _rows(
    path: Path, options: ReadingOptions, rejected: Callable[[Rejected], None]
) -> Iterator[ScoredRow]:
    first: Rejected | None = None
    any_read = False
    for item in read_documents(Found(path, path.name), options):
        if isinstance(item, Document):
            any_read = True
            yield _candidate(item)
        else:
            first = first or item
            rejected(item)
    if first is not None and not any_read:
        raise ParagraphsError(f"{first.doc}：{first.reason}")


def _candidate(row: Document) -> ScoredRow:
    columns = {name.strip().lower(): value for name, value in row.columns.items()}
    para = columns.get("para", "")
    return ScoredRow(
        text=row.text,
        doc=columns.get("doc") or row.source,
        title=row.title,
        para=int(para) if para.isdecimal() else None,
    )
