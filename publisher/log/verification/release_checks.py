"""Releases and entries: their hashes, documents, the rows that these describe, the tree, its checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from publisher.log.blob_store import digest_of
from publisher.log.canonical_json import salted_hash
from publisher.log.database import entry_tables as e
from publisher.log.database import tables as t
from publisher.log.database.connection import stream
from publisher.log.releases import hash_chain, release_document
from publisher.log.transparency import description_entries, merkle_tree, successions
from publisher.log.transparency.entries import LogEntry
from publisher.log.transparency.merkle_tree import MerkleTree


def verify(conn: Connection) -> Iterator[str]:
    """Check the hashes of all releases and entries against what is stored; yield what differs."""
    previous, last = hash_chain.FIRST, 0
    rows = conn.execute(select(t.release).order_by(t.release.c.sequence)).mappings().all()
    for row in map(dict, rows):
        where, expected = f"发布 release {row['sequence']}", last + 1 + successions.lost_at(conn, last)
        if row["sequence"] != expected:
            yield f"{where}: 之前缺少序号为{expected}的发布 release {expected} is missing before it"
        last = row["sequence"]
        if row["previous_hash"] != previous:
            yield f"{where}: 未接续前一次发布 does not follow the release before it"
        if row["left_out"] is not None and row["left_out_hash"] != salted_hash(
            bytes(row["left_out_salt"] or b""), row["left_out"].encode()
        ):
            yield f"{where}: 未采用的行已被更改 its list of rows left out was changed"
        if row["format"] == 1:
            yield from _verify_first_format(conn, where, row)
        yield from _verify_release(conn, where, row)
        # The first release after a reseal follows the document of format 2 of the release before.
        c = t.release.c
        following = conn.scalar(
            select(c.format).where(c.sequence > row["sequence"]).order_by(c.sequence).limit(1)
        )
        previous = row["hash"] if following == 1 else row["document"]
    yield from _verify_erased_actors(conn)
    yield from _verify_entries(conn)


def _verify_first_format(conn: Connection, where: str, row: Mapping[str, Any]) -> Iterator[str]:
    """Check the hashes of format 1. Without the name of the clerk, only those of its manifest."""
    if row["manifest_hash"] != hash_chain.manifest_hash(hash_chain.manifest_lines(conn, row["sequence"])):
        yield f"{where}: 变化与变化清单不符 its changes are not those of its manifest"
    if any(row[f"{name}_salt"] is None for name in release_document.SALTED):
        return
    of_release = release_document.source_rows(conn, t.import_.c.release == row["sequence"])
    document = hash_chain.first_format_document(dict(row), of_release)
    if hash_chain.release_hash(document) != row["hash"]:
        yield f"{where}: 自身的哈希值不符 its own hash does not match"


def _verify_release(conn: Connection, where: str, row: Mapping[str, Any]) -> Iterator[str]:
    """Compare the rows of a release with its document of format 2."""
    text = conn.scalar(select(e.entry.c.document).where(e.entry.c.digest == row["document"]))
    if text is None:
        yield f"{where}: 没有它的日志条目 it has no entry in the log"
        return
    stored: dict[str, Any] = msgspec.json.decode(text)
    c = t.release.c
    before = select(c.document).where(c.sequence < row["sequence"]).order_by(c.sequence.desc()).limit(1)
    previous = conn.scalar(before)
    lines = release_document.stored_manifest(conn, row["sequence"])
    rebuilt = release_document.build(
        conn,
        row,
        release_document.source_rows(conn, t.import_.c.release == row["sequence"]),
        manifest=release_document.manifest_digest(lines),
        details=_details_then(conn, row["dataset"], row["document"]),
        previous=previous,
        erased=release_document.erased_records(conn, row["sequence"]),
        stored=stored,
    )
    for name in sorted({*rebuilt, *stored}):
        if rebuilt.get(name) != stored.get(name):
            yield f"{where}: {name} 与存证文件不符 is not that of its document"
    for name in release_document.SALTED:
        if name != "actor" and row[f"{name}_salt"] is None:  # only names of clerks are ever erased
            yield f"{where}: {name} 已缺失 was removed"
    if row["format"] == 2 and (row["hash"], row["manifest_hash"]) != (row["document"], stored["manifest"]):
        yield f"{where}: 哈希值与存证文件不符 its hashes are not those of its document"


def _verify_erased_actors(conn: Connection) -> Iterator[str]:
    """Compare names of clerks with the entries that say that they were erased.

    A name may be missing without an entry: a log that was completed from a public archive never had it. A
    name that somebody removed with its salt is named by the seal of its row.
    """
    c, entry = t.release.c, e.entry.c
    stated: set[int] = set()
    texts = conn.scalars(select(entry.document).where(entry.kind == "erasure", entry.document.is_not(None)))
    for document in map(msgspec.json.decode, texts):
        stated |= set(document["releases"]) if document["property"] == "actor" else set()
    query = select(c.sequence, c.actor).where(c.actor_salt.is_(None)).order_by(c.sequence)
    missing = {row.sequence: row.actor for row in conn.execute(query)}
    for sequence in sorted(stated - missing.keys()):
        yield f"发布 release {sequence}: actor 依法删除后又出现 was erased and is there again"
    for sequence in sorted(sequence for sequence, actor in missing.items() if actor):
        yield f"发布 release {sequence}: actor 与存证文件不符 is not that of its document"


def _details_then(conn: Connection, dataset: int, release: str) -> str:
    """Digest of the dataset's document before the entry of a release: documents are linked backwards."""
    position = conn.scalar(select(e.entry.c.position).where(e.entry.c.digest == release)) or 0
    digest: str | None = conn.scalar(select(t.dataset.c.document).where(t.dataset.c.key == dataset))
    while digest is not None:
        row = conn.execute(
            select(e.entry.c.position, e.entry.c.document).where(e.entry.c.digest == digest)
        ).first()
        if row is None or row.position < position:
            break
        digest = None if row.document is None else msgspec.json.decode(row.document)["previous"]
    return digest or ""


