"""Releases made by hand: correction (更正), withdrawal, renaming."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, not_, select, update

from publisher.log.approvals.submission_digest import choose_span
from publisher.log.canonical_json import NotCanonicalError, bad_content, canonical, new_salt, salted_hash
from publisher.log.clocks import FOREVER, day_at, day_or_none
from publisher.log.database import tables as t
from publisher.log.database.connection import Database, among
from publisher.log.database.storable_text import storable
from publisher.log.database.temporary_tables import create_empty, new_change
from publisher.log.model import ChangeKind, LogError
from publisher.log.record_identity import identity_digest
from publisher.log.registry import DatasetRow
from publisher.log.releases.provenance import keep_fields
from publisher.log.releases.release_rows import cancellations
from publisher.log.releases.release_writer import ReleaseHeading, write_release
from schemas.definition.catalogue import Catalogue, Content


class Amendment(msgspec.Struct, frozen=True):
    """One manual change of a record over a period.

    ``span``: row of :data:`OPEN_SPANS` with the state that changes. Days are ordinals; ``effective_to`` is
    the day after the last. ``content``: None for a withdrawal.
    """

    record: int
    kind: ChangeKind
    status: str
    span: Any
    effective_from: int
    effective_to: int
    content: Content | None = None


class AmendmentRelease:
    """Collects amendments of one dataset and writes them as one release."""

    def __init__(
        self, database: Database, conn: Connection, dataset: DatasetRow, catalogue: Catalogue, now: datetime
    ) -> None:
        self._database, self._conn = database, conn
        self._dataset, self._catalogue, self._now = dataset, catalogue, now

    def correct(self, corrections: Mapping[str, Content], heading: ReleaseHeading) -> int:
        """Replace the content on all days on which the corrected revision is in effect.

        Each part to which the record belonged meanwhile keeps its days.
        """
        amendments: list[Amendment] = []
        for record_id, content in corrections.items():
            record, spans = self._open_spans(record_id)
            span = self._present_state(record_id, spans)
            self._check_identity(record_id, record, span.content, content)
            if canonical_text(content) == span.content:
                continue
            amendments += _amend_all_days(record, "corrected", spans, span, content)
        return self._publish(amendments, heading, corrects=True)

    def withdraw(self, records: Sequence[str], heading: ReleaseHeading) -> int:
        """Remove the content on every day, because it should not have been published."""
        amendments = []
        for record_id in dict.fromkeys(records):
            record, spans = self._open_spans(record_id)
            span = self._present_state(record_id, spans)
            first = min(row.effective_from for row in spans)
            amendments.append(Amendment(record, "withdrawn", "withdrawn", span, first, FOREVER))
        sequence = self._publish(amendments, heading)
        at = self._conn.scalar(select(t.release.c.published_at).where(t.release.c.sequence == sequence))
        withdrawn = select(t.change.c.record).where(t.change.c.release == sequence)
        self._conn.execute(update(t.record).where(t.record.c.key.in_(withdrawn)).values(withdrawn_at=at))
        return sequence

    def rename(self, record_id: str, content: Content, heading: ReleaseHeading) -> int:
        """Assign another identity to the record, which rows with that identity match from now on.

        Raises ``LogError``: ``nothing-renamed`` (title and identity stay), ``rename-outside-period``,
        ``later-name``, ``identity-taken``.
        """
        record, spans = self._open_spans(record_id)
        day, present = heading.effective_on.toordinal(), self._present_state(record_id, spans)
        # From an earlier day, the present content would keep its name.
        span = next(
            (
                row
                for row in spans
                if row.status == "stated"
                and present.effective_from <= day
                and row.effective_from <= day < row.effective_to
            ),
            None,
        )
        if span is None:
            raise _rename_outside_period(record_id, heading.effective_on, present)
        require_other_name(self._catalogue, msgspec.json.decode(span.content), content)
        amendments = list(_amend_all_days(record, "renamed", spans, span, content, begin=day))
        self._refuse_later_name(spans, amendments[-1].effective_to, content)
        self._assign_identity(record, self._choose_identity(record, span.content, content), day)
        return self._publish(amendments, heading)

    @property
    def now(self) -> datetime:
        return self._now

    @property
    def public_fields(self) -> frozenset[str]:
        return frozenset(field.name for field in self._catalogue.fields if not field.personal)

    def restore_identity(self, record: int, renamed: str, content: Content, day: int) -> None:
        """Let rows match the record as before it was renamed from a day on.

        ``renamed``: its content then, as JSON; ``day``: an ordinal. Raises ``LogError('identity-taken')``.
        """
        self._assign_identity(record, self._choose_identity(record, renamed, content), day)

    def _open_spans(self, record_id: str) -> tuple[int, Sequence[Any]]:
        """Fetch the record's key and its open spans in the order of their days. Raises ``LogError``."""
        s = t.span.c
        spans = self._conn.execute(
            OPEN_SPANS.where(
                t.record.c.dataset == self._dataset.key, t.record.c.id == record_id, s.known_to == FOREVER
            ).order_by(s.effective_from)
        ).all()
        if not spans:
            raise no_such_record(record_id)
        if spans[0].status == "erased":
            raise record_erased(record_id)
        return spans[0].record, spans

    def _present_state(self, record_id: str, spans: Sequence[Any]) -> Any:
        """Choose the state that is amended. Raises ``LogError('withdrawn')``."""
        present = choose_span(spans, day_at(self._now))
        if present is None:
            raise LogError(
                "withdrawn", f"记录 {record_id} 已撤回公布。", f"The record {record_id} is withdrawn."
            )
        return present

    def _refuse_later_name(self, spans: Sequence[Any], end: int, content: Content) -> None:
        """Refuse a rename that ends before a state with another name. Raises ``LogError('later-name')``."""
        identities = self._catalogue.identities_of(content)
        later = [
            row
            for row in spans
            if row.status == "stated"
            and row.effective_from >= end
            and self._catalogue.identities_of(msgspec.json.decode(row.content)) != identities
        ]
        if not later:
            return
        b, c, state = t.release.c, t.change.c, later[-1]
        cancelled = [one.cancels for one in cancellations(self._conn, b.dataset == self._dataset.key)]
        release = self._conn.execute(
            select(b.number, b.effective_on)
            .join_from(t.change, t.release, b.sequence == c.release)
            .where(c.record == state.record, c.revision == state.revision, not_(t.IS_CANCELLATION))
            .where(not_(among(self._conn, b.number, cancelled)))
            .order_by(c.sequence.desc())
        ).first()
        if release is not None and release.effective_on > day_at(self._now).toordinal():
            raise _later_name(state, release.number)
        raise _later_name(state, None)

    def _check_identity(self, record_id: str, record: int, before: str, content: Content) -> None:
        """Refuse a change of what identifies the record: its code, or its name where items share a code."""
        alternatives, identities = self._catalogue.identities_of(content), self._digests(content)
        current = self._conn.scalar(select(t.record.c.identity).where(t.record.c.key == record))
        first = self._catalogue.identity_of(msgspec.json.decode(before))
        if current not in {None, identities[0]} and (current not in identities or first != alternatives[0]):
            raise LogError(
                "identity-changed",
                f"更正不能更改记录 {record_id} 的标识字段，请改作更名。",
                f"A correction cannot change what identifies {record_id}; rename it instead.",
            )

    def _digests(self, content: Content) -> list[str]:
        return [identity_digest(self._dataset.name, one) for one in self._catalogue.identities_of(content)]

    def _choose_identity(self, record: int, before: str, content: Content) -> str:
        """Return the new identity: the one by name if that identified the record, as for a shared code."""
        first, *others = self._digests(content)
        old_first, *old_others = self._digests(msgspec.json.decode(before))
        current = self._conn.scalar(select(t.record.c.identity).where(t.record.c.key == record))
        return others[0] if others and first == old_first and current in old_others else first

    def _assign_identity(self, record: int, identity: str, day: int) -> None:
        """Assign an identity.

        Raises ``LogError('identity-taken')`` if another record with it is in force on the day or later.
        """
        r, s = t.record.c, t.span.c
        holder = self._conn.execute(
            select(r.key, r.id).where(r.dataset == self._dataset.key, r.identity == identity, r.key != record)
        ).first()
        if holder is not None:
            in_force = self._conn.execute(
                select(s.record).where(
                    s.record == holder.key,
                    s.known_to == FOREVER,
                    s.status == "stated",
                    s.effective_to > day,
                )
            ).first()
            if in_force is not None:
                raise identity_taken(holder.id)
            self._conn.execute(update(t.record).where(r.key == holder.key).values(identity=None))
        self._conn.execute(update(t.record).where(r.key == record).values(identity=identity))

    def _publish(
        self,
        amendments: Iterable[Amendment],
        heading: ReleaseHeading,
        *,
        cause: str = "source",
        corrects: bool = False,
        may_be_empty: bool = False,
    ) -> int:
        conn = self._conn
        create_empty(conn, new_change)
        last = conn.scalar(select(func.coalesce(func.max(t.revision.c.key), 0))) or 0
        revisions: dict[int, dict[str, Any]] = {}  # by the replaced one, which may be in effect several times
        rows = []
        for n, amendment in enumerate(amendments, start=1):
            key = replaced = amendment.span.revision
            if amendment.content is not None:
                new = last + len(revisions) + 1
                row = self._revision_row(new, amendment, corrects=corrects, cause=cause)
                key = revisions.setdefault(replaced, row)["key"]
            rows.append(self._change_row(n, key, amendment, cause))
        if not rows and not may_be_empty:
            raise LogError("nothing-changes", "内容没有变化。", "Nothing changed.")
        if revisions:
            conn.execute(insert(t.revision), list(revisions.values()))
        if rows:
            conn.execute(insert(new_change), rows)
        return write_release(
            self._database,
            conn,
            self._dataset,
            self._catalogue,
            heading,
            now=self._now,
            new_revisions_after=last,
        )

    def _revision_row(self, key: int, amendment: Amendment, *, corrects: bool, cause: str) -> dict[str, Any]:
        text, salt = canonical_text(amendment.content or {}), new_salt()
        locator, originals = amendment.span.locator, "{}"
        if cause == "reading":
            locator, originals = keep_fields(
                locator, amendment.span.originals, self.public_fields.__contains__
            )
        return {
            "key": key,
            "record": amendment.record,
            "hash": salted_hash(salt, text.encode()),
            "salt": salt,
            "content": text,
            "title": storable(self._catalogue.title_of(amendment.content or {})),
            # Manual text has no cells: the next import of the same cells counts as a change of the source.
            "source_text": amendment.span.source_text if cause == "reading" else "",
            "locator": locator,
            "originals": originals,
            "import": amendment.span.brought_by,
            "corrects": corrects,
        }

    def _change_row(self, n: int, revision: int, amendment: Amendment, cause: str) -> dict[str, Any]:
        title = amendment.span.full_title
        if amendment.content is not None:
            title = storable(self._catalogue.title_of(amendment.content))
        return {
            "n": n,
            "record": amendment.record,
            "kind": amendment.kind,
            "cause": cause,
            "status": amendment.status,
            "revision": revision,
            "before": amendment.span.revision,
            "part": amendment.span.part,
            "before_part": amendment.span.part,
            "effective_from": amendment.effective_from,
            "effective_to": amendment.effective_to,
            "title": title,
            "import": None,
            "position": None,
            "identity": None,
            "fresh": amendment.content is not None,
        }


