"""Queues of paragraphs to be labelled: made, listed, closed, removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, exists, func, insert, select
from sqlalchemy.orm import Session

from service.tables.scored import ScoredRow
from service.workbench.errors import UnknownThingError, WorkbenchError
from service.workbench.schema import Judgement, Paragraph, Queue, Settlement

_ROWS_AT_ONCE = 500
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """What a queue should be like.

    Attributes:
        name: what people call it, unique.
        person: who makes it.
        origin: where its paragraphs are from, in words.
        labels: label ids in the codebook's order.
        readers: how many people label each paragraph, at least 1.
        blind: whether the model's opinion is hidden.
        preselected: whether the model's labels are chosen already.
        model, codebook: the versions that scored the paragraphs.
    """

    name: str
    person: str
    origin: str
    labels: tuple[str, ...]
    readers: int = 1
    blind: bool = False
    preselected: bool = False
    model: str = ""
    codebook: str = ""

    def __post_init__(self) -> None:
        if not 1 <= len(self.name.strip()) <= _LONGEST_NAME:
            raise WorkbenchError(f"队列要有名字，最多 {_LONGEST_NAME} 个字")
        if not 1 <= self.readers <= 20:
            raise WorkbenchError("每段由几人标：1 到 20")
        if not self.labels:
            raise WorkbenchError("没有主题可标：判断服务没有回答，或者还没有模型")


@dataclass(frozen=True, slots=True)
class Overview:
    """A queue and how far it is.

    Attributes:
        total: its paragraphs.
        done: those settled, or judged by as many people as wanted.
        mine: those that the person who looks has judged.
        people: who has judged any, in the order of names.
        random: those drawn at random.
    """

    queue: Queue
    total: int
    done: int
    mine: int
    people: tuple[str, ...]
    random: int


def add_queue(session: Session, wish: Wish, chosen: Sequence[tuple[ScoredRow, bool]]) -> int:
    """Put a queue with its paragraphs in the database; returns its id.

    Raises:
        WorkbenchError: the name is taken, or nothing was chosen.
    """
    check_name(session, wish.name)
    if not chosen:
        raise WorkbenchError("没有可标的段落：全是页面杂项、空行，或者已经标过")
    queue = Queue(
        name=wish.name.strip(),
        person=wish.person,
        origin=wish.origin,
        blind=wish.blind,
        preselected=wish.preselected and not wish.blind,
        readers=wish.readers,
        labels=list(wish.labels),
        model=wish.model,
        codebook=wish.codebook,
    )
    session.add(queue)
    session.flush()
    rows = [
        _row(queue.id, place, candidate, random) for place, (candidate, random) in enumerate(chosen)
    ]
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        session.execute(insert(Paragraph), rows[start : start + _ROWS_AT_ONCE])
    return queue.id


def check_name(session: Session, name: str) -> None:
    """Make sure that no queue has this name.

    Raises:
        WorkbenchError: one has.
    """
    if session.scalar(select(exists().where(Queue.name == name.strip()))):
        raise WorkbenchError(f"已有名为“{name.strip()}”的队列，请换一个名字")


def get_queue(session: Session, queue: int) -> Queue:
    """A queue.

    Raises:
        UnknownThingError: there is none of this id.
    """
    found = session.get(Queue, queue)
    if found is None:
        raise UnknownThingError(f"没有标注队列 {queue}")
    return found


def overviews(session: Session, person: str) -> list[Overview]:
    """All queues, the newest first, as a person sees them."""
    found = session.scalars(select(Queue).order_by(Queue.id.desc()))
    return [overview(session, queue, person) for queue in found]


def overview(session: Session, queue: Queue, person: str) -> Overview:
    """A queue as a person sees it."""
    said = _said(queue.id)
    return Overview(
        queue=queue,
        total=_count(session, select(func.count()).where(Paragraph.queue_id == queue.id)),
        done=_count(session, done(queue)),
        mine=_count(session, said.where(Judgement.person == person)),
        people=tuple(
            session.scalars(
                said.with_only_columns(Judgement.person).distinct().order_by(Judgement.person)
            )
        ),
        random=_count(
            session, select(func.count()).where(Paragraph.queue_id == queue.id, Paragraph.random)
        ),
    )


def done(queue: Queue) -> Select[Any]:
    """Counts the paragraphs of a queue that need nobody any more."""
    enough = (
        select(Judgement.paragraph_id)
        .join(Paragraph)
        .where(Paragraph.queue_id == queue.id, Judgement.latest, Judgement.labels.is_not(None))
        .group_by(Judgement.paragraph_id)
        .having(func.count() >= queue.readers)
    )
    settled = select(Settlement.paragraph_id).join(Paragraph).where(Paragraph.queue_id == queue.id)
    return select(func.count()).select_from(enough.union(settled).subquery())


def close_queue(session: Session, queue: int, closed: bool) -> None:
    """Set a queue aside, or take it up again."""
    get_queue(session, queue).closed = closed


def remove_queue(session: Session, queue: int) -> None:
    """Remove a queue with everything that was said in it."""
    session.delete(get_queue(session, queue))


def judged_keys(session: Session) -> frozenset[str]:
    """The keys of all texts that somebody has judged or settled, in whichever queue."""
    keys = select(Paragraph.key).distinct()
    judged = keys.join(Judgement).where(Judgement.latest, Judgement.labels.is_not(None))
    return frozenset(session.scalars(judged.union(keys.join(Settlement))))


def _said(queue: int) -> Select[Any]:
    return (
        select(func.count())
        .select_from(Judgement)
        .join(Paragraph)
        .where(Paragraph.queue_id == queue, Judgement.latest, Judgement.labels.is_not(None))
    )


def _count(session: Session, counting: Select[Any]) -> int:
    return int(session.scalar(counting) or 0)


def _row(queue: int, place: int, candidate: ScoredRow, random: bool) -> dict[str, object]:
    return {
        "queue_id": queue,
        "place": place,
        "key": candidate.key,
        "text": candidate.text,
        "doc": candidate.doc,
        "title": candidate.title,
        "para": candidate.para,
        "random": random,
        "scores": dict(candidate.scores or {}),
        "proposed": list(candidate.proposed),
        "uncertain": list(candidate.uncertain),
    }
