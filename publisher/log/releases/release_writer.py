"""Creation of a release from the changes in ``new_change``: changes, spans, counts, outbox and hashes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from importlib.metadata import version
from typing import Any, Literal

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, func, insert, literal, select, update

from publisher.log.canonical_json import canonical, new_salt, salted_hash
from publisher.log.clocks import micros, moment, start_of
from publisher.log.database import tables as t
from publisher.log.database.connection import Database, among
from publisher.log.database.storable_text import storable
from publisher.log.database.temporary_tables import new_change
from publisher.log.model import LogError
from publisher.log.registry import DatasetRow
from publisher.log.releases import bitemporal_spans, field_values, hash_chain, provenance, release_document
from publisher.log.transparency import entry_log, successions
from publisher.log.transparency.entries import FORMAT
from schemas.definition.catalogue import Catalogue


class ReleaseHeading(msgspec.Struct, frozen=True):
    """Attributes of a release other than its changes."""

    effective_on: date
    basis: str = ""
    note: str = ""
    actor: str = ""
    parser_version: str = ""
    left_out: tuple[Mapping[str, Any], ...] = ()
    extra_counts: Mapping[str, int] | None = None
    """Added to the counts of its changes by kind."""
    erased: tuple[str, ...] = ()
    """Ids of records that the release erases."""
    approval: str | None = None
    """Column ``release.approval``, under the two-person rule."""


def require_reason(heading: ReleaseHeading) -> None:
    """Raise ``LogError('reason-missing')`` for an amendment without a reason, which is its note."""
    if not heading.note.strip():
        raise LogError(
            "reason-missing",
            "没有写明理由。更正、撤回公布、更名和取消发布的理由将向社会公布，不能是空白。",
            "The reason is blank. It is published with a correction, withdrawal, rename or cancellation.",
        )


_TOLERANCE = timedelta(minutes=5)
"""Most by which the clocks of two machines that publish may differ."""


def clock_behind(now: datetime, newest: datetime | None) -> LogError | None:
    """Return ``clock-behind`` if a release is dated later than the clock: one of the two is wrong."""
    if newest is None or newest <= now + _TOLERANCE:
        return None
    return LogError(
        "clock-behind",
        f"本机时间为{now:%Y-%m-%d %H:%M}（UTC），早于最近一次发布的"
        f"{newest:%Y-%m-%d %H:%M}（UTC）。请先校准时间。",
        f"This machine's clock says {now:%Y-%m-%d %H:%M} UTC, but the newest release is of "
        f"{newest:%Y-%m-%d %H:%M} UTC. Correct the clock first.",
    )


def write_release(
    database: Database,
    conn: Connection,
    dataset: DatasetRow,
    catalogue: Catalogue,
    heading: ReleaseHeading,
    *,
    now: datetime,
    imports: Sequence[int] = (),
    new_revisions_after: int | None = None,
) -> int:
    """Write the release in the current transaction. → its site-wide sequence.

    ``new_change`` contains its changes in order; revisions after the key ``new_revisions_after`` are new,
    None: none are.
    """
    database.analyze(conn, new_change)
    counters = conn.execute(select(t.site)).one()
    last_sequence: int = counters.release_sequence
    sequence = last_sequence + 1 + successions.lost_at(conn, last_sequence)
    previous = conn.execute(
        select(t.release.c.published_at, t.release.c.document).where(t.release.c.sequence == last_sequence)
    ).first()
    if previous is not None and (error := clock_behind(now, moment(previous.published_at))) is not None:
        raise error
    # A clock that was set back a little must not date a release before the last one.
    known_from = micros(now) if previous is None else max(micros(now), previous.published_at + 1)

    last = bitemporal_spans.write_spans(
        database,
        conn,
        dataset.key,
        release=sequence,
        known_from=known_from,
        sequence=counters.outbox_sequence,
    )
    bitemporal_spans.add_tally(conn, dataset.key, known_from=known_from, after=counters.outbox_sequence)
    newest = conn.scalar(select(func.max(t.revision.c.key))) or 0
    after = newest if new_revisions_after is None else new_revisions_after
    earlier = field_values.read_earlier(conn, dataset.key, catalogue, sequence)
    field_values.index_release(conn, dataset.key, catalogue, earlier, after)
    if after < newest:
        provenance.add_hashes(conn, after=after)
    row = _release_row(conn, dataset, catalogue, heading, sequence, known_from, previous)
    last_change = successions.last_number_of_changes(conn, counters.change_sequence)
    lines = release_document.manifest(conn, new_change, new_change.c.n + last_change)
    row |= _append_entry(conn, row, lines, imports, heading.erased)
    conn.execute(insert(t.release).values(row))
    conn.execute(update(t.import_).where(among(conn, t.import_.c.key, imports)).values(release=sequence))
    changes = _write_changes(conn, dataset.key, sequence, last_change) or counters.change_sequence
    if earlier is not None and earlier.change_documents(catalogue):
        last = renumber_spans(conn, dataset.key, upto=counters.outbox_sequence, last=last)
    write_span_items(conn, dataset.key, counters.outbox_sequence, micros(now))
    last = write_release_items(conn, dataset.key, row["number"], heading.effective_on, micros(now), last)
    conn.execute(
        update(t.site).values(release_sequence=sequence, change_sequence=changes, outbox_sequence=last)
    )
    return sequence


def _release_row(
    conn: Connection,
    dataset: DatasetRow,
    catalogue: Catalogue,
    heading: ReleaseHeading,
    sequence: int,
    known_from: int,
    previous: Any,
) -> dict[str, Any]:
    left_out, salt = canonical(list(heading.left_out)), new_salt()
    row: dict[str, Any] = {
        "sequence": sequence,
        "dataset": dataset.key,
        "number": successions.next_number(conn, dataset.key),
        "published_at": known_from,
        "effective_on": heading.effective_on.toordinal(),
        "basis": storable(heading.basis),
        "note": storable(heading.note),
        "actor": storable(heading.actor),
        "catalogue_digest": catalogue.digest,
        "parser_version": heading.parser_version,
        "software_version": version("qingdan"),
        "counts": msgspec.json.encode(
            _counts(conn, dataset.key, heading, known_from), order="sorted"
        ).decode(),
        "left_out": left_out.decode(),
        "left_out_salt": salt,
        "left_out_hash": salted_hash(salt, left_out),
        "previous_hash": hash_chain.FIRST if previous is None else previous.document,
        "erased": False,
        "format": FORMAT,
        "approval": heading.approval,
        **release_document.new_salts(),
    }
    return row


def _append_entry(
    conn: Connection,
    row: Mapping[str, Any],
    lines: Iterable[bytes],
    imports: Sequence[int],
    erased: Sequence[str],
) -> dict[str, Any]:
    """Append the document of the release to the entries. → the columns with its hashes."""
    previous, manifest = row["previous_hash"], release_document.manifest_digest(lines)
    document = release_document.build(
        conn,
        row,
        release_document.source_rows(conn, among(conn, t.import_.c.key, imports)),
        manifest=manifest,
        details=conn.scalar(select(t.dataset.c.document).where(t.dataset.c.key == row["dataset"])) or "",
        previous=None if previous == hash_chain.FIRST else previous,
        erased=erased,
    )
    digest = entry_log.append_document(conn, "release", document, row["published_at"])
    return {"manifest_hash": manifest, "document": digest, "hash": digest}


def _counts(conn: Connection, dataset: int, heading: ReleaseHeading, known_from: int) -> dict[str, int]:
    kinds = conn.execute(select(new_change.c.kind, func.count()).group_by(new_change.c.kind)).all()
    day = heading.effective_on.toordinal()
    records = bitemporal_spans.count_in_force(conn, dataset, day=day, instant=known_from)
    erased = {"erased": len(heading.erased)} if heading.erased else {}
    return {**{row[0]: row[1] for row in kinds}, **(heading.extra_counts or {}), **erased, "records": records}


def _write_changes(conn: Connection, dataset: int, release: int, after: int) -> int:
    """Copy the changes in ``new_change`` to the log, numbered after ``after``. → the last number; 0: none."""
    nc = new_change.c
    conn.execute(
        insert(t.change).from_select(
            [column.name for column in t.change.c],
            select(
                literal(after, t.Integer64) + nc.n,
                literal(release, t.Integer64),
                literal(dataset, t.Integer64),
                *(nc.record, nc.kind, nc.cause, nc.revision, nc.before, nc.part, nc.before_part),
                *(nc.effective_from, nc.effective_to),
            ).order_by(nc.n),
        )
    )
    last = conn.scalar(select(func.max(nc.n)))
    return after + last if last else 0


def write_span_items(conn: Connection, dataset: int, after: int, due_at: int) -> None:
    """Write outbox items for the dataset's spans that were written after an outbox sequence."""
    s = t.span.c
    new = (s.sequence > after, s.dataset == dataset, s.status != "erased")
    queue_spans(conn, "span", t.span, *new, sequence=s.sequence, due_at=due_at)


