"""What people say of paragraphs: written down, taken back, and which paragraph comes next.

Rows are only added. Before a person's row is added, the paragraph is locked, so that two pages of
one person cannot both say the latest word.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.orm import Session

from service.workbench.errors import UnknownThingError, WorkbenchError
from service.workbench.labelling.queues import done, get_queue
from service.workbench.schema import Judgement, Paragraph, Queue, Settlement


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a person is in a queue.

    Attributes:
        mine, skipped: paragraphs that this person has judged, and skipped.
        left: those that still need a reader and wait for this person.
        done, total: paragraphs that need nobody any more, and all.
    """

    mine: int
    skipped: int
    left: int
    done: int
    total: int


def judge(session: Session, paragraph: int, person: str, labels: Collection[str]) -> None:
    """Write down which labels a person gives; none of them is a judgement too.

    Raises:
        UnknownThingError: no such paragraph.
        WorkbenchError: a label that the queue does not have, or the queue is closed.
    """
    queue = _open_queue(session, paragraph)
    _say(session, paragraph, person, in_order(queue, labels), skipped=False)


def skip(session: Session, paragraph: int, person: str) -> None:
    """Write down that a person says nothing of a paragraph.

    Raises:
        UnknownThingError: no such paragraph.
        WorkbenchError: the queue is closed.
    """
    _open_queue(session, paragraph)
    _say(session, paragraph, person, None, skipped=True)


def take_back(session: Session, queue: int, person: str) -> tuple[int, tuple[str, ...] | None]:
    """Take back what a person said last in a queue.

    Returns:
        The paragraph, and the labels that it had; None where it was skipped.

    Raises:
        WorkbenchError: they have said nothing, or the queue is closed.
    """
    last = session.scalar(
        select(Judgement)
        .join(Paragraph)
        .where(Paragraph.queue_id == queue, Judgement.person == person, _said())
        .order_by(Judgement.id.desc())
        .limit(1)
    )
    if last is None:
        raise WorkbenchError("没有可以撤销的：您在这个队列里还没有标过")
    _open_queue(session, last.paragraph_id)
    _say(session, last.paragraph_id, person, None, skipped=False)
    return last.paragraph_id, None if last.labels is None else tuple(last.labels)


def take_up_skipped(session: Session, queue: int, person: str) -> int:
    """Take back all skips of a person in a queue; returns how many."""
    skipped = session.scalars(
        select(Judgement.paragraph_id)
        .join(Paragraph)
        .where(
            Paragraph.queue_id == queue,
            Judgement.person == person,
            Judgement.latest,
            Judgement.skipped,
        )
    ).all()
    for paragraph in skipped:
        _open_queue(session, paragraph)
        _say(session, paragraph, person, None, skipped=False)
    return len(skipped)


def next_paragraph(
    session: Session, queue: Queue, person: str, start: int = 0, avoided: Sequence[int] = ()
) -> Paragraph | None:
    """The first paragraph that needs a reader and waits for this person.

    Args:
        start: the place to look from; those before it come last.
        avoided: paragraphs that others have before them.
    """
    waiting = (
        select(Paragraph)
        .where(*_waiting(queue, person), Paragraph.id.not_in(avoided))
        .order_by(Paragraph.place)
        .limit(1)
    )
    # The places behind `start` first: those before it have been walked through.
    found = session.scalar(waiting.where(Paragraph.place >= start))
    if found is None and start:
        found = session.scalar(waiting.where(Paragraph.place < start))
    return found


def standing(session: Session, queue: Queue, person: str) -> Standing:
    """How far a person is in a queue."""
    said = (
        select(func.count(Judgement.labels), func.count())
        .select_from(Judgement)
        .join(Paragraph)
        .where(Paragraph.queue_id == queue.id, Judgement.person == person, _said())
    )
    judged, all_said = session.execute(said).one()
    left = select(func.count()).select_from(Paragraph).where(*_waiting(queue, person))
    total = select(func.count()).where(Paragraph.queue_id == queue.id)
    return Standing(
        mine=judged,
        skipped=all_said - judged,
        left=session.scalar(left) or 0,
        done=session.scalar(done(queue)) or 0,
        total=session.scalar(total) or 0,
    )


def judged_by(session: Session, paragraphs: Collection[int]) -> dict[int, int]:
    """How many people have judged each of these paragraphs; those that nobody has are left out."""
    counted = (
        select(Judgement.paragraph_id, func.count())
        .where(
            Judgement.paragraph_id.in_(paragraphs), Judgement.latest, Judgement.labels.is_not(None)
        )
        .group_by(Judgement.paragraph_id)
    )
    return {row[0]: row[1] for row in session.execute(counted)}


def in_order(queue: Queue, labels: Collection[str]) -> list[str]:
    """Labels in the order of the queue's.

    Raises:
        WorkbenchError: one that the queue does not have.
    """
    unknown = sorted(set(labels) - set(queue.labels))
    if unknown:
        raise WorkbenchError(f"队列“{queue.name}”没有标签 {'、'.join(unknown)[:100]}")
    return [label for label in queue.labels if label in labels]


def _open_queue(session: Session, paragraph: int) -> Queue:
    """The queue of a paragraph, which stays locked until the transaction ends."""
    locked = session.get(Paragraph, paragraph, with_for_update=True)
    if locked is None:
        raise UnknownThingError(f"没有段落 {paragraph}")
    queue = get_queue(session, locked.queue_id)
    if queue.closed:
        raise WorkbenchError(f"队列“{queue.name}”已经收起，不再标注")
    return queue


def _say(
    session: Session, paragraph: int, person: str, labels: list[str] | None, *, skipped: bool
) -> None:
    session.execute(
        update(Judgement)
        .where(Judgement.paragraph_id == paragraph, Judgement.person == person, Judgement.latest)
        .values(latest=False)
    )
    session.add(
        Judgement(
            paragraph_id=paragraph, person=person, labels=labels, skipped=skipped, latest=True
        )
    )
    session.flush()


def _said() -> ColumnElement[bool]:
    """It stands, and is not what taking back leaves."""
    return Judgement.latest & or_(Judgement.labels.is_not(None), Judgement.skipped)


def _waiting(queue: Queue, person: str) -> tuple[ColumnElement[bool], ...]:
    of_paragraph = Judgement.paragraph_id == Paragraph.id
    judged = (
        select(func.count())
        .where(of_paragraph, Judgement.latest, Judgement.labels.is_not(None))
        .correlate(Paragraph)
        .scalar_subquery()
    )
    return (
        Paragraph.queue_id == queue.id,
        ~exists().where(of_paragraph, Judgement.person == person, _said()),
        ~exists().where(Settlement.paragraph_id == Paragraph.id),
        judged < queue.readers,
    )
