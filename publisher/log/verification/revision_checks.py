"""Revisions one by one: the hashes, the title, the identity and the filterable values of each content."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, select

from publisher.log.canonical_json import salted_hash
from publisher.log.citations import graph_rows
from publisher.log.database import tables as t
from publisher.log.database.connection import stream
from publisher.log.database.grouped_rows import GroupedRows
from publisher.log.database.storable_text import storable
from publisher.log.drafts.namesakes import possible_identities
from publisher.log.record_identity import identity_digest, later_id
from publisher.log.releases import field_values, provenance
from publisher.log.verification.problem import UNREADABLE, Derived, Problem, guard, unreadable
from publisher.log.verification.span_fold import ReleaseRow
from schemas.definition.catalogue import Catalogue

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_ERASED = {"title": "", "source_text": "", "locator": "{}", "originals": "{}"}
"""Values of a revision whose content was erased."""
type _Value = tuple[str, str, float | None]
"""Field, text, number."""
type _Difference = tuple[str, object, object, Derived]
"""Field, what is stored, what is right, table."""


class StoredRevision(NamedTuple):
    """A revision and the record that it is of. A plain tuple: a row's names cost a third more."""

    key: int
    record: int
    content: str | None
    title: str
    locator: str
    originals: str
    source_text: str
    id: str
    identity: str | None
    erased_by: int | None
    hash: str
    salt: bytes | None
    provenance: str | None
    digest: str | None
    """SHA-256 of its file."""


class ReleaseFinder:
    """Finds the release that brought a revision: the keys of revisions grow with the releases."""

    def __init__(self, conn: Connection, releases: Mapping[int, ReleaseRow]) -> None:
        self._last: list[int] = []
        self._releases: list[ReleaseRow] = []
        for last, sequence, _ in graph_rows.ReleaseEnds().of_releases(conn, 0):
            if sequence in releases:
                self._last.append(last)
                self._releases.append(releases[sequence])

    def find(self, revision: int) -> ReleaseRow | None:
        n = bisect_left(self._last, revision)
        return self._releases[n] if n < len(self._last) else None


def fields_by_release(
    releases: Mapping[int, ReleaseRow], catalogues: Mapping[str, Catalogue]
) -> Mapping[int, Sequence[str] | None]:
    """Map releases to the fields of which their revisions have values: see :func:`.index_release`.

    None where one of the catalogues is damaged, so that nobody knows.
    """
    indexed = {
        digest: tuple(field.name for field in field_values.indexed_fields(catalogue))
        for digest, catalogue in catalogues.items()
    }
    newest: dict[int, tuple[str, Sequence[str] | None]] = {}
    """Dataset → the catalogue of the release after, and the fields of its revisions."""
    fields: dict[int, Sequence[str] | None] = {}
    for sequence in sorted(releases, reverse=True):
        release = releases[sequence]
        catalogue, later = newest.get(release.dataset, ("", ()))
        if catalogue != release.catalogue:
            own = indexed.get(release.catalogue)
            later = None if own is None or later is None else tuple(dict.fromkeys((*own, *later)))
            newest[release.dataset] = release.catalogue, later
        fields[sequence] = later
    return fields


