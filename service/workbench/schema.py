"""The tables of the workbench, as SQLAlchemy maps them; `migrations/` makes them.

What people said is only ever added to: a change or an undo is a new row, and the one before it
stops being the `latest`. Nothing that somebody said is overwritten.
"""

from datetime import UTC, datetime

from sqlalchemy import JSON, DateTime, ForeignKey, Index, String, Text, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Constraints have names that we chose, so that a migration can name them."""


class Moment(TypeDecorator[datetime]):
    """A time in UTC; SQLite keeps no zones, so they are put back when it is read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """The time as it was stored, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """What all tables have in common."""


Base.metadata.naming_convention = NAMING


class Job(Base):
    """Work in a process of its own.

    Attributes:
        id: 12 hexadecimal digits; the name of its folder.
        kind: `score`, `train`, `compare` or `fill`.
        title: what people call it.
        person: who asked for it.
        command: the words after `govtheme`.
        asked: what the page was told, to show and to begin again.
        state: `waiting`, `running`, `stopping`, `done`, `failed`, `cancelled` or `interrupted`.
        status: the exit status of the command, once it has ended.
        reason: why it failed, as the command said it.
    """

    __tablename__ = "job"

    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(Text)
    person: Mapped[str] = mapped_column(String(64))
    command: Mapped[list[str]] = mapped_column(JSON)
    asked: Mapped[dict[str, object]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(20), index=True)
    status: Mapped[int | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    made: Mapped[datetime] = mapped_column(Moment, default=now)
    began: Mapped[datetime | None] = mapped_column(Moment)
    ended: Mapped[datetime | None] = mapped_column(Moment)


class Queue(Base):
    """Paragraphs to be labelled, in an order.

    Attributes:
        name: what people call it.
        person: who made it.
        origin: where the paragraphs are from, in words.
        blind: whether the model's opinion is hidden.
        preselected: whether the model's labels are chosen already when a paragraph is shown.
        readers: how many people label each paragraph, at least 1.
        labels: the label ids, in the codebook's order.
        model, codebook: the versions that scored the paragraphs.
        closed: set aside; no longer offered.
    """

    __tablename__ = "queue"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    person: Mapped[str] = mapped_column(String(64))
    origin: Mapped[str] = mapped_column(Text)
    blind: Mapped[bool]
    preselected: Mapped[bool] = mapped_column(default=False)
    readers: Mapped[int]
    labels: Mapped[list[str]] = mapped_column(JSON)
    model: Mapped[str] = mapped_column(String(64))
    codebook: Mapped[str] = mapped_column(String(64))
    closed: Mapped[bool] = mapped_column(default=False)
    made: Mapped[datetime] = mapped_column(Moment, default=now)


class Paragraph(Base):
    """A paragraph of a queue, with what the model said when the queue was made.

    Attributes:
        place: its place in the queue, from 0.
        key: SHA-256 of its text, hexadecimal; one text stands in a queue once.
        doc, title, para: where it is from; `para` counts from 0.
        random: drawn at random, so that accuracy can be estimated from it.
        scores: a probability for every label; empty when no model was asked.
        proposed, uncertain: the model's labels, and those in their band.
    """

    __tablename__ = "paragraph"
    __table_args__ = (
        Index("uq_paragraph_queue_id_place", "queue_id", "place", unique=True),
        Index("uq_paragraph_queue_id_key", "queue_id", "key", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    queue_id: Mapped[int] = mapped_column(ForeignKey("queue.id", ondelete="CASCADE"))
    place: Mapped[int]
    key: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    doc: Mapped[str] = mapped_column(Text, default="")
    title: Mapped[str] = mapped_column(Text, default="")
    para: Mapped[int | None]
    random: Mapped[bool] = mapped_column(default=False)
    scores: Mapped[dict[str, float]] = mapped_column(JSON, default=dict)
    proposed: Mapped[list[str]] = mapped_column(JSON, default=list)
    uncertain: Mapped[list[str]] = mapped_column(JSON, default=list)


class Judgement(Base):
    """What one person said of one paragraph, once.

    Attributes:
        labels: label ids in the codebook's order; empty for none of the themes; null when the
            person skipped the paragraph or took back what they had said.
        skipped: whether they chose to skip it.
        latest: whether it is what this person says now.
    """

    __tablename__ = "judgement"
    __table_args__ = (
        Index("ix_judgement_paragraph_id_person_latest", "paragraph_id", "person", "latest"),
        Index("ix_judgement_person_latest", "person", "latest"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    paragraph_id: Mapped[int] = mapped_column(ForeignKey("paragraph.id", ondelete="CASCADE"))
    person: Mapped[str] = mapped_column(String(64))
    labels: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    skipped: Mapped[bool] = mapped_column(default=False)
    latest: Mapped[bool] = mapped_column(default=True)
    at: Mapped[datetime] = mapped_column(Moment, default=now)


class Settlement(Base):
    """What was decided where people differed.

    Attributes:
        labels: label ids in the codebook's order; empty for none of the themes.
        person: who decided.
    """

    __tablename__ = "settlement"

    paragraph_id: Mapped[int] = mapped_column(
        ForeignKey("paragraph.id", ondelete="CASCADE"), primary_key=True
    )
    labels: Mapped[list[str]] = mapped_column(JSON)
    person: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Moment, default=now)
