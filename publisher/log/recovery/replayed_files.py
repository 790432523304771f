"""Which file contained which record, of a release that is written again.

An archive names the file of a new revision only. A whole list contained all that was in its part on its day,
also what it did not change; :func:`.held_records.select_files` finds what any other file may have contained.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Connection, exists, insert, literal, select, update

from publisher.log.clocks import ordinal
from publisher.log.database import held_records
from publisher.log.database import tables as t
from publisher.log.database.connection import among
from publisher.log.drafts.plan import families, in_family, on_day

_BY_FILES = ("added", "changed")
"""Kinds of the changes that a file makes and whose content it has."""


def write_held(
    conn: Connection,
    document: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    *,
    records: Mapping[str, int],
    imports: Sequence[int],
    after: int,
) -> None:
    """Write the rows of ``held``, once the states of the release are written.

    ``document`` and ``lines``: of the release and its manifest; ``records``: id → key; ``imports``: keys of
    its files, in the order of the document. Revisions after the key ``after`` are new.
    """
    v, h = t.revision.c, t.held.c
    query = select(v.record, v["import"]).where(v.key > after, v["import"].is_not(None))
    pairs = {(row.record, row[1]) for row in conn.execute(query)}
    pairs.update(_changed(document, lines, records, imports, {record for record, _ in pairs}))
    if pairs:
        names = (h.record.name, h["import"].name)
        conn.execute(insert(t.held), [dict(zip(names, pair, strict=True)) for pair in sorted(pairs)])
    day = ordinal(document["effective_on"])
    for source, key in zip(document["sources"], imports, strict=True):
        if source["mode"] == "snapshot":
            _write_whole_list(conn, key, day)
    touched = {*imports, *(key for _, key in pairs)}
    rows = conn.execute(select(h.record, h["import"]).where(among(conn, h["import"], touched)))
    for key, digest in held_records.digests(rows).items():
        conn.execute(update(t.import_).where(t.import_.c.key == key).values(records=digest))


def _changed(
    document: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    records: Mapping[str, int],
    imports: Sequence[int],
    known: set[int],
) -> Iterator[tuple[int, int]]:
    """Yield the changed records whose file no revision names: they got an old content, or were erased since.

    Each is in one of the files of its part. ``known``: records with a file.
    """
    by_part: dict[str | None, list[int]] = {}
    for source, key in zip(document["sources"], imports, strict=True):
        by_part.setdefault(source["part"], []).append(key)
    for line in lines:
        record = records[line["record"]]
        if line["kind"] in _BY_FILES and record not in known:
            yield from ((record, key) for key in by_part.get(line["part"], imports))


def _write_whole_list(conn: Connection, key: int, day: int) -> None:
    """Link what was in the part of a whole list on its day; what is withdrawn may be in it too."""
    s, h, i, r = t.span.c, t.held.c, t.import_.c, t.record.c
    file = conn.execute(select(i.dataset, i.part).where(i.key == key)).one()
    family = families(conn, file.dataset).get(file.part, () if file.part is None else (file.part,))
    in_list = (
        select(s.record, literal(key, BigInteger))
        .join_from(t.span, t.record, r.key == s.record)
        .where(
            *(s.dataset == file.dataset, on_day(s, day), in_family(s.part, family)),
            *(s.status != "removed", r.erased_by.is_(None)),
            ~exists().where(h.record == s.record, h["import"] == key),
        )
    )
    conn.execute(insert(t.held).from_select([h.record.name, h["import"].name], in_list))
