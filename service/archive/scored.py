"""A batch of scored paragraphs, column by column: as rows for JSON, as arrays for Parquet.

A column is made at once for the whole batch; per paragraph there is no more than what it has alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.document import Document
from model.kinds import KINDS
from model.paragraphs import Paragraphs
from service.tables.columns import WORDS, Row, carried_names

Matrix = NDArray[np.bool_]

STATUSES = ("none", "labelled", "uncertain")
_OF_DOCUMENT = ("title", "date", "author", "origin")


@dataclass(frozen=True, slots=True)
class ScoredBatch:
    """Paragraphs of some documents and what the model says of them.

    Attributes:
        labels: the ids, in codebook order.
        documents: those that the paragraphs belong to, in order.
        numbers: of each paragraph in its document, shape (paragraphs,).
        paragraphs: in order; they know the place of their documents in that list.
        scores: probabilities as they are shown, shape (paragraphs, labels).
        given, uncertain: which labels each has, and which lie in their bands, the same shape;
            none for furniture.
        evidence: of each paragraph, where it was asked for.
        constants: columns that are the same in every row, such as the model.
        fixed: the columns of a row, those that the input carried left out.
    """

    labels: tuple[str, ...]
    documents: Sequence[Document]
    numbers: NDArray[np.int64]
    paragraphs: Paragraphs
    scores: NDArray[np.float64]
    given: Matrix
    uncertain: Matrix
    evidence: Sequence[list[dict[str, Any]]] | None
    constants: Mapping[str, str]
    fixed: tuple[str, ...]

    @property
    def statuses(self) -> NDArray[np.int64]:
        """The place of each paragraph's status in `STATUSES`."""
        return np.where(self.uncertain.any(1), 2, self.given.any(1).astype(np.int64))

    def __len__(self) -> int:
        return len(self.paragraphs)

    def carried(self) -> list[dict[str, str]]:
        """What each document carried, under the names of the output; nothing without the text."""
        if not set(WORDS) <= set(self.fixed):
            return [{} for _ in self.documents]
        return [_carried(document, self.fixed) for document in self.documents]

    def rows(self) -> Iterator[Row]:
        """The rows, in order."""
        heads = [self._head(document) for document in self.documents]
        carried = self.carried()
        lists = _lists(self.given, self.labels), _lists(self.uncertain, self.labels)
        scores = [f"score_{label}" for label in self.labels]
        left_out = [name for name in WORDS if name not in self.fixed]
        paragraphs = self.paragraphs
        for n, (place, number, start, end, kind, text, values, status) in enumerate(
            zip(
                paragraphs.document_of.tolist(),
                self.numbers.tolist(),
                paragraphs.starts.tolist(),
                paragraphs.ends.tolist(),
                paragraphs.kinds.tolist(),
                paragraphs.texts,
                self.scores.tolist(),
                self.statuses.tolist(),
                strict=True,
            )
        ):
            row = {
                **heads[place],
                "para": number,
                "start": start,
                "end": end,
                "kind": KINDS[kind],
                "text": text,
                "labels": lists[0][n],
                "status": STATUSES[status],
                "uncertain": lists[1][n],
                **dict(zip(scores, values, strict=True)),
                **self.constants,
            }
            if self.evidence is not None:
                row["evidence"] = self.evidence[n]
            for name in left_out:
                del row[name]
            row.update(carried[place])
            yield row

    def table(self, schema: Any) -> Any:
        """The rows as an Arrow table with the columns of a schema."""
        import pyarrow

        columns = self._columns(pyarrow)
        carried = self.carried()
        arrays = []
        for field in schema:
            values = columns.get(field.name)
            if values is None:
                of_documents = pyarrow.array([c.get(field.name) for c in carried], field.type)
                values = of_documents.take(pyarrow.array(self.paragraphs.document_of))
            elif callable(values):
                values = values(field.type)
            arrays.append(values)
        return pyarrow.Table.from_arrays(arrays, schema=schema)

    def _columns(self, pyarrow: Any) -> dict[str, Any]:
        """An array for each fixed column, or what makes one of a given type."""
        places = pyarrow.array(self.paragraphs.document_of)
        nothing = pyarrow.array(np.zeros(len(self), np.int64))

        def taken(values: Sequence[str], where: Any) -> Any:
            return pyarrow.array(values, pyarrow.string()).take(where)

        found = {"doc": taken([d.source for d in self.documents], places)}
        for name in _OF_DOCUMENT:
            found[name] = taken([getattr(d, name) for d in self.documents], places)
        found["para"] = pyarrow.array(self.numbers)
        found["start"] = pyarrow.array(self.paragraphs.starts)
        found["end"] = pyarrow.array(self.paragraphs.ends)
        found["kind"] = taken(KINDS, pyarrow.array(self.paragraphs.kinds))
        found["text"] = pyarrow.array(self.paragraphs.texts, pyarrow.string())
        found["status"] = taken(STATUSES, pyarrow.array(self.statuses))
        for name, matrix in (("labels", self.given), ("uncertain", self.uncertain)):
            ends = np.concatenate(([0], np.cumsum(matrix.sum(1)))).astype(np.int32)
            values = taken(self.labels, pyarrow.array(np.nonzero(matrix)[1]))
            found[name] = pyarrow.ListArray.from_arrays(pyarrow.array(ends), values)
        for n, label in enumerate(self.labels):
            found[f"score_{label}"] = pyarrow.array(np.ascontiguousarray(self.scores[:, n]))
        for name, value in self.constants.items():
            found[name] = taken([value], nothing)
        if self.evidence is not None:
            found["evidence"] = lambda kind: pyarrow.array(self.evidence, kind)
        return found

    def _head(self, document: Document) -> Row:
        return {
            "doc": document.source,
            **{name: getattr(document, name) for name in _OF_DOCUMENT},
        }


def _lists(matrix: Matrix, labels: Sequence[str]) -> list[list[str]]:
    """The labels of each row of a matrix; rows that are alike share a list."""
    codes = matrix @ (1 << np.arange(len(labels), dtype=np.int64))
    made = {
        code: [label for n, label in enumerate(labels) if code >> n & 1]
        for code in np.unique(codes).tolist()
    }
    return [made[code] for code in codes.tolist()]


def _carried(document: Document, fixed: Sequence[str]) -> dict[str, str]:
    if not document.columns:
        return {}
    names = carried_names(document.columns, fixed)
    return {names[name]: value for name, value in document.columns.items()}
