"""Documents in batches, and batches scored; reading goes on while a batch is scored."""

import queue
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from model.classifier import ThemeClassifier
from model.decision import Decision
from model.document import Document
from model.features import BATCH_CHARACTERS, BATCH_TEXTS, Floats
from model.kinds import KINDS
from model.paragraphs import Paragraphs, cut
from service.answers import DIGITS, result
from service.archive.scored import ScoredBatch
from service.reading.errors import Rejected
from service.tables.columns import fixed_columns

_MOST_REJECTED = 1000

_CHARACTERS = BATCH_CHARACTERS // 4
"""Documents of so many characters are cut and scored together: more is no faster, and memory."""

_SHORT = 0.001
"""Seconds of waiting that are not worth a thread."""

Item = TypeVar("Item")
Explained = list[list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Batch:
    """Paragraphs of some documents, and what was rejected on the way.

    Attributes:
        finished: how many documents end in this batch.
        documents: those that have a paragraph in it.
        paragraphs: of these documents.
        numbers: of each paragraph in its document, shape (paragraphs,).
        rejected: what could not be read.
    """

    finished: int
    documents: Sequence[Document]
    paragraphs: Paragraphs
    numbers: NDArray[np.int64]
    rejected: Sequence[Rejected]


def batches(items: Iterable[Document | Rejected | None]) -> Iterator[Batch]:
    """Put documents together and cut them into paragraphs; a None in between ends a batch early."""
    documents: list[Document] = []
    rejected: list[Rejected] = []
    characters = 0
    for item in items:
        if isinstance(item, Document):
            documents.append(item)
            characters += len(item.text)
        elif item is not None:
            rejected.append(item)
        full = characters >= _CHARACTERS or len(documents) >= BATCH_TEXTS
        if item is None or full or len(rejected) >= _MOST_REJECTED:
            yield from _cut(documents, rejected)
            documents, rejected, characters = [], [], 0
    yield from _cut(documents, rejected)


def _cut(documents: list[Document], rejected: list[Rejected]) -> Iterator[Batch]:
    """The documents in one batch, or in several where a document alone is more than enough."""
    if not (documents or rejected):
        return
    found = cut(documents)
    numbers = found.numbers
    stops = _stops(found.texts)
    for start, stop in zip([0, *stops[:-1]], stops, strict=True):
        part = found[start:stop]
        new = np.flatnonzero(np.diff(part.document_of, prepend=-1))
        mine = [documents[n] for n in part.document_of[new].tolist()]
        of = np.repeat(np.arange(len(new)), np.diff(new, append=len(part)))
        last = stop == len(found)
        yield Batch(
            len(documents) if last else 0,
            mine,
            replace(part, document_of=of),
            numbers[start:stop],
            rejected if last else [],
        )


def _stops(texts: Sequence[str]) -> list[int]:
    """Where batches end."""
    stops = []
    count = characters = 0
    for n, text in enumerate(texts):
        if count == BATCH_TEXTS or characters >= BATCH_CHARACTERS:
            stops.append(n)
            count = characters = 0
        count += 1
        characters += len(text)
    return [*stops, len(texts)]


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
        paragraphs = batch.paragraphs
        scores, evidence = self._scored(paragraphs)
        given, uncertain = self._classifier.thresholds.apply(scores)
        furniture = paragraphs.kinds == KINDS.index("furniture")
        given[furniture] = uncertain[furniture] = False
        return ScoredBatch(
            labels=self._classifier.labels,
            documents=batch.documents,
            numbers=batch.numbers,
            paragraphs=paragraphs,
            scores=np.round(scores, DIGITS),
            given=given,
            uncertain=uncertain,
            evidence=evidence,
            constants=self._constants,
            fixed=self.fixed,
        )

    def _scored(self, paragraphs: Paragraphs) -> tuple[Floats, Explained | None]:
        if not self._evidence:
            return self._classifier.scores(paragraphs.texts), None
        classified = self._classifier.classify_paragraphs(paragraphs.each(), evidence=True)
        scores = [list(item.decision.scores.values()) for item in classified]
        evidence = [self._explained(item.decision) for item in classified]
        return np.array(scores, np.float64).reshape(-1, len(self._classifier.labels)), evidence

    def _explained(self, decision: Decision) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = result(decision, with_evidence=True)["evidence"]
        if not self._keep_text:
            for each in found:
                del each["text"]
        return found


def overlapped(items: Iterator[Item], depth: int) -> Iterator[Item]:
    """The same items; once more time is waited than worked for one, the others are read ahead.

    Waiting for a network share or a converter and counting words then go on at the same time. Where
    there is nothing to wait for, a second thread would only take turns with the first, at a cost of
    a fifteenth.
    """
    while True:
        began, worked = time.perf_counter(), time.thread_time()
        try:
            item = next(items)
        except StopIteration:
            return
        work = time.thread_time() - worked
        waited = time.perf_counter() - began - work
        yield item
        if waited > max(work, _SHORT):
            yield from ahead(items, depth)
            return


def ahead(items: Iterator[Item], depth: int) -> Iterator[Item]:
    """The same items, read by a thread that is up to so many ahead."""
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