_s, _v = t.span.c, t.revision.c
OPEN_SPANS = (
    select(
        *(_s.record, t.record.c.id, t.record.c.identity),
        *(_s.status, _s.revision, _s.part, _s.effective_from, _s.effective_to),
        *(_v.title.label("full_title"), _v.content, _v.source_text, _v.locator, _v.originals),
        _v["import"].label("brought_by"),
    )
    .join_from(t.span, t.record, t.record.c.key == _s.record)
    .join(t.revision, _v.key == _s.revision)
)


def no_such_record(record_id: str) -> LogError:
    return LogError("no-such-record", f"没有记录 {record_id}。", f"There is no record {record_id}.")


def record_erased(record_id: str) -> LogError:
    return LogError("erased", f"记录 {record_id} 已依法删除。", f"The record {record_id} was erased.")


def identity_taken(record_id: str) -> LogError:
    return LogError(
        "identity-taken",
        f"记录 {record_id} 已使用这一标识。",
        f"The record {record_id} has this identity already.",
        details=(record_id,),
    )


def require_other_name(catalogue: Catalogue, before: Content, content: Content) -> None:
    """Refuse a rename to the same title and identity. Raises ``LogError('nothing-renamed')``."""
    names = [(catalogue.title_of(one), catalogue.identities_of(one)) for one in (before, content)]
    if names[0] == names[1]:
        raise LogError(
            "nothing-renamed",
            "名称和标识字段没有变化，不是更名。其他内容请更正，或导入新的清单。",
            "The name and what identifies the item stay the same: this is no rename. Correct other contents, "
            "or import a new list.",
        )


