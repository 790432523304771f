"""The clerk's work, without web or terminal: files into a draft, a draft into a release that can be found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from publisher.indexing import worker
from publisher.log.log import Log
from publisher.log.model import Draft, OnConflict, Release
from search.contract import SearchEngine, SearchError

type Progress = Callable[[str, int, int | None], None]
"""``(step, done, total)``; steps are named in Chinese and English for a person."""

READING, DRAFTING, COMPARING, PUBLISHING = (
    "读取 reading",
    "写入草稿 drafting",
    "比较 comparing",
    "发布 publishing",
)


@dataclass(frozen=True, slots=True)
class Published:
    release: Release
    searchable: bool
    why: str = ""
    """Why it cannot be found yet: the release stands, search will follow."""


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
    progress: Progress = worker.silent,
) -> Release | None:
    """Make the draft one release, or None where it changes nothing. Search does not know of it yet.

    Raises :class:`LogError`: ``no-draft``, ``conflicts``, ``rows-in-error``, ``later-effect``.
    """
    draft = log.drafts.get(dataset)
    return log.releases.publish(
        dataset,
        effective_on=effective_on,
        basis=basis,
        note=note,
        actor=actor,
        on_conflict=on_conflict,
        without_errors=without_errors or (draft is not None and _errors_accepted(draft)),
        progress=lambda done, total: progress(PUBLISHING, done, total),
    )


async def settled(
    log: Log,
    search: SearchEngine,
    release: Release,
    *,
    patience: float = 30.0,
    progress: Progress = worker.silent,
) -> Published:
    """Wait until a release can be searched. Never raises for search's sake: the release is made."""
    try:
        done = await worker.settle(log, search, patience=patience, progress=progress)
    except (SearchError, OSError) as error:
        return Published(release, searchable=False, why=str(error))
    why = "" if done else "另一个进程正在索引 / another process is indexing"
    return Published(release, searchable=done, why=why)


def _errors_accepted(draft: Draft) -> bool:
    """Whether every import with rows in error was made with ``without_errors``."""
    return draft.in_error > 0 and all(
        i.in_error == 0 or any(left.get("reason") == "error" for left in i.left_out) for i in draft.imports
    )
