"""Migration of a dataset to another catalogue, by a release."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from publisher.log import registry
from publisher.log.clocks import FOREVER
from publisher.log.database import tables as t
from publisher.log.database.connection import Database
from publisher.log.drafts import staging
from publisher.log.drafts.namesakes import possible_identities
from publisher.log.model import LogError
from publisher.log.registry import DatasetRow
from publisher.log.releases.amendment import (
    OPEN_SPANS,
    Amendment,
    AmendmentRelease,
    canonical_text,
    identity_taken,
)
from publisher.log.releases.provenance import keep_fields
from publisher.log.releases.release_writer import ReleaseHeading
from schemas.definition.catalogue import Catalogue, Content, Field


def migrate(
    database: Database,
    conn: Connection,
    dataset: DatasetRow,
    old: Catalogue,
    new: Catalogue,
    heading: ReleaseHeading,
    *,
    now: datetime,
) -> int:
    """Migrate a dataset to another catalogue by a release, and return its sequence.

    Raises ``LogError``: ``draft-in-the-way``, ``conversion-needed`` (a field of another type),
    ``identity-taken`` (two records with the same new identity on one day).
    """
    if staging.draft_imports(conn, dataset):
        raise LogError(
            "draft-in-the-way",
            "尚有草稿，请先发布或丢弃。",
            "There is a draft; publish or discard it first.",
        )
    changed = [
        f.name
        for f in new.fields
        if f.name in old.by_name and _type_and_format(old.by_name[f.name]) != _type_and_format(f)
    ]
    if changed:
        forms = [(f, *_name_difference(old.by_name[f.name], f)) for f in new.fields if f.name in changed]
        zh = "、".join(f"字段“{field.title}”的类型由 {was} 改为 {now}" for field, was, now in forms)
        en = ", ".join(f"the type of “{field.name}” changed from {was} to {now}" for field, was, now in forms)
        raise LogError(
            "conversion-needed",
            f"{zh}；已发布的数据不能自动转换。请保留原类型，或新增一个字段后再迁移。",
            f"{en}; published data cannot be converted automatically. Keep the type, or add a new field and "
            "migrate.",
            details=tuple(changed),
        )
    registry.store_catalogue(conn, new)
    conn.execute(
        update(t.dataset)
        .where(t.dataset.c.key == dataset.key)
        .values(catalogue=new.name, catalogue_digest=new.digest)
    )
    return MigrationRelease(database, conn, dataset, new, now).migrate(heading)


class MigrationRelease(AmendmentRelease):
    """Writes the states of one dataset for another catalogue as one release."""

    def migrate(self, heading: ReleaseHeading) -> int:
        """Rewrite all states from the day on for another catalogue, and assign identities again.

        Values and original texts of fields that it lacks, or marks as personal, are dropped.
        """
        s, day = t.span.c, heading.effective_on.toordinal()
        rows = self._conn.execute(
            OPEN_SPANS.where(
                s.dataset == self._dataset.key,
                s.known_to == FOREVER,
                s.effective_to > day,
                s.status == "stated",
            ).order_by(t.record.c.id, s.effective_from)
        ).all()
        names = self.public_fields
        contents = [
            {name: value for name, value in msgspec.json.decode(row.content).items() if name in names}
            for row in rows
        ]
        owners: dict[str, set[str]] = defaultdict(set)
        for row, content in zip(rows, contents, strict=True):
            owners[self._digests(content)[0]].add(row.id)
        amendments = []
        states: dict[str, list[Any]] = defaultdict(list)
        last: dict[str, tuple[int, str]] = {}
        for row, content in zip(rows, contents, strict=True):
            identity, *others = self._digests(content)
            if len(owners[identity]) > 1:
                identity = self._choose_among_several(row.identity, content, identity, *others)
            for other in states[identity]:
                overlap = row.effective_from < other.effective_to and other.effective_from < row.effective_to
                if other.id != row.id and overlap:
                    raise identity_taken(other.id)
            states[identity].append(row)
            last[row.id] = row.effective_from, identity
            if canonical_text(content) != row.content or _has_other_texts(row, names):
                first = max(row.effective_from, day)
                amendments.append(
                    Amendment(row.record, "changed", "stated", row, first, row.effective_to, content)
                )
        self._assign_identities(last)
        return self._publish(amendments, heading, cause="reading", may_be_empty=True)

    def _choose_among_several(self, current: str | None, content: Content, code: str, *names: str) -> str:
        """Return the identity of one of several records with the same first one.

        Their names identify items that share a code. A document keeps its turn among those of one name.
        """
        if names:
            return names[0]
        possible = possible_identities(self._dataset.name, self._catalogue, content)
        return current if current is not None and current in possible else code

    def _assign_identities(self, last: Mapping[str, tuple[int, str]]) -> None:
        """Clear all identities before assigning new ones, because they may be swapped.

        ``last``: id → first day and identity of the last state of a record. Of several that have one identity
        one after the other, the last one gets it.
        """
        r = t.record.c
        for record_id in last:
            self._conn.execute(update(t.record).where(r.id == record_id).values(identity=None))
        identities = {
            identity: record_id for record_id, (_, identity) in sorted(last.items(), key=itemgetter(1))
        }
        for identity, record_id in identities.items():
            holder = self._conn.scalar(
                select(r.id).where(r.dataset == self._dataset.key, r.identity == identity)
            )
            if holder is not None and holder != record_id:
                self._conn.execute(update(t.record).where(r.id == holder).values(identity=None))
            self._conn.execute(update(t.record).where(r.id == record_id).values(identity=identity))


def _has_other_texts(row: Any, names: frozenset[str]) -> bool:
    """Report whether a state has texts of cells of other fields. A place without a text does not count."""
    locator, originals = keep_fields(row.locator, row.originals, names.__contains__)
    if originals != row.originals:
        return True
    mended: Mapping[str, Any] = msgspec.json.decode(row.locator).get("mended") or {}
    return len(msgspec.json.decode(locator).get("mended") or {}) < len(mended)


def _name_difference(old: Field, new: Field) -> tuple[str, str]:
    """Return both types of a field, or its formats if the type is the same."""
    return (old.format, new.format) if old.type == new.type else (old.type, new.type)


def _type_and_format(field: Field) -> tuple[str, str]:
    return field.type, field.format
