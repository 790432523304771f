"""Published states that take effect later than a draft: what to do with them has to be chosen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, union

from publisher.log.clocks import FOREVER
from publisher.log.database import tables as t
from publisher.log.database.temporary_tables import CHANGE_KINDS, plan
from publisher.log.drafts.plan import Window, continues, in_family
from publisher.log.model import Conflict

_b, _s = t.release.c, t.span.c


def find_later_effect(
    conn: Connection, dataset: int, windows: Sequence[Window], first: int | None, day: int
) -> list[Conflict]:
    """Find published states of later effect, of a part or of the record of a single row.

    ``first``: the first later day of one of the parts, from :func:`.plan.find_windows`.
    """
    if first is not None:
        releases = _releases_of_parts(dataset, windows, first)
    else:
        changed = select(plan.c.record).where(plan.c.kind.in_(CHANGE_KINDS), plan.c.record.is_not(None))
        of_records = (_s.record.in_(changed), _s.known_to == FOREVER, ~continues(_s))
        first = conn.scalar(select(func.min(_s.effective_from)).where(*of_records, _s.effective_from > day))
        releases = select(_s.brought).where(*of_records, _s.effective_from == first)
    if first is None:
        return []
    # A cancellation takes effect at once; the release whose state it restored is named, if its file is known.
    number = conn.scalar(
        select(_b.number)
        .where(_b.sequence.in_(releases))
        .order_by(t.IS_CANCELLATION, _b.sequence.desc())
        .limit(1)
    )
    then = date.fromordinal(first).isoformat()
    return [
        Conflict(
            code="later-effect",
            message_zh=f"第{number}次发布的内容自{then}起生效，晚于本次生效日期。"
            "请选择保留它，或以本次内容取代。",
            message_en=f"Release {number} takes effect on {then}, later than this one. "
            "Choose to keep it, or to replace it.",
        )
    ]


def _releases_of_parts(dataset: int, windows: Sequence[Window], first: int) -> Select[tuple[int]]:
    """Select the releases that state or end content of the parts on a day, or whose file of one is of it."""
    i, ending = t.import_.c, t.span.alias("ending")
    before = ending.c
    families = {window.family for window in windows if window.mode == "snapshot"}

    def of_parts(part: ColumnElement[int | None]) -> ColumnElement[bool]:
        return or_(*(in_family(part, family) for family in families))

    begins = (_s.dataset == dataset, _s.known_to == FOREVER, _s.effective_from == first)
    ends = and_(before.record == _s.record, before.known_to == FOREVER, before.effective_to == first)
    releases = union(
        select(_s.brought).where(*begins, of_parts(_s.part)),
        select(_s.brought).join_from(t.span, ending, ends).where(*begins, of_parts(before.part)),
        select(i.release).where(
            *(i.dataset == dataset, i.effective_from == first, i.mode == "snapshot", i.release.is_not(None)),
            of_parts(i.part),
        ),
    )
    return select(releases.subquery().c[0])
