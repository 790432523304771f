"""Typed columns: Parquet with pyarrow, and SQLite, for people who compute."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import batched
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from publisher.exports import cells
from publisher.exports.model import About, Rows
from publisher.store.exporting import Stated
from schemas.catalogue import Field

_DECIMAL = pa.decimal128(38, 10)
_WHOLE, _FRACTION = 28, 10
_BYTES = 2 << 20
"""Of contents that are decoded at once; a group of rows may hold several times that."""
_ROWS = 5_000
_TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "integer": pa.int64(),
    "decimal": _DECIMAL,
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "list": pa.list_(pa.string()),
    "limit": pa.struct([("value", pa.int64()), ("unit", pa.string())]),
    "amount": pa.struct([("amount", _DECIMAL), ("unit", pa.string())]),
}
_SQL = {"integer": "INTEGER", "boolean": "INTEGER"}


def write_parquet(path: Path, about: About, rows: Rows) -> None:
    """Numbers, days, lists and measures as such. A field one of whose values fits no such type is text."""
    fields = cells.published(about.catalogue)
    unfit = _unfit(fields, rows)
    types = [pa.string() if f.name in unfit else _TYPES[f.type] for f in fields]
    schema = pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            *(_field(f, kind) for f, kind in zip(fields, types, strict=True)),
            pa.field("part", pa.string(), metadata={"title": "报送部门"}),
            pa.field("release", pa.int32(), nullable=False),
            pa.field("effective_from", pa.date32(), nullable=False),
            pa.field("revision", pa.string(), nullable=False),
        ],
        metadata=dict(about.facts()),
    )
    with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as writer:
        for group in _groups(rows()):
            writer.write_batch(_batch(group, fields, types, schema))


def _field(field: Field, kind: pa.DataType) -> pa.Field:
    told = {"title": field.title, "title_en": field.title_en, "unit": field.unit}
    return pa.field(field.name, kind, metadata={k: v for k, v in told.items() if v})


def _groups(stated: Iterable[Stated]) -> Iterator[list[Stated]]:
    """As many rows as may be decoded at once: long contents make short groups."""
    group: list[Stated] = []
    size = 0
    for one in stated:
        group.append(one)
        size += len(one[1])
        if size > _BYTES or len(group) >= _ROWS:
            yield group
            group, size = [], 0
    if group:
        yield group


def _batch(
    group: Sequence[Stated], fields: Sequence[Field], types: Sequence[pa.DataType], schema: pa.Schema
) -> pa.RecordBatch:
    records, contents, parts, releases, days, revisions = zip(*group, strict=True)
    decoded = [cells.decode(content) for content in contents]
    arrays = [pa.array(records, pa.string())]
    for field, kind in zip(fields, types, strict=True):
        name = field.name
        values: list[Any] = [content.get(name) for content in decoded]
        if field.type != "string" or kind != _TYPES[field.type]:
            values = [None if v is None else _typed(v, kind) for v in values]
        arrays.append(pa.array(values, kind))
    own: tuple[tuple[Any, pa.DataType], ...] = (
        (parts, pa.string()),
        (releases, pa.int32()),
        ([date.fromordinal(n) for n in days], pa.date32()),
        (revisions, pa.string()),
    )
    return pa.RecordBatch.from_arrays([*arrays, *(pa.array(v, k) for v, k in own)], schema=schema)


def _typed(value: Any, kind: pa.DataType) -> Any:
    if pa.types.is_string(kind):
        return value if isinstance(value, str) else msgspec.json.encode(value).decode()
    if pa.types.is_decimal(kind):
        return Decimal(value)
    if pa.types.is_date(kind):
        return date.fromisoformat(value)
    if pa.types.is_struct(kind) and "amount" in value:
        return {**value, "amount": Decimal(value["amount"])}
    return value


def _unfit(fields: Sequence[Field], rows: Rows) -> frozenset[str]:
    """Fields that hold a number too long for their column, or a value of an earlier schema's type."""
    watched = [f for f in fields if f.type != "string"]
    found: set[str] = set()
    for one in rows() if watched else ():
        content = cells.decode(one[1])
        found |= {f.name for f in watched if f.name in content and not _fits(f, content[f.name])}
    return frozenset(found)


def _fits(field: Field, value: Any) -> bool:
    match field.type:
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "decimal":
            return isinstance(value, str) and _in_range(value)
        case "boolean":
            return isinstance(value, bool)
        case "date":
            return isinstance(value, str) and _is_day(value)
        case "list":
            return isinstance(value, list) and all(isinstance(v, str) for v in value)
        case "limit":
            return isinstance(value, dict) and isinstance(value.get("value", 0), int)
        case "amount":
            return isinstance(value, dict) and _in_range(str(value.get("amount", "0")))
        case _:
            return True


def _in_range(text: str) -> bool:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return False
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -_FRACTION and number.adjusted() < _WHOLE


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def write_sqlite(path: Path, about: About, rows: Rows) -> None:
    """Tables ``records``, ``fields`` (what each column is) and ``about``. Decimals are text: exact."""
    fields = cells.published(about.catalogue)
    own = ("part TEXT", "release INTEGER NOT NULL", "effective_from TEXT NOT NULL", "revision TEXT NOT NULL")
    columns = (
        "id TEXT PRIMARY KEY",
        *(f"{_quoted(f.name)} {_SQL.get(f.type, 'TEXT')}" for f in fields),
        *own,
    )
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=OFF")
        db.execute("PRAGMA synchronous=OFF")
        db.execute("BEGIN")
        db.execute(f"CREATE TABLE records ({', '.join(columns)})")
        db.execute("CREATE TABLE fields (name TEXT, title TEXT, title_en TEXT, type TEXT, unit TEXT)")
        db.execute("CREATE TABLE about (name TEXT, value TEXT)")
        db.executemany(
            "INSERT INTO fields VALUES (?, ?, ?, ?, ?)",
            [(f.name, f.title, f.title_en, f.type, f.unit) for f in fields],
        )
        db.executemany("INSERT INTO about VALUES (?, ?)", about.facts())
        marks = ", ".join("?" * len(columns))
        insert = f"INSERT INTO records VALUES ({marks})"  # noqa: S608 - question marks alone
        for some in batched(rows(), 1_000):
            db.executemany(insert, [_row(one, fields) for one in some])
        db.execute("COMMIT")


def _row(one: Stated, fields: Sequence[Field]) -> list[Any]:
    get = cells.decode(one[1]).get
    values = [get(f.name) for f in fields]
    for n, value in enumerate(values):
        if isinstance(value, list | dict):
            values[n] = msgspec.json.encode(value).decode()
    return [one[0], *values, one[2], one[3], cells.day(one[4]), one[5]]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
