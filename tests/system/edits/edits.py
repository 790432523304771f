"""Seeded edits of single values in the database, and of single bytes in the folders of a site."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Table, column, create_engine, func, select, table, update
from sqlalchemy.exc import DBAPIError

from publisher.log.database.all_tables import ALL_TABLES
from publisher.settings import Settings

_FILES = 5
"""One of this many edits is of a file."""
_FOLDERS = ("keys", "sources", "files", "index", "cursor.key")


@dataclass(frozen=True)
class Edit:
    place: str
    """Table, or folder."""
    detail: str


class RefusedError(Exception):
    """The database itself refuses the value."""


class Editor:
    """Draws edits. Tables have the same chance whatever their size, and so have the columns of one."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def apply(self, settings: Settings) -> Edit:
        """Edit one value of a site that nobody has open. Raises :class:`RefusedError`."""
        if self._random.randrange(_FILES) == 0:
            return self._edit_file(settings.home)
        return self._edit_value(settings.database)

    def _edit_file(self, home: Path) -> Edit:
        folder = self._random.choice(_FOLDERS)
        files = sorted(path for path in _files(home / folder) if path.stat().st_size)
        if not files:
            raise RefusedError
        path = self._random.choice(files)
        content = bytearray(path.read_bytes())
        position = self._random.randrange(len(content))
        content[position] ^= 1 << self._random.randrange(8)
        path.write_bytes(content)
        return Edit(f"{folder}/", f"{path.relative_to(home)}, byte {position}")

    def _edit_value(self, url: str) -> Edit:
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
        try:
            with engine.begin() as conn:
                if conn.dialect.name == "postgresql":
                    conn.exec_driver_sql("SET session_replication_role = replica")  # no foreign keys
                stored = self._random.choice(ALL_TABLES)
                rows = conn.execute(select(stored).order_by(*stored.primary_key.columns)).all()
                if not rows:
                    raise RefusedError
                row = self._random.choice(rows)
                edited = self._random.choice(list(stored.c))
                old = getattr(row, edited.name)
                new = self._change(edited.type.python_type, old, nullable=bool(edited.nullable))
                plain = table(stored.name, *(column(c.name, c.type) for c in stored.c))
                keys = [plain.c[c.name] == getattr(row, c.name) for c in stored.primary_key.columns]
                conn.execute(update(plain).where(*keys).values({edited.name: new}))
        except DBAPIError as error:
            raise RefusedError from error
        finally:
            engine.dispose()
        where = ", ".join(str(getattr(row, c.name)) for c in stored.primary_key.columns)
        return Edit(stored.name, f"{stored.name}.{edited.name} of {where}: {old!r} → {new!r}"[:300])

    def _change(self, kind: type, old: Any, *, nullable: bool) -> Any:
        draw = self._random
        if old is not None and nullable and draw.randrange(6) == 0:
            return None
        if kind is bool:
            return not old
        if kind in (int, float):
            choices = [1, 7] if old is None else [old + 1, old - 1, old + 1_000_003, 0 if old else 2]
            return kind(draw.choice(choices))
        if kind is bytes:
            content = bytearray(old or b"sixteen bytes...")
            content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
            return bytes(content)
        return self._change_text(old)

    def _change_text(self, old: str | None) -> str:
        if not old:
            return "x"
        position = self._random.randrange(len(old))
        letter = self._random.choice([c for c in "07ax月" if c != old[position]])
        return old[:position] + letter + old[position + 1 :]


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    elif path.is_dir():
        yield from (file for file in path.rglob("*") if file.is_file() and file.suffix != ".lock")


def count_rows(url: str) -> dict[str, int]:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as conn:
        own = {t.name: conn.scalar(select(func.count()).select_from(t)) or 0 for t in _tables()}
    engine.dispose()
    return own


def _tables() -> tuple[Table, ...]:
    return ALL_TABLES
