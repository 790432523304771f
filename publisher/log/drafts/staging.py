"""The imports of a draft: staged, listed and deleted."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import batched
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, case, delete, func, insert, or_, select, update

from publisher.log import registry
from publisher.log.blob_store import source_from_row
from publisher.log.canonical_json import NotCanonicalError, bad_content, canonical, new_salt, salted_hash
from publisher.log.clocks import micros
from publisher.log.database import tables as t
from publisher.log.database.connection import among, insert_many, inserted_key
from publisher.log.database.sealing.seals import compute_seal
from publisher.log.database.storable_text import storable
from publisher.log.drafts import namesakes, repeal_decisions
from publisher.log.drafts.shared_codes import separate_shared_codes
from publisher.log.model import (
    Draft,
    DraftEntry,
    DraftImport,
    LogError,
    Source,
    StageMode,
)
from publisher.log.record_identity import identity_digest
from publisher.log.registry import DatasetRow
from schemas.definition.catalogue import Catalogue, Content
from schemas.definition.evolution import compare_catalogues

_BATCH = 2_000
_POSITIONS = range(2**31)
"""Positions that the column stores. A larger one would be an error."""
_ENTRY_COLUMNS = tuple(column.name for column in t.draft_entry.c)


class SourceEntries(msgspec.Struct, frozen=True):
    """Entries of one import with their source; several are staged in a draft together."""

    entries: Iterable[DraftEntry]
    source: Source
    parser_version: str
    part: str | None = None
    partial: bool = False
    left_out: Sequence[Mapping[str, Any]] = ()
    """Rows in error that the import excluded."""
    expected: Sequence[str] | None = None
    """Tokens of the part's imports that the person has seen; None: whatever there is."""


class StagedRow(msgspec.Struct, frozen=True):
    """A row of an import in a draft."""

    position: int
    """From 0, in the order of the file."""
    title: str
    content: Content
    originals: Mapping[str, str]
    locator: Mapping[str, Any]
    in_error: bool


def stage(
    conn: Connection,
    dataset: DatasetRow,
    staged: SourceEntries,
    catalogue: Catalogue,
) -> int:
    """Stage one import in the draft in place of the earlier one of the part; return the number of its rows.

    In a running catalogue only the import of the same file is replaced; other imports are kept.
    Raises ``LogError('draft-moved')`` unless the part has the imports that were expected.
    """
    source, partial = staged.source, staged.partial or staged.source.partial
    key = registry.part_key(conn, dataset.key, staged.part)
    if staged.expected is not None:
        _require_unmoved(conn, dataset, key, staged.expected)
    mode: StageMode = "append" if catalogue.running else "partial" if partial else "snapshot"
    _delete_earlier(conn, dataset, key, mode, source)
    registry.store_catalogue(conn, catalogue)
    conn.execute(
        update(t.dataset).where(t.dataset.c.key == dataset.key).values(draft_catalogue=catalogue.digest)
    )
    import_key = inserted_key(
        conn.execute(
            insert(t.import_).values(
                dataset=dataset.key,
                part=key,
                mode=mode,
                parser_version=staged.parser_version,
                digest=source.digest,
                name=storable(source.name),
                media_type=storable(source.media_type),
                size=source.size,
                obtained_at=micros(source.obtained_at),
                url=None if source.url is None else storable(source.url),
                detected_by=source.detected_by,
                partial=partial,
                destroyed=False,
                origin_salt=new_salt(),
                left_out=msgspec.json.encode(list(staged.left_out)).decode(),
            )
        )
    )
    entries = separate_shared_codes(conn, dataset, catalogue, import_key, key, staged.entries)
    if catalogue.running:
        entries = namesakes.separate_namesakes(conn, dataset, catalogue, source.name, entries)
    count = 0
    for batch in batched(_entry_rows(dataset.name, import_key, entries, catalogue), _BATCH):
        insert_many(conn, t.draft_entry, _ENTRY_COLUMNS, batch)
        count += len(batch)
    count_entries(conn, [import_key])
    return count


