"""The one call that every route and protocol makes: texts in, decisions out.

Small requests are scored on the event loop: what arrives while the loop turns once or twice is
scored as one batch, because one text alone takes four times as long as one among eight. Large ones
go to a thread of their own, one after the other, so that the loop stays free: more threads would
only take turns, since the segmenter holds the interpreter's lock.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from model.classifier import Classified, ThemeClassifier
from model.decision import Decision
from model.document import Document, paragraphs
from service.errors import BadRequestError
from service.live import LiveModel
from service.metrics import Meters, Tallies

SMALL = 2_000
"""A request of at most so many characters is scored on the event loop: half a millisecond."""

_FEW = 100

_TURNS = 2
"""So many turns of the loop are waited for others to join, while each brings some; a turn is short,
and a text among others takes a quarter of the time."""

Threshold = float | Mapping[str, float] | None
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answered:
    """Decisions and the one classifier that made them all."""

    classifier: ThemeClassifier
    decisions: Sequence[Decision]


class Inference:
    """Scores for routes; one a worker.

    Args:
        live: the model in use.
        meters: told what was decided.
    """

    def __init__(self, live: LiveModel, meters: Meters) -> None:
        self.live = live
        self._meters = meters
        self._waiting: list[tuple[Sequence[str], asyncio.Future[Answered]]] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="score")

    async def classify(
        self, texts: Sequence[str], *, evidence: bool = False, threshold: Threshold = None
    ) -> Answered:
        """Decide for each text, taken as one paragraph.

        Raises:
            NotReadyError: there is no model.
            BadRequestError: a threshold for a label that the model does not have.
        """
        small = sum(map(len, texts)) <= SMALL
        if small and not evidence and threshold is None:
            return await self._joined(texts)
        classifier = self.live.classifier

        def call() -> tuple[Answered, Tallies]:
            decisions = classifier.classify(texts, evidence=evidence, threshold=threshold)
            return Answered(classifier, decisions), Tallies.of(classifier, decisions)

        answered, tallies = await self._run(call, small)
        self._meters.count(tallies)
        return answered

    async def classify_document(
        self, text: str, *, evidence: bool = False, threshold: Threshold = None
    ) -> tuple[ThemeClassifier, Sequence[Classified]]:
        """Split a decoded document and decide for each paragraph.

        Raises:
            NotReadyError, BadRequestError: as `classify`.
        """
        classifier, (classified,) = await self.classify_documents(
            [Document(text)], evidence=evidence, threshold=threshold
        )
        return classifier, classified

    async def classify_documents(
        self,
        documents: Sequence[Document],
        *,
        evidence: bool = False,
        threshold: Threshold = None,
    ) -> tuple[ThemeClassifier, Sequence[Sequence[Classified]]]:
        """Decide for each paragraph of each document.

        Raises:
            NotReadyError, BadRequestError: as `classify`.
        """
        classifier = self.live.classifier

        def call() -> tuple[list[list[Classified]], Tallies]:
            found = [
                classifier.classify_paragraphs(
                    paragraphs(document), evidence=evidence, threshold=threshold
                )
                for document in documents
            ]
            told = [c.decision for some in found for c in some if c.paragraph.kind != "furniture"]
            return found, Tallies.of(classifier, told)

        found, tallies = await self._run(call, sum(len(d.text) for d in documents) <= SMALL)
        self._meters.count(tallies)
        return classifier, found

    async def shape(self, results: int, call: Callable[[], T]) -> T:
        """Make an answer of so many results, where that is long in the scoring thread."""
        return call() if results <= _FEW else await self.in_thread(call)

    async def in_thread(self, call: Callable[[], T]) -> T:
        """Run something long in the scoring thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    def close(self) -> None:
        """Let the scoring thread go."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _run(self, call: Callable[[], T], small: bool) -> T:
        try:
            return call() if small else await self.in_thread(call)
        except ValueError as error:
            raise BadRequestError(str(error), ["threshold"]) from error

    def _joined(self, texts: Sequence[str]) -> asyncio.Future[Answered]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answered] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._gather, 0, _TURNS)
        self._waiting.append((texts, answer))
        return answer

    def _gather(self, seen: int, turns: int) -> None:
        """Score what has joined, as soon as a turn of the loop brings nobody else."""
        joined = len(self._waiting)
        if turns and joined > seen:
            asyncio.get_running_loop().call_soon(self._gather, joined, turns - 1)
        else:
            self._flush()

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            classifier = self.live.classifier
            decisions = classifier.classify([text for texts, _ in waiting for text in texts])
        except Exception as error:  # noqa: BLE001  whoever waits is told, whatever it is
            for _, answer in waiting:
                if not answer.done():
                    answer.set_exception(error)
            return
        begin = 0
        for texts, answer in waiting:
            end = begin + len(texts)
            if not answer.done():
                answer.set_result(Answered(classifier, decisions[begin:end]))
            begin = end
        self._meters.count(Tallies.of(classifier, decisions))
