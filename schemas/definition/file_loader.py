"""Loader of catalogue files, with checks whose messages name the file and the key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import chain
from pathlib import Path
from typing import Literal

import msgspec

from schemas.definition.catalogue import (
    RESERVED,
    Catalogue,
    CatalogueError,
    Field,
    FieldFormat,
    FieldType,
    Term,
)
from schemas.normalise import heading_key

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_CATALOGUE_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

type _Kind = Literal[
    "limit",
    "amount",
    "files",
    "text",
    "document-number",
    "citations",
    "body",
    "division",
    "code",
    "markdown",
    "deadline",
]


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A section of the file. Unknown keys are rejected."""


class _Term(_Section, frozen=True):
    value: str
    aliases: tuple[str, ...] = ()


class _Constraints(_Section, frozen=True):
    required: bool = False
    enum: tuple[str, ...] | None = None


class _FieldSection(_Section, frozen=True):
    title_en: str
    kind: _Kind | None = None
    aliases: tuple[str, ...] = ()
    unit: str = ""
    vocabulary: tuple[_Term, ...] = ()
    open_vocabulary: bool = False
    searched: float = 0.0
    facet: bool = False
    personal: bool = False
    inherit: bool = False
    contact: bool = False
    derived_from: str = ""
    continues: bool = False
    stands_for: str = ""
    spanned_by: str = ""
    charge: bool = False


class _Field(_Section, frozen=True):
    name: str
    title: str
    type: Literal["string", "integer", "number", "boolean", "date", "array", "object"]
    qingdan: _FieldSection
    description: str
    format: Literal["default"] = "default"
    constraints: _Constraints = _Constraints()


class _Words(_Section, frozen=True):
    zh: str
    en: str


class _CatalogueSection(_Section, frozen=True):
    name: str
    title: _Words
    description: str
    identity: tuple[tuple[str, ...], ...]
    title_field: str
    running: bool = False
    nesting: Literal["none", "numbered"] = "none"
    group_field: str | None = None
    parent_field: str | None = None
    caption_field: str | None = None
    number_field: str | None = None
    sub_item_field: str | None = None
    ignored: tuple[str, ...] = ()
    date_field: str | None = None
    basis_field: str | None = None
    body_field: str | None = None
    type_field: str | None = None
    facts: tuple[str, ...] = ()
    expected: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    decision_field: str | None = None
    item: str = "条目"


class _CatalogueFile(_Section, frozen=True):
    fields: tuple[_Field, ...]
    qingdan: _CatalogueSection
    schema: str = msgspec.field(default="", name="$schema")
    missing_values: tuple[Literal[""], ...] = msgspec.field(default=("",), name="missingValues")


# Made once: two threads that resolve the same struct for the first time end the process (msgspec 0.22).
_decode_file = msgspec.json.Decoder(_CatalogueFile).decode


def parse_catalogue(source: str, *, where: str = "") -> Catalogue:
    """Parse the text of a catalogue file.

    Raises :class:`CatalogueError`: ``<where>: <JSON path>: <what is wrong>``.
    """
    label = where or "catalogue"
    try:
        file = _decode_file(source.encode())
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        text = str(error)
        what, _, path = text.partition(" - at `")
        raise CatalogueError(f"{label}: {path.rstrip('`') or '$'}: {what}") from error
    first = next(_check_file(file), None)
    if first is not None:
        path, problem = first
        raise CatalogueError(f"{label}: {path}: {problem}")
    section = file.qingdan
    properties = msgspec.structs.asdict(section) | {"title": section.title.zh, "title_en": section.title.en}
    return Catalogue(**properties, fields=tuple(map(_build_field, file.fields)), source=source)


def read_catalogue(file: Traversable) -> Catalogue:
    """Read a catalogue file. Raises :class:`CatalogueError`, also if it is not text in UTF-8."""
    try:
        source = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{file}: is not text in UTF-8") from error
    return parse_catalogue(source, where=str(file))


@cache
def load_catalogue(name: str, folder: Path | None = None) -> Catalogue:
    """Load the catalogue ``name`` from the site's ``folder`` if it has one, else the shipped one. Cached.

    Raises ``KeyError`` if there is none, and :class:`CatalogueError` if it is invalid.
    """
    for place in _list_folders(folder):
        file = place / f"{name}.json"
        if name in _list_names_in(place):
            catalogue = read_catalogue(file)
            if catalogue.name != name:
                raise CatalogueError(f"{file}: $.qingdan.name: {catalogue.name!r} is not the file's name")
            return catalogue
    raise KeyError(name)


