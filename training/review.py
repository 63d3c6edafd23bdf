"""Doubted labels as a spreadsheet to go through, and the corpus with what was decided there.

A row is changed only where somebody wrote something into the column for it; it is found by its id,
and only when its text is still the same.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from model.codebook import Codebook
from model.errors import LabelError
from model.files import write_bytes
from training.corpus import Corpus, Row, written_labels
from training.errors import CorpusError
from training.formats.entry import Columns, Entry, Reading
from training.formats.reading import read_file
from training.formats.writing import as_cell, sheet_bytes
from training.suspicion import ReviewError, Suspicion

ID, TEXT, DECISION = "编号", "正文", "改为"
HEADER = (ID, "可疑程度", "现在的标签", "建议的标签", DECISION, "概率", "依据", TEXT, "文件", "行")

NOTHING = "无"
"""What says in a cell that a row has no label."""

_WIDTHS = (18, 10, 18, 18, 18, 22, 30, 80, 20, 8)


@dataclass(frozen=True, slots=True)
class Relabelled:
    """A row that got other labels: those it had and those it has now."""

    row: Row
    before: tuple[str, ...]
    after: tuple[str, ...]


def check_target(path: Path) -> None:
    """Make sure that a review can be written under this name, before any work is done.

    Raises:
        ReviewError: the name ends in something else than .csv or .xlsx.
    """
    if path.suffix.lower() not in (".csv", ".xlsx"):
        raise ReviewError(f"只能写成 .csv 或 .xlsx，不是 {path.name}")


def write_review(found: Sequence[Suspicion], codebook: Codebook, path: Path) -> None:
    """Write doubted rows as a CSV or XLSX file that Excel opens as it should.

    Raises:
        ReviewError: the file's name ends in something else.
    """
    check_target(path)
    table = [list(HEADER), *(_cells(item, codebook) for item in found)]
    if path.suffix.lower() == ".xlsx":
        write_bytes(path, sheet_bytes(table, "可疑的标签", _WIDTHS))
        return
    out = io.StringIO(newline="")
    csv.writer(out).writerows([[_tame(cell) for cell in cells] for cells in table])
    write_bytes(path, out.getvalue().encode("utf-8-sig", "replace"))


def _cells(item: Suspicion, codebook: Codebook) -> list[str]:
    chances = "，".join(f"{codebook.name(x)} {p:.2f}" for x, p in item.probabilities.items())
    cells = (
        item.row.id,
        f"{item.doubt:.3f}",
        _names(item.row.labels, codebook),
        _names(item.suggested, codebook),
        "",
        chances,
        "、".join(evidence.text for evidence in item.evidence),
        item.row.text,
        item.row.file,
        str(item.row.line or ""),
    )
    return [as_cell(cell) for cell in cells]


def _names(labels: Sequence[str], codebook: Codebook) -> str:
    return "；".join(codebook.name(label) for label in labels) or NOTHING


def _tame(cell: str) -> str:
    """The same with an apostrophe before what Excel would take for a formula."""
    return f"'{cell}" if cell[:1] in "=+-@" and cell else cell


def apply_review(corpus: Corpus, path: Path) -> tuple[Corpus, list[Relabelled]]:
    """The corpus with the labels that were written into a reviewed file, and every change.

    Raises:
        CorpusError: everything in the file that does not fit the corpus; nothing is changed.
    """
    found = Reading()
    rows = {row.id: row for row in corpus.rows}
    decided: dict[str, tuple[str, ...]] = {}
    for entry in read_file(path, Columns(TEXT, DECISION), found):
        name = _untamed(entry.fields.get(ID))
        row = rows.get(name)
        if row is None:
            found.wrong(entry.file, entry.line, f"语料里没有编号 {name!r}")
        elif _plain(entry.text) != _plain(as_cell(row.text)):
            found.wrong(entry.file, entry.line, f"{name} 的正文与语料里的不同，不敢改它的标签")
        elif entry.labels is not None and str(entry.labels).strip():
            labels = _decided(entry, corpus.codebook, found)
            if decided.setdefault(name, labels) != labels:
                found.wrong(entry.file, entry.line, f"{name} 出现了两次，写的不一样")
    if found.problems:
        raise CorpusError(found.problems)
    return _changed(corpus, decided)


def _decided(entry: Entry, codebook: Codebook, found: Reading) -> tuple[str, ...]:
    labels: list[str] = []
    # A name may hold what else parts names: a cell is parted no more than it must be.
    for separator in ("", "；", None):
        labels = written_labels(entry, separator, found)
        if all(map(codebook.knows, labels)):
            break
    ids = set()
    for label in labels:
        try:
            ids.add(codebook.resolve(label))
        except LabelError as error:
            found.wrong(entry.file, entry.line, str(error))
    return tuple(label for label in codebook.ids if label in ids)


def _changed(
    corpus: Corpus, decided: dict[str, tuple[str, ...]]
) -> tuple[Corpus, list[Relabelled]]:
    changes = [
        Relabelled(row, row.labels, decided[row.id])
        for row in corpus.rows
        if decided.get(row.id, row.labels) != row.labels
    ]
    after = {change.row.id: change.after for change in changes}
    rows = tuple(replace(row, labels=after.get(row.id, row.labels)) for row in corpus.rows)
    return replace(corpus, rows=rows), changes


def _untamed(value: object) -> str:
    return str("" if value is None else value).strip().removeprefix("'")


def _plain(text: object) -> str:
    """A text without what a spreadsheet may have done to it: blanks, line ends, the apostrophe."""
    return "".join(_untamed(text).split())
