"""Documents that other documents repeal (废止, 失效), as proposals that a clerk accepts or refuses.

They apply to running catalogues with the fields ``ends``, ``ended_by`` and ``validity``. Proposals are
determined when a draft is compared or published, over everything that is drafted or in force, so the order of
imports does not matter, nor whether a document was harvested or uploaded. Accepted ones mark their documents.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import batched
from typing import Any

import msgspec
from msgspec import structs
from sqlalchemy import ColumnElement, Connection, Select, func, insert, select, update

from publisher.log.canonical_json import canonical, new_salt, salted_hash
from publisher.log.clocks import FOREVER
from publisher.log.database import tables as t
from publisher.log.database.connection import contains, json_text, stream
from publisher.log.drafts import repeal_decisions, staging
from publisher.log.drafts.plan import on_day
from publisher.log.drafts.repealed_documents import NUMBER, Repeal, RepealedDocuments
from publisher.log.model import RepealProposal
from publisher.log.registry import DatasetRow
from schemas.definition.catalogue import Catalogue, Content
from schemas.reference.citations.text_signs import title_key

TITLE, ENDS, ENDED_BY, VALIDITY = "title", "ends", "ended_by", "validity"
REPEALED = "废止"
REPEAL_SIGN = "ending"
"""``detected_by`` of imports for repealed documents, which have no file of their own."""
_BATCH = 400
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_e, _i, _r, _s, _v = t.draft_entry.c, t.import_.c, t.record.c, t.span.c, t.revision.c


class _Match(msgspec.Struct, frozen=True):
    """A document that another one repeals; ``position`` in an import of the draft; None if in force."""

    repeal: Repeal
    identity: str
    title: str
    content: Content
    row: Any
    position: tuple[int, int] | None = None


class RepealMarks(msgspec.Struct, frozen=True):
    """What :func:`mark_repealed` changed in the draft."""

    added: list[int]
    """Keys of the imports that it added, of documents in force."""
    unmarked: dict[tuple[int, int], Mapping[str, Any]]
    """Import and position of each document that it marked in place → the columns of before."""


def has_repeals(catalogue: Catalogue) -> bool:
    """Report whether the records of the catalogue are documents that can repeal each other."""
    fields = {NUMBER, TITLE, ENDS, ENDED_BY, VALIDITY} <= set(catalogue.by_name)
    return fields and catalogue.running and tuple(catalogue.identity[0]) == (NUMBER,)


def combined_digest(source_text: str, addition: str) -> str:
    """Digest of the source text of a record combined with text from another document."""
    return hashlib.sha256(f"{source_text}\x1e{addition}".encode(errors="replace")).hexdigest()


def mark_repealed(
    conn: Connection, dataset: DatasetRow, catalogue: Catalogue, *, day: int, chosen: Sequence[Any] | None
) -> RepealMarks:
    """Mark the documents whose repeal was accepted, in the draft.

    A document in the draft is marked in place. A document in force on ``day`` is copied into the draft and
    marked, unless that was published before, so later manual corrections stay. Values that a document states
    stay. ``chosen``: rows of the imports to publish, with documents of their parts only, ended by none that
    stays in the draft; None: the whole draft.
    """
    marks = RepealMarks([], {})
    if not has_repeals(catalogue):
        return marks
    remaining: set[int] = set()
    parts = None if chosen is None else {row.part for row in chosen}
    if chosen is not None:
        remaining = {row.key for row in staging.draft_imports(conn, dataset)} - {row.key for row in chosen}
    decisions = repeal_decisions.fetch(conn, dataset)
    published = _published_marks(conn, dataset, day)
    imports: dict[tuple[int, int | None], int] = {}
    positions: dict[int, int] = {}
    for match in _find_matches(conn, dataset, catalogue, day):
        decision = decisions.get((match.identity, match.repeal.notice))
        accepted = decision is not None and decision.accepted
        if match.repeal.import_key in remaining:
            continue
        if match.position is not None:
            if match.position[0] in remaining:
                continue
            if accepted or published.get(match.identity) == match.repeal.by:
                marks.unmarked[match.position] = _mark_drafted(conn, match, match.position)
        elif parts is not None and match.row.part not in parts:
            continue
        elif accepted and decision is not None and decision.release is None:
            origin = (match.row.import_key or match.repeal.import_key, match.row.part)
            key = imports[origin] = imports[origin] if origin in imports else _copy_import(conn, *origin)
            positions[key] = positions.get(key, -1) + 1
            _copy_marked(conn, match, key, positions[key])
    marks.added.extend(positions)
    staging.count_entries(conn, marks.added)
    return marks


def unmark(conn: Connection, marks: RepealMarks, entries: Collection[tuple[int, int]]) -> None:
    """Restore those of some rows of the draft that were marked: they stay in it, for a later decision."""
    for key, position in marks.unmarked.keys() & set(entries):
        same_entry = (_e["import"] == key, _e.position == position)
        conn.execute(update(t.draft_entry).where(*same_entry).values(**marks.unmarked[key, position]))


def settle(conn: Connection, dataset: DatasetRow, release: int, *, day: int, whole_draft: bool) -> None:
    """Settle the accepted repeals whose documents a release, in effect from ``day`` on, marked.

    ``whole_draft``: otherwise the repeals of documents in other parts stay accepted.
    """
    if repeal_decisions.count_accepted(conn, dataset):
        later = select(_r.identity).join(t.span, _s.record == _r.key)
        later = later.where(_r.dataset == dataset.key, _s.known_to == FOREVER, _s.effective_from > day)
        repeal_decisions.settle_accepted(
            conn,
            dataset,
            release,
            marked=_published_marks(conn, dataset, day).keys(),
            waiting=frozenset(conn.scalars(later.where(_s.status == "stated"))) if whole_draft else None,
        )


def find_proposals(
    conn: Connection, dataset: DatasetRow, catalogue: Catalogue, *, day: int
) -> tuple[RepealProposal, ...]:
    """Find the repeals that documents propose and that are not published, with their decisions, by title."""
    proposals = (proposal for _, proposal in _proposals(conn, dataset, catalogue, day))
    return tuple(sorted(proposals, key=lambda proposal: proposal.title))


def decide(
    conn: Connection,
    dataset: DatasetRow,
    catalogue: Catalogue,
    records: Sequence[str] | None,
    *,
    accept: bool,
    day: int,
    now: int,
) -> tuple[RepealProposal, ...]:
    """Accept or refuse proposals → those decided.

    ``records``: ids, numbers or titles of documents; None: all proposals that nobody has decided about.
    """
    decided = []
    for match, proposal in _proposals(conn, dataset, catalogue, day):
        if records is None:
            is_chosen = proposal.state == "proposed"
        else:
            is_chosen = not {proposal.record, *_names(match.content), match.title}.isdisjoint(records)
        if not is_chosen:
            continue
        repeal_decisions.record(conn, dataset, match.identity, match.repeal.notice, accepted=accept, now=now)
        decided.append(structs.replace(proposal, state="accepted" if accept else "refused"))
    return tuple(decided)


def _proposals(
    conn: Connection, dataset: DatasetRow, catalogue: Catalogue, day: int
) -> Iterator[tuple[_Match, RepealProposal]]:
    if not has_repeals(catalogue):
        return
    decisions = repeal_decisions.fetch(conn, dataset)
    ids = {
        row.identity: row.id
        for row in conn.execute(select(_r.identity, _r.id).where(_r.dataset == dataset.key))
    }
    published = _published_marks(conn, dataset, day)
    for match in _find_matches(conn, dataset, catalogue, day):
        decision = decisions.get((match.identity, match.repeal.notice))
        if (decision is not None and decision.release is not None) or match.identity in published:
            continue
        number = match.content.get(NUMBER)
        yield (
            match,
            RepealProposal(
                record=ids.get(match.identity, match.identity),
                title=match.title,
                by=match.repeal.by,
                by_title=match.repeal.title,
                sentence=match.repeal.sentence(None if number is None else str(number), match.title),
                state="proposed" if decision is None else "accepted" if decision.accepted else "refused",
            ),
        )


def _published_marks(conn: Connection, dataset: DatasetRow, day: int) -> dict[str, str]:
    """Return identity → ``ended_by`` of the documents in force that are marked."""
    rows = conn.execute(
        select(_r.identity, json_text(conn, _v.content, ENDED_BY).label("by"))
        .join_from(t.record, t.span, _s.record == _r.key)
        .join(t.revision, _v.key == _s.revision)
        .where(
            *(_r.dataset == dataset.key, on_day(_s, day), _s.status == "stated"),
            contains(conn, _v.content, f'"{ENDED_BY}":"'),
        )
    )
    return {row.identity: row.by for row in rows}


def _find_matches(conn: Connection, dataset: DatasetRow, catalogue: Catalogue, day: int) -> list[_Match]:
    """Find the documents, drafted or in force on ``day``, that others, drafted or in force, repeal."""
    drafted = frozenset(conn.scalars(_select_draft_entries(dataset, _e.identity)))
    repeals = {
        **dict(_repeals_in_draft(conn, dataset)),
        **dict(_repeals_in_force(conn, dataset, drafted, day)),
    }
    if not repeals:
        return []
    repealed = RepealedDocuments(repeals, dataset.name, catalogue)
    matches = [*_matches_in_draft(conn, dataset, repealed)]
    for row in _repealed_in_force(conn, dataset, repealed, day):
        repeal = repealed.find(row.identity, row.title)
        if repeal is not None and row.identity not in drafted:
            matches.append(_Match(repeal, row.identity, row.title, _decode(row.content), row))
    return [
        match
        for match in matches
        if ENDED_BY not in match.content and match.repeal.by not in _names(match.content)
    ]


def _matches_in_draft(conn: Connection, dataset: DatasetRow, repealed: RepealedDocuments) -> Iterator[_Match]:
    columns = (_e["import"], _e.position, _e.identity, _e.title)
    rows = [
        (row, repeal)
        for row in stream(conn, _select_draft_entries(dataset, *columns))
        if (repeal := repealed.find(row.identity, row.title)) is not None
    ]
    for row, repeal in rows:
        same_entry = (_e["import"] == row[0], _e.position == row.position)
        entry = conn.execute(select(_e.content, _e.source_text).where(*same_entry)).one()
        yield _Match(repeal, row.identity, row.title, _decode(entry.content), entry, (row[0], row.position))


def _select_draft_entries(dataset: DatasetRow, *columns: ColumnElement[Any]) -> Select[Any]:
    return (
        select(*columns)
        .join_from(t.draft_entry, t.import_, _i.key == _e["import"])
        .where(_i.dataset == dataset.key, _i.release.is_(None), ~_e.in_error)
    )


def _repeals_in_draft(conn: Connection, dataset: DatasetRow) -> Iterator[tuple[str, Repeal]]:
    """Yield the repeals that documents of the draft declare."""
    declares_repeals = contains(conn, _e.content, f'"{ENDS}":[')
    columns = (_e["import"], _e.content, _e.identity, _e.title, _e.originals)
    rows = _select_draft_entries(dataset, *columns).where(declares_repeals)
    for row in conn.execute(
        rows.order_by(_e["import"].desc(), _e.position.desc())
    ):  # of several repealing documents, the first is named: it is read last
        content = _decode(row.content)
        names = _names(content)
        for name in content.get(ENDS, ()):
            if names and name not in names:
                yield str(name), Repeal(names[0], row[0], row.identity, row.title, _sentences(row.originals))


def _repeals_in_force(
    conn: Connection, dataset: DatasetRow, drafted: frozenset[str], day: int
) -> Iterator[tuple[str, Repeal]]:
    """Yield the repeals that published documents declare, in force on the day or later.

    Documents that the draft replaces are left out.
    """
    value = t.value.c
    rows = (
        select(value.text, json_text(conn, _v.content, NUMBER).label("number"), _v.title, _r.identity)
        .add_columns(_v["import"].label("import_key"), _v.originals)
        .join_from(t.value, t.span, _s.revision == value.revision)
        .join(t.revision, _v.key == _s.revision)
        .join(t.record, _r.key == _s.record)
        .where(
            *(value.dataset == dataset.key, value.field == ENDS),
            *(_s.known_to == FOREVER, _s.effective_to > day, _s.status == "stated"),
        )
        .order_by(_s.record.desc())  # of several repealing documents, the first is named: it is read last
    )
    for row in conn.execute(rows):
        if row.identity not in drafted:
            by = row.number or f"《{row.title}》"
            yield row.text, Repeal(by, row.import_key, row.identity, row.title, _sentences(row.originals))


def _sentences(originals: str) -> str:
    return str(_decode(originals).get(ENDS, ""))


def _mark_drafted(conn: Connection, match: _Match, position: tuple[int, int]) -> Mapping[str, Any]:
    """Mark a document in the draft. → its columns of before."""
    same_entry = (_e["import"] == position[0], _e.position == position[1])
    columns_before = select(_e.content, _e.salt, _e.hash, _e.source_text).where(*same_entry)
    before = conn.execute(columns_before).mappings().one()
    columns = _entry_columns(_mark_content(match.content, match.repeal.by), match.row.source_text)
    conn.execute(update(t.draft_entry).where(*same_entry).values(**columns))
    return dict(before)


def _copy_marked(conn: Connection, match: _Match, key: int, position: int) -> None:
    """Copy a document in force into an import of the draft and mark it."""
    row = match.row
    conn.execute(
        insert(t.draft_entry).values(
            {
                "import": key,
                "position": position,
                "identity": row.identity,
                "title": row.title,
                "locator": row.locator,
                "originals": row.originals,
                "in_error": False,
                **_entry_columns(_mark_content(match.content, match.repeal.by), row.source_text),
            }
        )
    )


def _repealed_in_force(
    conn: Connection, dataset: DatasetRow, repealed: RepealedDocuments, day: int
) -> list[Any]:
    rows_by_key: dict[int, Any] = {}
    conditions = [_r.identity.in_(some) for some in batched(repealed.identities, _BATCH)]
    conditions += [
        _r.key.in_(some) for some in batched(_named_in_force(conn, dataset, repealed, day), _BATCH)
    ]
    for condition in conditions:
        rows = (
            select(_r.key, _r.identity, _v["import"].label("import_key"))
            .add_columns(func.coalesce(t.part.c.merged_into, t.part.c.key).label("part"))
            .add_columns(_v.title, _v.content, _v.source_text, _v.locator, _v.originals)
            .join_from(t.record, t.span, _s.record == _r.key)
            .join(t.revision, _v.key == _s.revision)
            .outerjoin(t.part, t.part.c.key == _s.part)
            .where(_r.dataset == dataset.key, on_day(_s, day), _s.status == "stated", condition)
        )
        rows_by_key |= {row.key: row for row in conn.execute(rows)}
    return [rows_by_key[key] for key in sorted(rows_by_key)]


def _named_in_force(
    conn: Connection, dataset: DatasetRow, repealed: RepealedDocuments, day: int
) -> list[int]:
    """List the keys of the documents in force that another one names by their title."""
    if not repealed.by_title_key:
        return []
    rows = (
        select(_s.record, _v.title)
        .join_from(t.span, t.revision, _v.key == _s.revision)
        .where(_s.dataset == dataset.key, on_day(_s, day), _s.status == "stated")
    )
    return [row.record for row in stream(conn, rows) if title_key(row.title) in repealed.by_title_key]


def _copy_import(conn: Connection, key: int, part: int | None) -> int:
    return staging.copy_import(conn, key, part=part, mode="append", detected_by=REPEAL_SIGN)


def _mark_content(content: Content, by: str) -> Content:
    """Add the repealing document to a content."""
    return {**content, VALIDITY: content.get(VALIDITY) or REPEALED, ENDED_BY: by}


def _entry_columns(content: Content, source_text: str) -> dict[str, Any]:
    """Columns of a marked entry. ``source_text`` changes, so the change counts as one of the source."""
    text, salt = canonical(content), new_salt()
    return {
        "content": text.decode(),
        "salt": salt,
        "hash": salted_hash(salt, text),
        "source_text": combined_digest(source_text, str(content[ENDED_BY])),
    }


def _names(content: Content) -> list[str]:
    number, title = content.get(NUMBER), content.get(TITLE)
    return [*([str(number)] if number else []), *([f"《{title}》"] if title else [])]
