"""Catalogue: the definition of one kind of list, which drives import, checks, search, API, feeds and files.

A catalogue is one JSON file: a Frictionless Table Schema
(https://specs.frictionlessdata.io/table-schema/) with additional keys under ``qingdan``.
``docs/catalogues.md`` documents the keys; ``schemas.definition.file_loader`` loads and checks the files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

import msgspec
from msgspec import structs

type Json = bool | int | str | list["Json"] | dict[str, "Json"] | None
"""A value of a record. No floats: decimals are strings, so that canonical JSON is exact."""

type Content = dict[str, Json]
"""A record: field name → value. A field without a value is absent, never ``null`` or ``""``."""

FieldType = Literal["string", "integer", "decimal", "boolean", "date", "limit", "amount", "list", "files"]
FieldFormat = Literal[
    "default",
    "text",  # long text: paragraphs kept
    "document-number",  # one 发文字号
    "citations",  # list of 发文字号 and 《statutes》, each printed in the standard form
    "body",  # an issuing or acting body
    "division",  # a GB/T 2260 code
    "code",
    "markdown",
    "deadline",  # a day, or an interval whose last day counts
]

RESERVED = frozenset(
    {
        *("limit", "cursor", "sort", "fields", "q", "as_of", "known_at", "release", "facets", "headers"),
        *("format", "id", "status", "part", "record", "dataset", "revision", "lang", "explain"),
        *("from", "to", "since", "effective_from", "change", "archive"),
    }
)
"""Names used by parameters and envelopes of the API and by columns of its files. Fields must not use them."""


class Term(msgspec.Struct, frozen=True):
    """A word of a controlled vocabulary and its other spellings."""

    value: str
    aliases: tuple[str, ...] = ()


class Field(msgspec.Struct, frozen=True):
    name: str
    title: str
    title_en: str
    type: FieldType = "string"
    format: FieldFormat = "default"
    description: str = ""
    required: bool = False
    aliases: tuple[str, ...] = ()
    unit: str = ""
    vocabulary: tuple[Term, ...] = ()
    open_vocabulary: bool = False
    searched: float = 0.0
    """Weight in search; 0 means not searched."""
    facet: bool = False
    personal: bool = False
    """Discarded on import: never stored as a value, never published."""
    inherit: bool = False
    """A blank cell inherits the value of the row's parent (a merged or nested row above, not a sibling)."""
    contact: bool = False
    """Contains the contacts of an office: telephone numbers and addresses there are not personal data."""
    derived_from: str = ""
    """The text field whose only amount, or the deadline whose last day, fills this field if blank."""
    continues: bool = False
    """Running text, which a row without a name may continue; every other field has one cell."""
    stands_for: str = ""
    """The field that this column holds in a table without a column of that field (主项名称 for 事项名称)."""
    spanned_by: str = ""
    """The field whose heading also spans this column, so that this column's heading cell is blank."""
    charge: bool = False
    """Its amounts are charges: who is concerned pays them. Only charges are reported as raised or lowered."""

    @property
    def names_a_basis(self) -> bool:
        """Report whether the heading is that of a basis: 设定依据, 实施依据, 责任事项依据."""
        return self.title.endswith("依据")


class CatalogueError(ValueError):
    """An invalid catalogue file. The message names the file and the key."""


class Catalogue(msgspec.Struct, frozen=True, dict=True):
    name: str
    title: str
    title_en: str
    description: str
    fields: tuple[Field, ...]
    identity: tuple[tuple[str, ...], ...]
    """Alternatives in order. The first one whose first field has a value identifies the record."""
    title_field: str
    running: bool = False
    """Whether the list only grows (documents, decisions): an import adds records and never removes any."""
    nesting: Literal["none", "numbered"] = "none"
    """``numbered``: rows are nested by 一、 / 1. / (1), as in fee catalogues."""
    group_field: str | None = None
    """The field that a group row (一、公安) sets for the rows below it."""
    parent_field: str | None = None
    """Numbered nesting: the field that contains the title of the item above, "1." for "(1)"."""
    caption_field: str | None = None
    """The field that the only document number above a table fills where a row has none."""
    number_field: str | None = None
    """Numbered nesting: the field that contains the item's own number as printed."""
    sub_item_field: str | None = None
    """The field with the name of a sub-item (子项). A row with one and no name belongs to the item above."""
    ignored: tuple[str, ...] = ()
    """Known headings without content of the record, such as a running 序号."""
    date_field: str | None = None
    """The date used for sorting and for facets; without it, the release's ``effective_on``."""
    basis_field: str | None = None
    """The field with the legal basis, if the catalogue expects one in every record."""
    body_field: str | None = None
    """The body that is responsible for the item, or that issued the document."""
    type_field: str | None = None
    """The kind of the item (行政许可, 行政处罚 …), of the charge or of the document."""
    facts: tuple[str, ...] = ()
    """Fields that readers look for, the most frequent first: price, promised time, responsible body."""
    expected: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Fields that people expect of a record, by the value of :attr:`type_field`; "" for every record. If the
    source leaves one blank, the record's page says so."""
    decision_field: str | None = None
    """Lists of decisions: the field with the decision, for sentences such as “决定取消：…”."""
    item: str = "条目"
    """Noun for one record in sentences: “从清单移出收费项目：…”."""
    source: str = ""
    """The text of the file, stored with every release that uses it."""

    def list_expected(self, content: Content) -> tuple[str, ...]:
        """Return the fields that people expect of a record with this content."""
        kind = content.get(self.type_field or "")
        of_kind = self.expected.get(kind, ()) if isinstance(kind, str) and kind else ()
        return (*self.expected.get("", ()), *of_kind)

    def __hash__(self) -> int:
        """Hash the file's text, which determines all fields. Hashing the fields took 5 % of an OGC page."""
        return hash(self.source)

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        return {f.name: f for f in self.fields}

    @cached_property
    def of_documents(self) -> bool:
        """Report whether its records are documents, which have a text in Markdown."""
        return any(f.format == "markdown" for f in self.fields)

    @cached_property
    def basis_fields(self) -> tuple[str, ...]:
        """Names of the fields in which a row says what it rests on."""
        return tuple(f.name for f in self.fields if f.name == self.basis_field or f.names_a_basis)

    @cached_property
    def charge_texts(self) -> frozenset[str]:
        """Names of the text fields (收费标准) whose only amount fills another field."""
        return frozenset(f.derived_from for f in self.fields if f.derived_from and f.type == "amount")

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the file's text, hexadecimal."""
        return hashlib.sha256(self.source.encode()).hexdigest()

    def identity_of(self, content: Mapping[str, Json]) -> tuple[str, ...]:
        """Return the values that identify a record in its dataset; blanks are ``""``.

        The first element is the number of the alternative, so that a code never equals a name.
        """
        for number, names in enumerate(self.identity):
            if content.get(names[0]) not in (None, ""):
                return (str(number), *[_format_json(content.get(n)) for n in names])
        return (str(len(self.identity) - 1), *[_format_json(content.get(n)) for n in self.identity[-1]])

    def identities_of(self, content: Mapping[str, Json]) -> list[tuple[str, ...]]:
        """Return the identity by every alternative that applies, in order.

        Where several items share a code, the alternative after it distinguishes them.
        """
        last = len(self.identity) - 1
        return [
            (str(number), *(_format_json(content.get(n)) for n in names))
            for number, names in enumerate(self.identity)
            if number == last or content.get(names[0]) not in (None, "")
        ]

    def title_of(self, content: Mapping[str, Json]) -> str:
        return _format_json(content.get(self.title_field))