def find_catalogue(name: str, folder: Path | None = None) -> Catalogue | None:
    """Load a catalogue as :func:`load_catalogue` does; None if there is none, or none any more."""
    return load_catalogue(name, folder) if name in list_names(folder) else None


def list_names(folder: Path | None = None) -> Sequence[str]:
    """List the names of all catalogues that :func:`load_catalogue` can load, sorted."""
    return sorted({name for place in _list_folders(folder) for name in _list_names_in(place)})


def _list_folders(folder: Path | None) -> list[Traversable]:
    shipped = files("schemas") / "catalogues"
    return [shipped] if folder is None else [folder, shipped]


def _list_names_in(place: Traversable) -> list[str]:
    if not place.is_dir():
        return []
    return [f.name.removesuffix(".json") for f in place.iterdir() if f.name.endswith(".json")]


_FIELD_TYPES: dict[str, FieldType] = {
    "string": "string",
    "integer": "integer",
    "number": "decimal",
    "boolean": "boolean",
    "date": "date",
    "array": "list",
}
_TYPE_OF_KIND = {"limit": "object", "amount": "object", "citations": "array", "files": "array"}
"""Kind → Table Schema type of its field. The field of any other kind is a string."""


def _build_field(field: _Field) -> Field:
    properties = msgspec.structs.asdict(field.qingdan)
    field_type: FieldType = _FIELD_TYPES.get(field.type, "string")
    field_format: FieldFormat = "default"
    match field.qingdan.kind:
        case "limit" | "amount" | "files" as kind:
            field_type = kind
        case str() as kind:
            field_format = kind
    del properties["kind"]
    properties["vocabulary"] = tuple(Term(t.value, t.aliases) for t in field.qingdan.vocabulary)
    return Field(
        name=field.name,
        title=field.title,
        type=field_type,
        format=field_format,
        description=field.description,
        required=field.constraints.required,
        **properties,
    )


type _Problems = Iterator[tuple[str, str]]
"""JSON path and message of each problem. The first one is reported."""


def _check_file(file: _CatalogueFile) -> _Problems:
    if not _CATALOGUE_NAME.fullmatch(file.qingdan.name):
        yield "$.qingdan.name", f"{file.qingdan.name!r}: use lower-case words joined by hyphens"
    if not file.fields:
        yield "$.fields", "a catalogue needs at least one field"
    for index, field in enumerate(file.fields):
        yield from _check_field(field, f"$.fields[{index}]")
        yield from _check_vocabulary(field, f"$.fields[{index}]")
    yield from _check_headings(file)
    yield from _check_references(file)


def _check_field(field: _Field, path: str) -> _Problems:
    extra = field.qingdan
    if not _NAME.fullmatch(field.name):
        yield f"{path}.name", f"{field.name!r}: use lower-case words joined by underscores"
    if field.name in RESERVED:
        yield f"{path}.name", f"{field.name!r} is reserved for the API"
    if not heading_key(field.title):
        yield f"{path}.title", "the title is missing"
    if not extra.title_en.strip():
        yield f"{path}.qingdan.title_en", "the English title is missing"
    required_type = _TYPE_OF_KIND.get(extra.kind, "string") if extra.kind else None
    if required_type and field.type != required_type:
        yield f"{path}.type", f"kind {extra.kind!r} needs type {required_type!r}"
    if field.type == "object" and required_type != "object":
        yield f"{path}.qingdan.kind", "an object must be a limit or an amount"
    if extra.kind == "files" and (extra.searched or extra.facet):
        yield f"{path}.qingdan.kind", "files cannot be searched or faceted"
    if not 0 <= extra.searched <= 100:
        yield f"{path}.qingdan.searched", "the weight must be between 0 and 100"
    if extra.personal and (extra.searched or extra.facet or field.constraints.required):
        yield f"{path}.qingdan.personal", "a personal field cannot be searched, faceted or required"


def _check_vocabulary(field: _Field, path: str) -> _Problems:
    extra, enum = field.qingdan, field.constraints.enum
    values = tuple(term.value for term in extra.vocabulary)
    if values and field.type != "string":
        yield f"{path}.qingdan.vocabulary", "only a string can have a vocabulary"
    if extra.open_vocabulary and enum is not None:
        yield f"{path}.constraints.enum", "an open vocabulary cannot have an enum"
    if not extra.open_vocabulary and enum != (values or None):
        yield (
            f"{path}.constraints.enum",
            "the enum must contain the words of the closed vocabulary, in its order",
        )
    keys: set[str] = set()
    for number, term in enumerate(extra.vocabulary):
        for word in (term.value, *term.aliases):
            key = heading_key(word)
            if not key or key in keys:
                yield f"{path}.qingdan.vocabulary[{number}]", f"{word!r} is empty or occurs twice"
            keys.add(key)


