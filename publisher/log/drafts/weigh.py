"""A draft compared with the state in force."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from publisher.log import registry
from publisher.log.database.connection import Database
from publisher.log.drafts import conflicts, repeals, staging
from publisher.log.drafts import plan as planning
from publisher.log.drafts.plan import Window, windows
from publisher.log.model import Conflict, LogError, OnConflict
from publisher.log.registry import DatasetRow
from schemas.definition.catalogue import Catalogue


def weigh(
    database: Database,
    conn: Connection,
    dataset: DatasetRow,
    catalogue: Catalogue,
    *,
    day: int,
    on_conflict: OnConflict,
) -> tuple[Sequence[Window], list[Conflict], list[Conflict]]:
    """Fill ``plan``. → the imports, errors and warnings. Raises ``LogError('no-draft')``."""
    repeals.mark(conn, dataset, catalogue, day=day)
    imports = staging.draft_imports(conn, dataset)
    if not imports:
        raise LogError("no-draft", "草稿是空的，请先导入。", "The draft is empty; import something first.")
    windowed, first = windows(conn, dataset.key, imports, day=day, on_conflict=on_conflict)
    planning.fill(database, conn, dataset.key, windowed, day=day, on_conflict=on_conflict)
    names = registry.part_names(conn, dataset.key)
    errors, warnings = conflicts.duplicates(conn, windowed, catalogue, names)
    errors += conflicts.moved(conn, windowed, names, catalogue, day)
    errors += conflicts.in_error(conn)
    if on_conflict == "refuse":
        errors += conflicts.later_effect(conn, dataset.key, first, day)
    warnings += conflicts.notices(conn)
    return windowed, errors, warnings
