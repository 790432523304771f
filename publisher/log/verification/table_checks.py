"""Small derived tables: counts, counters, catalogues, and the rows of datasets, releases and files."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, exists, func, select

from publisher.log.blob_store import digest_of
from publisher.log.database import held_records
from publisher.log.database import page_tables as pt
from publisher.log.database import tables as t
from publisher.log.database.connection import stream
from publisher.log.transparency import erasure_ledger
from publisher.log.verification.problem import Problem
from publisher.log.verification.record_checks import Growth
from publisher.log.verification.span_fold import ReleaseRow
from schemas.definition.catalogue import Catalogue, CatalogueError
from schemas.definition.file_loader import parse_catalogue


def _pairs(conn: Connection, query: Select[Any]) -> dict[Any, Any]:
    return {row[0]: row[1] for row in conn.execute(query)}


def read_releases(conn: Connection) -> Mapping[int, ReleaseRow]:
    """Read the releases in order, by sequence."""
    b = t.release.c
    query = select(
        *(b.sequence, b.dataset, t.dataset.c.name, b.number),
        *(b.published_at, b.effective_on, b.catalogue_digest),
    ).join_from(t.release, t.dataset, t.dataset.c.key == b.dataset)
    return {row.sequence: ReleaseRow(*row) for row in conn.execute(query.order_by(b.sequence))}


def check_catalogues(conn: Connection, catalogues: dict[str, Catalogue]) -> Iterator[Problem]:
    """Compare catalogue texts with their digests, and fill ``catalogues`` with those that match."""
    for row in conn.execute(select(t.catalogue).order_by(t.catalogue.c.digest)):
        where = f"清单类型 catalogue {row.name} {row.digest[:12]}"
        actual = digest_of(row.source.encode())
        if actual != row.digest:
            yield Problem(where, "catalogue.source (SHA-256)", actual, row.digest)
            continue
        try:
            catalogue = parse_catalogue(row.source, where=row.digest)
        except CatalogueError as error:
            # An older program accepted it; it is what was published.
            yield Problem(f"{where}: 本版本程序无法读取 this program cannot read it: {error}")
            continue
        catalogues[row.digest] = catalogue
        if catalogue.name != row.name:
            yield Problem(where, "catalogue.name", row.name, catalogue.name)


def check_datasets(conn: Connection, releases: Mapping[int, ReleaseRow]) -> Iterator[Problem]:
    """Compare the catalogue of each dataset with that of its newest release."""
    newest = {release.dataset: release for release in releases.values()}
    names = _pairs(conn, select(t.catalogue.c.digest, t.catalogue.c.name))
    for row in conn.execute(select(t.dataset).order_by(t.dataset.c.key)):
        where = f"数据集 dataset {row.name}"
        if row.key in newest and row.catalogue_digest != newest[row.key].catalogue:
            yield Problem(where, "dataset.catalogue_digest", row.catalogue_digest, newest[row.key].catalogue)
        if row.catalogue != names.get(row.catalogue_digest):
            yield Problem(where, "dataset.catalogue", row.catalogue, names.get(row.catalogue_digest))


def check_tally(conn: Connection, growth: Growth) -> Iterator[Problem]:
    """Compare the tally with the records in force that the changes give."""
    rebuilt: Counter[tuple[int, int, int]] = Counter()
    for (dataset, instant, day, erased_by), more in growth.items():
        if not erased_by:
            rebuilt[dataset, instant, day] += more
    rows: Iterable[Any] = stream(conn, select(t.tally))
    stored = {(row.dataset, row.known_from, row.effective_from): row.records for row in rows}
    for key in sorted(stored.keys() | rebuilt.keys()):
        if stored.get(key, 0) != rebuilt[key] or (key in stored and not rebuilt[key]):
            where = f"记录总数 tally of dataset #{key[0]}, known from {key[1]}, day {key[2]}"
            yield Problem(
                where, "tally.records", stored.get(key), rebuilt[key] or None, derived="tally", key=key
            )


def check_counts(conn: Connection, releases: Mapping[int, ReleaseRow], growth: Growth) -> Iterator[Problem]:
    """Compare the counts that releases state with their changes and with the records in force."""
    c = t.change.c
    kinds: dict[int, dict[str, int]] = defaultdict(dict)
    query = select(c.release, c.kind, func.count()).group_by(c.release, c.kind)
    for release, kind, count in conn.execute(query):
        kinds[release][kind] = count
    erased_by = t.record.c.erased_by
    of_erasure = select(erased_by, func.count()).where(erased_by.is_not(None)).group_by(erased_by)
    erased, in_force = _pairs(conn, of_erasure), _count_in_force(growth, releases.values())
    for sequence, text in conn.execute(select(t.release.c.sequence, t.release.c.counts)):
        release = releases[sequence]
        stated: dict[str, int] = msgspec.json.decode(text)
        rebuilt = {**kinds[sequence], "records": in_force[sequence]}
        rebuilt |= {"erased": erased[sequence]} if sequence in erased else {}
        for name in sorted((stated.keys() | rebuilt.keys()) - {t.CANCELS}):
            if stated.get(name, 0) != rebuilt.get(name, 0):
                yield Problem(str(release), f"counts.{name}", stated.get(name), rebuilt.get(name))


def _count_in_force(growth: Growth, releases: Iterable[ReleaseRow]) -> Mapping[int, int]:
    """Return sequence of each release → records in force on its day, as known when it was published.

    Releases are taken by the time of their publication; sums up to a day are read from a tree.
    """
    grown: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    erased: dict[int, list[tuple[int, int]]] = defaultdict(list)
    by_dataset: dict[int, list[ReleaseRow]] = defaultdict(list)
    for (dataset, instant, day, erased_by), more in growth.items():
        grown[dataset].append((instant, day, more))
        if erased_by:
            erased[erased_by].append((day, more))
    for release in releases:
        by_dataset[release.dataset].append(release)
    counts: dict[int, int] = {}
    for dataset, own in by_dataset.items():
        tree = _SumsByDay({day for _, day, _ in grown[dataset]})
        waiting = sorted(grown[dataset], reverse=True)
        for release in sorted(own, key=lambda one: (one.published_at, one.sequence)):
            while waiting and waiting[-1][0] <= release.published_at:
                _, day, more = waiting.pop()
                tree.add(day, more)
            for day, more in erased[release.sequence]:
                tree.add(day, -more)
            counts[release.sequence] = tree.sum_until(release.effective_on)
    return counts


class _SumsByDay:
    """Sums of numbers up to each day: a Fenwick tree, which adds and sums in logarithmic time."""

    def __init__(self, days: Iterable[int]) -> None:
        self._days = sorted(days)
        self._sums = [0] * (len(self._days) + 1)

    def add(self, day: int, number: int) -> None:
        """Add a number on one of the days."""
        place = bisect_right(self._days, day)
        while place < len(self._sums):
            self._sums[place] += number
            place += place & -place

    def sum_until(self, day: int) -> int:
        """Sum the numbers of all days up to this one."""
        place, total = bisect_right(self._days, day), 0
        while place:
            total += self._sums[place]
            place -= place & -place
        return total


def check_counters(conn: Connection) -> Iterator[Problem]:
    """Compare the counters of the site with the largest numbers in use."""
    site = conn.execute(select(t.site)).one()
    for name, column in (
        ("release_sequence", t.release.c.sequence),
        ("change_sequence", t.change.c.sequence),
    ):
        largest = conn.scalar(select(func.coalesce(func.max(column), 0)))
        if getattr(site, name) != largest:
            own = (getattr(site, name), largest)
            yield Problem("站点 site", f"site.{name}", *own, derived="site", key=(name,))
    outbox = conn.scalar(select(func.coalesce(func.max(t.outbox.c.sequence), 0))) or 0
    if site.outbox_sequence < outbox:
        own = (site.outbox_sequence, outbox)
        yield Problem("站点 site", "site.outbox_sequence", *own, derived="site", key=("outbox_sequence",))


def check_unpublished(conn: Connection, brought: int, count: int) -> Iterator[Problem]:
    """Name revisions that no change brought. Counting is enough if there are none."""
    if brought == count:
        return
    v, c = t.revision.c, t.change.c
    query = (
        select(v.key, t.record.c.id)
        .join_from(t.revision, t.record, t.record.c.key == v.record)
        .where(v.key.not_in(select(c.revision).where(c.revision.is_not(None))))
    )
    for key, record in conn.execute(query.order_by(v.key)):
        yield Problem(f"记录 record {record}: 修订版 revision #{key}: 没有发布过 no release brought it")


def check_release_marks(conn: Connection, releases: Mapping[int, ReleaseRow]) -> Iterator[Problem]:
    """Compare the marks of releases that an erasure touched."""
    c = t.change.c
    touched = set(
        conn.scalars(
            select(c.release)
            .join_from(t.change, t.record, t.record.c.key == c.record)
            .where(t.record.c.erased_by.is_not(None))
            .distinct()
        )
    )
    for sequence, erased in conn.execute(select(t.release.c.sequence, t.release.c.erased)):
        if erased != (sequence in touched):
            own = (erased, sequence in touched)
            yield Problem(str(releases[sequence]), "release.erased", *own, derived="release", key=(sequence,))


def check_files(conn: Connection, releases: Mapping[int, ReleaseRow], folder: Path) -> Iterator[Problem]:
    """Compare the rows of files with their releases and with what was erased from them.

    ``folder`` has the list of erasures: a restored log may lack the record for which a file was destroyed.
    """
    i, r = t.import_.c, t.record.c
    of_erased = select(r.key).where(r.erased_by.is_not(None))
    files_of_erased = held_records.select_files(lambda record: record.in_(of_erased)).subquery()
    rows_of_erased = select(i.key, i.digest).where(i.key.in_(select(files_of_erased.c[1])))
    erased = _pairs(conn, rows_of_erased)
    ledger = erasure_ledger.read_ledger(folder / erasure_ledger.NAME)
    files = {*erased.values(), *(digest for one in ledger if one.dataset for digest in one.sources)}
    pages = set(conn.scalars(select(pt.response.c.digest).where(pt.response.c.destroyed).distinct()))
    parts = _pairs(conn, select(t.part.c.key, t.part.c.dataset))
    for row in stream(conn, select(t.import_).order_by(i.key)):
        where = f"来源文件 source {row.name}"
        release = releases.get(row.release)
        if release is not None:
            where = f"{where}, {release}"
            if row.dataset != release.dataset:
                yield Problem(where, "import.dataset", row.dataset, release.dataset)
            if row.effective_from not in (None, release.effective_on):
                yield Problem(where, "import.effective_from", row.effective_from, release.effective_on)
        if row.part is not None and parts.get(row.part) != row.dataset:
            yield Problem(where, "import.part", row.part, None)
        destroyed = row.key in erased or row.digest in pages
        # The bytes of a file are gone wherever it was imported; earlier versions marked only one import.
        if row.destroyed != destroyed and (destroyed or row.digest not in files):
            yield Problem(where, "import.destroyed", row.destroyed, destroyed)
    yield from _check_held(conn)
    yield from _check_contents(conn)


def _check_contents(conn: Connection) -> Iterator[Problem]:
    """Compare the records of files, and the number of rows of drafts, with those of their imports."""
    i, h, d = t.import_.c, t.held.c, t.draft_entry.c
    records = {**held_records.digests(stream(conn, select(h.record, h["import"])))}
    entries = _pairs(conn, select(d["import"], func.count()).group_by(d["import"]))
    for row in stream(conn, select(i.key, i.name, i.release, i.entries, i.records).order_by(i.key)):
        where = f"来源文件 source {row.name}"
        if row.records != records.pop(row.key, None):
            yield Problem(f"{where}: 所含条目与发布时不符 the list of records that it contains was changed")
        if row.release is None and row.entries != entries.get(row.key, 0):
            yield Problem(f"草稿 draft, {row.name}", "entries", entries.get(row.key, 0), row.entries)
    for key in records:
        yield Problem(f"表 table held: 没有来源文件 there is no file {key}")


def _check_held(conn: Connection) -> Iterator[Problem]:
    """Name files of which a record was read that are not listed as its files."""
    v, h = t.revision.c, t.held.c
    listed = exists().where(h.record == v.record, h["import"] == v["import"])
    query = (
        select(t.record.c.id, t.import_.c.name)
        .join_from(t.revision, t.record, t.record.c.key == v.record)
        .join(t.import_, t.import_.c.key == v["import"])
        .where(~listed)
    )
    rows: Iterable[Any] = stream(conn, query)
    for row in rows:
        yield Problem(f"记录 record {row.id}", "held", None, row.name)


def check_left_out(conn: Connection, releases: Mapping[int, ReleaseRow]) -> Iterator[Problem]:
    """Compare the rows left out of each file with those of its release, which are in the log."""
    i = t.import_.c
    query = select(t.release.c.sequence, t.release.c.left_out).where(t.release.c.left_out.is_not(None))
    for sequence, text in conn.execute(query.order_by(t.release.c.sequence)).all():
        remaining: list[Any] = msgspec.json.decode(text)
        files = conn.execute(select(i.name, i.left_out).where(i.release == sequence).order_by(i.key)).all()
        for file in files:
            own: list[Any] = msgspec.json.decode(file.left_out)
            if remaining[: len(own)] != own:
                where = f"来源文件 source {file.name}, {releases[sequence]}"
                yield Problem(where, "import.left_out", own, remaining[: len(own)])
                break
            remaining = remaining[len(own) :]
