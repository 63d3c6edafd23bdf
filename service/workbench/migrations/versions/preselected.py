"""Whether a queue shows the model's labels as chosen already."""

import sqlalchemy as sa
from alembic import op

revision = "preselected"
down_revision = "first"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; no queue before it did so."""
    column = sa.Column("preselected", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("queue", column)


def downgrade() -> None:
    """Remove it."""
    with op.batch_alter_table("queue") as table:
        table.drop_column("preselected")
