"""Upgrade of the tables to the version that the program needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from publisher.log.database.connection import Database
from publisher.log.database.postgresql import allow_long_statements, is_unfinished
from publisher.log.database.sealing import seals
from publisher.log.database.tables import HEAD
from publisher.log.model import LogError

if TYPE_CHECKING:
    from alembic.config import Config

_SEALED_SINCE = "0024"
"""The last migration that left rows without a seal; new tables begin empty."""


def migrate(database: Database, *, of_restoration: bool = False) -> None:
    """Create the tables, or run pending migrations in one transaction.

    ``of_restoration``: also in a database whose restoration did not come to its end. Raises ``LogError``:
    ``newer-database``, ``upgrade-needed``, ``restore-unfinished``.
    """
    if not database.read_only:
        database.create_file()
    with database.read() as conn:
        if not of_restoration and not database.sqlite and is_unfinished(conn):
            raise LogError(
                "restore-unfinished",
                "数据库的恢复没有完成，其中可能还有已依法删除的内容，不能使用。请再次运行 qingdan restore。",
                "The restoration of the database was not finished, and it may contain what was erased. Run "
                "qingdan restore again.",
            )
        version = _version(conn)
    if version == HEAD:
        return
    if database.read_only:
        _refuse_newer(version, _scripts())
        raise upgrade_needed()
    with database.write() as conn:
        version = _version(conn)
        if version != HEAD:
            if not database.sqlite:
                allow_long_statements(conn)
            _upgrade(conn, version)


def upgrade_needed() -> LogError:
    return LogError(
        "upgrade-needed",
        "数据库须先升级：请先在可写的环境运行 qingdan status，再启动。",
        "The tables need an upgrade: run qingdan status where the database can be written first.",
    )


def _version(conn: Connection) -> str | None:
    if not inspect(conn).has_table("alembic_version"):
        return None
    version: str | None = conn.scalar(text("SELECT version_num FROM alembic_version"))
    return version


def _upgrade(conn: Connection, version: str | None) -> None:
    from alembic import command  # noqa: PLC0415 - late import, see below

    config = _scripts()
    _refuse_newer(version, config)
    config.attributes["connection"] = conn
    command.upgrade(config, "head")
    if (version or "") < _SEALED_SINCE:
        seals.seal_all(conn)


def _scripts() -> Config:
    # Importing Alembic takes 0.2 s, and only an upgrade or its refusal needs it.
    from alembic.config import Config  # noqa: PLC0415 - late import, see above

    config = Config()
    folder = str(Path(__file__).parent / "migrations").replace("%", "%%")  # the option is interpolated
    config.set_main_option("script_location", folder)
    return config


def _refuse_newer(version: str | None, config: Config) -> None:
    """Raise ``LogError('newer-database')`` for a version that has no migration here."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - late import, see above

    revisions = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in revisions:
        raise LogError(
            "newer-database",
            "数据库由更新版本的程序建立，请升级程序。",
            "The database was created by a newer version of the program; upgrade the program.",
        )
