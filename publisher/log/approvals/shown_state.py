"""The state that a person was shown before an act, which is refused if something else was published since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec
from sqlalchemy import Connection, Select, or_, select

from publisher.log.approvals.submission import PublicationRequest, Secrecy, StoredRequest
from publisher.log.approvals.submission_digest import compute_digest
from publisher.log.database import tables as t
from publisher.log.model import LogError
from publisher.log.registry import DatasetRow


class ShownState(msgspec.Struct, frozen=True):
    """State of a dataset. It is read before the first thing that is shown."""

    sequence: int
    """Sequence of the last release of the site."""
    day: date
    """Today, on which the present state of a record depends."""
    catalogue: str
    """Digest of the catalogue."""
    draft: str | None = None
    """Digest of the draft; None if the act does not concern it."""


def read_state(conn: Connection, dataset: DatasetRow, today: date) -> ShownState:
    """Read the state for an act that does not concern the draft."""
    sequence = conn.scalar(select(t.site.c.release_sequence)) or 0
    return ShownState(sequence, today, dataset.catalogue_digest)


def draft_digest(conn: Connection, dataset: DatasetRow, parts: Sequence[str] | None, today: date) -> str:
    """Hash the draft or parts of it. Raises ``LogError``: ``no-draft``, ``no-such-part``."""
    request = PublicationRequest(kind="draft", parts=None if parts is None else tuple(parts))
    return compute_digest(conn, dataset, StoredRequest(request, Secrecy()), today)


def require_unchanged(
    conn: Connection,
    dataset: DatasetRow,
    shown: ShownState | None,
    today: date,
    *,
    records: Select[tuple[int]] | None,
    parts: Sequence[str] | None = None,
) -> None:
    """Refuse an act if what it concerns is not what was shown. Call it in the transaction of the act.

    ``records``: keys of the records that it concerns; None: the whole dataset. ``parts``: of the draft.
    ``shown``: None if nobody was asked. Raises ``LogError('state-moved')``.
    """
    if shown is None:
        return
    b, c = t.release.c, t.change.c
    later = select(b.number).where(b.dataset == dataset.key, b.sequence > shown.sequence).order_by(b.number)
    if records is not None and dataset.catalogue_digest == shown.catalogue:
        changing = select(c.release).where(c.dataset == dataset.key, c.record.in_(records))
        erasing = select(t.record.c.erased_by).where(t.record.c.key.in_(records))
        later = later.where(or_(b.sequence.in_(changing), b.sequence.in_(erasing)))
    numbers = conn.scalars(later).all()
    if numbers:
        zh, en = "、".join(map(str, numbers)), ", ".join(map(str, numbers))
        raise state_moved(f"第{zh}次发布更改了有关内容", f"Release {en} changed what was shown")
    if today != shown.day:
        raise state_moved(f"日期已是{today}", f"The day is {today} by now")
    if shown.draft is not None and shown.draft != draft_digest(conn, dataset, parts, today):
        raise state_moved("草稿有变化", "The draft changed")


def state_moved(zh: str, en: str) -> LogError:
    return LogError(
        "state-moved",
        f"在此期间，{zh}，与所看的不同，未执行。请重新查看，核对后再办。",
        f"{en} meanwhile; nothing was done. Look at it again, check it, and repeat the command.",
    )


def keys_of(dataset: DatasetRow, records: Sequence[str]) -> Select[tuple[int]]:
    """Select the keys of records of a dataset by their ids."""
    r = t.record.c
    return select(r.key).where(r.dataset == dataset.key, r.id.in_(records))


def keys_of_release(dataset: DatasetRow, number: int) -> Select[tuple[int]]:
    """Select the keys of the records that a release changed."""
    c, b = t.change.c, t.release.c
    of_number = select(b.sequence).where(b.dataset == dataset.key, b.number == number)
    return select(c.record).where(c.release.in_(of_number))
