"""One person before one queue: the paragraph in front of them, and what they do with it."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from threading import RLock

from sqlalchemy.orm import Session

from service.workbench.database import Database
from service.workbench.labelling import judging
from service.workbench.labelling.judging import Standing
from service.workbench.labelling.queues import get_queue
from service.workbench.schema import Paragraph, Queue

HELD_SECONDS = 120.0
"""How long a paragraph is kept for whoever has it before them."""


class Reservations:
    """Who has which paragraph before them, so that two do not take the last free place.

    Kept in memory: after a restart nobody has one, and the worst that can come of it is a judgement
    more than was wanted.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: dict[str, tuple[int, float]] = {}
        self.lock = RLock()
        """Held while one looks for a paragraph and reserves it."""

    def hold(self, person: str, paragraph: int | None) -> None:
        """Let go of what a person has and keep another for them."""
        self._held.pop(person, None)
        if paragraph is not None:
            self._held[person] = (paragraph, self._clock())

    def others(self, person: str) -> list[int]:
        """The paragraphs that others have before them, once for each of them."""
        young = self._clock() - HELD_SECONDS
        self._held = {who: held for who, held in self._held.items() if held[1] >= young}
        return [paragraph for who, (paragraph, _) in self._held.items() if who != person]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What lies before a person.

    Attributes:
        paragraph: None when nothing waits for them.
        labels: what they had chosen before they took it back; None where they had not.
        busy: whether something is left that only others have before them.
    """

    paragraph: Paragraph | None
    labels: tuple[str, ...] | None = None
    busy: bool = False


@dataclass
class Seat:
    """A person labels a queue. Every call is one transaction, and is written when it returns.

    Attributes:
        database: where it is written.
        reservations: of all who are at work.
        queue: the id of the queue.
        person: under which name.
    """

    database: Database
    reservations: Reservations
    queue: int
    person: str
    _start: int = field(default=0, init=False)

    def sit(self) -> Sheet:
        """What comes first.

        Raises:
            UnknownThingError: no such queue.
        """
        with self.database.session() as session:
            return self._next(session)

    def save(self, paragraph: int, labels: Collection[str]) -> Sheet:
        """Write down the labels of a paragraph, and what comes next.

        Raises:
            WorkbenchError: the queue does not have a label, or is closed.
        """
        with self.database.session() as session:
            judging.judge(session, paragraph, self.person, labels)
        return self.sit()

    def skip(self, paragraph: int) -> Sheet:
        """Leave a paragraph to others, and what comes next.

        Raises:
            WorkbenchError: the queue is closed.
        """
        with self.database.session() as session:
            judging.skip(session, paragraph, self.person)
        return self.sit()

    def undo(self) -> Sheet:
        """The paragraph that they judged or skipped last, with what they said; that is taken back.

        Raises:
            WorkbenchError: they have said nothing yet, or the queue is closed.
        """
        with self.database.session() as session:
            paragraph, labels = judging.take_back(session, self.queue, self.person)
            return self._show(session.get_one(Paragraph, paragraph), labels)

    def take_up_skipped(self) -> Sheet:
        """Go through what they skipped once more.

        Raises:
            WorkbenchError: the queue is closed.
        """
        with self.database.session() as session:
            judging.take_up_skipped(session, self.queue, self.person)
        return self.sit()

    def standing(self) -> Standing:
        """How far they are."""
        with self.database.session() as session:
            return judging.standing(session, get_queue(session, self.queue), self.person)

    def leave(self) -> None:
        """Let go of what lies before them."""
        with self.reservations.lock:
            self.reservations.hold(self.person, None)

    def _next(self, session: Session) -> Sheet:
        queue = get_queue(session, self.queue)
        if queue.closed:
            return Sheet(None)
        with self.reservations.lock:
            full = self._full(session, queue)
            found = judging.next_paragraph(session, queue, self.person, self._start, full)
            if found is not None:
                return self._show(found, None)
            self.reservations.hold(self.person, None)
        busy = bool(full) and judging.standing(session, queue, self.person).left > 0
        return Sheet(None, busy=busy)

    def _full(self, session: Session, queue: Queue) -> list[int]:
        """The paragraphs whose last places others have before them."""
        others = self.reservations.others(self.person)
        judged = judging.judged_by(session, set(others))
        return sorted({p for p in others if judged.get(p, 0) + others.count(p) >= queue.readers})

    def _show(self, paragraph: Paragraph, labels: tuple[str, ...] | None) -> Sheet:
        self._start = paragraph.place
        with self.reservations.lock:
            self.reservations.hold(self.person, paragraph.id)
        return Sheet(paragraph, labels)