def _require_unmoved(
    conn: Connection, dataset: DatasetRow, part: int | None, expected: Sequence[str]
) -> None:
    present = [_token(row) for row in draft_imports(conn, dataset) if row.part == part]
    if sorted(present) != sorted(expected):
        raise draft_moved()


def draft_moved() -> LogError:
    return LogError(
        "draft-moved",
        "草稿此间由他人更改，您的更改没有保存。请先看新的草稿。",
        "Somebody else changed the draft meanwhile; your change was not stored. Look at it again first.",
    )


def _token(row: Any) -> str:
    """Return the token of an import: a hash of its salt, which is random and secret."""
    return hashlib.sha256(bytes(row.origin_salt)).hexdigest()[:32]


def read_rows(conn: Connection, one: DraftImport, positions: Sequence[int] | None) -> Sequence[StagedRow]:
    """Read rows of an import in their order; none if it was replaced.

    ``positions``: None is those with a mended cell.
    """
    e = t.draft_entry.c
    if positions is not None:
        return _read_rows(conn, one, among(conn, e.position, (n for n in positions if n in _POSITIONS)))
    rows = _read_rows(conn, one, e.locator.contains('"mended":', autoescape=True))
    return [row for row in rows if "mended" in row.locator]


def find_row(conn: Connection, one: DraftImport, revision: str) -> StagedRow | None:
    """Return the row of an import whose content has a hash; None if there is none any more."""
    return next(iter(_read_rows(conn, one, t.draft_entry.c.hash == revision)), None)


def _read_rows(conn: Connection, one: DraftImport, which: ColumnElement[bool]) -> Sequence[StagedRow]:
    e, key = t.draft_entry.c, one.key
    present = conn.execute(select(t.import_).where(t.import_.c.key == key)).first()
    if present is None or present.release is not None or _token(present) != one.token:
        return ()
    columns = (e.position, e.title, e.content, e.originals, e.locator, e.in_error)
    query = select(*columns).where(e["import"] == key, which).order_by(e.position)
    decode = msgspec.json.decode
    return [
        StagedRow(r.position, r.title, decode(r.content), decode(r.originals), decode(r.locator), r.in_error)
        for r in conn.execute(query)
    ]


def first_titles(conn: Connection, dataset: DatasetRow) -> Mapping[str, str]:
    """Return token of each import of a draft → title of its first row."""
    e, imports = t.draft_entry.c, draft_imports(conn, dataset)
    of_draft = among(conn, e["import"], (row.key for row in imports))
    query = select(e["import"], e.title).where(of_draft, e.position == 0)
    titles = {row[0]: row.title for row in conn.execute(query)}
    return {_token(row): titles[row.key] for row in imports if row.key in titles}


def count_entries(conn: Connection, imports: Sequence[int]) -> None:
    """Store how many rows the imports have, so that verification notices a deleted one."""
    e = t.draft_entry.c
    for key in imports:
        count = select(func.count()).where(e["import"] == key).scalar_subquery()
        conn.execute(update(t.import_).where(t.import_.c.key == key).values(entries=count))


def check_catalogue(pinned: Catalogue, offered: Catalogue) -> None:
    """Check that only optional fields were added. Raises ``LogError('migration-needed')``."""
    if pinned.digest == offered.digest:
        return
    incompatibilities = compare_catalogues(pinned, offered)
    if incompatibilities:
        raise LogError(
            "migration-needed",
            "清单类型定义有不兼容的变化，须先由系统管理员迁移。",
            "The catalogue changed in ways that need a migration by the administrator first.",
            details=tuple(incompatibilities),
        )


def draft_imports(
    conn: Connection, dataset: DatasetRow, parts: Collection[str | None] | None = None
) -> Sequence[Any]:
    """List the imports of the draft as :func:`in_draft`."""
    return conn.execute(
        select(t.import_).where(in_draft(conn, dataset.key, parts)).order_by(t.import_.c.key)
    ).all()


