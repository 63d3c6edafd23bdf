"""Run by alembic: takes the connection that the workbench has opened."""

from alembic import context

from service.workbench.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite cannot change a column: alembic copies the table.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
