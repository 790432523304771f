"""Checkpoints (C2SP tlog-checkpoint): the root of the tree after each transaction, as a signed note."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from publisher.log import registry
from publisher.log.database import entry_tables as e
from publisher.log.database import tables as t
from publisher.log.database.prepared_statement import PreparedStatement
from publisher.log.model import LogError
from publisher.log.transparency import entry_log, key_statements, signed_note, successions
from publisher.log.transparency.checkpoint_text import Checkpoint
from publisher.log.transparency.key_files import KeyFiles
from publisher.log.transparency.signed_note import NoteError, Signature, VerifierKey

_PATIENCE = 60
"""Seconds in which a signing command has to answer."""
# Every response about a release reads it until the release is signed.
_FIRST_COVERING = PreparedStatement(
    select(e.checkpoint)
    .where(e.checkpoint.c.size > bindparam("position", type_=t.Integer64), e.checkpoint.c.note.is_not(None))
    .order_by(e.checkpoint.c.size)
    .limit(1)
)


def store_checkpoint(conn: Connection, keys: KeyFiles) -> None:
    """Store the root of the tree, signed if the key is in a file. Does nothing without new entries."""
    entry, c = e.entry.c, e.checkpoint.c
    last = conn.execute(
        select(entry.position, entry.appended_at).order_by(entry.position.desc()).limit(1)
    ).first()
    if last is None or conn.execute(select(c.size).where(c.size == last.position + 1)).first() is not None:
        return
    size, now = last.position + 1, last.appended_at
    root = entry_log.tree(conn, size).root()
    row: dict[str, Any] = {"size": size, "root": root.hex(), "created_at": now}
    key = key_statements.current_key(conn)
    # After a succession the old key, which has the name of the old log, signs nothing.
    if key is not None and key.name == origin(conn) and keys.has(key):
        text = str(Checkpoint(key.name, size, root))
        # A key that cannot be used must not stop a publication: the checkpoint waits, and `status` says so.
        try:
            row |= {"note": signed_note.format_note(text, [keys.sign(key, text)]), "signed_at": now}
        except LogError as error:
            row["error"] = f"{error.zh} / {error.en}"
    conn.execute(insert(e.checkpoint).values(row))


def origin(conn: Connection, size: int | None = None) -> str:
    """Name of the log in its checkpoints: the base address without its scheme, and ``/log``.

    A successor has its number behind: ``/log-2``. ``size``: in the checkpoints of so many entries.
    """
    name, past = successions.first_origin(registry.site(conn).base), successions.successions(conn, size)
    return f"{name}-{successions.number_of(past[-1].origin) + 1}" if past else name


def newest(conn: Connection, *, signed: bool) -> Any:
    """Return the row of the newest checkpoint, or of the newest signed one, or None."""
    c = e.checkpoint.c
    query = select(e.checkpoint).order_by(c.size.desc()).limit(1)
    return conn.execute(query.where(c.note.is_not(None)) if signed else query).first()


def first_covering(conn: Connection, position: int) -> Any:
    """Return the row of the first signed checkpoint whose tree contains an entry, or None."""
    return _FIRST_COVERING.first(conn, {"position": position})


def size_covering(conn: Connection, position: int) -> int:
    """Return the size of the first signed checkpoint that contains an entry, else of the first one at all."""
    if (signed := first_covering(conn, position)) is not None:
        return int(signed.size)
    c = e.checkpoint.c
    return conn.scalar(select(c.size).where(c.size > position).order_by(c.size).limit(1)) or position + 1


def note_of_size(conn: Connection, size: int) -> str | None:
    """Return the signed note of a tree with the lines of its witnesses; None if it is not signed."""
    note: str | None = conn.scalar(select(e.checkpoint.c.note).where(e.checkpoint.c.size == size))
    if note is None:
        return None
    c = e.cosignature.c
    lines = conn.scalars(select(c.line).where(c.size == size).order_by(c.cosigned_at, c.witness))
    return note + "".join(lines)


def own_note(conn: Connection, row: Any) -> str:
    """Reduce the note of a checkpoint to the signature of the site's key, which never changes.

    A command or a witness may add lines later.
    """
    text, signatures = signed_note.parse_note(row.note)
    ids = [one.key.id for one in key_statements.site_keys(conn) if one.position < row.size]
    return signed_note.format_note(text, [line for line in signatures if line.key_id in ids[-1:]])


def run_command(command: str, text: str) -> Sequence[Signature]:
    """Run a signing command. Raises ``LogError('signing-failed')``."""
    try:
        answer = subprocess.run(  # noqa: S603 - the command of the site's own settings
            shlex.split(command), input=text.encode(), capture_output=True, timeout=_PATIENCE, check=True
        ).stdout.decode()
        return [signed_note.parse_signature(line) for line in answer.splitlines() if line.strip()]
    # ValueError: a quote that is not closed, or an answer that is no signature; IndexError: a blank command.
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
        raise _failed(str(error)) from error


def require_signature(key: VerifierKey, text: str, lines: Sequence[Signature]) -> None:
    """Raise ``LogError('signing-failed')`` unless the key's own signature is among the lines."""
    try:
        signed_note.verify_note(signed_note.format_note(text, lines), [key])
    except NoteError as error:
        raise _failed(str(error)) from error


def _failed(why: str) -> LogError:
    return LogError(
        "signing-failed",
        f"签名失败：{why}。发布不受影响；请检查 QINGDAN_SIGN_COMMAND 或密钥文件。",
        f"Signing failed: {why}. Publications are not affected; check QINGDAN_SIGN_COMMAND or the key file.",
    )