class RevisionChecks:
    """One pass over all revisions and values, and one over the identities of records."""

    def __init__(
        self, conn: Connection, releases: Mapping[int, ReleaseRow], catalogues: Mapping[str, Catalogue]
    ) -> None:
        self._conn, self._releases, self._catalogues = conn, releases, catalogues
        self._fields = fields_by_release(releases, catalogues)
        self._finder = ReleaseFinder(conn, releases)
        self._with_identity: set[int] = set()
        """Keys of records of which a revision has the identity of the record."""
        self.count = self.erased = 0

    def check(self) -> Iterator[Problem]:
        values, graphs = _values_of_revisions(self._conn), graph_rows.StoredRows(self._conn)
        derived_to = graph_rows.read_run(self._conn).revision
        v, r = t.revision.c, t.record.c
        query = (
            select(v.key, v.record, v.content, v.title, v.locator, v.originals, v.source_text)
            .add_columns(r.id, r.identity, r.erased_by, v.hash, v.salt, v.provenance, t.import_.c.digest)
            .join_from(t.revision, t.record, r.key == v.record)
            .outerjoin(t.import_, t.import_.c.key == v["import"])
            .order_by(v.key)
        )
        for row in map(StoredRevision._make, stream(self._conn, query)):
            self.count += 1
            self.erased += row.content is None
            try:
                yield from _check_hashes(row)
                own = {tuple(value): dataset for _, dataset, *value in values.take(row.key)}
                yield from self._check(row, own)
                graph = graphs.take(row.key)
                if row.key <= derived_to:  # rows of later ones are still to be derived
                    yield from self._check_graph(row, graph)
            except UNREADABLE as error:
                yield unreadable(f"记录 record {row.id}", error)
        for revision in values.strays():
            where = f"筛选值 value of revision #{revision}"
            yield Problem(where, "value", "a row", None, derived="value", key=(revision,))
        for revision in graphs.strays():
            where = f"引用 citations of revision #{revision}"
            yield Problem(where, "graph", "a row", None, derived="graph", key=(revision,))
        yield from self._check_identities()

    def _check(self, row: StoredRevision, stored: Mapping[_Value, int]) -> Sequence[Problem]:
        release = self._finder.find(row.key)
        if release is None:
            return (
                Problem(f"记录 record {row.id}: 修订版 revision #{row.key}: 不属于任何发布 of no release"),
            )
        differences = self._compare_erased if row.content is None else self._compare_content
        return [
            Problem(f"记录 record {row.id}, {release}", field, was, now, derived=table, key=(row.key,))
            for field, was, now, table in differences(row, release, stored)
        ]

    def _compare_erased(
        self, row: StoredRevision, _: ReleaseRow, stored: Mapping[_Value, int]
    ) -> Iterator[_Difference]:
        yield from _compare_values(stored, {})
        for name, blank in _ERASED.items():
            if getattr(row, name) != blank:
                yield f"revision.{name}", getattr(row, name), blank, "revision"

    def _compare_content(
        self, row: StoredRevision, release: ReleaseRow, stored: Mapping[_Value, int]
    ) -> Iterable[_Difference]:
        catalogue, fields = self._catalogues.get(release.catalogue), self._fields[release.sequence]
        if catalogue is None or fields is None:
            return ()  # the catalogue itself is a problem
        content = _decode(row.content or "")
        if row.identity is not None and row.record not in self._with_identity:
            identity = identity_digest(release.dataset_name, catalogue.identity_of(content))
            if row.identity == identity:
                self._with_identity.add(row.record)
        title = storable(catalogue.title_of(content))
        forms = field_values.field_forms(content, fields)
        values = dict.fromkeys(forms, release.dataset)
        if title == row.title and values == stored:  # almost always: no generator is made for it
            return ()
        own: list[_Difference] = [("revision.title", row.title, title, "revision")]
        return [*(own if title != row.title else ()), *_compare_values(stored, values)]

    def _check_graph(self, row: StoredRevision, stored: graph_rows.Rows) -> Iterator[Problem]:
        """Compare works, citations and effects with those that the content gives."""
        release = self._finder.find(row.key)
        catalogue = None if release is None else self._catalogues.get(release.catalogue)
        if catalogue is None:
            return
        rebuilt = {} if row.content is None else graph_rows.rows_of(row.key, catalogue, row.content)
        for name, rows in stored.items():
            expected = sorted(rebuilt.get(name, ()), key=repr)
            if expected != rows:
                where, key = f"记录 record {row.id}, {release}", (row.key,)
                yield Problem(where, f"graph.{name}", rows, expected, derived="graph", key=key)

    def _check_identities(self) -> Iterator[Problem]:
        r = t.record.c
        columns = (r.key, r.id, r.identity, r.dataset, r.erased_by)
        for record in stream(self._conn, select(*columns).order_by(r.key)):
            if record.key not in self._with_identity:
                yield from guard(f"记录 record {record.id}", partial(self._check_identity, record))

    def _check_identity(self, record: Any) -> Iterator[Problem]:
        where = f"记录 record {record.id}"
        key = (record.key,)
        if record.erased_by is not None:
            if record.identity is not None:
                yield Problem(where, "record.identity", record.identity, None, derived="record", key=key)
            return
        possible = self._identities(record)
        if record.identity is None:
            # Without a renaming or a migration, only a later record with the same identity takes it.
            if possible and not self._is_taken(record, possible[0]):
                yield Problem(where, "record.identity", None, possible[0], derived="record", key=key)
        elif record.identity not in possible:
            rebuilt = possible[0] if possible else None
            yield Problem(where, "record.identity", record.identity, rebuilt, derived="record", key=key)

    def _identities(self, record: Any) -> list[str]:
        """List the identities that the record has had, the newest first."""
        v = t.revision.c
        query = select(v.key, v.content).where(v.record == record.key, v.content.is_not(None))
        own: dict[str, None] = {}
        for row in self._conn.execute(query.order_by(v.key.desc())).all():
            release = self._finder.find(row.key)
            if release is None:
                continue
            digests = (release.catalogue, *(x.catalogue for x in reversed(self._of_dataset(release.dataset))))
            for digest in dict.fromkeys(digests):
                if (catalogue := self._catalogues.get(digest)) is not None:
                    content = _decode(row.content)
                    own |= dict.fromkeys(possible_identities(release.dataset_name, catalogue, content))
        return list(own)

    def _of_dataset(self, dataset: int) -> list[ReleaseRow]:
        return [release for release in self._releases.values() if release.dataset == dataset]

    def _is_taken(self, record: Any, identity: str) -> bool:
        c, r = t.change.c, t.record.c
        renaming = select(c.sequence).where(
            c.dataset == record.dataset, (c.kind == "renamed") | (c.cause == "reading")
        )
        if self._conn.execute(renaming.limit(1)).first() is not None:
            return True
        others = select(r.key).where(
            r.key != record.key, (r.identity == identity) | (r.id == later_id(identity, 1))
        )
        return self._conn.execute(others.limit(1)).first() is not None


