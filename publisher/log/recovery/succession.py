"""Succession: a log that goes on although entries after its backup are lost for good."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, select

from publisher.log import registry
from publisher.log.clocks import micros
from publisher.log.database import tables as t
from publisher.log.database.connection import among
from publisher.log.model import LogError
from publisher.log.releases.erasure import ErasureRelease
from publisher.log.releases.release_writer import ReleaseHeading
from publisher.log.session import Session
from publisher.log.transparency import checkpoints, documents, entry_log, key_statements, signed_note
from publisher.log.transparency import shortfall as shortfalls
from publisher.log.transparency.signed_note import VerifierKey

_GROUND = "恢复备份之前已依法删除，备份中仍有，再次删除。"


class SuccessionReport(msgspec.Struct, frozen=True):
    """The successor."""

    origin: str
    """Its name in checkpoints."""
    lost: int
    """Entries that are lost."""
    key: VerifierKey | None
    """Its new key; None if there was none, or none in a file: ``qingdan key rotate`` announces one."""


def succeed(session: Session, reason: str) -> SuccessionReport:
    """Begin the successor of a log that lacks entries which nobody has.

    Its first own entry says so. What is left stays where it was, and the numbers of lost
    releases are skipped. Raises ``LogError``: ``log-complete``, ``reason-missing``.
    """
    if not reason.strip():
        raise LogError(
            "reason-missing", "没有写明理由；理由将向社会公布。", "The reason is blank. It will be published."
        )
    with session.write() as conn:
        shortfall = shortfalls.require(conn)
        now = micros(session.clock())
        counters = conn.execute(select(t.site.c.release_sequence, t.site.c.change_sequence)).one()
        old_key = key_statements.current_key(conn)
        document = documents.succession_document(
            registry.site(conn).tag_authority,
            origin=shortfall.origin or checkpoints.origin(conn),
            checkpoint=msgspec.to_builtins(shortfall.known),
            size=entry_log.size(conn),
            sequence=counters.release_sequence,
            change=counters.change_sequence,
            besides=shortfall.besides,
            reason=reason.strip(),
            succeeded_at=now,
        )
        entry_log.append_document(conn, "succession", document, now)
        shortfalls.write(conn, None)
        key = _announce_key(session, conn, old_key, now)
        _publish_erasures(session, conn, shortfall.erased)
        checkpoints.store_checkpoint(conn, session.keys)
        return SuccessionReport(checkpoints.origin(conn), document["lost"], key)


def _announce_key(
    session: Session, conn: Connection, old_key: VerifierKey | None, now: int
) -> VerifierKey | None:
    """Create a key with the name of the successor, signed by the key before it."""
    if old_key is None or not session.keys.has(old_key):
        return None
    key = session.keys.create(checkpoints.origin(conn))
    text = key_statements.statement_text(conn, key, lost=False, at=now)
    signatures = [session.keys.sign(signer, text) for signer in (key, old_key)]
    signed_note.verify_note(signed_note.format_note(text, signatures), [key, old_key])
    key_statements.append_statement(conn, text, signatures, now)
    return key


def _publish_erasures(session: Session, conn: Connection, records: tuple[str, ...]) -> None:
    """Publish, as releases, the erasures that happened among the lost entries."""
    r = t.record.c
    query = select(t.dataset.c.name, r.id).join_from(t.record, t.dataset, t.dataset.c.key == r.dataset)
    by_dataset: dict[str, list[str]] = {}
    for dataset, record in conn.execute(query.where(among(conn, r.id, records)).order_by(r.key)):
        by_dataset.setdefault(dataset, []).append(record)
    for dataset, erased in by_dataset.items():
        row = registry.dataset_row(conn, dataset)
        catalogue = session.catalogue(conn, row.catalogue_digest)
        heading = ReleaseHeading(session.today(), "", _GROUND, "", erased=tuple(erased))
        ErasureRelease(session.database, conn, row).erase(catalogue, heading, session.clock())