def _rename_outside_period(record_id: str, day: date, present: Any) -> LogError:
    first, end = date.fromordinal(present.effective_from), day_or_none(present.effective_to)
    zh, en = f"自{first}起", f"from {first}"
    if end is not None:
        last = end - timedelta(days=1)
        zh, en = f"自{first}至{last}", f"{en} to {last}"
    return LogError(
        "rename-outside-period",
        f"记录 {record_id} 的现有内容{zh}有效，更名不能自{day}起生效。请改用有效时段内的日期。",
        f"The content of {record_id} is in effect {en}; a rename cannot take effect on {day}. "
        "Choose a day of that period.",
    )


def _later_name(state: Any, release: int | None) -> LogError:
    """``release``: number of the release that states it, if it can be cancelled."""
    first = date.fromordinal(state.effective_from)
    zh, en = f"请自{first}起更名", f"Rename from {first}"
    if release is not None:
        zh, en = f"{zh}，或先取消第{release}次发布", f"{en}, or cancel release {release} first"
    return LogError(
        "later-name",
        f"记录 {state.id} 自{first}起另有已发布的内容，名称与更名后的不同。{zh}。",
        f"The content of {state.id} that is published from {first} has another name. {en}.",
    )


def _amend_all_days(
    record: int, kind: ChangeKind, spans: Sequence[Any], span: Any, content: Content, *, begin: int = 0
) -> Iterator[Amendment]:
    """Yield the amendment of a span over the days on which its revision is in effect without a gap.

    There is one for each part to which the record belongs on them. ``begin``: ordinal of the first day.
    """
    same = [row for row in spans if row.status == "stated" and row.revision == span.revision]
    first = last = same.index(span)
    while first > 0 and same[first - 1].effective_to == same[first].effective_from:
        first -= 1
    while last + 1 < len(same) and same[last + 1].effective_from == same[last].effective_to:
        last += 1
    for _, group in groupby(same[first : last + 1], key=lambda row: row.part):
        run = list(group)
        begin_of_run, end = max(begin, run[0].effective_from), run[-1].effective_to
        if begin_of_run < end:
            yield Amendment(record, kind, "stated", run[0], begin_of_run, end, content)


def canonical_text(content: Content) -> str:
    try:
        return canonical(content).decode()
    except NotCanonicalError as error:
        raise bad_content(error, {}) from error