def in_draft(
    conn: Connection, dataset: int, parts: Collection[str | None] | None = None
) -> ColumnElement[bool]:
    """Condition of the imports in the draft of a dataset.

    ``parts``: of these only, by present or former names; None in it is no part. Raises
    ``LogError('no-such-part')``.
    """
    c = t.import_.c
    condition = and_(c.dataset == dataset, c.release.is_(None))
    if parts is None:
        return condition
    keys = [registry.part_key(conn, dataset, part) for part in parts if part is not None]
    is_chosen = c.part.in_(keys)
    return and_(condition, or_(is_chosen, c.part.is_(None)) if None in parts else is_chosen)


def imports_of_parts(conn: Connection, dataset: DatasetRow, parts: Sequence[str] | None) -> Sequence[Any]:
    """List the imports of parts in the draft.

    ``parts``: None for all; the list is empty if the draft has accepted repeals only. Raises ``LogError``:
    ``no-draft``, also if one of the parts has no import; ``no-such-part``.
    """
    imports = draft_imports(conn, dataset, parts)
    if parts is None:
        is_empty = not imports and not repeal_decisions.count_accepted(conn, dataset)
    else:
        keys = {registry.part_key(conn, dataset.key, part) for part in parts}
        is_empty = not imports or {row.part for row in imports} != keys
    if is_empty:
        raise no_draft()
    return imports


def no_draft() -> LogError:
    return LogError("no-draft", "草稿是空的，请先导入。", "The draft is empty; import something first.")


def draft(conn: Connection, dataset: DatasetRow) -> Draft | None:
    rows = draft_imports(conn, dataset)
    accepted = repeal_decisions.count_accepted(conn, dataset)
    if not rows and not accepted:
        return None
    names = registry.part_names(conn, dataset.key)
    c = t.draft_entry.c
    counts = {
        row[0]: (row[1], row[2])
        for row in conn.execute(
            select(c["import"], func.count(), func.sum(case((c.in_error, 1), else_=0)))
            .where(among(conn, c["import"], (row.key for row in rows)))
            .group_by(c["import"])
        )
    }
    return Draft(
        dataset=dataset.name,
        catalogue_digest=dataset.digest_for_draft,
        imports=tuple(
            DraftImport(
                part=names.get(row.part),
                source=source_from_row(row),
                mode=row.mode,
                parser_version=row.parser_version,
                records=counts.get(row.key, (0, 0))[0],
                in_error=int(counts.get(row.key, (0, 0))[1] or 0),
                left_out=tuple(msgspec.json.decode(row.left_out)),
                key=row.key,
                token=_token(row),
            )
            for row in rows
        ),
        accepted_repeals=accepted,
    )


def describe_imports(
    conn: Connection, dataset: DatasetRow, parts: Collection[str | None] | None
) -> Sequence[DraftImport]:
    """Describe the imports of parts of the draft, as of :func:`in_draft`; none without a draft."""
    keys = {row.key for row in draft_imports(conn, dataset, parts)}
    present = draft(conn, dataset) if keys else None
    return [one for one in present.imports if one.key in keys] if present else []


def leaves_out_errors(conn: Connection, dataset: DatasetRow, parts: Collection[str] | None) -> bool:
    """Test whether there are rows in error in parts of the draft, and their imports leave all of them out."""
    imports = describe_imports(conn, dataset, parts)
    return any(one.in_error for one in imports) and all(one.leaves_out_errors for one in imports)


def discard(conn: Connection, dataset: DatasetRow, part: str | None) -> Sequence[str]:
    """Delete the whole draft or the import of one part. → digests of the files."""
    chosen = draft_imports(conn, dataset, None if part is None else (part,))
    digests = delete_imports(conn, dataset, [row.key for row in chosen])
    if part is None:
        repeal_decisions.forget_accepted(conn, dataset)
    return digests


