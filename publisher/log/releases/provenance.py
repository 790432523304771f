"""Salted hashes of where revisions are from: file, locator, originals and text of the source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select, update

from publisher.log.canonical_json import value_hash
from publisher.log.database import tables as t

_BATCH = 5_000
_UPDATE = update(t.revision).where(t.revision.c.key == bindparam("of")).values(provenance=bindparam("value"))


def provenance_hash(
    salt: bytes,
    source: str | None,
    locator: Mapping[str, Any],
    originals: Mapping[str, str],
    source_text: str,
) -> str:
    """Hash the salt of the revision and a canonical JSON array.

    A content is an object, so no content has the same hash.
    """
    return value_hash(salt, [source, dict(locator), dict(originals), source_text])


def keep_fields(locator: str, originals: str, is_kept: Callable[[str], bool]) -> tuple[str, str]:
    """Return locator and originals, both JSON, without the places and texts of fields that are not kept."""
    place, texts = msgspec.json.decode(locator), msgspec.json.decode(originals)
    cells = place.get("cells") or {}
    kept = {name: cell for name, cell in cells.items() if is_kept(name)}
    if len(kept) < len(cells):
        place["cells"] = kept
        dropped = set(cells.values()).difference(kept.values())
        if "mended" in place:
            place["mended"] = {cell: one for cell, one in place["mended"].items() if cell not in dropped}
            if not place["mended"]:
                del place["mended"]
        locator = msgspec.json.encode(place).decode()
    if not all(map(is_kept, texts)):
        texts = {name: text for name, text in texts.items() if is_kept(name)}
        originals = msgspec.json.encode(texts).decode()
    return locator, originals


def add_hashes(conn: Connection, *, after: int) -> None:
    """Write the hashes of all revisions after the key ``after``. Erased ones have none."""
    v = t.revision.c
    query = (
        select(v.key, v.salt, v.locator, v.originals, v.source_text, t.import_.c.digest)
        .join_from(t.revision, t.import_, t.import_.c.key == v["import"], isouter=True)
        .where(v.salt.is_not(None))
        .order_by(v.key)
        .limit(_BATCH)
    )
    while rows := conn.execute(query.where(v.key > after)).all():
        values = [{"of": row.key, "value": row_hash(row)} for row in rows]
        conn.execute(_UPDATE, values)
        after = rows[-1].key


def row_hash(row: Any) -> str:
    """Compute the hash from the columns of a revision and the digest of its file."""
    decode = msgspec.json.decode
    origin = row.digest, decode(row.locator), decode(row.originals), row.source_text
    return provenance_hash(bytes(row.salt), *origin)
