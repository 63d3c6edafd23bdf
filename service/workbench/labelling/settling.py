"""Where people differ, and what is decided there."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import exists, not_, select
from sqlalchemy.orm import Session

from service.workbench.errors import UnknownThingError
from service.workbench.labelling.judging import in_order
from service.workbench.labelling.queues import get_queue
from service.workbench.schema import Judgement, Paragraph, Settlement, now


@dataclass(frozen=True, slots=True)
class Difference:
    """A paragraph on which people differ.

    Attributes:
        said: the labels that each person gives, by name.
        settled: what was decided; None as long as nothing was.
    """

    paragraph: Paragraph
    said: Mapping[str, tuple[str, ...]]
    settled: tuple[str, ...] | None = None


def differing(session: Session, queue: int) -> list[int]:
    """The paragraphs of a queue on which people differ and nothing is decided, in its order."""
    rows = session.execute(
        select(Judgement.paragraph_id, Judgement.labels)
        .join(Paragraph)
        .where(
            Paragraph.queue_id == queue,
            Judgement.latest,
            Judgement.labels.is_not(None),
            not_(exists().where(Settlement.paragraph_id == Judgement.paragraph_id)),
        )
        .order_by(Paragraph.place)
    )
    said: dict[int, set[tuple[str, ...]]] = {}
    for paragraph, labels in rows:
        said.setdefault(paragraph, set()).add(tuple(labels or ()))
    return [paragraph for paragraph, sets in said.items() if len(sets) > 1]


def difference(session: Session, paragraph: int) -> Difference:
    """A paragraph with what each person says of it.

    Raises:
        UnknownThingError: no such paragraph.
    """
    found = session.get(Paragraph, paragraph)
    if found is None:
        raise UnknownThingError(f"没有段落 {paragraph}")
    said = session.execute(
        select(Judgement.person, Judgement.labels)
        .where(Judgement.paragraph_id == paragraph, Judgement.latest, Judgement.labels.is_not(None))
        .order_by(Judgement.person)
    )
    settlement = session.get(Settlement, paragraph)
    return Difference(
        found,
        {person: tuple(labels or ()) for person, labels in said},
        tuple(settlement.labels) if settlement else None,
    )


def settle(session: Session, paragraph: int, person: str, labels: Collection[str]) -> None:
    """Write down what was decided; a decision that there was is replaced.

    Raises:
        UnknownThingError: no such paragraph.
        WorkbenchError: a label that the queue does not have.
    """
    found = session.get(Paragraph, paragraph, with_for_update=True)
    if found is None:
        raise UnknownThingError(f"没有段落 {paragraph}")
    decided = in_order(get_queue(session, found.queue_id), labels)
    settlement = Settlement(paragraph_id=paragraph, labels=decided, person=person, at=now())
    session.merge(settlement)


def unsettle(session: Session, paragraph: int) -> None:
    """Take back a decision, so that the paragraph is open again."""
    settlement = session.get(Settlement, paragraph, with_for_update=True)
    if settlement is not None:
        session.delete(settlement)
