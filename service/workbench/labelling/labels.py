"""What was decided of the paragraphs of queues, for whoever learns or reckons from it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from service.workbench.schema import Judgement, Paragraph, Queue, Settlement

_ROWS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Settled:
    """A paragraph whose labels are decided.

    Attributes:
        paragraph, queue: the ids of the paragraph and of its queue.
        text: as it was labelled.
        labels: label ids in the codebook's order; empty for none of the themes, decided.
        random: drawn at random from all of its archive, so that accuracy can be estimated from it.
        proposed: what the model said when the queue was made.
        scores: a probability for every label; empty when no model was asked.
        model: the version that said so; empty when none was asked.
        doc: where the paragraph is from; empty for a pasted one.
    """

    paragraph: int
    text: str
    labels: tuple[str, ...]
    random: bool
    proposed: tuple[str, ...]
    scores: Mapping[str, float]
    model: str
    doc: str
    queue: int


def settled(session: Session, queue: int | None = None) -> Iterator[Settled]:
    """The decided paragraphs of a queue, or of all queues, in the order of queues and places.

    Decided is what was settled, else what all who judged it agree on, be it one person. Those on
    which people differ are left out. A text that stands in several queues comes once for each.

    Args:
        session: stays open until the last one was taken.
        queue: None for all queues.
    """
    chosen = (
        select(Paragraph, Queue.model, Settlement.labels, Judgement.labels)
        .join(Queue, Queue.id == Paragraph.queue_id)
        .outerjoin(Settlement, Settlement.paragraph_id == Paragraph.id)
        .outerjoin(
            Judgement,
            and_(
                Judgement.paragraph_id == Paragraph.id,
                Judgement.latest,
                Judgement.labels.is_not(None),
            ),
        )
        .where(or_(Settlement.paragraph_id.is_not(None), Judgement.id.is_not(None)))
        .order_by(Paragraph.queue_id, Paragraph.place)
        .execution_options(yield_per=_ROWS_AT_ONCE)
    )
    if queue is not None:
        chosen = chosen.where(Paragraph.queue_id == queue)
    for _, rows in groupby(session.execute(chosen), key=lambda row: row[0].id):
        decided = _decided(list(rows))
        if decided is not None:
            yield decided


def _decided(rows: Sequence[Any]) -> Settled | None:
    """What the rows of one paragraph, one a judgement, come to."""
    paragraph, model, settlement, _ = rows[0]
    said = {tuple(row[3]) for row in rows if row[3] is not None}
    if settlement is None and len(said) != 1:
        return None
    return Settled(
        paragraph=paragraph.id,
        text=paragraph.text,
        labels=tuple(settlement) if settlement is not None else said.pop(),
        random=paragraph.random,
        proposed=tuple(paragraph.proposed),
        scores=paragraph.scores,
        model=model,
        doc=paragraph.doc,
        queue=paragraph.queue_id,
    )
