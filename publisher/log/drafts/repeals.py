"""Documents that others declare repealed or lapsed (废止, 失效): marked when a draft is weighed or published.

A catalogue that only grows and has the fields ``ends``, ``ended_by`` and ``validity`` is one of documents.
Which documents end is read off the draft at that time, not when something is laid into it: so it does not
matter which of two came first, nor which was collected and which handed in.
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
from publisher.log.database.storable_text import plain
from publisher.log.database.tables import TITLE_LENGTH
from publisher.log.drafts.plan import on_day
from publisher.log.record_identity import identity_digest
from publisher.log.registry import DatasetRow
from schemas.definition.catalogue import Catalogue, Content
from schemas.normalise import heading_key

NUMBER, TITLE, ENDS, ENDED_BY, VALIDITY = "number", "title", "ends", "ended_by", "validity"
ENDED = "废止"
SIGN = "ending"
"""How a change was told of a document that another one ended: it came with no file of its own."""
_AT_ONCE = 400
_DECODE = msgspec.json.Decoder(dict[str, Any]).decode
_e, _i, _r, _s, _v = t.draft_entry.c, t.import_.c, t.record.c, t.span.c, t.revision.c


@dataclass(frozen=True, slots=True)
class _Ending:
    by: str
    """The number of the notice, else its title in 《》."""
    imported: int
    """The import that brought the notice."""


class _Ended:
    """What ends, found by the two names that a document has: its number, and its title in 《》."""

    def __init__(self, endings: Mapping[str, _Ending], dataset: str, catalogue: Catalogue) -> None:
        self.identities: dict[str, _Ending] = {}
        self.titles: dict[str, _Ending] = {}
        self._keys: dict[str, _Ending] = {}
        for name, ending in endings.items():
            if name.startswith("《"):
                self.titles[name[1:-1]] = ending
                self._keys[heading_key(name[1:-1])] = ending
            else:
                self.identities[identity_digest(dataset, catalogue.identity_of({NUMBER: name}))] = ending

    def find(self, identity: str, title: str) -> _Ending | None:
        ending = self.identities.get(identity)
        if ending is None and self._keys:
            ending = self._keys.get(heading_key(title))
        return ending


def tells(catalogue: Catalogue) -> bool:
    """Whether its records are documents that end one another."""
    fields = {NUMBER, TITLE, ENDS, ENDED_BY, VALIDITY} <= set(catalogue.by_name)
    return fields and catalogue.running and tuple(catalogue.identity[0]) == (NUMBER,)


def said_elsewhere(source_text: str, more: str) -> str:
    """The digest of what a source says of a record, with what it says in another place."""
    return hashlib.sha256(f"{source_text}\x1e{more}".encode(errors="replace")).hexdigest()


def mark(conn: Connection, dataset: DatasetRow, catalogue: Catalogue, *, day: int) -> None:
    """Mark in the draft what is ended: by its own notices, and of its documents what published ones end.

    A document of the draft is marked where it lies. One in force on ``day`` comes into the draft as it is and
    marked, by the file that it was read from. What published notices end among the published was marked
    when they came and is left alone, so a correction by hand holds. What a document says itself stays.
    """
    if not tells(catalogue):
        return
    drafted = frozenset(conn.scalars(_of_draft(dataset, _e.identity)))
    laid = dict(_laid(conn, dataset))
    known = {**laid, **dict(_published(conn, dataset, drafted))}
    if known:
        _mark_drafted(conn, dataset, _Ended(known, dataset.name, catalogue))
    if laid:
        _mark_in_force(conn, dataset, _Ended(laid, dataset.name, catalogue), drafted, day)


def _of_draft(dataset: DatasetRow, *columns: ColumnElement[Any]) -> Select[Any]:
    return (
        select(*columns)
        .join_from(t.draft_entry, t.import_, _i.key == _e["import"])
        .where(_i.dataset == dataset.key, _i.release.is_(None), ~_e.in_error)
    )


def _laid(conn: Connection, dataset: DatasetRow) -> Iterator[tuple[str, _Ending]]:
    """What notices of the draft end."""
    telling = contains(conn, _e.content, f'"{ENDS}":[')
    rows = _of_draft(dataset, _e["import"], _e.content).where(telling)
    for row in conn.execute(rows.order_by(_e["import"].desc(), _e.position.desc())):  # the first is named
        content = _DECODE(row.content)
        names = _names(content)
        for ended in content.get(ENDS, ()):
            if names and ended not in names:
                yield str(ended), _Ending(names[0], row[0])


def _published(
    conn: Connection, dataset: DatasetRow, drafted: frozenset[str]
) -> Iterator[tuple[str, _Ending]]:
    """What published notices end, but for those that the draft says anew."""
    value = t.value.c
    rows = (
        select(value.text, json_text(conn, _v.content, NUMBER).label("number"), _v.title, _r.identity)
        .add_columns(_v["import"].label("imported"))
        .join_from(t.value, t.span, _s.revision == value.revision)
        .join(t.revision, _v.key == _s.revision)
        .join(t.record, _r.key == _s.record)
        .where(
            value.dataset == dataset.key, value.field == ENDS, _s.known_to == FOREVER, _s.status == "stated"
        )
        .order_by(_s.record.desc())  # the first to say so is named
    )
    for row in conn.execute(rows):
        if row.identity not in drafted:
            yield row.text, _Ending(row.number or f"《{row.title}》", row.imported)


def _mark_drafted(conn: Connection, dataset: DatasetRow, ended: _Ended) -> None:
    found = [
        (row[0], row.position, ending)
        for row in stream(conn, _of_draft(dataset, _e["import"], _e.position, _e.identity, _e.title))
        if (ending := ended.find(row.identity, row.title)) is not None
    ]
    for key, position, ending in found:
        mine = (_e["import"] == key, _e.position == position)
        row = conn.execute(select(_e.content, _e.source_text).where(*mine)).one()
        marked = _marked(_DECODE(row.content), ending.by)
        if marked is not None:
            conn.execute(update(t.draft_entry).where(*mine).values(**_said(marked, row.source_text)))


def _mark_in_force(
    conn: Connection, dataset: DatasetRow, ended: _Ended, drafted: frozenset[str], day: int
) -> None:
    """Into imports that repeat those of the documents, one for each and part."""
    imports: dict[tuple[int, int | None], int] = {}
    positions: dict[int, int] = {}
    for row in _in_force(conn, dataset, ended, day):
        ending = ended.find(row.identity, row.title)
        marked = (
            None if ending is None or row.identity in drafted else _marked(_DECODE(row.content), ending.by)
        )
        if ending is None or marked is None:
            continue
        of = (row.imported or ending.imported, row.part)
        key = imports[of] = imports[of] if of in imports else _repeat(conn, *of)
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
                    **_said(marked, row.source_text),
                }
            )
        )


def _in_force(conn: Connection, dataset: DatasetRow, ended: _Ended, day: int) -> list[Any]:
    found: dict[int, Any] = {}
    wanted = [_r.identity.in_(some) for some in batched(ended.identities, _AT_ONCE)]
    titles = [plain(title)[:TITLE_LENGTH] for title in ended.titles]
    wanted += [_s.title.in_(some) for some in batched(titles, _AT_ONCE)]
    for condition in wanted:
        rows = (
            select(_r.key, _r.identity, _s.part, _v["import"].label("imported"))
            .add_columns(_v.title, _v.content, _v.source_text, _v.locator, _v.originals)
            .join_from(t.record, t.span, _s.record == _r.key)
            .join(t.revision, _v.key == _s.revision)
            .where(_r.dataset == dataset.key, on_day(_s, day), _s.status == "stated", condition)
        )
        found |= {row.key: row for row in conn.execute(rows)}
    return [found[key] for key in sorted(found)]


def _repeat(conn: Connection, imported: int, part: int | None) -> int:
    """An import of the draft that names the file of an earlier one. → its key."""
    row = conn.execute(select(t.import_).where(_i.key == imported)).one()
    kept = {name: getattr(row, name) for name in _i.keys() if name != "key"}  # noqa: SIM118 - no mapping
    return inserted_key(
        conn.execute(
            insert(t.import_).values(
                kept
                | {"release": None, "part": part, "mode": "append", "detected_by": SIGN, "left_out": "[]"}
                | {"effective_from": None, "effective_to": None}
            )
        )
    )


def _marked(content: Content, by: str) -> Content | None:
    """The content with what ended it; None where it says so already, or is the notice itself."""
    if ENDED_BY in content or by in _names(content):
        return None
    return {**content, VALIDITY: content.get(VALIDITY) or ENDED, ENDED_BY: by}


def _said(content: Content, source_text: str) -> dict[str, Any]:
    """The columns that hold it. It is a source that says so, in another place, and no better reading."""
    text, salt = canonical(content), new_salt()
    return {
        "content": text.decode(),
        "salt": salt,
        "hash": commitment(salt, text),
        "source_text": said_elsewhere(source_text, str(content[ENDED_BY])),
    }


def _names(content: Content) -> list[str]:
    number, title = content.get(NUMBER), content.get(TITLE)
    return [*([str(number)] if number else []), *([f"《{title}》"] if title else [])]
