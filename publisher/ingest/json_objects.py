"""Records of a JSON file: keys are names or headings of fields, with units and notes beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

import msgspec
from msgspec import structs

from publisher.ingest.findings import tables
from publisher.ingest.parsed_file import ImportedRecord
from publisher.ingest.record_builder import NO_CELLS, RecordBuilder
from publisher.ingest.tables.headings import ColumnMeaning, Headings
from publisher.ingest.tables.piece_reader import Qualifier
from publisher.ingest.tables.raw_record import Piece, RawRecord, RowNote
from schemas.cells.value_texts import format_value
from schemas.definition.catalogue import Field, Json

_SEPARATORS: Mapping[tuple[str, str], str] = {
    **dict.fromkeys((("list", "default"), ("list", "citations"), ("files", "default")), "；"),
    **dict.fromkeys((("string", "default"), ("string", "body"), ("string", "code")), "、"),
}
"""Type and format of a field → the sign between the members of a list; in any other field a line break."""


class Key(msgspec.Struct):
    """The meaning of a key. ``filled``: objects with a value for it."""

    meaning: ColumnMeaning | None
    personal: bool = False
    filled: int = 0
    value_of: Field | None = None
    """The field whose values it has; None for a unit, a note, and a personal or unknown key."""
    own_field: Field | None = None
    """The field that it names, where it stands for another one."""

    @property
    def field(self) -> str:
        return self.meaning.field if self.meaning else ""

    @property
    def unread(self) -> bool:
        return self.meaning is None


class JsonObjects:
    """Reads objects one by one and remembers their keys."""

    def __init__(self, headings: Headings, builder: RecordBuilder) -> None:
        self.keys: dict[str, Key] = {}
        self._headings = headings
        self._catalogue = headings.catalogue
        self._builder = builder
        self._qualified = False
        """Whether a key has a unit, or two keys have one field."""

    def knows_a_field(self) -> bool:
        return any(key.value_of is not None for key in self.keys.values())

    def read(self, number: int, record: Mapping[str, object]) -> ImportedRecord:
        """Read an object; ``number``: its position in the file, from 1."""
        texts: list[tuple[Field, str]] = []
        unread: list[tuple[str, str]] = []
        keys = self.keys
        for name in record if not record.keys() <= keys.keys() else ():
            if name not in keys:
                self._add_key(name, record)
        for name, value in record.items():
            if value is None or value == "":
                continue
            key = keys[name]
            key.filled += 1
            field = key.value_of
            if field is not None:
                texts.append((field, value if isinstance(value, str) else _format_for(field, value)))
            elif key.meaning is None:
                unread.append((name, format_json_value(value)))
        if self._qualified:
            imported_record = self._build_qualified(number, record)
        else:
            imported_record = self._builder.build_plain(number, texts)
        return structs.replace(imported_record, unread=tuple(unread)) if unread else imported_record

    def _add_key(self, name: str, record: Mapping[str, object]) -> None:
        meaning = self._headings.meaning_of(name)
        own_field = None
        if meaning is not None and meaning.role == "value":
            own = self._catalogue.by_name[meaning.field]
            other = own.stands_for
            if other and all(self._headings.field_of(key) != other for key in (*record, *self.keys)):
                meaning, own_field = structs.replace(meaning, field=other), own
        key = self.keys[name] = Key(meaning, own_field=own_field)
        if meaning is None or meaning.role == "ignored":
            return
        field = self._catalogue.by_name[meaning.field]
        if meaning.role == "value":
            self._restore_stand_ins(field)
        key.personal = field.personal
        if meaning.role == "value" and not field.personal:
            twin = any(k.value_of is field for k in self.keys.values())
            key.value_of = field
            self._qualified = self._qualified or bool(meaning.unit) or twin
        elif meaning.role != "value":
            self._qualified = True

    def _restore_stand_ins(self, field: Field) -> None:
        """Let keys that stood for a field mean their own again, because an object has a key of the field."""
        for key in self.keys.values():
            if key.value_of is field and key.own_field is not None and key.meaning is not None:
                key.meaning = structs.replace(key.meaning, field=key.own_field.name)
                key.value_of, key.own_field = key.own_field, None

    def _build_qualified(self, number: int, record: Mapping[str, object]) -> ImportedRecord:
        """Build a record of keys with units, notes or a second key for one field."""
        notes: list[RowNote] = []
        values = [
            (name, key, _format_for(key.value_of, value))
            for name, value in record.items()
            for key in (self.keys[name],)
        ]
        values = [(name, key, text) for name, key, text in values if text and not key.personal]
        pieces, sources = _create_pieces(number, values, notes)
        qualifier = Qualifier(self._catalogue, notes)
        meanings = ((field, self.keys[name].meaning) for field, name in sources.items())
        qualifier.default_units = {field: m.unit for field, m in meanings if m is not None and m.unit}
        for _, key, text in values:
            role = key.meaning.role if key.meaning else ""
            if role == "unit":
                qualifier.add_unit(pieces, key.field, text, number, "")
            elif role == "note":
                qualifier.add_remark(pieces, key.field, text, number, "")
        for field, unit in qualifier.default_units.items():
            qualifier.add_default_unit(pieces, field, unit)
        for note in notes:
            self._builder.add_note(note)
        return structs.replace(
            self._builder.build(RawRecord([number], pieces)), cells=NO_CELLS, other_cells=()
        )


def _create_pieces(
    number: int, values: Iterable[tuple[str, Key, str]], notes: list[RowNote]
) -> tuple[dict[str, Piece], dict[str, str]]:
    """Return the texts by field, of several keys the first, and the key of each field."""
    pieces: dict[str, Piece] = {}
    sources: dict[str, str] = {}
    for name, key, text in values:
        if key.value_of is None:
            continue
        field = key.value_of.name
        if field not in pieces:
            pieces[field], sources[field] = Piece(text, text, ""), name
        elif "".join(pieces[field].text.split()) != "".join(text.split()):
            words = {"title": key.value_of.title, "column": sources[field]}
            notes.append(RowNote(tables.COLUMNS_DIFFER, number, field, text, words=words))
    return pieces, sources


def _format_for(field: Field | None, value: object) -> str:
    """Format a JSON value like the cell of a field. ``field``: None for a unit and a note."""
    if field is None or not isinstance(value, list):
        return format_json_value(value)
    return _SEPARATORS.get((field.type, field.format), "\n").join(map(format_json_value, value))


def format_json_value(value: object) -> str:
    """Format a JSON value like the cell of a table; a list becomes one line per member."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return format_value(None, value)
        case list():
            return "\n".join(format_json_value(member) for member in value)
        case {"name": str(name), "url": str(url)}:
            return f"{name} {url}"
        case {"value": int(), "unit": str()} | {"amount": str(), "unit": str()}:
            return format_value(None, cast("Json", value))
        case dict():
            return "".join(format_json_value(member) for member in value.values())
        case _:
            return str(value)