def _check_hashes(row: StoredRevision) -> Iterator[Problem]:
    """Compare content, file, locator, originals and source text with the salted hashes of them."""
    where = f"记录 record {row.id}: 修订版"
    if row.content is None:
        if row.erased_by is None:
            yield Problem(
                f"{where}缺少内容，且未依法删除 the content of a revision is missing without an erasure"
            )
    elif salted_hash(bytes(row.salt or b""), row.content.encode()) != row.hash:
        yield Problem(f"{where}的内容与哈希值不符 the content of a revision does not match its hash")
    elif not _is_from_its_source(row):
        words = "locator, originals, file or source text of a revision were changed"
        yield Problem(f"{where}的来源已被更改 {words}")


def _is_from_its_source(row: StoredRevision) -> bool:
    try:
        return row.provenance == provenance.row_hash(row)
    except ValueError:  # not even JSON
        return False


def _compare_values(stored: Mapping[_Value, int], rebuilt: Mapping[_Value, int]) -> Iterator[_Difference]:
    for one in sorted(stored.keys() | rebuilt.keys(), key=repr):
        if stored.get(one) != rebuilt.get(one):
            was, now = ((*one[1:], side[one]) if one in side else None for side in (stored, rebuilt))
            yield f"value.{one[0]}", was, now, "value"


def _values_of_revisions(conn: Connection) -> GroupedRows[Any]:
    """Read the stored values: revision, dataset, field, text, number."""
    w = t.value.c
    query = select(w.revision, w.dataset, w.field, w.text, w.number).order_by(w.revision)
    return GroupedRows(stream(conn, query), itemgetter(0))
