"""The table of values: short values of records for filters, facets and sorting."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import batched
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, delete, func, select

from publisher.log.database import tables as t
from publisher.log.database.connection import insert_many, stream
from publisher.log.database.storable_text import storable
from publisher.log.drafts.repeals import ENDS, has_repeals
from schemas.definition.catalogue import Catalogue, CatalogueError, Content, Field, Json
from schemas.definition.evolution import searched_parts
from schemas.definition.file_loader import parse_catalogue

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


class EarlierCatalogues(msgspec.Struct, frozen=True):
    """The catalogues of the releases of a dataset before one with another catalogue."""

    last: Catalogue | None
    """That of the release before. None: this program cannot read it."""
    fields: frozenset[str] | None
    """Names of the fields that older contents can have; None: not all catalogues can be read."""

    def added(self, catalogue: Catalogue) -> list[str]:
        """List the fields that older contents can have, and that the catalogue before did not index."""
        indexed = _names(self.last)
        added = [name for name in _names(catalogue) if name not in indexed]
        return [name for name in added if self.fields is None or name in self.fields]

    def change_documents(self, catalogue: Catalogue) -> bool:
        """Report whether older contents have other search documents by the next catalogue."""
        if self.last is None or self.fields is None:
            return True
        return searched_parts(self.last, self.fields) != searched_parts(catalogue, self.fields)


def read_earlier(
    conn: Connection, dataset: int, catalogue: Catalogue, sequence: int
) -> EarlierCatalogues | None:
    """Read the catalogues before the release ``sequence``; None if the last is the same, or there is none."""
    b, c = t.release.c, t.catalogue.c
    earlier = (b.dataset == dataset, b.sequence < sequence)
    last = conn.scalar(select(b.catalogue_digest).where(*earlier).order_by(b.number.desc()).limit(1))
    if last is None or last == catalogue.digest:
        return None
    digests = select(b.catalogue_digest).where(*earlier)
    sources = conn.execute(select(c.digest, c.source).where(c.digest.in_(digests))).all()
    before = {row.digest: _parse(row.source, row.digest) for row in sources}
    names = {name for one in before.values() if one is not None for name in one.by_name}
    return EarlierCatalogues(before[last], None if None in before.values() else frozenset(names))


def index_release(
    conn: Connection, dataset: int, catalogue: Catalogue, earlier: EarlierCatalogues | None, after: int
) -> None:
    """Write the values of the revisions of a release, which have keys after ``after``.

    A revision has the values that the catalogue of its release indexes, and those that any later one of the
    dataset does: filters ask the table for every field that the newest catalogue indexes. So the values that
    this one is the first to index are written for the revisions before, too.
    """
    v = t.revision.c
    if names := _names(catalogue):
        new = select(v.key, v.content).where(v.key > after, v.content.is_not(None))
        insert_values(conn, dataset, names, _contents(conn, new))
    if earlier is not None:
        _index_added(conn, dataset, earlier.added(catalogue), after)


def index_earlier(conn: Connection) -> None:
    """Write what each release adds to the revisions before it, as a home from before that rule lacks it."""
    c = t.change.c
    for sequence, dataset, catalogue, earlier in catalogue_changes(conn):
        last = conn.scalar(select(func.max(c.revision)).where(c.dataset == dataset, c.release < sequence))
        _index_added(conn, dataset, earlier.added(catalogue), last or 0)


def catalogue_changes(conn: Connection) -> Iterator[tuple[int, int, Catalogue, EarlierCatalogues]]:
    """Yield each release with another catalogue than the one before: sequence, dataset, catalogue, others."""
    b = t.release.c
    query = select(b.sequence, b.dataset, b.catalogue_digest).order_by(b.sequence)
    catalogues: dict[int, str] = {}
    for sequence, dataset, digest in conn.execute(query).all():
        before, catalogues[dataset] = catalogues.get(dataset), digest
        if before is None or before == digest:
            continue
        source = conn.scalar(select(t.catalogue.c.source).where(t.catalogue.c.digest == digest)) or ""
        catalogue = _parse(source, digest)
        earlier = None if catalogue is None else read_earlier(conn, dataset, catalogue, sequence)
        if catalogue is not None and earlier is not None:
            yield sequence, dataset, catalogue, earlier


def _index_added(conn: Connection, dataset: int, fields: Sequence[str], last: int) -> None:
    """Write the values of fields for the revisions of a dataset up to the key ``last``."""
    if not fields:
        return
    v, w = t.revision.c, t.value.c
    # The catalogue before did not index them, but an earlier one may have done.
    stored = (w.dataset == dataset, w.field.in_(fields), w.revision <= last)
    conn.execute(delete(t.value).where(*stored))
    of_dataset = select(v.key, v.content).join(t.record, t.record.c.key == v.record)
    old = (t.record.c.dataset == dataset, v.key <= last, v.content.is_not(None))
    insert_values(conn, dataset, fields, _contents(conn, of_dataset.where(*old)))


def _contents(conn: Connection, revisions: Select[tuple[int, str | None]]) -> Iterator[tuple[int, str]]:
    return ((row.key, row.content) for row in stream(conn, revisions))


def _parse(source: str, digest: str) -> Catalogue | None:
    try:
        return parse_catalogue(source, where=digest)
    except CatalogueError:  # an older program accepted it
        return None


def _names(catalogue: Catalogue | None) -> list[str]:
    return [] if catalogue is None else [field.name for field in indexed_fields(catalogue)]


def insert_values(
    conn: Connection, dataset: int, fields: Sequence[str], revisions: Iterable[tuple[int, str]]
) -> None:
    for batch in batched(_rows(dataset, fields, revisions), _BATCH):
        insert_many(conn, t.value, _NAMES, batch)


def _rows(
    dataset: int, fields: Sequence[str], revisions: Iterable[tuple[int, str]]
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
    return finite_number(text)


def finite_number(text: str) -> float | None:
    """Parse a number; None for other texts, also for ``-nan``, which SQLite could not store."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
