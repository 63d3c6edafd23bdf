"""Documents in batches, and batches scored; reading goes on while a batch is scored."""

import queue
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from model.classifier import ThemeClassifier
from model.decision import Decision
from model.document import Document, Paragraph, paragraphs
from model.features import BATCH_CHARACTERS, BATCH_TEXTS, Floats
from service.answers import DIGITS, result
from service.archive.scored import ScoredBatch
from service.reading.errors import Rejected
from service.tables.columns import fixed_columns

_MOST_REJECTED = 1000

Item = TypeVar("Item")
Explained = list[list[dict[str, Any]]]


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


class BatchScorer:
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
        self._constants = {"model": classifier.version, "codebook": classifier.codebook.version}
        self.fixed = fixed_columns(classifier.labels, evidence=evidence, keep_text=keep_text)

    def score(self, batch: Batch) -> ScoredBatch:
        """What the model says of a batch; furniture has scores, but no label and no evidence."""
        paragraphs = [paragraph for _, _, paragraph in batch.pending]
        documents, document_of = _documents(batch)
        furniture = np.array([p.kind == "furniture" for p in paragraphs], np.bool_)
        scores, evidence = self._scored(paragraphs)
        given, uncertain = self._classifier.thresholds.apply(scores)
        given[furniture] = uncertain[furniture] = False
        return ScoredBatch(
            labels=self._classifier.labels,
            documents=documents,
            document_of=document_of,
            numbers=np.array([number for _, number, _ in batch.pending], np.int64),
            paragraphs=paragraphs,
            scores=np.round(scores, DIGITS),
            given=given,
            uncertain=uncertain,
            evidence=evidence,
            constants=self._constants,
            fixed=self.fixed,
        )

    def _scored(self, paragraphs: list[Paragraph]) -> tuple[Floats, Explained | None]:
        texts = [paragraph.text for paragraph in paragraphs]
        if not self._evidence:
            return self._classifier.scores(texts), None
        classified = self._classifier.classify_paragraphs(paragraphs, evidence=True)
        scores = [list(item.decision.scores.values()) for item in classified]
        evidence = [self._explained(item.decision) for item in classified]
        return np.array(scores, np.float64).reshape(-1, len(self._classifier.labels)), evidence

    def _explained(self, decision: Decision) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = result(decision, with_evidence=True)["evidence"]
        if not self._keep_text:
            for each in found:
                del each["text"]
        return found


def _documents(batch: Batch) -> tuple[list[Document], NDArray[np.int64]]:
    """The distinct documents of a batch, and the place of each paragraph's among them."""
    documents: list[Document] = []
    places = []
    for document, _, _ in batch.pending:
        if not documents or document is not documents[-1]:
            documents.append(document)
        places.append(len(documents) - 1)
    return documents, np.array(places, np.int64)


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
