"""Checkpoints that witnesses have to cosign, and what they answered."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import delete, func, insert, select

from publisher.log.clocks import micros, moment
from publisher.log.database import entry_tables as e
from publisher.log.database.storable_text import storable
from publisher.log.session import Session
from publisher.log.transparency import checkpoints, entry_log, signed_note, witness_protocol
from publisher.log.transparency.checkpoint_text import Checkpoint
from publisher.log.transparency.signed_note import VerifierKey
from publisher.log.transparency.witness_protocol import AddCheckpoint

_LONGEST = 2_000


class WitnessState(msgspec.Struct, frozen=True):
    """The newest cosignature of a witness, and the last request for one."""

    size: int
    """Entries of the newest checkpoint that it cosigned; 0: none."""
    cosigned_at: datetime | None
    tried_at: datetime | None
    error: str
    """Why the last attempt failed; empty: it did not, or there was none."""


class Witnesses:
    """``log.witnesses``: requests for cosignatures, and their answers."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def request(self, key: VerifierKey, old_size: int | None = None) -> AddCheckpoint | None:
        """Build the request for the newest signed checkpoint; None if the witness has cosigned it.

        ``old_size``: size of the tree that the witness says it cosigned last; by default, that of its last
        cosignature in this log.
        """
        with self._session.read() as conn:
            row = checkpoints.newest(conn, signed=True)
            query = select(func.max(e.cosignature.c.size)).where(e.cosignature.c.witness == str(key))
            cosigned = conn.scalar(query) or 0
            if row is None or cosigned >= row.size:
                return None
            size = cosigned if old_size is None else old_size
            proof = () if size > row.size else entry_log.tree(conn, row.size).consistency_proof(size)
            return AddCheckpoint(size, tuple(proof), row.note)

    def accept(self, key: VerifierKey, request: AddCheckpoint, answer: str) -> None:
        """Store the cosignature in an answer. Raises ``NoteError`` if there is none, or it is not valid."""
        text, _ = signed_note.parse_note(request.note)
        line = witness_protocol.find_cosignature(key, text, answer)
        values = {
            "size": Checkpoint.parse(text).size,
            "witness": str(key),
            "line": str(line),
            "cosigned_at": witness_protocol.cosigned_at(line) * 1_000_000,
        }
        with self._session.write() as conn:
            c = e.cosignature.c
            same = (c.size == values["size"], c.witness == values["witness"])
            if conn.execute(select(c.size).where(*same)).first() is None:
                conn.execute(insert(e.cosignature).values(values))
        self.record_attempt(key, "")

    def record_attempt(self, key: VerifierKey, error: str) -> None:
        """Store an attempt to obtain a cosignature; ``error`` is empty if the witness cosigned."""
        now = micros(self._session.clock())
        with self._session.write() as conn:
            conn.execute(delete(e.witness).where(e.witness.c.key == str(key)))
            conn.execute(
                insert(e.witness).values(key=str(key), tried_at=now, error=storable(error)[:_LONGEST])
            )

    def state(self, key: VerifierKey) -> WitnessState:
        c = e.cosignature.c
        with self._session.read() as conn:
            query = (
                select(c.size, c.cosigned_at).where(c.witness == str(key)).order_by(c.size.desc()).limit(1)
            )
            newest = conn.execute(query).first()
            attempt = conn.execute(select(e.witness).where(e.witness.c.key == str(key))).first()
        return WitnessState(
            size=newest.size if newest else 0,
            cosigned_at=moment(newest.cosigned_at) if newest else None,
            tried_at=moment(attempt.tried_at) if attempt else None,
            error=attempt.error if attempt else "",
        )
