"""Releases that a person makes by hand: correction, withdrawal, a rename, a catalogue's migration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from publisher.log.canonical_json import NotCanonicalError, canonical, commitment, new_salt
from publisher.log.clocks import FOREVER, day_at
from publisher.log.database import tables as t
from publisher.log.database.connection import Database
from publisher.log.database.storable_text import bad_content, plain
from publisher.log.database.work_tables import emptied, work
from publisher.log.model import ChangeKind, LogError
from publisher.log.record_identity import identity_digest
from publisher.log.registry import DatasetRow
from publisher.log.releases.append import Heading, seal
from schemas.definition.catalogue import Catalogue, Content


@dataclass(frozen=True, slots=True)
class Amendment:
    """One change made by hand: new content, or none, over some days of one record."""

    record: int
    kind: ChangeKind
    status: str
    span: Any
    effective_from: int
    effective_to: int
    content: Content | None = None


class Amending:
    """Gathers amendments of one dataset and seals them as one release."""

    def __init__(
        self, database: Database, conn: Connection, dataset: DatasetRow, catalogue: Catalogue, now: datetime
    ) -> None:
        self._database, self._conn = database, conn
        self._dataset, self._catalogue, self._now = dataset, catalogue, now

    def correct(self, corrections: Mapping[str, Content], heading: Heading) -> int:
        """New content over all the days on which the value that it corrects holds."""
        amendments = []
        for record_id, content in corrections.items():
            record, life = self._life(record_id)
            chosen = self._value_now(record_id, life)
            self._same_identity(record_id, record, content)
            first, last = _stretch(life, chosen)
            if _text(content) == self._content(chosen):
                continue
            amendments.append(Amendment(record, "corrected", "stated", chosen, first, last, content))
        return self._seal(amendments, heading, corrects=True)

    def withdraw(self, records: Sequence[str], heading: Heading) -> int:
        """No content at any day, from now on: it should never have been published."""
        amendments = []
        for record_id in dict.fromkeys(records):
            record, life = self._life(record_id)
            chosen = self._value_now(record_id, life)
            first = min(row.effective_from for row in life)
            amendments.append(Amendment(record, "withdrawn", "withdrawn", chosen, first, FOREVER))
        sequence = self._seal(amendments, heading)
        at = self._conn.scalar(select(t.release.c.published_at).where(t.release.c.sequence == sequence))
        keys = [a.record for a in amendments]
        self._conn.execute(update(t.record).where(t.record.c.key.in_(keys)).values(withdrawn_at=at))
        return sequence

    def rename(self, record_id: str, content: Content, heading: Heading) -> int:
        """The record goes on under another identity: rows that bear it match this record from now on."""
        record, life = self._life(record_id)
        chosen = self._value_now(record_id, life)
        identity = identity_digest(self._dataset.name, self._catalogue.identity_of(content))
        self._take_identity(record, identity)
        day = heading.effective_on.toordinal()
        later = [row.effective_from for row in life if row.effective_from > day]
        amendment = Amendment(record, "renamed", "stated", chosen, day, min(later, default=FOREVER), content)
        return self._seal([amendment], heading)

    def migrate(self, convert: Callable[[Content], Content], heading: Heading) -> int:
        """All states from the day on, rewritten for another catalogue; identities are matched anew."""
        s, day = t.span.c, heading.effective_on.toordinal()
        rows = self._conn.execute(
            _LIFE.where(
                s.dataset == self._dataset.key,
                s.known_to == FOREVER,
                s.effective_to > day,
                s.status == "stated",
            ).order_by(t.record.c.id, s.effective_from)
        ).all()
        amendments = []
        identities: dict[str, str] = {}
        for row in rows:
            content = convert(msgspec.json.decode(row.content))
            identity = identity_digest(self._dataset.name, self._catalogue.identity_of(content))
            if identities.setdefault(identity, row.id) != row.id:
                raise identity_taken(identities[identity])
            if _text(content) != row.content:
                first = max(row.effective_from, day)
                amendments.append(
                    Amendment(row.record, "changed", "stated", row, first, row.effective_to, content)
                )
        self._match_anew(identities)
        return self._seal(amendments, heading, cause="reading", may_be_empty=True)

    def _match_anew(self, identities: Mapping[str, str]) -> None:
        """First let go of all identities, then give the new ones: they may be one another's."""
        r = t.record.c
        for record_id in set(identities.values()):
            self._conn.execute(update(t.record).where(r.id == record_id).values(identity=None))
        for identity, record_id in identities.items():
            holder = self._conn.scalar(
                select(r.id).where(r.dataset == self._dataset.key, r.identity == identity)
            )
            if holder is not None and holder != record_id:
                self._conn.execute(update(t.record).where(r.id == holder).values(identity=None))
            self._conn.execute(update(t.record).where(r.id == record_id).values(identity=identity))

    def _life(self, record_id: str) -> tuple[int, Sequence[Any]]:
        """A record's open spans in the order of their days. Raises ``LogError``."""
        s = t.span.c
        life = self._conn.execute(
            _LIFE.where(
                t.record.c.dataset == self._dataset.key, t.record.c.id == record_id, s.known_to == FOREVER
            ).order_by(s.effective_from)
        ).all()
        if not life:
            raise no_such_record(record_id)
        if life[0].status == "erased":
            raise LogError("erased", f"记录 {record_id} 已依法删除。", f"The record {record_id} was erased.")
        return life[0].record, life

    def _value_now(self, record_id: str, life: Sequence[Any]) -> Any:
        """The state in force today; else the first to come; else the last before it was removed."""
        today = day_at(self._now).toordinal()
        stated = [row for row in life if row.status == "stated"]
        if not stated:
            raise LogError(
                "withdrawn", f"记录 {record_id} 已撤回公布。", f"The record {record_id} is withdrawn."
            )
        for row in stated:
            if row.effective_from <= today < row.effective_to:
                return row
        coming = [row for row in stated if row.effective_from > today]
        return coming[0] if coming else stated[-1]

    def _content(self, span: Any) -> str:
        return str(span.content)

    def _same_identity(self, record_id: str, record: int, content: Content) -> None:
        identity = identity_digest(self._dataset.name, self._catalogue.identity_of(content))
        held = self._conn.scalar(select(t.record.c.identity).where(t.record.c.key == record))
        if held is not None and identity != held:
            raise LogError(
                "identity-changed",
                f"更正不能更改记录 {record_id} 的标识字段，请用 qingdan rename。",
                f"A correction cannot change what identifies {record_id}; use qingdan rename.",
            )

    def _take_identity(self, record: int, identity: str) -> None:
        """Raises ``LogError('identity-taken')`` while another record in force has it."""
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
                    s.effective_to == FOREVER,
                )
            ).first()
            if in_force is not None:
                raise identity_taken(holder.id)
            self._conn.execute(update(t.record).where(r.key == holder.key).values(identity=None))
        self._conn.execute(update(t.record).where(r.key == record).values(identity=identity))

    def _seal(
        self,
        amendments: Iterable[Amendment],
        heading: Heading,
        *,
        cause: str = "source",
        corrects: bool = False,
        may_be_empty: bool = False,
    ) -> int:
        conn = self._conn
        emptied(conn, work)
        last = conn.scalar(select(func.coalesce(func.max(t.revision.c.key), 0))) or 0
        revisions, rows = [], []
        for n, a in enumerate(amendments, start=1):
            key = a.span.revision if a.content is None else last + n
            if a.content is not None:
                revisions.append(self._revision(key, a, corrects=corrects, cause=cause))
            rows.append(self._work(n, key, a, cause))
        if not rows and not may_be_empty:
            raise LogError("nothing-changes", "内容没有变化。", "Nothing changed.")
        if revisions:
            conn.execute(insert(t.revision), revisions)
        if rows:
            conn.execute(insert(work), rows)
        return seal(
            self._database,
            conn,
            self._dataset,
            self._catalogue,
            heading,
            now=self._now,
            new_revisions_after=last,
        )

    def _revision(self, key: int, a: Amendment, *, corrects: bool, cause: str) -> dict[str, Any]:
        text, salt = _text(a.content or {}), new_salt()
        return {
            "key": key,
            "record": a.record,
            "hash": commitment(salt, text.encode()),
            "salt": salt,
            "content": text,
            "title": plain(self._catalogue.title_of(a.content or {})),
            # A person's text has no cells: the next import of the same cells is a change of the source.
            "source_text": a.span.source_text if cause == "reading" else "",
            "locator": a.span.locator,
            "originals": a.span.originals if cause == "reading" else "{}",
            "import": a.span[-1],
            "corrects": corrects,
        }

    def _work(self, n: int, revision: int, a: Amendment, cause: str) -> dict[str, Any]:
        title = a.span.full_title if a.content is None else plain(self._catalogue.title_of(a.content))
        return {
            "n": n,
            "record": a.record,
            "kind": a.kind,
            "cause": cause,
            "status": a.status,
            "revision": revision,
            "before": a.span.revision,
            "part": a.span.part,
            "before_part": a.span.part,
            "effective_from": a.effective_from,
            "effective_to": a.effective_to,
            "title": title,
            "import": None,
            "position": None,
            "identity": None,
            "fresh": a.content is not None,
        }


