"""Run by Alembic; the connection comes from bot.store.migration."""

from __future__ import annotations

from alembic import context

from bot.store.models import Record

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Record.metadata,
    compare_type=True,
    # SQLite cannot alter most things: Alembic copies the table instead.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
