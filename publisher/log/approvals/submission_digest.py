"""The digest of what is submitted: its heading, and the canonical lines of the draft."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection, select

from publisher.log import registry
from publisher.log.approvals.submission import StoredRequest, heading_line
from publisher.log.canonical_json import canonical
from publisher.log.database import tables as t
from publisher.log.database.connection import stream
from publisher.log.drafts import repeal_decisions, staging
from publisher.log.registry import DatasetRow


def compute_digest(conn: Connection, dataset: DatasetRow, stored: StoredRequest) -> str:
    """Hash what would be published now. Raises ``LogError``: ``no-draft``, ``no-such-part``."""
    digest = hashlib.sha256()
    for line in _lines(conn, dataset, stored):
        digest.update(line + b"\n")
    return digest.hexdigest()


def _lines(conn: Connection, dataset: DatasetRow, stored: StoredRequest) -> Iterator[bytes]:
    # An amendment does not concern the draft, which may have a newer catalogue.
    is_draft = stored.request.kind == "draft"
    catalogue = dataset.digest_for_draft if is_draft else dataset.catalogue_digest
    yield canonical({**heading_line(dataset.name, stored), "catalogue": catalogue})
    if not is_draft:
        return
    names = registry.part_names(conn, dataset.key)
    imports = staging.imports_of_parts(conn, dataset, stored.request.parts)
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
