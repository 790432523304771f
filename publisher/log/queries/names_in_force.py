"""Titles, bodies and document numbers of the records in force."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from sqlalchemy import Connection, Select, and_, func, or_, select

from publisher.log.database import tables as t
from publisher.log.database.connection import stream
from publisher.log.queries.point_in_time import Clocks
from schemas.definition.catalogue import Catalogue

type NameKind = Literal["name", "body", "number"]

_s, _v = t.span.c, t.value.c


def titles(conn: Connection, clocks: Clocks) -> Iterator[tuple[str, NameKind, int]]:
    """Yield (title, kind, number of records)."""
    query: Select[tuple[str, int]] = (
        select(_s.title, func.count().label("records"))
        .where(clocks.in_view(_s), _s.status == "stated")
        .group_by(_s.title)
    )
    return ((row.title, "name", row.records) for row in stream(conn, query) if row.title)


def values(
    conn: Connection, clocks: Clocks, datasets: Sequence[tuple[int, Catalogue]]
) -> Iterator[tuple[str, NameKind, int]]:
    """Yield bodies and document numbers, in the form of :func:`titles`. ``datasets``: (key, catalogue)."""
    kinds: dict[tuple[int, str], NameKind] = {}
    for dataset, catalogue in datasets:
        if catalogue.body_field:
            kinds[dataset, catalogue.body_field] = "body"
        for field in catalogue.fields:
            if field.format == "document-number" and not field.personal:
                kinds[dataset, field.name] = "number"
    for kind in sorted(set(kinds.values())):
        conditions = [and_(_v.dataset == d, _v.field == f) for (d, f), k in kinds.items() if k == kind]
        query: Select[tuple[str, int]] = (
            select(_v.text, func.count().label("records"))
            .join(t.span, _s.revision == _v.revision)
            .where(or_(*conditions), clocks.in_view(_s), _s.status == "stated")
            .group_by(_v.text)
        )
        yield from ((row.text, kind, row.records) for row in stream(conn, query))
