"""From documents to scored rows, in batches across documents."""

import queue
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from model.classifier import Classified, ThemeClassifier
from model.document import Document, Paragraph, paragraphs
from model.features import BATCH_CHARACTERS, BATCH_TEXTS
from service.answers import DIGITS
from service.reading.errors import Rejected
from service.tables.columns import WORDS, Row, carried_names, fixed_columns

_MOST_REJECTED = 1000

Item = TypeVar("Item")


@dataclass(slots=True)
class Batch:
    """Paragraphs of some documents, and what was rejected on the way.

    Attributes:
        documents: how many end in this batch.
        pending: paragraphs with their documents and their numbers in them.
        rejected: what could not be read.
        characters: of all paragraphs.
    """

    documents: int = 0
    pending: list[tuple[Document, int, Paragraph]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    characters: int = 0

    @property
    def is_full(self) -> bool:
        """Whether it is as large as a batch should be."""
        return (
            len(self.pending) >= BATCH_TEXTS
            or self.characters >= BATCH_CHARACTERS
            or len(self.rejected) >= _MOST_REJECTED
        )

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it."""
        return not (self.documents or self.pending or self.rejected)


def batches(items: Iterable[Document | Rejected | None]) -> Iterator[Batch]:
    """Cut documents into batches; a None in between ends a batch early."""
    batch = Batch()
    for item in items:
        if isinstance(item, Document):
            for number, paragraph in enumerate(paragraphs(item)):
                batch.pending.append((item, number, paragraph))
                batch.characters += len(paragraph.text)
                if batch.is_full:
                    yield batch
                    batch = Batch()
            batch.documents += 1
        elif item is not None:
            batch.rejected.append(item)
        if (item is None and not batch.is_empty) or batch.is_full:
            yield batch
            batch = Batch()
    if not batch.is_empty:
        yield batch


class RowMaker:
    """Scores batches.

    Args:
        classifier: says what paragraphs are about.
        evidence: with the words that decided.
        keep_text: with the text and everything else that repeats what the documents say.

    Attributes:
        fixed: the columns of a row, those that the input carried left out.
    """

    def __init__(self, classifier: ThemeClassifier, *, evidence: bool, keep_text: bool) -> None:
        self._classifier = classifier
        self._evidence = evidence
        self._keep_text = keep_text
        self._tail = {"model": classifier.version, "codebook": classifier.codebook.version}
        self._scores = [(label, f"score_{label}") for label in classifier.labels]
        self.fixed = fixed_columns(classifier.labels, evidence=evidence, keep_text=keep_text)

    def rows(self, batch: Batch) -> list[Row]:
        """The rows of a batch, in order."""
        classified = self._classifier.classify_paragraphs(
            [paragraph for _, _, paragraph in batch.pending], evidence=self._evidence
        )
        rows = []
        document, head, carried = None, {}, {}
        for (mine, number, _), item in zip(batch.pending, classified, strict=True):
            if mine is not document:
                document, head, carried = mine, _head(mine), self._carried(mine)
            rows.append(self._row(head, number, item, carried))
        return rows

    def _row(self, head: Row, number: int, item: Classified, carried: Row) -> Row:
        paragraph, decision = item.paragraph, item.decision
        row = {
            **head,
            "para": number,
            "start": paragraph.start,
            "end": paragraph.end,
            "kind": paragraph.kind,
            "text": _sound(paragraph.text),
            "labels": list(decision.labels),
            "status": decision.status,
            "uncertain": list(decision.uncertain),
        }
        for label, name in self._scores:
            row[name] = round(decision.scores[label], DIGITS)
        row.update(self._tail)
        if self._evidence:
            row["evidence"] = self._explained(item)
        if not self._keep_text:
            for name in WORDS:
                del row[name]
        row.update(carried)
        return row

    def _explained(self, item: Classified) -> list[dict[str, Any]]:
        return [
            {
                "label": each.label,
                "start": each.start,
                "end": each.end,
                **({"text": _sound(each.text)} if self._keep_text else {}),
                "weight": round(each.weight, DIGITS),
            }
            for each in item.decision.evidence
        ]

    def _carried(self, document: Document) -> Row:
        if not document.columns or not self._keep_text:
            return {}
        names = carried_names(document.columns, self.fixed)
        return {_sound(names[name]): _sound(value) for name, value in document.columns.items()}


def ahead(items: Iterator[Item], depth: int) -> Iterator[Item]:
    """The same items, read by a thread that is up to so many ahead.

    Waiting for a disk or a network share and counting words go on at the same time.
    """
    line: queue.Queue[Item | _End] = queue.Queue(depth)
    left = threading.Event()

    def put(item: Item | _End) -> None:
        while not left.is_set():
            try:
                line.put(item, timeout=0.1)
            except queue.Full:
                continue
            return

    def read() -> None:
        try:
            for item in items:
                put(item)
                if left.is_set():
                    return
        except Exception as error:  # noqa: BLE001  raised again where the items are wanted
            put(_End(error))
        else:
            put(_End(None))

    thread = threading.Thread(target=read, name="reading", daemon=True)
    thread.start()
    try:
        while not isinstance(item := line.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        left.set()
        thread.join()


@dataclass(frozen=True, slots=True)
class _End:
    error: Exception | None


def _head(document: Document) -> Row:
    return {
        "doc": _sound(document.source),
        "title": _sound(document.title),
        "date": _sound(document.date),
        "author": _sound(document.author),
        "origin": _sound(document.origin),
    }


def _sound(text: str) -> str:
    """Text that can be written as UTF-8: halves of surrogate pairs become U+FFFD, one for one."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
    return text