_s, _v = t.span.c, t.revision.c
_LIFE = (
    select(
        *(_s.record, t.record.c.id, _s.status, _s.revision, _s.part, _s.effective_from, _s.effective_to),
        *(_v.title.label("full_title"), _v.content, _v.source_text, _v.locator, _v.originals, _v["import"]),
    )
    .join_from(t.span, t.record, t.record.c.key == _s.record)
    .join(t.revision, _v.key == _s.revision)
)


def no_such_record(record_id: str) -> LogError:
    return LogError("no-such-record", f"没有记录 {record_id}。", f"There is no record {record_id}.")


def identity_taken(record_id: str) -> LogError:
    return LogError(
        "identity-taken",
        f"记录 {record_id} 已使用这一标识。",
        f"The record {record_id} has this identity already.",
        details=(record_id,),
    )


def _stretch(life: Sequence[Any], chosen: Any) -> tuple[int, int]:
    """The days around a span on which the same revision holds without a break."""
    first, last = chosen.effective_from, chosen.effective_to
    same = [row for row in life if row.status == "stated" and row.revision == chosen.revision]
    for row in reversed(same):
        if row.effective_to == first:
            first = row.effective_from
    for row in same:
        if row.effective_from == last:
            last = row.effective_to
    return first, last


def _text(content: Content) -> str:
    try:
        return canonical(content).decode()
    except NotCanonicalError as error:
        raise bad_content(str(error), {}) from error
