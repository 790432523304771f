"""The keys that sign checkpoints: created, rotated, listed; and checkpoints that wait for a signature."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update

from publisher.log.clocks import micros
from publisher.log.database import entry_tables as e
from publisher.log.database.storable_text import storable
from publisher.log.model import LogError
from publisher.log.session import Session
from publisher.log.transparency import checkpoints, key_statements, signed_note
from publisher.log.transparency.checkpoint_text import Checkpoint
from publisher.log.transparency.key_statements import SiteKey
from publisher.log.transparency.signed_note import NoteError, Signature, VerifierKey


class Keys:
    """``log.keys``: a key in a file signs in the transaction that publishes; a command signs afterwards."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def all(self) -> tuple[SiteKey, ...]:
        """List the keys of the site, oldest first."""
        with self._session.read() as conn:
            return key_statements.site_keys(conn)

    def has_file(self, key: VerifierKey) -> bool:
        """Report whether the private key is in a file of this machine."""
        return self._session.keys.has(key)

    def create(self, *, public: str = "", command: str = "") -> VerifierKey:
        """Announce the first key of the site: a new one in a file, or ``public``, which the command uses.

        Raises ``LogError``: ``key-exists``, ``bad-key``, ``key-unusable``, ``signing-failed``,
        ``log-behind``, ``busy``.
        """
        if self.all():
            raise LogError(
                "key-exists",
                "站点已有密钥；更换密钥请用 qingdan key rotate。",
                "The site has a key already; to replace it use `qingdan key rotate`.",
            )
        return self._announce(public, command, lost=False)

    def rotate(self, *, public: str = "", command: str = "", lost: bool = False) -> VerifierKey:
        """Replace the key. Both keys sign the entry, unless the old one is ``lost``.

        Raises ``LogError``: ``no-key``, ``bad-key``, ``key-unusable``, ``signing-failed``,
        ``log-behind``, ``busy``.
        """
        if not self.all():
            raise LogError(
                "no-key",
                "站点还没有密钥，请先运行 qingdan key new。",
                "There is no key; run `qingdan key new`.",
            )
        return self._announce(public, command, lost=lost)

    def _announce(self, public: str, command: str, *, lost: bool) -> VerifierKey:
        with self._session.read() as conn:
            name, old = checkpoints.origin(conn), key_statements.current_key(conn)
        key = _parse(public, name) if public else self._session.keys.create(name)
        try:
            self._append_statement(key, old, command, lost=lost)
        except LogError:  # before the transaction was committed: nobody knows the key
            if not public:
                self._session.keys.path(key).unlink()
            raise
        return key

    def _append_statement(
        self, key: VerifierKey, old: VerifierKey | None, command: str, *, lost: bool
    ) -> None:
        now = micros(self._session.clock())
        with self._session.read() as conn:
            text = key_statements.statement_text(conn, key, lost=lost, at=now)
        signers = [key] if old is None or lost else [key, old]
        signatures = self._sign(text, signers, command)
        with self._session.append() as conn:
            if key_statements.current_key(conn) != old:
                raise LogError("busy", "密钥刚刚已被更换，请重试。", "The key was just replaced; try again.")
            key_statements.append_statement(conn, text, signatures, now)

    def _sign(self, text: str, keys: Sequence[VerifierKey], command: str) -> list[Signature]:
        """Sign with each key: with its file, or else by the command."""
        in_files = [key for key in keys if self._session.keys.has(key)]
        signatures = [self._session.keys.sign(key, text) for key in in_files]
        if len(in_files) < len(keys):
            if not command:
                missing = next(key for key in keys if key not in in_files)
                self._session.keys.sign(missing, text)  # raises: there is no file
            signatures += checkpoints.run_command(command, text)
        for key in keys:
            checkpoints.require_signature(key, text, signatures)
        return signatures

    def sign_newest(self, command: str = "") -> bool:
        """Sign the newest checkpoint with the key's file, and by the command if there is one. → if it did.

        The command reads the note's text from its standard input and prints signature lines. It runs outside
        any transaction, so that it may take long. A failure is stored for ``qingdan status``. Raises
        ``LogError``: ``key-unusable``, ``signing-failed``.
        """
        with self._session.read() as conn:
            row, key = checkpoints.newest(conn, signed=False), key_statements.current_key(conn)
            is_of_this_log = key is not None and key.name == checkpoints.origin(conn)
        if row is None or key is None or not is_of_this_log:
            return False
        if row.note is not None and (not command or row.extended_at is not None):
            return False
        text = str(Checkpoint(key.name, row.size, bytes.fromhex(row.root)))
        now = micros(self._session.clock())
        try:
            lines = list(signed_note.parse_note(row.note)[1]) if row.note else []
            if not lines and (self._session.keys.has(key) or not command):
                lines.append(self._session.keys.sign(key, text))
            if command:
                lines += [line for line in checkpoints.run_command(command, text) if line not in lines]
            checkpoints.require_signature(key, text, lines)
        except LogError as error:
            self._update(row.size, error=storable(f"{error.zh} / {error.en}"))
            raise
        values = {
            "note": signed_note.format_note(text, lines),
            "signed_at": row.signed_at or now,
            "error": "",
        }
        self._update(row.size, **values, extended_at=now if command else None)
        return True

    def last_error(self) -> str:
        """Return why the newest checkpoint could not be signed; empty if it is signed or was not tried."""
        c = e.checkpoint.c
        with self._session.read() as conn:
            return conn.scalar(select(c.error).order_by(c.size.desc()).limit(1)) or ""

    def _update(self, size: int, **values: object) -> None:
        with self._session.write() as conn:
            conn.execute(update(e.checkpoint).where(e.checkpoint.c.size == size).values(**values))


def _parse(public: str, name: str) -> VerifierKey:
    try:
        key = VerifierKey.parse(public)
    except NoteError as error:
        raise _bad_key(str(error)) from error
    if key.name != name:
        raise _bad_key(f"{key.name} ≠ {name}")
    return key


def _bad_key(why: str) -> LogError:
    return LogError(
        "bad-key",
        f"公钥无效：{why}。格式为 名称+标识+base64，名称即 /log/checkpoint 的首行。",
        f"The public key is not valid: {why}. It is NAME+ID+BASE64, and the name is the log's origin.",
    )
