"""New SQLite databases: copies of one that has the tables, as on PostgreSQL."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from publisher.log.database.connection import Database
from publisher.log.database.upgrade import migrate


def new(file: Path) -> str:
    """Create a database → its address."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_migrated())
    return f"sqlite:///{file}"


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "qingdan.db"
        database = Database(f"sqlite:///{file}")
        migrate(database)
        database.close()
        return file.read_bytes()
