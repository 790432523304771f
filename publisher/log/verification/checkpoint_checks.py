"""Checkpoints and keys: the site's are signed by its keys, one that somebody kept is of this log, and each
private key in a file is the one that the log announced."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from publisher.log.database import entry_tables as e
from publisher.log.model import LogError
from publisher.log.transparency import (
    checkpoints,
    entry_log,
    key_statements,
    signed_note,
    successions,
    witness_protocol,
)
from publisher.log.transparency import shortfall as shortfalls
from publisher.log.transparency.checkpoint_text import Checkpoint, signed_checkpoint
from publisher.log.transparency.key_files import KeyFiles
from publisher.log.transparency.signed_note import COSIGNATURE, NoteError, VerifierKey
from publisher.log.verification.problem import Problem


def check_notes(conn: Connection) -> Iterator[Problem]:
    """Check that the note of each checkpoint is of its size and root, and signed by the key of that time."""
    shortfall = shortfalls.read(conn)
    if shortfall is not None:
        zh, en = shortfalls.in_words(shortfalls.missing(conn, shortfall))
        yield Problem(f"由较早的备份恢复，缺少{zh} restored from an older backup: {en} are missing")
    keys = key_statements.site_keys(conn)
    query = select(e.checkpoint).where(e.checkpoint.c.note.is_not(None)).order_by(e.checkpoint.c.size)
    for row in conn.execute(query):
        where = f"存证点 checkpoint of {row.size} entries"
        own = [site_key.key for site_key in keys if site_key.position < row.size]
        if not own:
            yield Problem(f"{where}: 没有密钥 there was no key to sign it")
            continue
        try:
            text = signed_note.verify_note(row.note, own[-1:])
        except NoteError as error:
            yield Problem(f"{where}: {error}")
            continue
        if text != str(Checkpoint(own[-1].name, row.size, bytes.fromhex(row.root))):
            yield Problem(f"{where}: 签名的内容不符 its signed text is another")


def check_cosignatures(conn: Connection) -> Iterator[Problem]:
    """Check the lines of witnesses against their keys and the checkpoints."""
    c, p = e.cosignature.c, e.checkpoint.c
    query = select(c.size, c.witness, c.line, c.cosigned_at, p.note).outerjoin_from(
        e.cosignature, e.checkpoint, p.size == c.size
    )
    for row in conn.execute(query.order_by(c.size, c.witness)):
        where = f"存证点 checkpoint of {row.size} entries: 见证 cosignature of {row.witness}"
        try:
            key = VerifierKey.parse(row.witness, COSIGNATURE)
            text, _ = signed_note.parse_note(row.note or "")
            line = witness_protocol.find_cosignature(key, text, row.line)
        except NoteError as error:
            yield Problem(f"{where}: {error}")
            continue
        if str(line) != row.line or witness_protocol.cosigned_at(line) * 1_000_000 != row.cosigned_at:
            yield Problem(f"{where}: 时间或文字不符 its time or its text was changed")


def check_continuation(conn: Connection, note: str) -> Iterator[Problem]:
    """Check that the log continues a checkpoint that was kept elsewhere."""
    where = "保存的存证点 kept checkpoint"
    try:
        checkpoint = signed_checkpoint(note)
    except NoteError as error:
        yield Problem(f"{where}: 不是存证点 it is not a checkpoint: {error}")
        return
    origin, now = checkpoints.origin(conn, checkpoint.size), entry_log.size(conn)
    if any(one.gives_up(checkpoint.origin, checkpoint.size) for one in successions.successions(conn)):
        yield Problem(
            f"{where}: 属于{checkpoint.origin}，含有另起新日志时已丢失的条目 "
            f"it is of {checkpoint.origin}, with entries that were lost before the succession"
        )
        return
    if checkpoint.origin != origin:
        yield Problem(
            f"{where}: 是{checkpoint.origin}的，不是{origin}的 it is of {checkpoint.origin}, not of {origin}"
        )
        return
    if not 0 < checkpoint.size <= now:
        yield Problem(
            f"{where}: 当时有{checkpoint.size}个日志条目，现在只有{now}个，之后的记录已被截去 "
            f"it has {checkpoint.size} entries, the log only {now}: the last ones were cut off"
        )
    elif entry_log.tree(conn, checkpoint.size).root() != checkpoint.root:
        yield Problem(
            f"{where}: 前{checkpoint.size}个日志条目已不是当时的内容，日志被改写 "
            f"the first {checkpoint.size} entries are not those of then: the log was rewritten"
        )
    keys = [one.key for one in key_statements.site_keys(conn) if one.position < checkpoint.size]
    if not keys or not _is_signed(note, keys[-1]):
        yield Problem(f"{where}: 不是本站当时的密钥签名的 the key of the site at that time has not signed it")


def check_keys(conn: Connection, keys: KeyFiles) -> Iterator[Problem]:
    """Check private keys in files of this machine. Keys that are elsewhere cannot be checked here."""
    for site_key in key_statements.site_keys(conn):
        if not keys.has(site_key.key):
            continue
        try:
            keys.check(site_key.key)
        except LogError as error:
            yield Problem(f"{error.zh} / {error.en}")


def _is_signed(note: str, key: VerifierKey) -> bool:
    try:
        signed_note.verify_note(note, [key])
    except NoteError:
        return False
    return True
