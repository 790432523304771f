"""Parquet files with typed columns, written with pyarrow. Arrow parses the JSON of the log itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import batched
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import json

from publisher.log.clocks import is_day
from publisher.log.queries.whole_state import StateRow
from publisher.views.exports import table_cells
from publisher.views.exports.export import About, Rows
from schemas.definition.catalogue import Field

_DECIMAL = pa.decimal128(38, 10)
_DECIMAL_TEXT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?")
"""A decimal as Arrow reads it: Python reads also other digits, underscores and blanks."""
_WHOLE, _FRACTION = 28, 10
"""Digits of a decimal before and after its point."""
_BYTES = 4 << 20
"""Bytes of contents that are parsed at once; a row group can contain several times as much."""
_BATCH_ROWS = 200
_CONTENT = StateRow._fields.index("content")
_EPOCH = date(1970, 1, 1).toordinal()
_TEXT = pa.string()
_FILE = pa.struct(
    [("name", _TEXT), ("url", _TEXT), ("media_type", _TEXT), ("size", pa.int64()), ("sha256", _TEXT)]
)


def _amount(number: pa.DataType) -> pa.DataType:
    """Return the type of :class:`schemas.cells.amounts.Amount`, whose range or bound is not a single sum."""
    return pa.struct([("amount", number), ("unit", _TEXT), ("most", number), ("of", _TEXT), ("kind", _TEXT)])


_TYPES: Mapping[str, pa.DataType] = {
    "string": _TEXT,
    "integer": pa.int64(),
    "decimal": _DECIMAL,
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "list": pa.list_(_TEXT),
    "files": pa.list_(_FILE),
    "limit": pa.struct([("value", pa.int64()), ("unit", _TEXT)]),
    "amount": _amount(_DECIMAL),
}
_AS_JSON: Mapping[str, pa.DataType] = {
    **_TYPES,
    "decimal": _TEXT,
    "date": _TEXT,
    "amount": _amount(_TEXT),
}
"""The types in JSON; Arrow casts them to :data:`_TYPES`, or raises an error."""


_LONG = ("text", "markdown", "citations")
_REPEATED = ("part", "release", "effective_from")


class _Columns:
    """Records of a group by column: one list for each field of ``StateRow``."""

    def __init__(self) -> None:
        self.columns: tuple[list[Any], ...] = tuple([] for _ in StateRow._fields)
        self.size = 0
        """Size of the contents, in bytes."""

    def append(self, batch: Sequence[StateRow]) -> None:
        rows = tuple(zip(*batch, strict=True))
        for column, values in zip(self.columns, rows, strict=True):
            column.extend(values)
        self.size += sum(map(len, rows[_CONTENT]))


class _UnfitError(Exception):
    """Values of these fields do not fit the type of their column."""

    def __init__(self, names: frozenset[str]) -> None:
        super().__init__(*sorted(names))
        self.names = names


def write_parquet(path: Path, about: About, rows: Rows) -> None:
    """Write numbers, days, lists and measures with their types. A field with an unfit value becomes text.

    Unfit values are rare (a number that is too long, a type of an earlier schema). After one is found, the
    file is written again with the field as text.
    """
    unfit: frozenset[str] = frozenset()
    while True:
        try:
            _write(path, about, rows(), unfit)
        except _UnfitError as error:
            unfit |= error.names
        else:
            return


def _write(path: Path, about: About, states: Iterable[StateRow], unfit: frozenset[str]) -> None:
    fields = table_cells.public_fields(about.catalogue)
    schema = pa.schema(
        [
            pa.field("id", _TEXT, nullable=False),
            *(_field(f, _TEXT if f.name in unfit else _TYPES[f.type]) for f in fields),
            pa.field("part", _TEXT, metadata={"title": "报送部门"}),
            pa.field("release", pa.int32(), nullable=False),
            pa.field("effective_from", pa.date32(), nullable=False),
            pa.field("revision", _TEXT, nullable=False),
        ],
        metadata=_metadata(about),
    )
    repeated = [f.name for f in fields if f.format not in _LONG]  # columns with repeated values
    options = {"compression": "zstd", "compression_level": 1, "use_dictionary": [*repeated, *_REPEATED]}
    with pq.ParquetWriter(path, schema, **options) as writer:
        for group in _groups(states):
            writer.write_batch(_batch(group, fields, unfit, schema))


def _metadata(about: About) -> Mapping[str, str]:
    """Return the facts by heading. Metadata has one text for each: several source files are its lines."""
    texts: dict[str, list[str]] = {}
    for name, text in about.facts():
        texts.setdefault(name, []).append(text)
    return {name: "\n".join(lines) for name, lines in texts.items()}


def _field(field: Field, kind: pa.DataType) -> pa.Field:
    metadata = {"title": field.title, "title_en": field.title_en, "unit": field.unit}
    return pa.field(field.name, kind, metadata={k: v for k, v in metadata.items() if v})


def _groups(states: Iterable[StateRow]) -> Iterator[_Columns]:
    """Group rows by size: long contents make short groups.

    Groups store columns instead of rows, because the garbage collector would traverse rows repeatedly.
    """
    group = _Columns()
    for batch in batched(states, _BATCH_ROWS):
        group.append(batch)
        if group.size > _BYTES:
            yield group
            group = _Columns()
    if group.size:
        yield group


def _batch(
    group: _Columns, fields: Sequence[Field], unfit: frozenset[str], schema: pa.Schema
) -> pa.RecordBatch:
    records, contents, parts, releases, days, revisions = group.columns
    fit = [field for field in fields if field.name not in unfit]
    try:
        columns = _parse_columns(contents, fit)
    except pa.ArrowInvalid as error:
        if names := _unfit_fields(contents, fit):
            raise _UnfitError(names) from error
        raise
    decoded = [table_cells.decode(content) for content in contents] if unfit else []
    return pa.RecordBatch.from_arrays(
        [
            pa.array(records, _TEXT),
            *(columns[f.name] if f.name in columns else _as_text(decoded, f.name) for f in fields),
            pa.array(parts, _TEXT),
            pa.array(releases, pa.int32()),
            pa.array([day - _EPOCH for day in days], pa.int32()).cast(pa.date32()),
            pa.array(revisions, _TEXT),
        ],
        schema=schema,
    )


def _parse_columns(contents: Sequence[bytes], fields: Sequence[Field]) -> dict[str, pa.Array]:
    """Parse contents to columns by field. Raises ``ArrowInvalid`` if a value does not fit its type."""
    lines = b"\n".join(contents)
    table = json.read_json(
        pa.BufferReader(lines),
        read_options=json.ReadOptions(use_threads=False, block_size=len(lines) + 1),
        parse_options=json.ParseOptions(
            explicit_schema=pa.schema([(f.name, _AS_JSON[f.type]) for f in fields]),
            unexpected_field_behavior="ignore",
        ),
    )
    return {f.name: table[f.name].chunk(0).cast(_TYPES[f.type]) for f in fields}  # one block gives one chunk


def _as_text(contents: Sequence[Mapping[str, Any]], name: str) -> pa.Array:
    values = [content.get(name) for content in contents]
    return pa.array(
        [v if v is None or isinstance(v, str) else msgspec.json.encode(v).decode() for v in values], _TEXT
    )


def _unfit_fields(contents: Sequence[bytes], fields: Sequence[Field]) -> frozenset[str]:
    names: set[str] = set()
    for content in map(table_cells.decode, contents):
        names |= {f.name for f in fields if content.get(f.name) is not None and not _fits(f, content[f.name])}
    return frozenset(names)


def _fits(field: Field, value: Any) -> bool:
    match field.type:
        case "string":
            return isinstance(value, str)
        case "integer":
            return _is_whole(value)
        case "decimal":
            return _is_decimal(value)
        case "boolean":
            return isinstance(value, bool)
        case "date":
            return isinstance(value, str) and is_day(value)
        case "list":
            return isinstance(value, list) and all(isinstance(v, str) for v in value)
        case "files":
            return isinstance(value, list) and all(map(_is_file, value))
        case "limit":
            return _is_measure(value, {"value"}, _is_whole)
        case "amount":
            return _is_measure(value, {"amount", "most"}, _is_decimal)


def _is_measure(value: Any, numbers: set[str], fits: Callable[[Any], bool]) -> bool:
    if not isinstance(value, dict):
        return False
    return all(
        part is None or (fits(part) if name in numbers else isinstance(part, str))
        for name, part in value.items()
    )


def _is_file(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    return all(
        isinstance(value[part.name], str) if part.type == _TEXT else _is_whole(value[part.name])
        for part in _FILE
        if part.name in value
    )


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def _is_decimal(value: Any) -> bool:
    if not isinstance(value, str) or _DECIMAL_TEXT.fullmatch(value) is None:
        return False
    number = Decimal(value)
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -_FRACTION and number.adjusted() < _WHOLE
