"""Drafts: each row is compared with its own salted hash, and with what follows from its content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from publisher.log.canonical_json import salted_hash
from publisher.log.database import tables as t
from publisher.log.database.connection import stream
from publisher.log.database.storable_text import storable
from publisher.log.drafts.namesakes import possible_identities
from publisher.log.verification.problem import Problem, guard
from schemas.definition.catalogue import Catalogue


def check_drafts(conn: Connection, catalogues: Mapping[str, Catalogue]) -> Iterator[Problem]:
    """Check every row that the next publication would read."""
    e, i, d = t.draft_entry.c, t.import_.c, t.dataset.c
    query = (
        select(t.draft_entry, i.name, d.name.label("dataset"), i.release)
        .add_columns(func.coalesce(d.draft_catalogue, d.catalogue_digest).label("catalogue"))
        .join_from(t.draft_entry, t.import_, i.key == e["import"])
        .join(t.dataset, d.key == i.dataset)
        .order_by(e["import"], e.position)
    )
    for row in stream(conn, query):
        where = f"草稿 draft of {row.dataset}, {row.name}, 第{row.position + 1}条 entry {row.position + 1}"
        yield from guard(where, partial(_check_entry, where, row, catalogues))


def _check_entry(where: str, row: Any, catalogues: Mapping[str, Catalogue]) -> Iterator[Problem]:
    if row.release is not None:
        yield Problem(f"{where}: 已发布的文件仍有草稿 a published file still has a draft")
    if salted_hash(bytes(row.salt), row.content.encode()) != row.hash:
        yield Problem(f"{where}: 内容与哈希值不符 the content does not match its hash")
    catalogue = catalogues.get(row.catalogue)
    if catalogue is None:
        return
    content = msgspec.json.decode(row.content)
    if row.identity not in possible_identities(row.dataset, catalogue, content):
        expected = next(possible_identities(row.dataset, catalogue, content))
        yield Problem(where, "draft_entry.identity", row.identity, expected)
    title = storable(catalogue.title_of(content))
    if row.title != title:
        yield Problem(where, "draft_entry.title", row.title, title)
