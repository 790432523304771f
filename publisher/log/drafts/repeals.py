"""Marks of documents that other documents repeal (废止, 失效).

They apply to running catalogues with the fields ``ends``, ``ended_by`` and ``validity``. The marks are
computed when a draft is previewed or published, not when it is staged. So the order of imports does not
matter, nor does it matter whether a document was harvested or uploaded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import batched
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, insert, select, update

from publisher.log.canonical_json import canonical, commitment, new_salt
from publisher.log.clocks import FOREVER
from publisher.log.database import tables as t
from publisher.log.database.connection import contains, inserted_key, json_text, stream
from publisher.log.database.storable_text import storable
from publisher.log.database.tables import TITLE_LENGTH
from publisher.log.drafts.plan import on_day
from publisher.log.record_identity import identity_digest
from publisher.log.registry import DatasetRow
from schemas.definition.catalogue import Catalogue, Content
from schemas.normalise import heading_key

NUMBER, TITLE, ENDS, ENDED_BY, VALIDITY = "number", "title", "ends", "ended_by", "validity"
REPEALED = "废止"
REPEAL_SIGN = "ending"
"""``detected_by`` of imports for repealed documents, which have no file of their own."""
_BATCH = 400
_DECODE = msgspec.json.Decoder(dict[str, Any]).decode
_e, _i, _r, _s, _v = t.draft_entry.c, t.import_.c, t.record.c, t.span.c, t.revision.c


@dataclass(frozen=True, slots=True)
class _Repeal:
    by: str
    """Number of the notice, or its title in 《》."""
    import_key: int
    """Key of the import that contained the notice."""


class _RepealedDocuments:
    """Repealed documents, indexed by number and by title in 《》."""

    def __init__(self, repeals: Mapping[str, _Repeal], dataset: str, catalogue: Catalogue) -> None:
        self.identities: dict[str, _Repeal] = {}
        self.titles: dict[str, _Repeal] = {}
        self._by_title_key: dict[str, _Repeal] = {}
        for name, repeal in repeals.items():
            if name.startswith("《"):
                self.titles[name[1:-1]] = repeal
                self._by_title_key[heading_key(name[1:-1])] = repeal
            else:
                self.identities[identity_digest(dataset, catalogue.identity_of({NUMBER: name}))] = repeal

    def find(self, identity: str, title: str) -> _Repeal | None:
        repeal = self.identities.get(identity)
        if repeal is None and self._by_title_key:
            repeal = self._by_title_key.get(heading_key(title))
        return repeal


def has_repeals(catalogue: Catalogue) -> bool:
    """Report whether the records of the catalogue are documents that can repeal each other."""
    fields = {NUMBER, TITLE, ENDS, ENDED_BY, VALIDITY} <= set(catalogue.by_name)
    return fields and catalogue.running and tuple(catalogue.identity[0]) == (NUMBER,)


def combined_digest(source_text: str, addition: str) -> str:
    """Digest of the source text of a record combined with text from another document."""
    return hashlib.sha256(f"{source_text}\x1e{addition}".encode(errors="replace")).hexdigest()


def mark_repealed(conn: Connection, dataset: DatasetRow, catalogue: Catalogue, *, day: int) -> None:
    """Mark repealed documents in the draft.

    A document in the draft is marked in place, by notices of the draft and by published ones. A document in
    force on ``day`` is copied into the draft and marked, by notices of the draft only: published notices
    marked theirs at publication, so later manual corrections stay. Values that a document states stay.
    """
    if not has_repeals(catalogue):
        return
    in_draft = frozenset(conn.scalars(_select_draft_entries(dataset, _e.identity)))
    repeals_in_draft = dict(_repeals_in_draft(conn, dataset))
    repeals = {**repeals_in_draft, **dict(_repeals_in_force(conn, dataset, in_draft))}
    if repeals:
        _mark_drafted(conn, dataset, _RepealedDocuments(repeals, dataset.name, catalogue))
    if repeals_in_draft:
        _mark_in_force(
            conn, dataset, _RepealedDocuments(repeals_in_draft, dataset.name, catalogue), in_draft, day
        )


def _select_draft_entries(dataset: DatasetRow, *columns: ColumnElement[Any]) -> Select[Any]:
    return (
        select(*columns)
        .join_from(t.draft_entry, t.import_, _i.key == _e["import"])
        .where(_i.dataset == dataset.key, _i.release.is_(None), ~_e.in_error)
    )


def _repeals_in_draft(conn: Connection, dataset: DatasetRow) -> Iterator[tuple[str, _Repeal]]:
    """Yield the repeals that notices of the draft declare."""
    declares_repeals = contains(conn, _e.content, f'"{ENDS}":[')
    entries = _select_draft_entries(dataset, _e["import"], _e.content).where(declares_repeals)
    # Descending, so that of several notices for one document the first one is kept by the caller.
    for row in conn.execute(entries.order_by(_e["import"].desc(), _e.position.desc())):
        content = _DECODE(row.content)
        names = _names(content)
        for name in content.get(ENDS, ()):
            if names and name not in names:
                yield str(name), _Repeal(names[0], row[0])


def _repeals_in_force(
    conn: Connection, dataset: DatasetRow, in_draft: frozenset[str]
) -> Iterator[tuple[str, _Repeal]]:
    """Yield the repeals that published notices declare, except notices that the draft replaces."""
    value = t.value.c
    rows = (
        select(value.text, json_text(conn, _v.content, NUMBER).label("number"), _v.title, _r.identity)
        .add_columns(_v["import"].label("import_key"))
        .join_from(t.value, t.span, _s.revision == value.revision)
        .join(t.revision, _v.key == _s.revision)
        .join(t.record, _r.key == _s.record)
        .where(
            value.dataset == dataset.key, value.field == ENDS, _s.known_to == FOREVER, _s.status == "stated"
        )
        .order_by(_s.record.desc())  # of several notices, the first one is kept
    )
    for row in conn.execute(rows):
        if row.identity not in in_draft:
            yield row.text, _Repeal(row.number or f"《{row.title}》", row.import_key)


def _mark_drafted(conn: Connection, dataset: DatasetRow, repealed: _RepealedDocuments) -> None:
    matches = [
        (row[0], row.position, repeal)
        for row in stream(
            conn, _select_draft_entries(dataset, _e["import"], _e.position, _e.identity, _e.title)
        )
        if (repeal := repealed.find(row.identity, row.title)) is not None
    ]
    for key, position, repeal in matches:
        same_entry = (_e["import"] == key, _e.position == position)
        row = conn.execute(select(_e.content, _e.source_text).where(*same_entry)).one()
        marked = _mark_content(_DECODE(row.content), repeal.by)
        if marked is not None:
            conn.execute(
                update(t.draft_entry).where(*same_entry).values(**_entry_columns(marked, row.source_text))
            )


def _mark_in_force(
    conn: Connection,
    dataset: DatasetRow,
    repealed: _RepealedDocuments,
    in_draft: frozenset[str],
    day: int,
) -> None:
    """Copy repealed documents into the draft, in one import for each of their imports and parts."""
    imports: dict[tuple[int, int | None], int] = {}
    positions: dict[int, int] = {}
    for row in _repealed_in_force(conn, dataset, repealed, day):
        repeal = repealed.find(row.identity, row.title)
        if repeal is None or row.identity in in_draft:
            continue
        marked = _mark_content(_DECODE(row.content), repeal.by)
        if marked is None:
            continue
        origin = (row.import_key or repeal.import_key, row.part)
        key = imports[origin] = imports[origin] if origin in imports else _repeat_import(conn, *origin)
        positions[key] = positions.get(key, -1) + 1
        conn.execute(
            insert(t.draft_entry).values(
                {
                    "import": key,
                    "position": positions[key],
                    "identity": row.identity,
                    "title": row.title,
                    "locator": row.locator,
                    "originals": row.originals,
                    "in_error": False,
                    **_entry_columns(marked, row.source_text),
                }
            )
        )


def _repealed_in_force(
    conn: Connection, dataset: DatasetRow, repealed: _RepealedDocuments, day: int
) -> list[Any]:
    rows_by_key: dict[int, Any] = {}
    conditions = [_r.identity.in_(some) for some in batched(repealed.identities, _BATCH)]
    titles = [storable(title)[:TITLE_LENGTH] for title in repealed.titles]
    conditions += [_s.title.in_(some) for some in batched(titles, _BATCH)]
    for condition in conditions:
        rows = (
            select(_r.key, _r.identity, _s.part, _v["import"].label("import_key"))
            .add_columns(_v.title, _v.content, _v.source_text, _v.locator, _v.originals)
            .join_from(t.record, t.span, _s.record == _r.key)
            .join(t.revision, _v.key == _s.revision)
            .where(_r.dataset == dataset.key, on_day(_s, day), _s.status == "stated", condition)
        )
        rows_by_key |= {row.key: row for row in conn.execute(rows)}
    return [rows_by_key[key] for key in sorted(rows_by_key)]


def _repeat_import(conn: Connection, import_key: int, part: int | None) -> int:
    """Create an import in the draft that refers to the file of an earlier import. → its key."""
    row = conn.execute(select(t.import_).where(_i.key == import_key)).one()
    values = {name: getattr(row, name) for name in _i.keys() if name != "key"}  # noqa: SIM118 - no mapping
    values |= {"release": None, "part": part, "mode": "append", "detected_by": REPEAL_SIGN}
    values |= {"left_out": "[]", "effective_from": None, "effective_to": None}
    return inserted_key(conn.execute(insert(t.import_).values(values)))


def _mark_content(content: Content, by: str) -> Content | None:
    """Add the repealing document to a content; None if it is set already, or is the notice itself."""
    if ENDED_BY in content or by in _names(content):
        return None
    return {**content, VALIDITY: content.get(VALIDITY) or REPEALED, ENDED_BY: by}


def _entry_columns(content: Content, source_text: str) -> dict[str, Any]:
    """Columns of a marked entry. ``source_text`` changes, so the change counts as one of the source."""
    text, salt = canonical(content), new_salt()
    return {
        "content": text.decode(),
        "salt": salt,
        "hash": commitment(salt, text),
        "source_text": combined_digest(source_text, str(content[ENDED_BY])),
    }


def _names(content: Content) -> list[str]:
    number, title = content.get(NUMBER), content.get(TITLE)
    return [*([str(number)] if number else []), *([f"《{title}》"] if title else [])]
