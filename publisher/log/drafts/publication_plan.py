"""The plan of a publication: a draft compared with the state in force, with its errors and warnings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from publisher.log import registry
from publisher.log.database.connection import Database
from publisher.log.drafts import coming_renames, conflicts, repeals, shared_codes, staging
from publisher.log.drafts import plan as planning
from publisher.log.drafts.later_effect import find_later_effect
from publisher.log.drafts.plan import Window
from publisher.log.drafts.repeals import RepealMarks
from publisher.log.model import Conflict, OnConflict
from publisher.log.registry import DatasetRow
from schemas.definition.catalogue import Catalogue


class PublicationPlan(NamedTuple):
    """The plan of a publication besides the table ``plan``."""

    windows: Sequence[Window]
    errors: list[Conflict]
    warnings: list[Conflict]
    marks: RepealMarks


def plan_publication(
    database: Database,
    conn: Connection,
    dataset: DatasetRow,
    catalogue: Catalogue,
    *,
    day: int,
    on_conflict: OnConflict,
    imports: Sequence[Any] | None = None,
) -> PublicationPlan:
    """Fill the table ``plan``, and return the windows of the imports, the conflicts and the marks.

    Documents whose repeal was accepted are marked in the draft first: those of the imports to publish, and of
    their parts in force.

    ``day``: ordinal of the first day; ``imports``: rows of those to publish, None for the whole draft.
    Raises ``LogError('no-draft')``.
    """
    marks = repeals.mark_repealed(conn, dataset, catalogue, day=day, chosen=imports)
    keys = None if imports is None else {*(row.key for row in imports), *marks.added}
    imports = [row for row in staging.draft_imports(conn, dataset) if keys is None or row.key in keys]
    if not imports:
        raise staging.no_draft()
    windows, first_later_day = planning.find_windows(
        conn, dataset.key, imports, day=day, on_conflict=on_conflict
    )
    planning.fill_plan(database, conn, dataset.key, windows, day=day, on_conflict=on_conflict)
    names = registry.part_names(conn, dataset.key)
    errors, warnings = conflicts.find_duplicates(conn, windows, catalogue, names)
    errors += conflicts.find_foreign_records(conn, windows, names, catalogue, day)
    errors += coming_renames.find_earlier_names(conn, dataset, catalogue, day)
    errors += conflicts.report_rows_in_error(conn)
    if on_conflict == "refuse":
        errors += find_later_effect(conn, dataset.key, windows, first_later_day, day)
    warnings += conflicts.find_namesakes(conn, windows, catalogue, dataset.name)
    warnings += shared_codes.find_codes_in_two_parts(conn, dataset, windows, catalogue)
    warnings += conflicts.find_warnings(conn, catalogue, day)
    return PublicationPlan(windows, errors, warnings, marks)
