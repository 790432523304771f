"""Official codes that several items have: names decide, and an item keeps its id.

A clerk cannot change the code that a higher body gave. The first item of a code is identified by the code,
each item of another name by its name, also when nothing else has the code any more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import batched, groupby
from typing import Any

import msgspec
from msgspec import structs
from sqlalchemy import Connection, exists, literal, select

from publisher.log import registry
from publisher.log.clocks import FOREVER
from publisher.log.database import tables as t
from publisher.log.database.connection import among
from publisher.log.drafts.plan import Window, families, locate_in_file, select_planned_rows
from publisher.log.model import Conflict, DraftEntry
from publisher.log.record_identity import identity_digest
from publisher.log.registry import DatasetRow
from schemas.definition.catalogue import Catalogue, Content

_BATCH = 2_000
_decode = msgspec.json.Decoder(dict[str, Any]).decode
type Identity = tuple[str, ...]


class _Owner(msgspec.Struct, frozen=True):
    """An item in force, or in another import of the draft."""

    part: int | None
    name: Identity
    by_code: bool
    drafted: bool


def separate_shared_codes(
    conn: Connection,
    dataset: DatasetRow,
    catalogue: Catalogue,
    import_key: int,
    part: int | None,
    entries: Iterable[DraftEntry],
) -> Iterator[DraftEntry]:
    """Identify entries of an import by name where their code belongs to an item of another name elsewhere.

    In a running catalogue a file changes items of earlier files, so that a code identifies its item.
    """
    if not _applies(catalogue):
        yield from entries
        return
    others = _OtherItems(conn, dataset, catalogue, import_key, part)
    for batch in batched(entries, _BATCH):
        owners = others.find_owners(entry.content for entry in batch)
        for entry in batch:
            yield others.choose_identity(entry, owners)


def find_codes_in_two_parts(
    conn: Connection, dataset: DatasetRow, windows: Sequence[Window], catalogue: Catalogue
) -> list[Conflict]:
    """Warn about new and changed items whose code an item of another name in another part has too."""
    if not _applies(catalogue) or len(registry.part_names(conn, dataset.key)) < 2:
        return []
    rows = conn.execute(select_planned_rows(conn, windows, "added", "changed")).all()
    warnings = []
    for import_key, group in groupby(rows, key=lambda row: row[0]):
        by_name = [row for row in group if _is_named(dataset, catalogue, row)]
        if not by_name:
            continue
        others = _OtherItems(conn, dataset, catalogue, import_key, by_name[0].part)
        for batch in batched(by_name, _BATCH):
            contents = [_decode(row.content) for row in batch]
            owners = others.find_owners(contents)
            for row, content in zip(batch, contents, strict=True):
                code = catalogue.identity_of(content)
                if any(others.is_elsewhere(owner) for owner in owners.get(code, ())):
                    warnings.append(_shared_with_part(row, code[1]))
    return warnings


class _OtherItems:
    """The items in force and in the draft, other than those of one import."""

    def __init__(
        self, conn: Connection, dataset: DatasetRow, catalogue: Catalogue, import_key: int, part: int | None
    ) -> None:
        self._conn, self._dataset, self._catalogue = conn, dataset, catalogue
        i, p = t.import_.c, t.part.c
        drafted = conn.execute(
            select(i.key, i.part, i.mode).where(
                i.dataset == dataset.key, i.release.is_(None), i.key != import_key
            )
        ).all()
        self._drafted = [row.key for row in drafted]
        by_part = families(conn, dataset.key)
        self._replaced = {
            key for row in drafted if row.mode == "snapshot" for key in by_part[row.part] or (None,)
        }
        closed = select(p.key).where(p.dataset == dataset.key, p.valid_to.is_not(None))
        self._own = {part, *by_part.get(part, ()), *conn.scalars(closed)}
        self._published = bool(conn.scalar(select(exists().where(t.record.c.dataset == dataset.key))))

    def find_owners(self, contents: Iterable[Content]) -> Mapping[Identity, Sequence[_Owner]]:
        """Find the items that have the codes of these contents, by code, whichever identity they have."""
        if not (self._published or self._drafted):
            return {}
        pairs = [pair for content in contents if (pair := _code_and_name(self._catalogue, content))]
        codes = {identity_digest(self._dataset.name, code) for code, _ in pairs}
        names = {identity_digest(self._dataset.name, name) for _, name in pairs}
        owners: dict[Identity, list[_Owner]] = defaultdict(list)
        for row in self._select_owners(sorted(codes | names)):
            if pair := _code_and_name(self._catalogue, _decode(row.content)):
                owners[pair[0]].append(_Owner(row.part, pair[1], row.identity in codes, row.drafted))
        return owners

    def choose_identity(self, entry: DraftEntry, owners: Mapping[Identity, Sequence[_Owner]]) -> DraftEntry:
        """Return an entry that its name identifies, if its code is that of an item of another part."""
        pair = _code_and_name(self._catalogue, entry.content) if owners else None
        if pair is None or not (of_code := owners.get(pair[0])):
            return entry
        # Owners in force come first: an item that was published keeps the identity that it has.
        same = next((owner for owner in of_code if owner.name == pair[1]), None)
        if same is not None:
            return structs.replace(entry, identity=None if same.by_code else pair[1])
        if entry.identity is None and any(self.is_elsewhere(owner) for owner in of_code):
            return structs.replace(entry, identity=pair[1])
        return entry

    def is_elsewhere(self, owner: _Owner) -> bool:
        """Test whether an item stays in another part: the draft contains it, or no new list of that part."""
        return owner.part not in self._own and (owner.drafted or owner.part not in self._replaced)

    def _select_owners(self, digests: Sequence[str]) -> Iterator[Any]:
        """Select part, content, identity, and whether it is drafted: what is in force comes first."""
        e, i, r, s, v = t.draft_entry.c, t.import_.c, t.record.c, t.span.c, t.revision.c
        yield from self._conn.execute(
            select(s.part, v.content, r.identity, literal(value=False).label("drafted"))
            .join_from(t.record, t.span, s.record == r.key)
            .join(t.revision, v.key == s.revision)
            .where(r.dataset == self._dataset.key, r.identity.in_(digests))
            .where(s.known_to == FOREVER, s.status == "stated")
        ).all()
        yield from self._conn.execute(
            select(i.part, e.content, e.identity, literal(value=True).label("drafted"))
            .join_from(t.import_, t.draft_entry, e["import"] == i.key)
            .where(among(self._conn, i.key, self._drafted), e.identity.in_(digests))
        ).all()


def _applies(catalogue: Catalogue) -> bool:
    return not catalogue.running and len(catalogue.identity) > 1


def _code_and_name(catalogue: Catalogue, content: Content) -> tuple[Identity, Identity] | None:
    """Return the two identities of an item with a code, None of an item without one."""
    identities = catalogue.identities_of(content)
    return (identities[0], identities[1]) if len(identities) == len(catalogue.identity) else None


def _is_named(dataset: DatasetRow, catalogue: Catalogue, row: Any) -> bool:
    """Test whether a row with a code is identified by its name."""
    pair = _code_and_name(catalogue, _decode(row.content))
    return pair is not None and row.identity != identity_digest(dataset.name, pair[0])


def _shared_with_part(row: Any, code: str) -> Conflict:
    return Conflict(
        code="code-shared",
        message_zh=f"“{row.title}”的编码“{code}”在其他部门的清单中用于名称不同的事项，这些事项按名称等字段区分。"
        "如果编码由上级下发，无需处理；否则请核对编码。",
        message_en=f"The code {code} of {row.title} is also that of an item of another name in the list "
        "of another part; names distinguish them. Nothing to do if a higher body gave the code; "
        "otherwise check it.",
        locators=(locate_in_file(row),),
    )
