"""A witness of other sites' logs (C2SP tlog-witness): it cosigns what continues the log that it has seen.

A folder contains its key and ``witness.db``, the newest checkpoint of each log. They belong together: a
witness that forgot what it cosigned could cosign a second past.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from socket import socket

import msgspec
import uvicorn
from litestar.concurrency import sync_to_thread
from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send

from publisher.log.clocks import utc_now
from publisher.log.model import LogError
from publisher.log.transparency import merkle_tree, signed_note, witness_protocol
from publisher.log.transparency.checkpoint_text import Checkpoint
from publisher.log.transparency.key_files import KeyFiles
from publisher.log.transparency.signed_note import COSIGNATURE, NoteError, VerifierKey
from publisher.log.transparency.witness_protocol import AddCheckpoint
from publisher.web.http_protocol import bounded_protocol

_LONGEST = 128 * 1024
"""Bytes of a request."""
_CONNECTIONS = 100
_PATIENCE = 30.0
"""Seconds for which a request waits for the database."""
_TABLES = (
    "CREATE TABLE IF NOT EXISTS witness (key TEXT PRIMARY KEY)",
    "CREATE TABLE IF NOT EXISTS checkpoint (origin TEXT PRIMARY KEY, size INTEGER, root BLOB, note TEXT)",
)


class WitnessAnswer(msgspec.Struct, frozen=True):
    status: int
    text: str
    media_type: str = "text/plain; charset=utf-8"


class Witness:
    """Thread-safe. ``logs``: the keys of the logs that it knows; the name of a key is the log's origin."""

    def __init__(
        self, folder: Path, name: str, logs: Sequence[VerifierKey], clock: Callable[[], datetime] = utc_now
    ) -> None:
        """Open a witness; create its key and database in an empty folder. Raises ``LogError``."""
        self._database, self._keys = folder / "witness.db", KeyFiles(folder / "keys")
        self._logs, self._clock = tuple(logs), clock
        self._create_tables(folder)
        self.key = self._read_or_create_key(name)
        if self.key.name != name:
            raise _refused(f"见证方的名称是 {self.key.name}", f"the name of this witness is {self.key.name}")

    def _create_tables(self, folder: Path) -> None:
        """Create the tables before the key: a database without them, beside a key, has lost what it had."""
        if not self._database.exists() or not self._database.stat().st_size:
            if any(self._keys.folder.glob("*.pem")):
                raise _refused(
                    f"{folder} 中有密钥，而 witness.db 不存在或为空，见证方已失去记忆；"
                    "请恢复备份，或在新文件夹中用新名称另建见证方",
                    f"{folder} has a key, and no witness.db or an empty one: the witness lost its memory. "
                    "Restore a backup, or create a witness of another name in another folder",
                )
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._write() as conn:
            for statement in _TABLES:
                conn.execute(statement)

    def _read_or_create_key(self, name: str) -> VerifierKey:
        """Read the key. One that a killed start made and did not write down has signed nothing."""
        with self._write() as conn:
            row = conn.execute("SELECT key FROM witness").fetchone()
            if row is None:
                row = (str(self._keys.create(name, COSIGNATURE)),)
                conn.execute("INSERT INTO witness VALUES (?)", row)
        return VerifierKey.parse(row[0], COSIGNATURE)

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction that excludes others and is durable once it ends."""
        conn = sqlite3.connect(self._database, timeout=_PATIENCE, isolation_level=None)
        try:
            conn.execute("PRAGMA synchronous=EXTRA")
            conn.execute("BEGIN IMMEDIATE")
            yield conn
            conn.execute("COMMIT")
        finally:
            conn.close()

    def add_checkpoint(self, body: bytes) -> WitnessAnswer:
        """Cosign a checkpoint that continues the newest one of its log; otherwise answer by the standard."""
        try:
            request = AddCheckpoint.parse(body)
            text, signatures = signed_note.parse_note(request.note)
            checkpoint = Checkpoint.parse(text)
        except NoteError as error:
            return WitnessAnswer(400, f"{error}\n")
        keys = [key for key in self._logs if key.name == checkpoint.origin]
        if not keys:
            return WitnessAnswer(404, f"this witness does not know the log {checkpoint.origin}\n")
        names = {(key.name, key.id): key for key in keys}
        candidates = [(names[s.name, s.key_id], s) for s in signatures if (s.name, s.key_id) in names]
        if not any(signed_note.is_valid(key, text, signature) for key, signature in candidates):
            return WitnessAnswer(403, "no known key of the log has signed this checkpoint\n")
        if request.old_size > checkpoint.size:
            return WitnessAnswer(400, "the old size is larger than the checkpoint\n")
        with self._write() as conn:
            return self._cosign(conn, request, checkpoint, text)

    def _cosign(
        self, conn: sqlite3.Connection, request: AddCheckpoint, checkpoint: Checkpoint, text: str
    ) -> WitnessAnswer:
        query = "SELECT size, root FROM checkpoint WHERE origin = ?"
        row = conn.execute(query, (checkpoint.origin,)).fetchone()
        size, root = row or (0, merkle_tree.EMPTY_ROOT)
        if request.old_size != size or (checkpoint.size == size and checkpoint.root != root):
            return WitnessAnswer(409, f"{size}\n", witness_protocol.SIZE_MEDIA)
        if not merkle_tree.verify_consistency(size, root, checkpoint.size, checkpoint.root, request.proof):
            return WitnessAnswer(422, "the checkpoint does not continue the one that was cosigned\n")
        now = int(self._clock().timestamp())
        line = str(witness_protocol.cosign(self._keys, self.key, text, now))
        conn.execute(
            "INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?, ?)",
            (checkpoint.origin, checkpoint.size, checkpoint.root, f"{text}\n{line}"),
        )
        return WitnessAnswer(200, line)

    def newest(self, origin_digest: str) -> WitnessAnswer:
        """Return the newest checkpoint of a log with the cosignature; SHA-256 of the origin names the log."""
        with self._write() as conn:
            rows = conn.execute("SELECT origin, note FROM checkpoint").fetchall()
        for origin, note in rows:
            if hashlib.sha256(origin.encode()).hexdigest() == origin_digest:
                return WitnessAnswer(200, note)
        return WitnessAnswer(404, "this witness has no checkpoint of this log\n")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer ``POST /add-checkpoint`` and ``GET /{SHA-256 of the origin}/checkpoint``."""
        if scope["type"] != ScopeType.HTTP:
            return
        match scope["method"], scope["path"].strip("/").split("/"):
            case "POST", ["add-checkpoint"]:
                body = await _read_body(receive)
                too_long = WitnessAnswer(413, "the request is too long\n")
                answer = too_long if body is None else await sync_to_thread(self.add_checkpoint, body)
            case "GET", [digest, "checkpoint"]:
                answer = await sync_to_thread(self.newest, digest)
            case _:
                answer = WitnessAnswer(404, "POST /add-checkpoint, GET /{sha256 of the origin}/checkpoint\n")
        headers = [
            (b"content-type", answer.media_type.encode()),
            (b"content-length", b"%d" % len(answer.text.encode())),
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.text.encode(), "more_body": False})


async def _read_body(receive: Receive) -> bytes | None:
    """Read the body of a request; None if it is too long."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message["body"]
        if len(body) > _LONGEST:
            return None
        if not message["more_body"]:
            return body


def run_witness(witness: Witness, listener: socket) -> None:
    """Serve on a socket until interrupted."""
    config = uvicorn.Config(
        witness,
        http=bounded_protocol(_CONNECTIONS),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _refused(zh: str, en: str) -> LogError:
    return LogError("bad-witness", f"{zh}。", f"{en[0].upper()}{en[1:]}.")
