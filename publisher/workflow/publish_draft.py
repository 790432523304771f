"""Publication of a draft as a release, and the wait until it can be searched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from publisher.indexing import indexer
from publisher.indexing.indexer import Progress
from publisher.log.approvals.shown_state import ShownState
from publisher.log.log import Log
from publisher.log.model import OnConflict, Release
from publisher.workflow.steps import PUBLISHING
from search.contract import SearchEngine, SearchError


class SearchVisibility(msgspec.Struct, frozen=True):
    """A release, and whether it can be searched."""

    release: Release
    searchable: bool
    why: str = ""
    """Reason why it cannot be searched yet. The release itself is complete; indexing is retried."""


def publish_draft(
    log: Log,
    dataset: str,
    *,
    effective_on: date,
    basis: str = "",
    note: str = "",
    actor: str = "",
    without_errors: bool = False,
    on_conflict: OnConflict = "refuse",
    parts: Sequence[str] | None = None,
    emergency: str = "",
    submission: int | None = None,
    shown_state: ShownState | None = None,
    progress: Progress = indexer.ignore_progress,
) -> Release | None:
    """Publish the draft as one release; None if it changes nothing. The search index is not updated.

    ``emergency``: reason why a dataset under the two-person rule publishes what nobody approved.
    ``submission``: key of the one that it publishes, which has to be approved then. ``shown_state``: what a
    person was shown. Raises :class:`LogError`: ``no-draft``, ``conflicts``, ``rows-in-error``,
    ``later-effect``, ``approval-needed``, ``approval-void``, ``state-moved``.
    """
    return log.releases.publish(
        dataset,
        effective_on=effective_on,
        basis=basis,
        note=note,
        actor=actor,
        on_conflict=on_conflict,
        parts=parts,
        emergency=emergency,
        submission=submission,
        shown_state=shown_state,
        without_errors=without_errors,
        progress=lambda count, total: progress(PUBLISHING, count, total),
    )


async def await_searchable(
    log: Log,
    search: SearchEngine,
    release: Release,
    *,
    patience: float = 30.0,
    progress: Progress = indexer.ignore_progress,
) -> SearchVisibility:
    """Wait until a release can be searched. Search errors are returned, not raised: the release exists."""
    try:
        searchable = await indexer.await_indexed(log, search, patience=patience, progress=progress)
    except (SearchError, OSError) as error:
        return SearchVisibility(release, searchable=False, why=str(error))
    why = "" if searchable else "另一个进程正在索引 / another process is indexing"
    return SearchVisibility(release, searchable=searchable, why=why)
