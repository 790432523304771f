"""All tables of the log, sorted so that referenced tables come first."""

from __future__ import annotations

from sqlalchemy import Table

from publisher.log.database import entry_tables, finding_tables, page_tables, run_tables, tables
from publisher.log.database import subscription_tables as subscriptions

_MODULES = (tables, entry_tables, page_tables, subscriptions, run_tables, finding_tables)
ALL_TABLES: tuple[Table, ...] = tuple(_MODULES[0].metadata.sorted_tables)
