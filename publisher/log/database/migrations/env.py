"""Alembic runs inside the transaction that the log opened: ``upgrade.py`` passes the connection."""

from __future__ import annotations

from alembic import context

from publisher.log.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # runs in the transaction of the log
)
context.run_migrations()