def add_headings(catalogue: Catalogue, headings: Mapping[str, str]) -> Catalogue:
    """Return the catalogue with further headings of its fields. ``headings``: heading → name of a field.

    A field that the catalogue no longer has is left out.
    """
    if not headings:
        return catalogue
    fields = [
        structs.replace(
            f, aliases=(*f.aliases, *(heading for heading, name in headings.items() if name == f.name))
        )
        for f in catalogue.fields
    ]
    return structs.replace(catalogue, fields=tuple(fields))


def _format_json(value: Json) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


_TABLE_SCHEMA_TYPES: Mapping[str, str] = {
    "decimal": "number",
    "list": "array",
    "files": "array",
    "limit": "object",
    "amount": "object",
}


def build_table_schema(catalogue: Catalogue) -> dict[str, Any]:
    """Build the Frictionless Table Schema of published data, without personal fields and our own keys."""
    fields = []
    for field in catalogue.fields:
        if field.personal:
            continue
        entry: dict[str, Any] = {
            "name": field.name,
            "type": _TABLE_SCHEMA_TYPES.get(field.type, field.type),
            "title": field.title,
            "description": field.description,
        }
        constraints: dict[str, Any] = {"required": True} if field.required else {}
        if field.vocabulary and not field.open_vocabulary:
            constraints["enum"] = [term.value for term in field.vocabulary]
        if constraints:
            entry["constraints"] = constraints
        fields.append(entry)
    return {"fields": fields, "missingValues": [""]}


def build_json_schema(catalogue: Catalogue) -> dict[str, Any]:
    """Build the JSON Schema (2020-12) of a record's content."""
    published = [f for f in catalogue.fields if not f.personal]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": catalogue.title,
        "description": catalogue.description,
        "type": "object",
        "properties": {f.name: _build_property_schema(f) for f in published},
        "required": [f.name for f in published if f.required],
        "additionalProperties": False,
    }


_DECIMAL_SCHEMA = {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}


_FILE_SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "url": {"type": "string", "format": "uri-reference"},
        "media_type": {"type": "string"},
        "size": {"type": "integer", "minimum": 0, "description": "字节数 / Bytes"},
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    },
    "required": ["name"],
}
"""Schema of a file of a record. A file that was never fetched has only its name and address."""


def _build_property_schema(field: Field) -> dict[str, Any]:
    shapes: dict[str, dict[str, Any]] = {
        "string": {"type": "string"},
        "integer": {"type": "integer"},
        "decimal": _DECIMAL_SCHEMA,
        "boolean": {"type": "boolean"},
        "date": {"type": "string", "format": "date"},
        "list": {"type": "array", "items": {"type": "string"}},
        "files": {"type": "array", "items": _FILE_SCHEMA},
        "limit": {
            "type": "object",
            "properties": {"value": {"type": "integer"}, "unit": {"type": "string"}},
            "required": ["value", "unit"],
        },
        "amount": {
            "type": "object",
            "properties": {
                "amount": _DECIMAL_SCHEMA,
                "unit": {"type": "string"},
                "most": _DECIMAL_SCHEMA,
                "of": {"type": "string"},
                "kind": {"type": "string", "enum": ["range", "ceiling", "floor", "free"]},
            },
            "required": ["amount", "unit"],
        },
    }
    shape = dict(shapes[field.type], title=field.title, description=field.description)
    if field.vocabulary and not field.open_vocabulary:
        shape["enum"] = [term.value for term in field.vocabulary]
    return shape