def _check_headings(file: _CatalogueFile) -> _Problems:
    owners: dict[str, str] = {}
    for number, heading in enumerate(file.qingdan.ignored):
        if owners.setdefault(heading_key(heading), f"ignored {number}") != f"ignored {number}":
            yield f"$.qingdan.ignored[{number}]", f"{heading!r} occurs twice"
    for index, field in enumerate(file.fields):
        words = [("name", field.name), ("title", field.title)]
        words += [(f"qingdan.aliases[{n}]", a) for n, a in enumerate(field.qingdan.aliases)]
        for place, heading in words:
            owner = owners.setdefault(heading_key(heading), f"{index} {place}")
            # A heading without letters and digits has the key "", whose first owner is refused too.
            if owner != f"{index} {place}" or owners.get("") == owner:
                yield (
                    f"$.fields[{index}].{place}",
                    f"{heading!r} is blank or already a heading of field {owner}",
                )


_FIELD_KEYS = tuple(
    f"{role}_field"
    for role in (
        "title",
        "group",
        "parent",
        "caption",
        "number",
        "sub_item",
        "date",
        "basis",
        "body",
        "type",
        "decision",
    )
)
"""Keys of a catalogue that name one of its fields."""


def _check_references(file: _CatalogueFile) -> _Problems:
    extra = file.qingdan
    fields = {field.name: field for field in file.fields}
    public = {name for name, field in fields.items() if not field.qingdan.personal}
    references = [(key, getattr(extra, key)) for key in _FIELD_KEYS if getattr(extra, key) is not None]
    references += [("facts", name) for name in extra.facts]
    references += [("expected", name) for name in chain(*extra.expected.values())]
    for key, name in references:
        if name not in public:
            yield f"$.qingdan.{key}", f"field {name!r} does not exist or is personal"
    yield from _check_kinds(extra, fields)
    yield from _check_identity(extra.identity, public)
    for index, field in enumerate(file.fields):
        if field.qingdan.continues and any(field.name in names for names in extra.identity):
            yield f"$.fields[{index}].qingdan.continues", "a field that identifies a record cannot continue"
    if extra.nesting == "none" and (extra.parent_field or extra.number_field):
        yield "$.qingdan.nesting", "parent_field and number_field need numbered nesting"
    for index, field in enumerate(file.fields):
        yield from _check_other_fields(field, f"$.fields[{index}].qingdan", fields)


def _check_kinds(extra: _CatalogueSection, fields: Mapping[str, _Field]) -> _Problems:
    for key, kind in (("date_field", "date"), ("caption_field", "document-number")):
        field = fields.get(getattr(extra, key) or "")
        if field is not None and kind not in (field.type, field.qingdan.kind):
            yield f"$.qingdan.{key}", f"{field.name!r} is not a {kind.replace('-', ' ')} field"


def _check_other_fields(field: _Field, path: str, fields: Mapping[str, _Field]) -> _Problems:
    """Check the keys of a field that name another one, and the kind of running text."""
    extra = field.qingdan
    for key in ("spanned_by", "stands_for"):
        other = getattr(extra, key)
        if other and (other not in fields or other == field.name):
            yield f"{path}.{key}", f"field {other!r} does not exist or is this field"
    source = fields.get(extra.derived_from)
    if extra.derived_from and (source is None or source.qingdan.personal or source.type != "string"):
        yield f"{path}.derived_from", f"{extra.derived_from!r} is not a public field of type string"
    of_deadline = field.type == "date" and source is not None and source.qingdan.kind == "deadline"
    if extra.derived_from and extra.kind != "amount" and not of_deadline:
        yield f"{path}.derived_from", "only an amount, or the date of a deadline, is derived"
    if extra.continues and extra.kind not in {"text", "markdown", "citations"}:
        yield f"{path}.continues", "only kinds text, markdown and citations continue"
    if extra.charge and extra.kind not in {None, "text", "amount"}:
        yield f"{path}.charge", "only an amount or a text can be a charge"


def _check_identity(identity: tuple[tuple[str, ...], ...], public: set[str]) -> _Problems:
    if not identity or not all(identity):
        yield "$.qingdan.identity", "name at least one field that identifies a record"
    for number, names in enumerate(identity):
        for place, name in enumerate(names):
            if name not in public:
                yield (
                    f"$.qingdan.identity[{number}][{place}]",
                    f"field {name!r} does not exist or is personal",
                )
