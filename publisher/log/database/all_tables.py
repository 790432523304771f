"""All tables of the log, sorted so that referenced tables come first."""

from __future__ import annotations

from sqlalchemy import Table

from publisher.log.database import entry_tables, page_tables, subscription_tables, tables, verification_tables
from publisher.log.database.derived import commitment_tables, finding_tables, graph_tables

_MODULES = (
    *(tables, entry_tables, page_tables, subscription_tables),
    *(verification_tables, finding_tables, graph_tables, commitment_tables),
)
ALL_TABLES: tuple[Table, ...] = tuple(_MODULES[0].metadata.sorted_tables)