def queue_all_spans(conn: Connection, dataset: int, due_at: int) -> None:
    """Queue every span of a dataset for search, whose documents state details of the dataset."""
    before = conn.scalar(select(t.site.c.outbox_sequence)) or 0
    last = renumber_spans(conn, dataset, upto=before, last=before)
    write_span_items(conn, dataset, before, due_at)
    conn.execute(update(t.site).values(outbox_sequence=last))


def renumber_spans(conn: Connection, dataset: int, *, upto: int, last: int) -> int:
    """Number the spans of a dataset up to an outbox sequence again, so that search gets all of them anew.

    ``last``: the last outbox sequence so far → the same afterwards.
    """
    s = t.span.c
    old = (s.dataset == dataset, s.sequence <= upto, s.status != "erased")
    keys = (s.record, s.made, s.effective_from)
    numbered = select(*keys, number_spans(t.span, last).label("n")).where(*old).subquery()
    is_same = (column == numbered.c[column.name] for column in keys)
    count = conn.scalar(select(func.count()).select_from(t.span).where(*old)) or 0
    conn.execute(update(t.span).where(*is_same).values(sequence=numbered.c.n))
    return last + count


def queue_spans(
    conn: Connection,
    kind: Literal["span", "erase"],
    spans: Table,
    *conditions: ColumnElement[bool],
    sequence: Any,
    due_at: int,
) -> None:
    """Write an outbox item for each span of the table ``spans`` that satisfies the conditions."""
    s = spans.c
    conn.execute(
        insert(t.outbox).from_select(
            [column.name for column in t.outbox.c if column is not t.outbox.c.seal],
            select(
                sequence.label("sequence"),
                literal(kind),
                span_key(spans),
                s.dataset,
                literal(due_at, t.Integer64),
                literal(0),
                literal(""),
            )
            .join_from(spans, t.record, t.record.c.key == s.record)
            .where(*conditions)
            .order_by("sequence"),
        )
    )