def discard_import(conn: Connection, dataset: DatasetRow, token: str) -> Sequence[str]:
    """Delete one import of a draft. → digest of its file; none if it was replaced."""
    keys = [row.key for row in draft_imports(conn, dataset) if _token(row) == token]
    return delete_imports(conn, dataset, keys)


def copy_import(conn: Connection, key: int, **changes: Any) -> int:
    """Create an import in the draft that refers to the file of another import. → its key."""
    row = conn.execute(select(t.import_).where(t.import_.c.key == key)).one()
    own = ("key", "entries", "records", "seal")
    values = {column.name: getattr(row, column.name) for column in t.import_.c if column.name not in own}
    values |= {"release": None, "left_out": "[]", "effective_from": None, "effective_to": None}
    values |= {"origin_salt": new_salt(), **changes}
    return inserted_key(conn.execute(insert(t.import_).values(values)))


def unreferenced_digests(conn: Connection, digests: Sequence[str]) -> Sequence[str]:
    """Select the digests that no import refers to."""
    digest = t.import_.c.digest
    referenced = set(conn.scalars(select(digest).where(among(conn, digest, digests))))
    return [digest for digest in digests if digest not in referenced]


def _delete_earlier(
    conn: Connection, dataset: DatasetRow, part: int | None, mode: StageMode, source: Source
) -> None:
    c = t.import_.c
    earlier = select(c.key).where(
        c.dataset == dataset.key, c.release.is_(None), c.part.is_not_distinct_from(part)
    )
    if mode != "append":
        delete_imports(conn, dataset, conn.scalars(earlier).all())
        return
    # A harvest adds thousands of imports to one draft, and each query uses an index. With all four columns
    # in one condition, SQLite would scan the whole draft for a digest.
    same_name = conn.scalars(earlier.where(c.name == storable(source.name))).all()
    same_digest = conn.execute(
        select(c.key, c.dataset, c.release, c.part).where(c.digest == source.digest)
    ).all()
    copies = [key for key, *columns in same_digest if columns == [dataset.key, None, part]]
    delete_imports(conn, dataset, sorted({*same_name, *copies}))


def delete_imports(conn: Connection, dataset: DatasetRow, imports: Sequence[int]) -> Sequence[str]:
    if not imports:
        return ()
    of_imports = among(conn, t.import_.c.key, imports)
    digests = conn.scalars(select(t.import_.c.digest).where(of_imports)).all()
    for key in imports:
        conn.execute(delete(t.draft_entry).where(t.draft_entry.c["import"] == key))
        conn.execute(delete(t.import_).where(t.import_.c.key == key))
    if not draft_imports(conn, dataset):
        conn.execute(update(t.dataset).where(t.dataset.c.key == dataset.key).values(draft_catalogue=None))
    return digests


def _entry_rows(
    dataset: str, import_key: int, entries: Iterable[DraftEntry], catalogue: Catalogue
) -> Iterator[tuple[Any, ...]]:
    encode = msgspec.json.encode
    for position, entry in enumerate(entries):
        try:
            content = canonical(entry.content)
            identity = identity_digest(dataset, entry.identity or catalogue.identity_of(entry.content))
            locator = encode(entry.locator).decode()
            originals = encode(entry.originals).decode() if entry.originals else "{}"
        except (NotCanonicalError, UnicodeEncodeError) as error:
            raise bad_content(error, entry.locator) from error
        salt = new_salt()
        row = (
            import_key,
            position,
            identity,
            content.decode(),
            storable(catalogue.title_of(entry.content)),
            salt,
            salted_hash(salt, content),
            storable(entry.source_text),
            locator,
            originals,
            entry.in_error,
        )
        yield *row, compute_seal(t.draft_entry.name, dict(zip(_ENTRY_COLUMNS, row, strict=False)))
