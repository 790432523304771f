"""Documents of one title: two pages without a document number are two documents where their texts differ.

The identity of such a document is its title and issuer. The identity of the second document of that name has
the number 2 in addition, its turn; a page that is read again from the same source keeps its identity.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any

import msgspec
from msgspec import structs
from sqlalchemy import Connection, select

from publisher.log.clocks import FOREVER
from publisher.log.database import tables as t
from publisher.log.database.storable_text import storable
from publisher.log.model import DraftEntry
from publisher.log.record_identity import identity_digest
from publisher.log.registry import DatasetRow
from schemas.definition.catalogue import Catalogue, Content

MOST_TURNS = 1_000
"""Most documents of one name whose identities are recognised."""
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def separate_namesakes(
    conn: Connection, dataset: DatasetRow, catalogue: Catalogue, name: str, entries: Iterable[DraftEntry]
) -> Iterator[DraftEntry]:
    """Give entries of a file or page ``name`` an identity that no other document of their title has."""
    text_field = next((f.name for f in catalogue.fields if f.format == "markdown"), None)
    for entry in entries:
        if text_field is None or entry.identity or entry.content.get(catalogue.identity[0][0]):
            yield entry
            continue
        text = str(entry.content.get(text_field, ""))
        base = catalogue.identity_of(entry.content)
        for turn in count(1):
            identity = namesake_identity(base, turn)
            owners = list(_iter_owners(conn, dataset, identity_digest(dataset.name, identity)))
            if not owners or any(
                owner == storable(name) or not text or str(content.get(text_field, "")) == text
                for owner, content in owners
            ):
                yield entry if turn == 1 else structs.replace(entry, identity=identity)
                break


def namesake_identity(base: tuple[str, ...], turn: int) -> tuple[str, ...]:
    """Return the identity of the first, second … document of one name."""
    return base if turn == 1 else (*base, str(turn))


def possible_identities(dataset: str, catalogue: Catalogue, content: Content) -> Iterator[str]:
    """Yield the digests of the identities that a content may have: the first is that of its fields alone."""
    for identity in iter_identities(catalogue, content):
        yield identity_digest(dataset, identity)


def iter_identities(catalogue: Catalogue, content: Content) -> Iterator[tuple[str, ...]]:
    """Yield the identities that a content may have.

    The name identifies an item that shares its code with others; the turn, a document that shares its name.
    """
    yield from catalogue.identities_of(content)
    base = catalogue.identity_of(content)
    for turn in range(2, MOST_TURNS + 1 if catalogue.of_documents else 2):
        yield namesake_identity(base, turn)


def _iter_owners(conn: Connection, dataset: DatasetRow, identity: str) -> Iterator[tuple[str, Content]]:
    """Yield the sources and contents of the documents with an identity, in the draft and as published."""
    e, i, r, s, v = t.draft_entry.c, t.import_.c, t.record.c, t.span.c, t.revision.c
    drafted = (
        select(i.name, e.content)
        .join_from(t.import_, t.draft_entry, e["import"] == i.key)
        .where(i.dataset == dataset.key, i.release.is_(None), e.identity == identity)
    )
    published = (
        select(i.name, v.content)
        .join_from(t.record, t.span, s.record == r.key)
        .join(t.revision, v.key == s.revision)
        .join(t.import_, i.key == v["import"])
        .where(r.dataset == dataset.key, r.identity == identity, s.known_to == FOREVER, s.status == "stated")
    )
    for query in (drafted, published):
        for row in conn.execute(query):
            if row.content is not None:
                yield row.name, _decode(row.content)
