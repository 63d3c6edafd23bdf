"""The rows of a scored table, in any of its formats, as they were written.

Furniture is left out: it is never looked at. A workbook is read back from what it shows to people:
Chinese headers, and themes by their names.
"""

import csv
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from service.tables.formats import SUFFIXES, TableError
from service.tables.separated import unguarded
from service.tables.workbook import HEADERS, SHOWN_SCORE, VALUES

_READ = ("doc", "title", "para", "kind", "text", "labels", "uncertain", "model", "codebook")
_SHOWN = {HEADERS[name]: name for name in _READ}
_SCORE = "score_"
_FURNITURE = ("furniture", VALUES["kind"]["furniture"])
_ROWS_AT_ONCE = 4_096


@dataclass(frozen=True, slots=True)
class ScoredRow:
    """A paragraph of a table, and what the model says of it if one was asked.

    Attributes:
        text: the paragraph.
        doc, title, para: where it is from; `para` counts from 0, None where nobody counted.
        scores: a probability for every label, in the codebook's order; empty without a model.
        proposed, uncertain: the model's labels, and those in their band.
        model, codebook: the versions that said so.
    """

    text: str
    doc: str = ""
    title: str = ""
    para: int | None = None
    scores: Mapping[str, float] | None = None
    proposed: tuple[str, ...] = ()
    uncertain: tuple[str, ...] = ()
    model: str = ""
    codebook: str = ""

    @property
    def key(self) -> str:
        """What makes it the same paragraph: SHA-256 of its text, hexadecimal."""
        return text_key(self.text)


def text_key(text: str) -> str:
    """SHA-256 of a text, hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def storable(text: str) -> str:
    """A text without NUL, which PostgreSQL stores in no encoding."""
    return text.replace("\x00", "")


def find_table(folder: Path) -> Path:
    """The scored table in a folder: a file, or a folder of Parquet files.

    Raises:
        TableError: there is none, or more than one.
    """
    found = [
        path
        for path in sorted(folder.iterdir() if folder.is_dir() else ())
        if (path.suffix.lower() in SUFFIXES and not path.name.endswith(".rejected.jsonl"))
        or (path.is_dir() and not path.name.endswith(".run") and any(path.glob("*.parquet")))
    ]
    if found and all(path.suffix == ".parquet" and path.is_file() for path in found):
        return found[0] if len(found) == 1 else folder
    if len(found) != 1:
        reason = "没有结果表" if not found else f"有 {len(found)} 张表"
        raise TableError(f"这个任务的输出里{reason}，无法从中挑选段落")
    return found[0]


def read_scored(table: Path, names: Mapping[str, str]) -> Iterator[ScoredRow]:
    """The paragraphs of a scored table in its order, furniture left out.

    Args:
        table: a file, or a folder of Parquet files.
        names: label ids by their Chinese names, for workbooks.

    Raises:
        TableError: it has no texts or no scores, or cannot be read.
    """
    reader = _READERS["" if table.is_dir() else table.suffix.lower()]
    try:
        for row in reader(table, names):
            if row.get("kind") not in _FURNITURE and (row.get("text") or "").strip():
                yield _row(row)
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise TableError(f"结果表 {table.name} 读不出来（{type(error).__name__}）") from error


def _check(columns: Sequence[str], table: Path) -> list[str]:
    """The columns with scores; those that the input carried stand behind `model`."""
    if "text" not in columns:
        raise TableError(f"结果表 {table.name} 里没有原文，无法标注；请不带“不保留原文”再做一次")
    end = columns.index("model") if "model" in columns else len(columns)
    scores = [name for name in columns[:end] if name.startswith(_SCORE)]
    if not scores:
        raise TableError(f"{table.name} 不是判断的结果：没有 {_SCORE}… 这样的列")
    return scores


def _row(row: Mapping[str, Any]) -> ScoredRow:
    para = row.get("para")
    return ScoredRow(
        text=storable(row["text"]),
        doc=storable(row.get("doc") or ""),
        title=storable(row.get("title") or ""),
        para=int(para) if para not in (None, "") else None,
        scores=row["scores"],
        proposed=_listed(row.get("labels")),
        uncertain=_listed(row.get("uncertain")),
        model=row.get("model") or "",
        codebook=row.get("codebook") or "",
    )


def _listed(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = value.split(";")
    return tuple(label for label in value or () if label)


def _json_lines(table: Path, _names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    scores: list[str] = []
    with table.open("rb") as file:
        for line in file:
            row = orjson.loads(line)
            scores = scores or _check(list(row), table)
            yield row | {"scores": {name[len(_SCORE) :]: row[name] for name in scores}}


def _separated(table: Path, _names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(2**31 - 1)
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        columns = [unguarded(name) for name in next(rows, [])]
        scores = _check(columns, table)
        for cells in rows:
            row = dict(zip(columns, map(unguarded, cells), strict=False))
            yield row | {"scores": {name[len(_SCORE) :]: float(row[name]) for name in scores}}


def _columnar(table: Path, _names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    from pyarrow import parquet

    for path in sorted(table.glob("*.parquet")) if table.is_dir() else [table]:
        with parquet.ParquetFile(path) as file:
            scores = _check(file.schema_arrow.names, table)
            wanted = {*_READ, *scores}.intersection(file.schema_arrow.names)
            for batch in file.iter_batches(_ROWS_AT_ONCE, columns=sorted(wanted)):
                for row in batch.to_pylist():
                    yield row | {"scores": {name[len(_SCORE) :]: row[name] for name in scores}}


def _workbook(table: Path, names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    from python_calamine import CalamineWorkbook

    with CalamineWorkbook.from_path(table) as book:
        for sheet in book.sheet_names:
            rows = book.get_sheet_by_name(sheet).iter_rows()
            columns = [_shown_column(str(cell), names) for cell in next(rows, ())]
            scores = _check(columns, table)
            for cells in rows:
                row: dict[str, Any] = dict(zip(columns, cells, strict=False))
                for name in ("labels", "uncertain"):
                    row[name] = [names.get(label, label) for label in _listed(row.get(name))]
                yield row | {"scores": {name[len(_SCORE) :]: row[name] for name in scores}}


def _shown_column(header: str, names: Mapping[str, str]) -> str:
    if header.endswith(SHOWN_SCORE):
        name = header.removesuffix(SHOWN_SCORE)
        return _SCORE + names.get(name, name)
    return _SHOWN.get(header, header)


_READERS: Mapping[str, Callable[[Path, Mapping[str, str]], Iterator[dict[str, Any]]]] = {
    ".jsonl": _json_lines,
    ".csv": _separated,
    ".xlsx": _workbook,
    ".parquet": _columnar,
    "": _columnar,
}
