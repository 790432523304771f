"""Rows of the site, of datasets, parts and catalogues, written again from their documents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from publisher.log import registry
from publisher.log.clocks import micros, ordinal
from publisher.log.database import tables as t
from publisher.log.database.connection import inserted_key
from publisher.log.recovery.archive import Archive
from schemas.definition.file_loader import parse_catalogue


def write_site(conn: Connection, document: Mapping[str, Any], digest: str, at: int) -> None:
    """Write the details of the site."""
    details = msgspec.json.encode(document["details"]).decode()
    own = {"base": document["base"], "details": details, "document": digest, "named_at": at}
    conn.execute(update(t.site).values(**own))


def write_dataset(
    conn: Connection, archive: Archive, document: Mapping[str, Any], digest: str, at: int
) -> None:
    """Write the details and the parts of a dataset; a new one gets the catalogue of that time."""
    name, catalogue = document["dataset"], document["catalogue"]
    store_catalogue(conn, archive, catalogue["digest"])
    own = {
        "details": msgspec.json.encode(document["details"]).decode(),
        "document": digest,
        "named_at": at,
    }
    key = conn.scalar(select(t.dataset.c.key).where(t.dataset.c.name == name))
    if key is None:
        created_at = micros(datetime.fromisoformat(document["created_at"]))
        own |= {"name": name, "created_at": created_at, "catalogue": catalogue["name"]}
        key = inserted_key(
            conn.execute(insert(t.dataset).values(catalogue_digest=catalogue["digest"], **own))
        )
    else:
        conn.execute(update(t.dataset).where(t.dataset.c.key == key).values(**own))
    for part in document["parts"]:
        _write_part(conn, key, part)
    for part in document["parts"]:
        merged_into = declared_part_key(conn, key, part["merged_into"])
        own_part = (t.part.c.dataset == key, t.part.c.declared_as == part["declared_as"])
        conn.execute(update(t.part).where(*own_part).values(merged_into=merged_into))


def _write_part(conn: Connection, dataset: int, part: Mapping[str, Any]) -> None:
    values = {
        "name": part["name"],
        "aliases": msgspec.json.encode(part["aliases"]).decode(),
        "code": part["code"],
        "valid_from": _ordinal_or_none(part["valid_from"]),
        "valid_to": _ordinal_or_none(part["valid_to"]),
    }
    key = declared_part_key(conn, dataset, part["declared_as"])
    if key is None:
        conn.execute(insert(t.part).values(dataset=dataset, declared_as=part["declared_as"], **values))
    else:
        conn.execute(update(t.part).where(t.part.c.key == key).values(**values))


def declared_part_key(conn: Connection, dataset: int, declared_as: str | None) -> int | None:
    """Find a part by the name under which it was declared."""
    c = t.part.c
    query = select(c.key).where(c.dataset == dataset, c.declared_as == declared_as)
    return None if declared_as is None else conn.scalar(query)


def store_catalogue(conn: Connection, archive: Archive, digest: str) -> None:
    """Store a catalogue file unless it is stored already."""
    c = t.catalogue.c
    if conn.execute(select(c.digest).where(c.digest == digest)).first() is None:
        registry.store_catalogue(conn, parse_catalogue(archive.catalogue(digest), where=digest))


def _ordinal_or_none(day: str | None) -> int | None:
    return None if day is None else ordinal(day)
