"""The first tables: jobs, queues, paragraphs, judgements, settlements."""

import sqlalchemy as sa
from alembic import op

revision = "first"
down_revision = None
branch_labels = None
depends_on = None


def _moment(name: str, optional: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=optional)


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "job",
        sa.Column("id", sa.String(12), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("command", sa.JSON, nullable=False),
        sa.Column("asked", sa.JSON, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("reason", sa.Text, nullable=False),
        _moment("made"),
        _moment("began", optional=True),
        _moment("ended", optional=True),
    )
    op.create_index("ix_job_state", "job", ["state"])
    op.create_table(
        "queue",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("blind", sa.Boolean, nullable=False),
        sa.Column("readers", sa.Integer, nullable=False),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("codebook", sa.String(64), nullable=False),
        sa.Column("closed", sa.Boolean, nullable=False),
        _moment("made"),
        sa.UniqueConstraint("name", name="uq_queue_name"),
    )
    _labelling()


def _labelling() -> None:
    op.create_table(
        "paragraph",
        sa.Column("id", sa.Integer, primary_key=True),
        _reference("queue_id", "queue.id", "fk_paragraph_queue_id"),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("doc", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("para", sa.Integer),
        sa.Column("random", sa.Boolean, nullable=False),
        sa.Column("scores", sa.JSON, nullable=False),
        sa.Column("proposed", sa.JSON, nullable=False),
        sa.Column("uncertain", sa.JSON, nullable=False),
    )
    for column in ("place", "key"):
        name = f"uq_paragraph_queue_id_{column}"
        op.create_index(name, "paragraph", ["queue_id", column], unique=True)
    op.create_table(
        "judgement",
        sa.Column("id", sa.Integer, primary_key=True),
        _reference("paragraph_id", "paragraph.id", "fk_judgement_paragraph_id"),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("labels", sa.JSON),
        sa.Column("skipped", sa.Boolean, nullable=False),
        sa.Column("latest", sa.Boolean, nullable=False),
        _moment("at"),
    )
    columns = ["paragraph_id", "person", "latest"]
    op.create_index("ix_judgement_paragraph_id_person_latest", "judgement", columns)
    op.create_index("ix_judgement_person_latest", "judgement", ["person", "latest"])
    op.create_table(
        "settlement",
        _reference("paragraph_id", "paragraph.id", "fk_settlement_paragraph_id", key=True),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        _moment("at"),
    )


def _reference(name: str, target: str, constraint: str, key: bool = False) -> sa.Column[object]:
    foreign = sa.ForeignKey(target, name=constraint, ondelete="CASCADE")
    return sa.Column(name, sa.Integer, foreign, primary_key=key, nullable=False)


def downgrade() -> None:
    """Remove them, and everything in them."""
    for table in ("settlement", "judgement", "paragraph", "queue", "job"):
        op.drop_table(table)
