"""The store of the desk: a SQLite file, or a schema of the log's PostgreSQL database."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from sqlalchemy import Connection, delete, text

from publisher.desk.accounts import tables as t
from publisher.log.database.connection import among
from publisher.log.model import LogError
from publisher.separate_store import SeparateStore

_LOCK = 0x51_44_11
_SQLITE_GUARD = (
    "CREATE TRIGGER audit_no_{0} BEFORE {0} ON audit BEGIN SELECT RAISE(ABORT, 'append only'); END"
)
_REFUSAL = """CREATE FUNCTION {schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN RAISE EXCEPTION ''append only''; END'"""
_POSTGRESQL_GUARD = """CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.audit
FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse()"""


class DeskStore(SeparateStore):
    """Accounts, roles, tokens and sessions, the audit log and acts without a line in it, schedules, stored
    answers, and readers' corrections that wait.
    """

    def __init__(self, url: str, file: Path, *, application: str = "qingdan") -> None:
        """``url``: the log's database. ``file``: the store, if that is SQLite."""
        super().__init__(url, file, t.metadata, lock=_LOCK, connections=4, application=application)

    @classmethod
    def open(cls, url: str, file: Path, *, application: str = "qingdan") -> DeskStore:
        """Open the store. Raises ``LogError``: ``no-desk``, ``newer-database``."""
        store = cls(url, file, application=application)
        number = store.version()
        if number is not None and number < t.VERSION:
            store.upgrade()
        if number is not None and number <= t.VERSION:
            return store
        store.close()
        if number is None:
            raise LogError(
                "no-desk",
                "还没有账号。请先运行 qingdan desk user add。",
                "There are no accounts yet. Run qingdan desk user add first.",
            )
        raise LogError(
            "newer-database",
            "工作台由另一版本的程序建立，请升级程序。",
            "The desk was created by another version of the program; upgrade the program.",
        )

    @classmethod
    def create_or_open(cls, url: str, file: Path, *, application: str = "qingdan") -> DeskStore:
        """Open the store, and create it first if there is none. Raises ``LogError('newer-database')``."""
        store = cls(url, file, application=application)
        try:
            if store.version() is None:
                store.create(t.VERSION, store.guard_audit)
        finally:
            store.close()
        return cls.open(url, file, application=application)

    def upgrade(self) -> None:
        """Add the tables that a desk of an earlier version lacks."""
        with self.write() as conn:
            t.metadata.create_all(conn)
            conn.execute(t.version.update().values(number=t.VERSION))

    def erase_quotations(self, requests: Collection[str]) -> None:
        """Delete all stored answers and the proofs of readers' requests: they may quote what was erased.

        Raises ``LogError('erasure-incomplete')``.
        """
        tables = (t.answer, t.correction)
        with self.write() as conn:
            deleted = conn.execute(delete(t.answer)).rowcount
            is_erased = among(conn, t.correction.c.request, requests)
            deleted += conn.execute(delete(t.correction).where(is_erased)).rowcount
        if deleted:
            remedy = ("重新启动工作台即可删除", "a restart of the desk deletes it")
            self.erase_deleted([table.name for table in tables], remedy=remedy)

    def guard_audit(self, conn: Connection) -> None:
        """Let the database refuse changes of the audit log."""
        if self.file is not None:
            statements = [_SQLITE_GUARD.format(word) for word in ("UPDATE", "DELETE")]
        else:
            statements = [statement.format(schema=t.SCHEMA) for statement in (_REFUSAL, _POSTGRESQL_GUARD)]
        for statement in statements:
            conn.execute(text(statement))
