"""How good a model is on the archive that a queue was drawn from, by the queue's random share."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.workbench.labelling.labels import Settled, settled
from service.workbench.models.accuracy import Accuracy, accuracy
from service.workbench.models.opinions import opinions
from service.workbench.schema import Paragraph, Queue


@dataclass(frozen=True, slots=True)
class Sample:
    """The random share of a queue.

    Attributes:
        rows: those that are decided.
        undecided: how many are not: nobody labelled them, or people differ.
        blind: whether people labelled without seeing the model's opinion.
    """

    rows: tuple[Settled, ...]
    undecided: int
    blind: bool


@dataclass(frozen=True, slots=True)
class Estimation:
    """What came out.

    Attributes:
        accuracy: on the paragraphs that the model was not trained on.
        learnt: how many it was trained on; they were left out.
        sample: what was judged.
    """

    accuracy: Accuracy
    learnt: int
    sample: Sample


def random_share(session: Session, queue: int) -> Sample:
    """The random share of a queue."""
    rows = tuple(one for one in settled(session, queue) if one.random)
    drawn = select(func.count()).where(Paragraph.queue_id == queue, Paragraph.random)
    blind = session.scalars(select(Queue.blind).where(Queue.id == queue)).one()
    return Sample(rows, (session.scalar(drawn) or 0) - len(rows), blind)


def estimate(sample: Sample, folder: Path, labels: Sequence[str]) -> Estimation:
    """Ask a model about a random share and hold it against what people decided.

    Args:
        folder: the model's artifact.
        labels: the labels that people could give; those that the model does not know count as
            missed wherever people gave them.

    Raises:
        TooFewError: too few paragraphs that the model was not trained on.
        WorkbenchError: the model cannot be used.
    """
    said = opinions(folder, [row.text for row in sample.rows])
    fresh = [
        (row, one.labels) for row, one in zip(sample.rows, said, strict=True) if not one.learnt
    ]
    found = accuracy(
        np.array([[label in row.labels for label in labels] for row, _ in fresh], bool),
        np.array([[label in given for label in labels] for _, given in fresh], bool),
        labels,
        # A pasted paragraph is a document of its own.
        [row.doc or f"paragraph {row.paragraph}" for row, _ in fresh],
    )
    return Estimation(found, len(said) - len(fresh), sample)
