"""Short values of a record, as filters, facets and sorting use them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import batched
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from publisher.log.database import tables as t
from publisher.log.database.connection import insert_many, stream
from publisher.log.database.storable_text import plain
from publisher.log.drafts.repeals import ENDS, tells
from schemas.definition.catalogue import Catalogue, Field, Json

_LONGEST = 300
_BATCH = 5_000
_NAMES = ("revision", "field", "text", "number", "dataset")


def kept_fields(catalogue: Catalogue) -> tuple[Field, ...]:
    """Fields whose values are kept apart: facets, numbers, dates, codes, names of bodies, vocabularies,
    and the documents that a document ends.

    Any other field can be filtered and sorted by too, out of the content, more slowly.
    """
    return tuple(f for f in catalogue.fields if not f.personal and _is_kept(f, catalogue))


def _is_kept(field: Field, catalogue: Catalogue) -> bool:
    return (
        field.facet
        or field.name == catalogue.date_field
        or bool(field.vocabulary)
        or field.type in ("integer", "decimal", "boolean", "date", "limit", "amount")
        or field.format in ("document-number", "body", "division", "code")
        or (field.name == ENDS and tells(catalogue))
    )


def keep(conn: Connection, dataset: int, catalogue: Catalogue, *, after: int) -> None:
    """Take the values out of all revisions past the key ``after``."""
    fields = [f.name for f in kept_fields(catalogue)]
    if not fields:
        return
    found = stream(
        conn,
        select(t.revision.c.key, t.revision.c.content).where(t.revision.c.key > after),
    )
    write(conn, dataset, fields, ((row.key, row.content) for row in found))


def write(conn: Connection, dataset: int, fields: list[str], revisions: Iterable[tuple[int, str]]) -> None:
    for batch in batched(_rows(dataset, fields, revisions), _BATCH):
        insert_many(conn, t.value, _NAMES, batch)


def _rows(
    dataset: int, fields: list[str], revisions: Iterable[tuple[int, str]]
) -> Iterator[tuple[int, str, str, float | None, int]]:
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    for key, content in revisions:
        record = decode(content)
        for field in fields:
            if field not in record:
                continue
            for text, number in set(forms(record[field])):
                yield key, field, text, number, dataset


def forms(value: Json) -> Iterator[tuple[str, float | None]]:
    """The texts under which a value is found, with its number where it has one; of a list, each item's."""
    if value is None or value == "":
        return
    if isinstance(value, bool):
        yield ("true" if value else "false"), None
    elif isinstance(value, int):
        yield str(value), float(value)
    elif isinstance(value, str):
        yield short(value), _number(value)
    elif isinstance(value, list):
        for item in value:
            yield from forms(item)
    else:
        number = next(
            (n for k in ("value", "amount") if (n := _number(str(value.get(k, "")))) is not None), None
        )
        text = "".join(str(value[k]) for k in ("value", "amount", "unit") if value.get(k) not in (None, ""))
        yield short(text or str(value.get("text", ""))), number


def short(text: str) -> str:
    """A text that an index can hold: a long one is cut and told from its like by a digest."""
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}…{hashlib.sha256(text.encode(errors='replace')).hexdigest()}"
    return plain(text)


def _number(text: str) -> float | None:
    if not text or len(text) > 30 or not (text[0].isdigit() or text[0] in "+-."):
        return None
    try:
        return float(text)
    except ValueError:
        return None
