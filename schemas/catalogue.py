"""What a catalogue is: one JSON file that drives import, checks, search, API, feeds and file headings.

A file is a Frictionless Table Schema (https://specs.frictionlessdata.io/table-schema/) with our
own keys under ``qingdan``. ``docs/catalogues.md`` tells the keys for people who write one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

type Json = None | bool | int | str | list["Json"] | dict[str, "Json"]
"""A value of a record. No floats: decimals are strings, so that canonical JSON is exact."""

type Content = dict[str, Json]
"""A record: field name → value. A field without a value is absent, never ``null`` or ``""``."""

FieldType = Literal["string", "integer", "decimal", "boolean", "date", "limit", "amount", "list"]
FieldFormat = Literal[
    "default",
    "text",  # long text: paragraphs kept
    "document-number",  # one 发文字号
    "citations",  # list of 发文字号 and 《statutes》, each printed in the standard form
    "body",  # an issuing or acting body
    "division",  # a GB/T 2260 code
    "code",
    "markdown",
]
"""What may be nested in a row above: see :attr:`Field.inherit`."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a controlled vocabulary and the other ways it is written."""

    value: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
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
    """Weight in search; 0 is not searched."""
    facet: bool = False
    personal: bool = False
    """Dropped at the door; never stored as a value, never served."""
    inherit: bool = False
    """A blank cell takes the value of the row's parent (a merged or nested row above, never a sibling)."""


class CatalogueError(ValueError):
    """A catalogue file that breaks the rules; the text names the file and the key."""


@dataclass(frozen=True)
class Catalogue:
    name: str
    title: str
    title_en: str
    description: str
    fields: tuple[Field, ...]
    identity: tuple[tuple[str, ...], ...]
    """Alternatives in order: the first whose first field has a value identifies the record."""
    title_field: str
    running: bool = False
    """A list that only grows (documents, decisions): a new import adds and never removes."""
    nesting: Literal["none", "numbered"] = "none"
    """``numbered``: rows nest by 一、 / 1. / (1), as fee catalogues do."""
    date_field: str | None = None
    """The date a reader sorts and facets by; without it the release's ``effective_on``."""
    body_field: str | None = None
    type_field: str | None = None
    source: str = ""
    """The file's own text, kept with every release that was made with it."""

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        return {f.name: f for f in self.fields}

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the file's text, hexadecimal."""
        return hashlib.sha256(self.source.encode()).hexdigest()

    def identity_of(self, content: Mapping[str, Json]) -> tuple[str, ...]:
        """The values that tell this record from others in its dataset; blanks are ``""``.

        The first element is the number of the alternative, so that a code never equals a name.
        """
        for number, names in enumerate(self.identity):
            if content.get(names[0]) not in (None, ""):
                return (str(number), *(_flat(content.get(n)) for n in names))
        return (str(len(self.identity) - 1), *(_flat(content.get(n)) for n in self.identity[-1]))

    def title_of(self, content: Mapping[str, Json]) -> str:
        return _flat(content.get(self.title_field))


def _flat(value: Json) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def parse(source: str, *, where: str = "") -> Catalogue:
    """Read a catalogue file's text. Raises :class:`CatalogueError` naming ``where`` and the key."""
    raise NotImplementedError


def load(name: str) -> Catalogue:
    """The catalogue ``name`` that ships with this package. Raises ``KeyError``."""
    raise NotImplementedError


def names(folder: Path | None = None) -> Sequence[str]:
    raise NotImplementedError


_ = Any
