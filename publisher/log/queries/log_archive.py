"""The whole log for anybody: every entry, document, manifest and revision, as files of one archive.

``docs/proof.md`` describes the files. Contents that were erased, and salts that were destroyed, are absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from publisher.log.canonical_json import canonical
from publisher.log.database import entry_tables as e
from publisher.log.database import tables as t
from publisher.log.database.connection import stream
from publisher.log.releases import release_document
from publisher.log.transparency import checkpoints, entries, entry_log
from publisher.log.transparency.merkle_tree import HASH_SIZE, TILE_WIDTH

type File = tuple[str, Iterable[bytes]]
"""Name in the archive and content, which must be read before the next file is."""


def archive_files(conn: Connection, *, with_actors: bool) -> Iterator[File]:
    """Yield the files of one state of the log; ``with_actors``: names of clerks are public."""
    signed = checkpoints.newest(conn, signed=True)
    if signed is not None:
        yield "checkpoint", [(checkpoints.note_of_size(conn, signed.size) or "").encode()]
    yield from _tiles(conn)
    for row in stream(
        conn, select(e.entry.c.digest, e.entry.c.document).where(e.entry.c.document.is_not(None))
    ):
        yield f"documents/{row.digest}", [row.document.encode()]
    yield from _manifests(conn)
    yield "openings.jsonl", _openings(conn, with_actors=with_actors)
    for dataset in conn.execute(select(t.dataset.c.key, t.dataset.c.name).order_by(t.dataset.c.key)).all():
        yield f"revisions/{dataset.name}.jsonl", _revisions(conn, dataset.key)
    for catalogue in conn.execute(select(t.catalogue).order_by(t.catalogue.c.digest)).all():
        yield f"catalogues/{catalogue.digest}.json", [catalogue.source.encode()]


def tile_address(number: int, width: int) -> str:
    """Write the number of a tile as C2SP tlog-tiles does: ``x001/x234/067``, ``000.p/8``."""
    digits = f"{number:0{-(-max(len(str(number)), 1) // 3) * 3}}"
    groups = [digits[n : n + 3] for n in range(0, len(digits), 3)]
    address = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return address if width == TILE_WIDTH else f"{address}.p/{width}"


def _tiles(conn: Connection) -> Iterator[File]:
    for row in stream(conn, select(e.tile).order_by(e.tile.c.level, e.tile.c.number)):
        hashes = bytes(row.hashes)
        yield f"tile/{row.level}/{tile_address(row.number, len(hashes) // HASH_SIZE)}", [hashes]
    size = entry_log.size(conn)
    for first in range(0, size, TILE_WIDTH):
        bundle = entry_log.entries(conn, first, first + TILE_WIDTH)
        address = tile_address(first // TILE_WIDTH, len(bundle))
        yield f"tile/entries/{address}", [entries.encode_bundle(bundle)]


def _manifests(conn: Connection) -> Iterator[File]:
    documents = select(t.release.c.sequence, e.entry.c.document).join_from(
        t.release, e.entry, e.entry.c.digest == t.release.c.document
    )
    digests: set[str] = set()
    for row in conn.execute(documents.order_by(t.release.c.sequence)).all():
        digest = msgspec.json.decode(row.document)["manifest"]
        if digest not in digests:  # releases without a change have the same, empty manifest
            digests.add(digest)
            yield f"manifests/{digest}.jsonl", release_document.stored_manifest(conn, row.sequence)


def _openings(conn: Connection, *, with_actors: bool) -> Iterator[bytes]:
    """Yield a line for each release: values and salts of the hashes in its document."""
    for row in conn.execute(select(t.release).order_by(t.release.c.sequence)).mappings().all():
        opening: dict[str, Any] = {
            name: {"value": row[name], "salt": bytes(row[f"{name}_salt"]).hex()}
            for name in release_document.SALTED
            if row[f"{name}_salt"] is not None and (with_actors or name != "actor")
        }
        if row["left_out"] is not None:
            value = msgspec.json.decode(row["left_out"])
            opening["left_out"] = {"value": value, "salt": bytes(row["left_out_salt"]).hex()}
        sources = release_document.source_rows(conn, t.import_.c.release == row["sequence"])
        opening["sources"] = [_origin(source) for source in sources]
        yield canonical({"sequence": row["sequence"], **opening}) + b"\n"


def _origin(source: Any) -> dict[str, Any] | None:
    if source["origin_salt"] is None:
        return None
    value = {"name": source["name"], "url": source["url"]}
    return {"value": value, "salt": bytes(source["origin_salt"]).hex()}


def _revisions(conn: Connection, dataset: int) -> Iterator[bytes]:
    """Yield a line for each revision that is not erased, in the order of publication."""
    v = t.revision.c
    rows = stream(
        conn,
        select(
            *(t.record.c.id, v.hash, v.salt, v.content, v.locator, v.originals, v.source_text),
            t.import_.c.digest,
        )
        .join_from(t.revision, t.record, t.record.c.key == v.record)
        .outerjoin(t.import_, t.import_.c.key == v["import"])
        .where(t.record.c.dataset == dataset, v.content.is_not(None))
        .order_by(v.key),
    )
    for row in rows:
        line = {
            "record": row.id,
            "hash": row.hash,
            "salt": bytes(row.salt).hex(),
            "content": msgspec.Raw(row.content.encode()),
            "source": row.digest,
            "locator": msgspec.Raw(row.locator.encode()),
            "originals": msgspec.Raw(row.originals.encode()),
            "source_text": row.source_text,
        }
        yield msgspec.json.encode(line) + b"\n"
