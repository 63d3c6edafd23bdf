"""What a training learns from: people's labels as a corpus file, and the words of the command.

Paragraphs that were drawn at random are left out unless somebody asks for them: a model that has
learnt from them cannot be judged by them any more.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from model.files import write_bytes
from service.tables.scored import text_key
from service.workbench.errors import WorkbenchError
from service.workbench.labelling.labels import settled
from service.workbench.schema import Paragraph, Queue


@dataclass(frozen=True, slots=True)
class Labelled:
    """A queue and how many of its paragraphs are decided, those drawn at random among them."""

    queue: int
    name: str
    decided: int
    random: int


@dataclass(frozen=True, slots=True)
class Lessons:
    """What is learnt from queues.

    Attributes:
        rows: as a corpus file has them.
        kept: decided paragraphs that were left out because they serve for estimates.
        contradicted: texts that were left out because queues decided differently.
    """

    rows: tuple[Mapping[str, Any], ...]
    kept: int
    contradicted: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How a training is to go.

    Attributes:
        bundled: learn from the bundled corpus too.
        files: corpus files to learn from.
        budget: seconds of search for better parameters; None searches none.
        precision: choose thresholds for this precision, 0 to 1, and not for F1.
    """

    bundled: bool
    files: Sequence[Path]
    budget: int | None = None
    precision: float | None = None

    def words(self, models: Path) -> list[str]:
        """The words after `govtheme`.

        Raises:
            WorkbenchError: there is nothing to learn from.
        """
        sources = [*(["bundled"] if self.bundled else []), *map(str, self.files)]
        if not sources:
            raise WorkbenchError("请至少选一种语料")
        return [
            "train",
            *("--models", str(models)),
            *(word for source in sources for word in ("--corpus", source)),
            "--no-promote",
            "--json",
            *(("--search", "--budget", f"{self.budget}s") if self.budget else ()),
            *(("--precision", str(self.precision)) if self.precision else ()),
        ]


def labelled_queues(session: Session) -> list[Labelled]:
    """The queues in which something is decided."""
    found: dict[int, list[bool]] = {}
    for one in settled(session):
        found.setdefault(one.queue, []).append(one.random)
    names = {queue.id: queue.name for queue in session.scalars(select(Queue))}
    return [
        Labelled(queue, names[queue], len(random), sum(random)) for queue, random in found.items()
    ]


def lessons(session: Session, queues: Sequence[int], *, with_random: bool = False) -> Lessons:
    """The decided paragraphs of queues as a corpus; a text that stands in several comes once.

    Args:
        with_random: learn also from texts that were drawn at random in any queue.
    """
    kept_keys = frozenset() if with_random else _random_keys(session)
    names = {queue.id: queue.name for queue in session.scalars(select(Queue))}
    rows: dict[str, dict[str, Any]] = {}
    kept: set[str] = set()
    contradicted: set[str] = set()
    for queue in queues:
        for one in settled(session, queue):
            key = text_key(one.text)
            if key in kept_keys:
                kept.add(key)
                continue
            row = {
                "id": f"workbench-{one.paragraph}",
                "text": one.text,
                "labels": list(one.labels),
                "source": names[one.queue],
                # Paragraphs of one document are alike, so that they should be learnt from together.
                "group": one.doc or f"workbench-{one.paragraph}",
                "doc": one.doc,
            }
            if rows.setdefault(key, row)["labels"] != row["labels"]:
                contradicted.add(key)
    left = tuple(row for key, row in rows.items() if key not in contradicted)
    return Lessons(left, len(kept), len(contradicted))


def write_lessons(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """A corpus file."""
    lines = (orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
    write_bytes(path, b"".join(lines))


def write_paragraphs(session: Session, queue: int, path: Path) -> int:
    """All paragraphs of a queue, labelled or not, a line each; how many there are."""
    count = 0
    with path.open("wb") as file:
        for row in _paragraphs(session, queue):
            file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
            count += 1
    return count


def _paragraphs(session: Session, queue: int) -> Iterator[dict[str, Any]]:
    columns = (Paragraph.text, Paragraph.doc, Paragraph.title, Paragraph.para)
    chosen = select(*columns).where(Paragraph.queue_id == queue).order_by(Paragraph.place)
    for row in session.execute(chosen.execution_options(yield_per=1000)):
        yield dict(row._mapping)


def _random_keys(session: Session) -> frozenset[str]:
    return frozenset(session.scalars(select(Paragraph.key).where(Paragraph.random)))
