"""A release that is written again from its document, its manifest and its revisions.

Everything that the log determines becomes what it was: records, revisions, changes, states on both clocks,
values. Bytes of sources, and names that are not public, are not in an archive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import batched
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from publisher.log import registry
from publisher.log.canonical_json import canonical
from publisher.log.clocks import FOREVER, micros, ordinal
from publisher.log.database import tables as t
from publisher.log.database.connection import among, inserted_key
from publisher.log.database.held_records import COMPLETED
from publisher.log.database.storable_text import storable
from publisher.log.drafts.namesakes import possible_identities
from publisher.log.record_identity import later_id
from publisher.log.recovery import replayed_files
from publisher.log.recovery.archive import Archive
from publisher.log.recovery.description_rows import declared_part_key, store_catalogue
from publisher.log.releases import bitemporal_spans, field_values, hash_chain, release_writer, span_rebuild
from publisher.log.releases.cancellation import forget_day
from publisher.log.releases.erasure import ErasureRelease
from publisher.log.releases.release_document import SALTED
from publisher.log.session import Session

type _Line = Mapping[str, Any]

_BATCH = 500
_MOST_LATER_IDS = 100
"""Most records of one identity, one after the other, whose ids are recognised."""


class ReplayedRelease:
    """One release, in the transaction of the completion; its entry is written already."""

    def __init__(
        self, session: Session, conn: Connection, archive: Archive, document: Mapping[str, Any], digest: str
    ) -> None:
        self._session, self._conn, self._archive = session, conn, archive
        self._document, self._digest = document, digest
        store_catalogue(conn, archive, document["catalogue"])
        self._catalogue = session.catalogue(conn, document["catalogue"])
        self._dataset: int = conn.execute(
            select(t.dataset.c.key).where(t.dataset.c.name == document["dataset"])
        ).scalar_one()
        self._sequence: int = document["sequence"]
        self._published_at = micros(datetime.fromisoformat(document["published_at"]))

    def write(self) -> None:
        """Write the release and everything that follows from it."""
        conn = self._conn
        lines = self._archive.manifest(self._document["manifest"])
        self._write_release()
        imports = self._write_imports()
        last_revision = conn.scalar(select(func.coalesce(func.max(t.revision.c.key), 0))) or 0
        records = self._write_records(lines)
        revisions = self._write_revisions(lines, records, imports, last_revision)
        self._write_changes(lines, records, revisions)
        if (cancelled := self._document["counts"].get(t.CANCELS)) is not None:
            forget_day(conn, self._dataset, cancelled, micros(self._session.clock()))
        self._derive(last_revision)
        self._mark_withdrawn(lines, records)
        replayed_files.write_held(
            conn, self._document, lines, records=records, imports=imports, after=last_revision
        )
        if self._document["erased"]:
            self._erase()
        conn.execute(
            update(t.dataset)
            .where(t.dataset.c.key == self._dataset)
            .values(catalogue=self._catalogue.name, catalogue_digest=self._document["catalogue"])
        )

    def missing_sources(self) -> int:
        """Count its source files whose bytes the site does not have, although nobody erased them."""
        digests, i = {source["digest"] for source in self._document["sources"]}, t.import_.c
        destroyed = select(i.digest).where(among(self._conn, i.digest, digests), i.destroyed)
        digests.difference_update(self._conn.scalars(destroyed))
        return sum(not self._session.sources.has(self._conn, digest) for digest in digests)

    def _write_release(self) -> None:
        document, opening = self._document, self._archive.opening(self._sequence)
        row: dict[str, Any] = {
            "sequence": self._sequence,
            "dataset": self._dataset,
            "number": document["number"],
            "published_at": self._published_at,
            "effective_on": ordinal(document["effective_on"]),
            "catalogue_digest": document["catalogue"],
            "parser_version": document["parser_version"],
            "software_version": document["software_version"],
            "counts": msgspec.json.encode(document["counts"], order="sorted").decode(),
            "left_out_hash": document["left_out"],
            "manifest_hash": document["manifest"],
            "previous_hash": document["previous"] or hash_chain.FIRST,
            "hash": self._digest,
            "document": self._digest,
            "erased": False,
            "format": document["format"],
        }
        if "approval" in document:  # names stay hashes
            row["approval"] = msgspec.json.encode(document["approval"]).decode()
        for name in SALTED:  # a text that is not public, or was destroyed, stays a hash
            one = opening.get(name)
            row |= {
                name: one["value"] if one else "",
                f"{name}_salt": bytes.fromhex(one["salt"]) if one else None,
            }
        left_out = opening.get("left_out")
        if left_out is not None:
            row["left_out"] = canonical(left_out["value"]).decode()
            row["left_out_salt"] = bytes.fromhex(left_out["salt"])
        self._conn.execute(insert(t.release).values(row))

    def _write_imports(self) -> Sequence[int]:
        """Write the rows of the files. → their keys, in the order of the document."""
        conn, keys = self._conn, list[int]()
        left_out = self._archive.opening(self._sequence).get("left_out", {"value": []})["value"]
        origins = self._archive.opening(self._sequence)["sources"]
        names: set[str] = set()
        for n, source in enumerate(self._document["sources"]):
            origin = origins[n] if n < len(origins) else None
            name = origin["value"]["name"] if origin else source["digest"]
            # A row that was left out only names its file: of two with one name, the first gets them all.
            own = [] if name in names else [row for row in left_out if row.get("file") == name]
            names.add(name)
            row = {
                "dataset": self._dataset,
                "release": self._sequence,
                "part": declared_part_key(conn, self._dataset, source["part"]),
                **{key: source[key] for key in ("mode", "parser_version", "digest", "media_type", "size")},
                **{key: source[key] for key in ("detected_by", "partial")},
                "name": name,
                "url": origin["value"]["url"] if origin else None,
                "origin_salt": bytes.fromhex(origin["salt"]) if origin else None,
                "obtained_at": micros(datetime.fromisoformat(source["obtained_at"])),
                "destroyed": False,
                "entries": COMPLETED,
                "left_out": canonical(own).decode(),
                "effective_from": ordinal(self._document["effective_on"]),
                "effective_to": ordinal(source["effective_to"]) if source["effective_to"] else FOREVER,
            }
            keys.append(inserted_key(conn.execute(insert(t.import_).values(row))))
        return keys

    def _write_records(self, lines: Sequence[_Line]) -> Mapping[str, int]:
        """Write new records, and identities that changed. → id → key of every record of the manifest."""
        conn, r = self._conn, t.record.c
        ids = list(dict.fromkeys(line["record"] for line in lines))
        keys: dict[str, int] = {}
        for batch in batched(ids, _BATCH):
            keys |= {row.id: row.key for row in conn.execute(select(r.id, r.key).where(r.id.in_(batch)))}
        last = conn.scalar(select(func.coalesce(func.max(r.key), 0))) or 0
        new = {record: key for key, record in enumerate((i for i in ids if i not in keys), start=last + 1)}
        rows = [{"key": key, "id": record, "dataset": self._dataset} for record, key in new.items()]
        if rows:
            conn.execute(insert(t.record), rows)
        keys |= new
        for line in lines:
            revision = self._archive.revisions.get(line["revision"] or "")
            if revision is not None and line["kind"] not in ("removed", "withdrawn"):
                self._match(keys[line["record"]], line["record"], revision["content"])
        return keys

    def _match(self, key: int, record: str, content: Mapping[str, Any]) -> None:
        """Let rows with the identity of a content match the record from now on."""
        r, conn = t.record.c, self._conn
        possible = list(possible_identities(self._document["dataset"], self._catalogue, dict(content)))
        if conn.scalar(select(r.identity).where(r.key == key)) in possible:
            return
        own = next((digest for digest in possible if _is_id_of(record, digest)), possible[0])
        same = (r.dataset == self._dataset, r.identity == own)
        conn.execute(update(t.record).where(*same).values(identity=None))
        conn.execute(update(t.record).where(r.key == key).values(identity=own))

    def _write_revisions(
        self,
        lines: Sequence[_Line],
        records: Mapping[str, int],
        imports: Sequence[int],
        last: int,
    ) -> Mapping[str, int]:
        """Write new revisions. → hash → key of every revision that the manifest names."""
        conn, v = self._conn, t.revision.c
        hashes = [h for line in lines for h in (line["revision"], line["before"]) if h is not None]
        keys: dict[str, int] = {}
        for batch in batched(dict.fromkeys(hashes), _BATCH):
            keys |= {
                row.hash: row.key for row in conn.execute(select(v.hash, v.key).where(v.hash.in_(batch)))
            }
        rows = []
        for line in lines:
            if line["revision"] is None or line["revision"] in keys:
                continue
            keys[line["revision"]] = last = last + 1
            rows.append({"key": last, **self._revision(line, records[line["record"]], imports)})
        if rows:
            conn.execute(insert(t.revision), rows)
        return keys

    def _revision(self, line: _Line, record: int, imports: Sequence[int]) -> dict[str, Any]:
        own = {
            "record": record,
            "hash": line["revision"],
            "provenance": line["provenance"],
            "corrects": line["kind"] == "corrected",
        }
        revision = self._archive.revisions.get(line["revision"])
        if revision is None:  # erased since
            empty = {"salt": None, "content": None, "title": "", "source_text": "", "import": None}
            return {**own, **empty, "locator": "{}", "originals": "{}"}
        return {
            **own,
            "salt": bytes.fromhex(revision["salt"]),
            "content": canonical(revision["content"]).decode(),
            "title": storable(self._catalogue.title_of(revision["content"])),
            "source_text": revision["source_text"],
            "locator": msgspec.json.encode(revision["locator"]).decode(),
            "originals": msgspec.json.encode(revision["originals"]).decode(),
            "import": self._find_import(revision["source"], imports),
        }

    def _find_import(self, digest: str | None, imports: Sequence[int]) -> int | None:
        """Find the file of a revision: of this release, or an older one that was read again."""
        i = t.import_.c
        if digest is None:
            return None
        for source, own in zip(self._document["sources"], imports, strict=True):
            if source["digest"] == digest:
                return own
        of_dataset = (i.dataset == self._dataset, i.digest == digest, i.release.is_not(None))
        key: int | None = self._conn.scalar(select(func.max(i.key)).where(*of_dataset))
        return key

    def _write_changes(
        self, lines: Sequence[_Line], records: Mapping[str, int], revisions: Mapping[str, int]
    ) -> None:
        rows = [
            {
                "sequence": line["sequence"],
                "release": self._sequence,
                "dataset": self._dataset,
                "record": records[line["record"]],
                "kind": line["kind"],
                "cause": line["cause"],
                "revision": None if line["revision"] is None else revisions[line["revision"]],
                "before": None if line["before"] is None else revisions[line["before"]],
                "part": declared_part_key(self._conn, self._dataset, line["part"]),
                "before_part": declared_part_key(self._conn, self._dataset, line["part_before"]),
                "effective_from": ordinal(line["effective_from"]),
                "effective_to": ordinal(line["effective_to"]) if line["effective_to"] else FOREVER,
            }
            for line in lines
        ]
        if rows:
            self._conn.execute(insert(t.change), rows)
            self._conn.execute(update(t.site).values(change_sequence=rows[-1]["sequence"]))
        self._conn.execute(update(t.site).values(release_sequence=self._sequence))

    def _mark_withdrawn(self, lines: Sequence[_Line], records: Mapping[str, int]) -> None:
        kinds: dict[int, set[str]] = {}
        for line in lines:
            kinds.setdefault(records[line["record"]], set()).add(line["kind"])
        withdrawn = [key for key, own in kinds.items() if "withdrawn" in own]
        restored = [key for key, own in kinds.items() if "withdrawn" not in own and own - {"removed"}]
        bitemporal_spans.mark_withdrawn(self._conn, withdrawn, self._published_at)
        for batch in batched(restored, _BATCH):
            self._conn.execute(update(t.record).where(t.record.c.key.in_(batch)).values(withdrawn_at=None))

    def _derive(self, last_revision: int) -> None:
        """Write states, totals and values. Queue the states for the index, and a later day of effect."""
        conn, database = self._conn, self._session.database
        before = conn.scalar(select(t.site.c.outbox_sequence)) or 0
        span_rebuild.fill_changes(conn, self._sequence)
        last = bitemporal_spans.write_spans(
            database,
            conn,
            self._dataset,
            release=self._sequence,
            known_from=self._published_at,
            sequence=before,
        )
        bitemporal_spans.add_tally(conn, self._dataset, known_from=self._published_at, after=before)
        earlier = field_values.read_earlier(conn, self._dataset, self._catalogue, self._sequence)
        field_values.index_release(conn, self._dataset, self._catalogue, earlier, last_revision)
        if earlier is not None and earlier.change_documents(self._catalogue):
            last = release_writer.renumber_spans(conn, self._dataset, upto=before, last=last)
        now, number = micros(self._session.clock()), self._document["number"]
        release_writer.write_span_items(conn, self._dataset, before, now)
        day = date.fromisoformat(self._document["effective_on"])
        last = release_writer.write_release_items(conn, self._dataset, number, day, now, last, announced=True)
        conn.execute(update(t.site).values(outbox_sequence=last))

    def _erase(self) -> None:
        """Destroy what the release erased, also if it was destroyed before as a known erasure."""
        row = registry.dataset_row(self._conn, self._document["dataset"])
        ErasureRelease(self._session.database, self._conn, row).erase_again(
            self._document["erased"], self._session.clock(), release=self._sequence
        )


def _is_id_of(record: str, identity: str) -> bool:
    return record == identity or any(record == later_id(identity, turn) for turn in range(1, _MOST_LATER_IDS))
