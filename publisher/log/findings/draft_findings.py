"""Findings that the rows of a draft would have if they were published, by the same checks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import batched
from typing import Any

import msgspec
from msgspec import structs
from sqlalchemy import ColumnElement, Connection, select

from publisher.checks.all_checks import CHECKS
from publisher.checks.check import CheckedRecord
from publisher.ingest.findings.kind import Finding, shorten
from publisher.log.clocks import FOREVER
from publisher.log.database import tables as t
from publisher.log.database.connection import stream
from publisher.log.findings.record_states import (
    CheckedState,
    DatasetIndex,
    KnowledgeAt,
    StateReader,
    checks_with_states,
)
from publisher.log.record_identity import identity_digest
from schemas.definition.catalogue import Catalogue, Content

_BATCH = 500
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_CELL = re.compile(r"([A-Z]+)[0-9]+")


class UnpublishedRow(msgspec.Struct, frozen=True):
    """A row of a file that is not published yet."""

    file: str
    content: Content
    locator: Mapping[str, Any]
    """Position in the file, as that of an entry."""
    identity: str = ""
    """Digest that matches it to a record; if it is empty, that of its content."""


def check_rows(
    conn: Connection,
    datasets: DatasetIndex,
    catalogue: Catalogue,
    rows: Callable[[], Iterable[UnpublishedRow]],
    *,
    dataset: str,
    effective_on: date,
    day: date,
) -> Iterator[Finding]:
    """Yield the findings of rows on a day, each with its place in the file and with the texts that it cites.

    ``rows``: reads them, twice, so that a large draft is never held as a whole. ``effective_on``: when they
    would take effect; the checks compare with what the records state on the days before.
    """
    reader = StateReader(conn, datasets, FOREVER - 1)
    concerned = [check for check in CHECKS if check.concerns(catalogue)]
    checks = list(checks_with_states(reader, datasets, concerned))
    key = next(key for key, name in datasets.names.items() if name == dataset)
    publisher = datasets.publishers[key]

    def identity_of(row: UnpublishedRow) -> str:
        return row.identity or identity_digest(dataset, catalogue.identity_of(row.content))

    # Rows that share an identity may be different items, so that nothing is known of what they were.
    needs_earlier = any(check.needs_earlier for check, _ in checks)
    numbers = Counter(identity_of(row) for row in rows()) if needs_earlier else Counter[str]()
    for batch in batched(rows() if checks else (), _BATCH):
        identities = [identity_of(row) for row in batch] if needs_earlier else [""] * len(batch)
        single = [identity for identity in identities if numbers[identity] == 1]
        earlier = _read_earlier(conn, reader, key, single, effective_on.toordinal())
        for row, identity in zip(batch, identities, strict=True):
            own = earlier.get(identity, [])
            record_id = own[0].record.id if own else ""
            record = CheckedRecord(dataset, record_id, "", catalogue, row.content, publisher)
            for check, states in checks if record.has_title else ():
                knowledge = KnowledgeAt(states, day.toordinal(), FOREVER - 1, own)
                findings = check.find_findings(record, knowledge, day)
                yield from (_at_place(one, row, catalogue) for one in findings if one.severity != "agrees")


def _read_earlier(
    conn: Connection, reader: StateReader, dataset: int, identities: Sequence[str], day: int
) -> Mapping[str, list[CheckedState]]:
    """Read what records listed before a day, by the identity of their rows; it ends on that day."""
    r = t.record.c
    earlier: dict[str, list[CheckedState]] = {}
    query = select(r.key, r.identity).where(r.dataset == dataset, r.identity.in_(identities))
    by_key = {row.key: row.identity for row in conn.execute(query).all()} if identities else {}
    for states in reader.of_datasets([dataset], list(by_key)) if by_key else ():
        earlier[by_key[states[0].key]] = [
            structs.replace(
                state, period=structs.replace(state.period, effective_to=min(state.period.effective_to, day))
            )
            for state in states
            if state.period.effective_from < day
        ]
    return earlier


def draft_rows(conn: Connection, imports: ColumnElement[bool]) -> Iterator[UnpublishedRow]:
    """Yield the rows of imports, also those in error."""
    e, i = t.draft_entry.c, t.import_.c
    query = (
        select(e.content, e.locator, e.identity, i.name)
        .join_from(t.draft_entry, t.import_, i.key == e["import"])
        .where(imports)
        .order_by(e["import"], e.position)
    )
    for row in stream(conn, query):
        yield UnpublishedRow(row.name, _decode(row.content), _decode(row.locator), row.identity)


def _at_place(finding: Finding, row: UnpublishedRow, catalogue: Catalogue) -> Finding:
    cite = finding.cites[0]
    cell = _CELL.fullmatch(str((row.locator.get("cells") or {}).get(cite.field, "")))
    title = catalogue.by_name[cite.field].title
    rows = row.locator.get("rows") or ()
    return structs.replace(
        finding,
        file=row.file,
        sheet=row.locator.get("sheet") or None,
        row=rows[0] if rows else None,
        column=f"{cell[1]} {title}" if cell else title,
        found=shorten(cite.text),
    )
