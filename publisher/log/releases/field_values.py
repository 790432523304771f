"""The table of values: short values of records for filters, facets and sorting."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import batched
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from publisher.log.database import tables as t
from publisher.log.database.connection import insert_many, stream
from publisher.log.database.storable_text import storable
from publisher.log.drafts.repeals import ENDS, has_repeals
from schemas.definition.catalogue import Catalogue, Content, Field, Json

LONGEST_UNCHANGED = 300
"""Texts up to this length are stored unchanged; a longer one is cut."""
_BATCH = 5_000
_NAMES = ("revision", "field", "text", "number", "dataset")


def indexed_fields(catalogue: Catalogue) -> tuple[Field, ...]:
    """List the fields in the table of values: facets, numbers, dates, codes, names of bodies, vocabularies,
    and the documents that a document ends.

    Other fields can be filtered and sorted too, but more slowly, from the content.
    """
    return tuple(f for f in catalogue.fields if not f.personal and _is_indexed(f, catalogue))


def _is_indexed(field: Field, catalogue: Catalogue) -> bool:
    return (
        field.facet
        or field.name == catalogue.date_field
        or bool(field.vocabulary)
        or field.type in ("integer", "decimal", "boolean", "date", "limit", "amount")
        or field.format in ("document-number", "body", "division", "code")
        or (field.name == ENDS and has_repeals(catalogue))
    )


def index_revisions(conn: Connection, dataset: int, catalogue: Catalogue, *, after: int) -> None:
    """Write the values of all revisions after the key ``after``."""
    fields = [f.name for f in indexed_fields(catalogue)]
    if not fields:
        return
    rows = stream(
        conn,
        select(t.revision.c.key, t.revision.c.content).where(
            t.revision.c.key > after, t.revision.c.content.is_not(None)
        ),
    )
    insert_values(conn, dataset, fields, ((row.key, row.content) for row in rows))


def insert_values(
    conn: Connection, dataset: int, fields: list[str], revisions: Iterable[tuple[int, str]]
) -> None:
    for batch in batched(_rows(dataset, fields, revisions), _BATCH):
        insert_many(conn, t.value, _NAMES, batch)


def _rows(
    dataset: int, fields: list[str], revisions: Iterable[tuple[int, str]]
) -> Iterator[tuple[int, str, str, float | None, int]]:
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    for key, content in revisions:
        for field, text, number in field_forms(decode(content), fields):
            yield key, field, text, number, dataset


def field_forms(content: Content, fields: Iterable[str]) -> Iterator[tuple[str, str, float | None]]:
    """Yield (field, text, number) for each value of a content in the table of values."""
    for field in fields:
        value = content.get(field)
        if type(value) is str:  # most are
            if value:
                yield field, shorten(value), _number(value)
            continue
        for text, number in set(index_forms(value)):
            yield field, text, number


def index_forms(value: Json) -> Iterator[tuple[str, float | None]]:
    """Yield (text, number) for each text by which a value is found; of a list, for each item."""
    if value is None or value == "":
        return
    if isinstance(value, bool):
        yield ("true" if value else "false"), None
    elif isinstance(value, int):
        yield str(value), float(value)
    elif isinstance(value, str):
        yield shorten(value), _number(value)
    elif isinstance(value, list):
        for item in value:
            yield from index_forms(item)
    else:
        number = next(
            (n for k in ("value", "amount") if (n := _number(str(value.get(k, "")))) is not None), None
        )
        text = "".join(str(value[k]) for k in ("value", "amount", "unit") if value.get(k) not in (None, ""))
        yield shorten(text or str(value.get("text", ""))), number


def shorten(text: str) -> str:
    """Shorten a text for an index: a long text is truncated and made unique by a digest."""
    if len(text) > LONGEST_UNCHANGED:
        text = f"{text[:LONGEST_UNCHANGED]}…{hashlib.sha256(text.encode(errors='replace')).hexdigest()}"
    return storable(text)


def _number(text: str) -> float | None:
    if not text or len(text) > 30 or not (text[0].isdigit() or text[0] in "+-."):
        return None
    try:
        return float(text)
    except ValueError:
        return None
