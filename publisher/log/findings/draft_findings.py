"""Findings that the rows of a draft would have if they were published, by the same checks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from publisher.checks.all_checks import CHECKS
from publisher.checks.check import CheckedRecord
from publisher.ingest.findings.kind import Finding, shorten
from publisher.log.clocks import FOREVER
from publisher.log.database import tables as t
from publisher.log.database.connection import stream
from publisher.log.findings.record_states import Datasets, KnowledgeAt, StateReader, checks_with_states
from schemas.definition.catalogue import Catalogue, Content

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_CELL = re.compile(r"([A-Z]+)[0-9]+")


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A row of a file that is not published yet."""

    file: str
    content: Content
    locator: Mapping[str, Any]
    """Position in the file, as that of an entry."""


def check_rows(
    conn: Connection,
    datasets: Datasets,
    catalogue: Catalogue,
    rows: Iterable[DraftRow],
    *,
    dataset: str,
    day: date,
) -> Iterator[Finding]:
    """Yield the findings of rows, each with its place in the file and with the texts that it cites."""
    reader = StateReader(conn, datasets, FOREVER - 1)
    concerned = [check for check in CHECKS if check.concerns(catalogue)]
    checks = [
        (check, KnowledgeAt(states, day.toordinal(), FOREVER - 1))
        for check, states in checks_with_states(reader, datasets, concerned)
    ]
    publisher = next(datasets.publishers[key] for key, name in datasets.names.items() if name == dataset)
    for row in rows if checks else ():
        record = CheckedRecord(dataset, "", "", catalogue, row.content, publisher)
        for check, knowledge in checks:
            for finding in check.applies(record, knowledge, day):
                if finding.severity != "agrees":
                    yield _at_place(finding, row, catalogue)


def draft_rows(conn: Connection, dataset: int) -> Iterator[DraftRow]:
    """Yield the rows of a draft that publication would bring."""
    e, i = t.draft_entry.c, t.import_.c
    query = (
        select(e.content, e.locator, i.name)
        .join_from(t.draft_entry, t.import_, i.key == e["import"])
        .where(i.dataset == dataset, i.release.is_(None))
        .order_by(e["import"], e.position)
    )
    for row in stream(conn, query):
        yield DraftRow(row.name, _decode(row.content), _decode(row.locator))


def _at_place(finding: Finding, row: DraftRow, catalogue: Catalogue) -> Finding:
    cite = finding.cites[0]
    cell = _CELL.fullmatch(str((row.locator.get("cells") or {}).get(cite.field, "")))
    title = catalogue.by_name[cite.field].title
    rows = row.locator.get("rows") or ()
    return replace(
        finding,
        file=row.file,
        sheet=row.locator.get("sheet") or None,
        row=rows[0] if rows else None,
        column=f"{cell[1]} {title}" if cell else title,
        found=shorten(cite.text),
    )
