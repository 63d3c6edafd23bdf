"""What was read and what the model says of it: shares of the themes, rows, tables."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.client.results import Document, Result, Scored
from service.tables.columns import Columns, Row, carried_names, fixed_columns
from service.tables.json_lines import JsonLines
from service.tables.separated import Separated
from service.tables.workbook import Workbook

KINDS = ("xlsx", "csv", "jsonl")
"""The tables that can be had."""

_BLOCK = 2048


@dataclass(frozen=True)
class Sheet:
    """A text or a file, read.

    Attributes:
        scored: the documents, paragraph by paragraph, with evidence; and what was not read.
        labels: the ids of the themes, in codebook order.
        names: what they are called in tables.
    """

    scored: Scored
    labels: tuple[str, ...]
    names: Sequence[str]

    @property
    def results(self) -> Iterator[Result]:
        """All paragraphs, in order."""
        return (result for document in self.scored.documents for result in document.results)

    def shares(self) -> "Shares":
        """How many paragraphs got what."""
        labels: Counter[str] = Counter()
        shares = Shares({}, 0, 0, 0, 0)
        for result in self.results:
            shares.paragraphs += 1
            shares.furniture += result.kind == "furniture"
            shares.none += is_none(result)
            shares.uncertain += result.status == "uncertain"
            labels.update(result.labels)
        shares.labels = {label: labels[label] for label in self.labels}
        return shares

    def columns(self) -> Columns:
        """The columns of a table, in the order in which `govtheme score --evidence` has them."""
        fixed = fixed_columns(self.labels, evidence=True)
        carried: dict[str, None] = {}
        for document in self.scored.documents:
            carried.update(dict.fromkeys(carried_names(document.columns, fixed).values()))
        return Columns(fixed, tuple(carried))

    def rows(self) -> Iterator[Row]:
        """A row a paragraph, as `govtheme score --evidence` writes it."""
        fixed = fixed_columns(self.labels, evidence=True)
        for document in self.scored.documents:
            names = carried_names(document.columns, fixed)
            carried = {names[name]: value for name, value in document.columns.items()}
            for result in document.results:
                yield self._row(document, result) | carried

    def table(self, kind: str) -> bytes:
        """A table of one of the `KINDS`; nothing of it stays on the disk."""
        with tempfile.TemporaryDirectory(prefix="govtheme-") as folder:
            path = Path(folder) / f"table.{kind}"
            self._write(path)
            return path.read_bytes()

    def _write(self, path: Path) -> None:
        table = self._opened(path)
        block: list[Row] = []
        for row in self.rows():
            block.append(row)
            if len(block) == _BLOCK:
                table.write(block)
                block = []
        table.write(block)
        table.close()

    def _opened(self, path: Path) -> JsonLines | Separated | Workbook:
        if path.suffix == ".jsonl":
            return JsonLines(path)
        if path.suffix == ".csv":
            return Separated(path, self.columns())
        return Workbook(path, self.columns(), dict(zip(self.labels, self.names, strict=True)))

    def _row(self, document: Document, result: Result) -> Row:
        return {
            "doc": document.doc,
            "title": document.title,
            "date": document.date,
            "author": document.author,
            "origin": document.origin,
            "para": result.para,
            "start": result.start,
            "end": result.end,
            "kind": result.kind,
            "text": result.text,
            "labels": list(result.labels),
            "status": result.status,
            "uncertain": list(result.uncertain),
            **{f"score_{label}": score for label, score in result.scores.items()},
            "model": self.scored.model,
            "codebook": self.scored.codebook,
            "evidence": _evidence(result),
        }


@dataclass
class Shares:
    """How many paragraphs got what.

    Attributes:
        labels: how many each theme has; a paragraph may have several.
        none: those without a theme, furniture left out.
        uncertain: those where a theme lies in its band.
        furniture: what is no text.
        paragraphs: all of them.
    """

    labels: dict[str, int]
    none: int
    uncertain: int
    furniture: int
    paragraphs: int

    @property
    def text(self) -> int:
        """The paragraphs that are no furniture: what shares are of."""
        return self.paragraphs - self.furniture


def is_none(result: Result) -> bool:
    """Whether a paragraph has no theme and could have had one."""
    return not result.labels and result.kind != "furniture"


def _evidence(result: Result) -> list[dict[str, Any]]:
    return [
        {
            "label": item.label,
            "start": item.start,
            "end": item.end,
            "text": item.text,
            "weight": item.weight,
        }
        for item in result.evidence
    ]
