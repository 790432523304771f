"""Cancellation (取消发布) of a release that is not yet in effect: the states before it, for the same days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec import structs
from sqlalchemy import Connection, Select, and_, delete, exists, insert, not_, or_, select, update

from publisher.log.clocks import FOREVER, micros
from publisher.log.database import tables as t
from publisher.log.database.connection import Database, among
from publisher.log.database.temporary_tables import create_empty, new_change
from publisher.log.drafts import repeal_decisions
from publisher.log.model import LogError
from publisher.log.registry import DatasetRow
from publisher.log.releases.amendment import AmendmentRelease
from publisher.log.releases.bitemporal_spans import mark_withdrawn
from publisher.log.releases.release_rows import cancellations, has_number, no_such_release, releases
from publisher.log.releases.release_writer import ReleaseHeading, write_release
from publisher.log.session import Session
from schemas.definition.catalogue import Catalogue
from schemas.definition.evolution import compare_catalogues


class _State(msgspec.Struct, frozen=True):
    """A state of a record from the day ``first`` to before the day ``end``, both ordinals."""

    first: int
    end: int
    status: str
    revision: int | None
    part: int | None


def refuse_migration(session: Session, conn: Connection, dataset: DatasetRow, number: int) -> None:
    """Refuse to cancel a release whose catalogue, or that before it, needs a migration to today's.

    Raises ``LogError('cancel-migration')``.
    """
    catalogue = session.catalogue(conn, dataset.catalogue_digest)
    before = releases(conn, dataset, number)[0].previous_number or number
    for release in releases(conn, dataset):
        old = session.catalogue(conn, release.catalogue_digest)
        if release.number >= before and compare_catalogues(old, catalogue):
            raise LogError(
                "cancel-migration",
                f"第{number}次发布以来清单类型定义已经迁移，不能取消。请再次发布。",
                f"The catalogue was migrated since release {number}, which cannot be cancelled. Publish "
                "again.",
            )


class CancellationRelease:
    """Cancels one release by a new one, in the transaction of the latter."""

    def __init__(self, database: Database, conn: Connection, dataset: DatasetRow) -> None:
        self._database, self._conn, self._dataset = database, conn, dataset

    def check(self, number: int, today: date) -> None:
        """Refuse what :meth:`cancel` would refuse, except a taken identity. Reads only."""
        self._find_changes(self._find_release(number, today), today)

    def cancel(
        self, number: int, catalogue: Catalogue, heading: ReleaseHeading, amendment_release: AmendmentRelease
    ) -> int:
        """Cancel the release. → the sequence of the new one.

        Raises ``LogError``: ``no-such-release``, ``already-in-effect``, ``already-cancelled``,
        ``cancel-superseded`` (a later release changed one of its records), ``identity-taken``.
        """
        release = self._find_release(number, heading.effective_on)
        changes = self._find_changes(release, heading.effective_on)
        create_empty(self._conn, new_change)
        without_effect: list[int] = []
        rows: list[dict[str, Any]] = []
        for change in changes:
            states = self._restore(release, change)
            if not states or any(state.status == "withdrawn" for state in states):
                without_effect.append(change.record)
            for row in self._change_rows(change, states):
                rows.append({**row, "n": len(rows) + 1})
        for change in {change.record: change for change in changes if change.kind == "renamed"}.values():
            before = msgspec.json.decode(self._content(change.before))
            renamed = self._content(change.revision)
            amendment_release.restore_identity(change.record, renamed, before, release.effective_on)
        if rows:
            self._conn.execute(insert(new_change), rows)
        heading = structs.replace(heading, extra_counts={t.CANCELS: number})
        sequence = write_release(
            self._database, self._conn, self._dataset, catalogue, heading, now=amendment_release.now
        )
        self._forget_effect(release, without_effect, sequence, micros(amendment_release.now))
        return sequence

    def _find_release(self, number: int, today: date) -> Any:
        r = t.release.c
        of_dataset = select(t.release).where(r.dataset == self._dataset.key)
        release = self._conn.execute(of_dataset.where(has_number(number))).first()
        if release is None:
            raise no_such_release(number)
        if release.effective_on <= today.toordinal():
            day = date.fromordinal(release.effective_on)
            raise LogError(
                "already-in-effect",
                f"第{number}次发布已自{day}起生效，不能取消。请更正、撤回公布或再次发布。",
                f"Release {number} is in effect since {day} and cannot be cancelled: correct, withdraw or "
                "publish again.",
            )
        for other in cancellations(self._conn, r.dataset == self._dataset.key, r.number > number):
            if other.cancels == number:
                raise LogError(
                    "already-cancelled",
                    f"第{number}次发布已由第{other.number}次发布取消。",
                    f"Release {number} was cancelled by release {other.number} already.",
                )
        return release

    def _find_changes(self, release: Any, today: date) -> Sequence[Any]:
        """Find the changes of a release, except those of records that were withdrawn or erased since.

        Raises ``LogError('cancel-superseded')``.
        """
        c, r = t.change.c, t.record.c
        conditions = (c.release == release.sequence, r.erased_by.is_(None), r.withdrawn_at.is_(None))
        of_release = select(t.change).join_from(t.change, t.record, r.key == c.record).where(*conditions)
        changes = self._conn.execute(of_release.order_by(c.sequence)).all()
        self._refuse_superseded(release, of_release.with_only_columns(c.record), today)
        return changes

    def _refuse_superseded(self, release: Any, records: Select[Any], today: date) -> None:
        """Refuse if later releases changed the records on its days, or renamed them before states that would
        come back with the old name. Those cancelled since do not count.
        """
        b, c, s = t.release.c, t.change.c, t.span.c
        later = cancellations(self._conn, b.dataset == self._dataset.key, b.number > release.number)
        # Not cancellations of earlier releases: the states that they wrote are not those before this release.
        undone = {n for one in later if one.cancels > release.number for n in (one.cancels, one.number)}
        old_name_returns = exists().where(
            s.record == c.record,
            s.known_from < release.published_at,
            s.known_to >= release.published_at,
            s.status == "stated",
            s.effective_from >= release.effective_on,
        )
        rows = self._conn.execute(
            select(b.number, b.effective_on)
            .join_from(t.change, t.release, b.sequence == c.release)
            .where(
                c.record.in_(records),
                c.release > release.sequence,
                c.kind != "corrected",
                or_(c.effective_to > release.effective_on, and_(c.kind == "renamed", old_name_returns)),
                not_(among(self._conn, b.number, undone)),
            )
            .distinct()
            .order_by(b.number.desc())
        ).all()
        if not rows:
            return
        in_effect = [row.number for row in rows if row.effective_on <= today.toordinal()]
        if in_effect:
            raise LogError(
                "cancel-superseded",
                f"第{in_effect[0]}次发布又调整了其中的记录，已不能取消，请再次发布。",
                f"Release {in_effect[0]} changed some of its records again and cannot be cancelled itself: "
                "publish again.",
            )
        newest = rows[0].number
        raise LogError(
            "cancel-superseded",
            f"第{newest}次发布又调整了其中的记录，请先取消第{newest}次发布，或再次发布。",
            f"Release {newest} changed some of its records again: cancel that one first, or publish again.",
        )

    def _restore(self, release: Any, change: Any) -> tuple[_State, ...]:
        """Return the states before the release on the days of the change; none for a record that is new.

        What a later release said until the day of the change goes on, such as a correction.
        """
        s = t.span.c
        before = self._conn.execute(
            select(t.span)
            .where(
                s.record == change.record,
                s.known_from < release.published_at,
                s.known_to >= release.published_at,
            )
            .order_by(s.effective_from)
        ).all()
        later = self._conn.execute(
            select(s.status, s.revision, s.part).where(
                s.record == change.record,
                s.known_to == FOREVER,
                s.effective_to == change.effective_from,
                s.brought > release.sequence,
            )
        ).first()
        if not before and not self._was_stated_before(change):
            return ()
        first_state = later or ("removed", None, change.part)
        states: list[_State] = []
        day = change.effective_from
        for span in before:
            first = max(span.effective_from, change.effective_from)
            end = min(span.effective_to, change.effective_to)
            if first >= end:
                continue
            if day < first:
                states.append(_State(day, first, *first_state))
            own = (span.status, span.revision, span.part)
            goes_on = later is not None and span.effective_from < first
            states.append(_State(first, end, *(first_state if goes_on else own)))
            day = end
        if day < change.effective_to:
            states.append(_State(day, change.effective_to, *first_state))
        return tuple(states)

    def _was_stated_before(self, change: Any) -> bool:
        """Report whether anything is in force before the days of the change."""
        s = t.span.c
        conditions = (s.record == change.record, s.known_to == FOREVER, s.status == "stated")
        query = select(s.record).where(*conditions, s.effective_from < change.effective_from)
        return self._conn.execute(query).first() is not None

    def _change_rows(self, change: Any, states: Sequence[_State]) -> Iterator[dict[str, Any]]:
        s = t.span.c
        current = self._conn.execute(
            select(t.span).where(
                s.record == change.record,
                s.known_to == FOREVER,
                s.effective_from <= change.effective_from,
                s.effective_to > change.effective_from,
            )
        ).one()
        if not states:
            first = self._conn.scalar(
                select(s.effective_from)
                .where(s.record == change.record, s.known_to == FOREVER)
                .order_by(s.effective_from)
                .limit(1)
            )
            states = (_State(first or change.effective_from, FOREVER, "withdrawn", None, change.part),)
        for state in states:
            kind = "changed" if state.status == "stated" else state.status
            revision = state.revision or current.revision
            yield {
                "record": change.record,
                "kind": kind,
                "cause": "source",
                "status": state.status,
                "revision": revision,
                "before": current.revision if current.status == "stated" else None,
                "part": state.part,
                "before_part": current.part,
                "effective_from": state.first,
                "effective_to": state.end,
                "title": self._title(revision),
                "import": None,
                "position": None,
                "identity": None,
                "fresh": False,
            }

    def _title(self, revision: int) -> str:
        return str(self._conn.scalar(select(t.revision.c.title).where(t.revision.c.key == revision)))

    def _content(self, revision: int) -> str:
        return self._conn.scalar(select(t.revision.c.content).where(t.revision.c.key == revision)) or "{}"

    def _forget_effect(self, release: Any, without_effect: Sequence[int], sequence: int, now: int) -> None:
        """Mark records that are in force on no day as withdrawn, and forget its day."""
        conn = self._conn
        at = conn.scalar(select(t.release.c.published_at).where(t.release.c.sequence == sequence))
        mark_withdrawn(conn, without_effect, at)
        forget_day(conn, self._dataset.key, release.number, now)


def forget_day(conn: Connection, dataset: int, number: int, now: int) -> None:
    """Let the files of a cancelled release take effect on no day, and do not announce it on its day.

    Repeals that it published are proposed again.
    """
    r, o = t.release.c, t.outbox.c
    cancelled = conn.scalars(select(r.sequence).where(r.dataset == dataset, r.number == number)).all()
    conn.execute(update(t.import_).where(t.import_.c.release.in_(cancelled)).values(effective_from=None))
    for sequence in cancelled:
        repeal_decisions.forget_published(conn, sequence)
    of_release = (o.kind == "release", o.key == str(number), o.dataset == dataset)
    conn.execute(delete(t.outbox).where(*of_release, o.due_at > now))
