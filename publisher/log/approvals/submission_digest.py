"""The digest of what is submitted: its heading, and the canonical lines of the draft or what is amended."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from publisher.log import registry
from publisher.log.approvals.submission import StoredRequest, heading_line
from publisher.log.canonical_json import canonical
from publisher.log.clocks import FOREVER
from publisher.log.database import tables as t
from publisher.log.database.connection import stream
from publisher.log.drafts import repeal_decisions, staging
from publisher.log.registry import DatasetRow


def compute_digest(conn: Connection, dataset: DatasetRow, stored: StoredRequest, today: date) -> str:
    """Hash what would be published today. Raises ``LogError``: ``no-draft``, ``no-such-part``."""
    digest = hashlib.sha256()
    for line in _lines(conn, dataset, stored, today):
        digest.update(line + b"\n")
    return digest.hexdigest()


def _lines(conn: Connection, dataset: DatasetRow, stored: StoredRequest, today: date) -> Iterator[bytes]:
    # An amendment does not concern the draft, which may have a newer catalogue.
    is_draft = stored.request.kind == "draft"
    catalogue = dataset.digest_for_draft if is_draft else dataset.catalogue_digest
    yield canonical({**heading_line(dataset.name, stored), "catalogue": catalogue})
    if is_draft:
        yield from _draft_lines(conn, dataset, stored.request.parts)
    elif stored.request.kind in ("correct", "rename"):
        day = stored.request.effective_on or today
        for record in sorted(stored.request.records):
            yield f'["{record}",{_content_to_amend(conn, dataset, record, day)}]'.encode()


def _draft_lines(conn: Connection, dataset: DatasetRow, parts: Sequence[str] | None) -> Iterator[bytes]:
    names = registry.part_names(conn, dataset.key)
    imports = staging.imports_of_parts(conn, dataset, parts)
    for row in sorted(imports, key=lambda row: (names.get(row.part) or "", row.name, row.digest)):
        left_out = msgspec.json.decode(row.left_out)
        own = {"part": names.get(row.part), "mode": row.mode, "file": row.digest}
        yield canonical({**own, "left_out": left_out})
        e = t.draft_entry.c
        entries = select(e.identity, e.content, e.in_error).where(e["import"] == row.key).order_by(e.position)
        for entry in stream(conn, entries):
            yield f'["{entry.identity}",{entry.content},{str(bool(entry.in_error)).lower()}]'.encode()
    accepted = repeal_decisions.fetch(conn, dataset).values()
    for ended, notice in sorted((r.ended, r.notice) for r in accepted if r.accepted and r.release is None):
        yield canonical({"ended": ended, "by": notice})


def _content_to_amend(conn: Connection, dataset: DatasetRow, record: str, day: date) -> str:
    """Return the content that an amendment replaces from a day on, as JSON: nobody looked at a later one."""
    s = t.span.c
    spans = conn.execute(
        select(s.status, s.effective_from, s.effective_to, t.revision.c.content)
        .join_from(t.span, t.record, t.record.c.key == s.record)
        .join(t.revision, t.revision.c.key == s.revision)
        .where(t.record.c.dataset == dataset.key, t.record.c.id == record, s.known_to == FOREVER)
        .order_by(s.effective_from)
    ).all()
    span = choose_span(spans, day)
    return "null" if span is None else str(span.content)


def choose_span(spans: Sequence[Any], day: date) -> Any:
    """Choose the state in force on a day; else the first later one; else the last one before removal.

    ``spans``: those of a record that are known now, in the order of their days. None: it is withdrawn.
    """
    stated, number = [row for row in spans if row.status == "stated"], day.toordinal()
    in_force = (row for row in stated if row.effective_from <= number < row.effective_to)
    later = (row for row in stated if row.effective_from > number)
    return next(in_force, None) or next(later, None) or (stated[-1] if stated else None)
