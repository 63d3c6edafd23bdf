"""A corpus from one format into another, with the proof that it arrived.

What was written is read back and held against what was to be written; the file takes its place only
when texts, labels and all columns that the format has room for are the same.
"""

from collections.abc import Sequence
from pathlib import Path

from model.files import write_bytes
from training.corpus import Corpus, Row, read_corpus
from training.errors import CorpusError, Problem
from training.formats.entry import Reading
from training.formats.reading import FORMATS, SUFFIXES
from training.formats.writing import one_line_end, written

_SEPARATORS = {"csv": ";", "xlsx": ";", "doccano-csv": "#"}


def format_for(path: Path, wanted: str | None = None) -> str:
    """The format to write under this name.

    Raises:
        CorpusError: neither the name nor the wish says which.
    """
    name = wanted or SUFFIXES.get(path.suffix.lower())
    if name not in FORMATS:
        reason = f"不知道写成什么格式；请用 --to 指出：{'、'.join(FORMATS)}"
        raise CorpusError([Problem(str(path), 0, reason)])
    return name


def write_corpus(corpus: Corpus, path: Path, wanted: str | None = None) -> list[str]:
    """Write a corpus; returns what the format had no room for, in words for the user.

    Raises:
        CorpusError: rows that the format cannot hold, all of them; nothing is left behind.
    """
    name = format_for(path, wanted)
    found = Reading()
    data = written(corpus.rows, name, found)
    write_bytes(path, data, check=lambda beside: _check(corpus, beside, name))
    return found.notes


def _check(corpus: Corpus, path: Path, name: str) -> None:
    """Read a file back and hold it against the corpus it was made from."""
    try:
        again = read_corpus(
            [str(path)],
            codebook=corpus.codebook,
            text_column="text" if name != "fasttext" else None,
            format=name,
            separator=_SEPARATORS.get(name),
        ).rows
    except CorpusError as error:
        reasons = "；".join(sorted({problem.reason for problem in error.problems})[:3])
        rows = [corpus.rows[p.line - 1] for p in error.problems if name in _BY_LINE and p.line]
        raise CorpusError(
            [Problem(row.file, row.line, f"{name} 写不下这一段（{reasons}）") for row in rows]
            or [Problem(name, 0, f"写出的文件读不回来（{reasons}）")]
        ) from error
    if len(again) != len(corpus.rows):
        raise CorpusError([Problem(name, 0, f"{len(corpus.rows)} 段只写下了 {len(again)} 段")])
    _compare(corpus.rows, again, name)


_BY_LINE = ("jsonl", "json", "fasttext")


def _compare(rows: Sequence[Row], again: Sequence[Row], name: str) -> None:
    problems = [
        Problem(row.file, row.line, f"{name} 写不下这一段的 {'、'.join(changed)}")
        for row, other in zip(rows, again, strict=True)
        if (changed := _changed(row, other, name))
    ]
    if problems:
        raise CorpusError(problems)


def _changed(row: Row, other: Row, name: str) -> list[str]:
    """What of a row came back as something else."""
    if name == "fasttext":
        pairs = {"正文": ("".join(row.text.split()), "".join(other.text.split()))}
    else:
        pairs = {
            "正文": (one_line_end(row.text) if name == "xlsx" else row.text, other.text),
            "id": (row.id, other.id),
            "genre": (row.genre, other.genre),
            "source": (row.source, other.source),
            "group": (row.group, other.group),
        }
    if row.labels != other.labels:
        return ["标签"]
    return [what for what, (mine, theirs) in pairs.items() if mine != theirs]