def number_spans(spans: Table, after: int) -> ColumnElement[int]:
    """Outbox sequences for a selection of spans, in the order of their keys."""
    s = spans.c
    position = func.row_number().over(order_by=(s.record, s.made, s.effective_from))
    return literal(after, t.Integer64) + position


def span_key(table: Table = t.span) -> Any:
    """:func:`publisher.log.record_identity.span_id` as an SQL expression."""
    s = table.c
    return (
        t.record.c.id.concat(literal("."))
        .concat(s.made.cast(t.CodePointText))
        .concat(literal("."))
        .concat(s.effective_from.cast(t.CodePointText))
    )


def write_release_items(
    conn: Connection,
    dataset: int,
    number: int,
    effective_on: date,
    now: int,
    last: int,
    *,
    announced: bool = False,
) -> int:
    """Write outbox items of a release: due at publication, and on its later day of effect.

    ``last``: the last outbox sequence so far → the same afterwards. ``announced``: its publication was
    announced before.
    """
    due = [] if announced else [now]
    if micros(start_of(effective_on)) > now:
        due.append(micros(start_of(effective_on)))
    rows = [
        {
            "sequence": last + n,
            "kind": "release",
            "key": str(number),
            "dataset": dataset,
            "due_at": due_at,
            "attempts": 0,
            "error": "",
        }
        for n, due_at in enumerate(due, start=1)
    ]
    if rows:
        conn.execute(insert(t.outbox), rows)
    return last + len(rows)