def _verify_entries(conn: Connection) -> Iterator[str]:
    """Check documents by their digests, the tiles by the entries, and the checkpoints by the tiles."""
    tiles: dict[tuple[int, int], bytes] = {}
    size, is_broken = 0, False
    for row in stream(conn, select(e.entry).order_by(e.entry.c.position)):
        if row.position != size and not is_broken:
            yield f"日志条目 entry {size}: 缺少 is missing"
            is_broken = True
        if is_broken:
            continue  # to the end, so that the server closes its cursor
        if row.document is not None and digest_of(row.document.encode()) != row.digest:
            yield f"日志条目 entry {size}: 不是当时公布的存证文件 it is not the document that was published"
        merkle_tree.append_leaf(
            lambda level, number: tiles[level, number],
            lambda level, number, hashes: tiles.update({(level, number): hashes}),
            size,
            LogEntry(row.kind, row.format, row.digest).leaf_hash(),
        )
        size += 1
    if is_broken:
        return
    stored = {(row.level, row.number): bytes(row.hashes) for row in conn.execute(select(e.tile))}
    for level, number in sorted(tiles.keys() | stored.keys()):
        if stored.get((level, number)) != tiles.get((level, number)):
            yield f"哈希树 tile {level}/{number}: 与日志条目不符 does not follow from the entries"
    yield from _verify_checkpoints(conn, tiles, size)
    yield from description_entries.verify(conn)


def _verify_checkpoints(conn: Connection, tiles: Mapping[tuple[int, int], bytes], size: int) -> Iterator[str]:
    last = 0
    for row in conn.execute(select(e.checkpoint).order_by(e.checkpoint.c.size)):
        last, where = row.size, f"存证点 checkpoint of {row.size} entries"
        if row.size > size:
            yield f"{where}: 日志只有{size}个日志条目 the log has only {size}"
        elif MerkleTree(lambda level, number: tiles[level, number], row.size).root().hex() != row.root:
            yield f"{where}: 不是这些日志条目的存证点 it is of other entries"
    if last < size:
        yield f"日志条目 entry {last}: 没有存证点 no checkpoint covers it"
