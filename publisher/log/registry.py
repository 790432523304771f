"""Rows of the site, its datasets, their parts and their catalogues."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import structs
from sqlalchemy import Connection, bindparam, func, insert, select, update

from publisher.log.clocks import micros, moment
from publisher.log.database import tables as t
from publisher.log.database.connection import inserted_key
from publisher.log.database.prepared_statement import PreparedStatement
from publisher.log.database.storable_text import storable
from publisher.log.descriptions import SiteDetails
from publisher.log.model import Dataset, LogError, Part, Site
from schemas.definition.catalogue import Catalogue

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_RESERVED = ("all", "search", "sources")
"""Names with a special meaning in addresses of feeds; a dataset cannot have them."""
_DETAILS = (
    *("title", "title_en", "body", "division", "licence", "contact"),
    *("description", "notice", "labels", "source_note"),
)
_LATER_DETAILS = ("two_persons", "update_months")
"""Details added by later versions. A dataset without them keeps the document that it had."""
_DATASET_BY_NAME = PreparedStatement(select(t.dataset).where(t.dataset.c.name == bindparam("name")))
_SITE_DETAILS = PreparedStatement(select(t.site.c.details, t.site.c.named_at))
_PART_NAMES = PreparedStatement(
    select(t.part.c.key, t.part.c.name, t.part.c.merged_into).where(
        t.part.c.dataset == bindparam("dataset", type_=t.Integer64)
    )
)
_PARTS = PreparedStatement(
    select(t.part)
    .where(t.part.c.dataset == bindparam("dataset", type_=t.Integer64), t.part.c.merged_into.is_(None))
    .order_by(t.part.c.key)
)


_decode_details = msgspec.json.Decoder(SiteDetails).decode


class DatasetRow(msgspec.Struct, frozen=True):
    """The key and the catalogues of a dataset, for statements."""

    key: int
    name: str
    catalogue_digest: str
    draft_catalogue: str | None

    @property
    def digest_for_draft(self) -> str:
        """Digest of the catalogue of its draft: one with which rows were staged, else its own."""
        return self.draft_catalogue or self.catalogue_digest


def init_site(conn: Connection, site: Site, now: datetime) -> Site:
    """Create the site. Raises ``LogError('already-initialised')``: identifiers depend on these values."""
    if conn.execute(select(t.site.c.id)).first() is not None:
        raise LogError(
            "already-initialised",
            "站点已经建立，其公开地址不能更改。",
            "The site exists; its base address cannot be changed.",
        )
    conn.execute(
        insert(t.site).values(
            id=1,
            base=site.base.rstrip("/"),
            tag_authority=site.tag_authority,
            created_at=micros(now),
            release_sequence=0,
            change_sequence=0,
            outbox_sequence=0,
            scrub_pending=False,
        )
    )
    return structs.replace(site, base=site.base.rstrip("/"))


def site(conn: Connection) -> Site:
    """Raises ``LogError('not-initialised')``."""
    row = conn.execute(select(t.site.c.base, t.site.c.tag_authority)).first()
    if row is None:
        raise not_initialised()
    return Site(base=row.base, tag_authority=row.tag_authority)


def site_created_at(conn: Connection) -> datetime:
    created_at = conn.scalar(select(t.site.c.created_at))
    if created_at is None:
        raise not_initialised()
    return moment(created_at)


def site_details(conn: Connection) -> tuple[SiteDetails, datetime | None]:
    """Return the details of the site, and when they were last changed; None: never."""
    row = _SITE_DETAILS.first(conn, {})
    if row is None:
        raise not_initialised()
    return _decode_details(row.details), moment(row.named_at) if row.named_at else None


def change_site(conn: Connection, details: SiteDetails, now: datetime) -> None:
    """Replace the details of the site."""
    stated = {name: text for name, text in structs.asdict(details).items() if text}
    values = {"details": msgspec.json.encode(stated).decode(), "named_at": _next_naming(conn, now)}
    conn.execute(update(t.site).values(values))


def change_dataset(conn: Connection, dataset_key: int, details: Mapping[str, Any], now: datetime) -> None:
    """Replace some details of a dataset; its name and its catalogue stay."""
    stored = conn.scalar(select(t.dataset.c.details).where(t.dataset.c.key == dataset_key)) or "{}"
    changed = {**msgspec.json.decode(stored), **details}
    values = {"details": msgspec.json.encode(changed).decode()}
    conn.execute(update(t.dataset).where(t.dataset.c.key == dataset_key).values(values))
    raise_named_at(conn, dataset_key, now)


def not_initialised() -> LogError:
    return LogError(
        "not-initialised",
        "这里还没有站点，请先运行 qingdan init。",
        "There is no site here; run qingdan init first.",
    )


def create_dataset(conn: Connection, dataset: Dataset, catalogue: Catalogue, now: datetime) -> Dataset:
    """Raises ``LogError``: ``bad-dataset-name``, ``dataset-exists``, ``part-exists``."""
    if not _NAME.fullmatch(dataset.name) or dataset.name in _RESERVED:
        raise LogError(
            "bad-dataset-name",
            f"数据集名称“{dataset.name}”只能用小写字母、数字和连字符，且不能是 {'、'.join(_RESERVED)}。",
            f"The name {dataset.name!r} may contain lower-case letters, digits and hyphens, and is not "
            f"{' or '.join(_RESERVED)}.",
        )
    if conn.execute(select(t.dataset.c.key).where(t.dataset.c.name == dataset.name)).first() is not None:
        raise LogError(
            "dataset-exists", f"数据集“{dataset.name}”已存在。", f"The dataset {dataset.name} exists already."
        )
    store_catalogue(conn, catalogue)
    created = structs.replace(dataset, catalogue=catalogue.name, created_at=now, parts=())
    details = {name: getattr(created, name) for name in _DETAILS}
    key = inserted_key(
        conn.execute(
            insert(t.dataset).values(
                name=created.name,
                catalogue=catalogue.name,
                catalogue_digest=catalogue.digest,
                details=msgspec.json.encode(details).decode(),
                created_at=micros(now),
            )
        )
    )
    # Only where they are set: the details of every other dataset stay as they were before these existed.
    later = {name: value for name in _LATER_DETAILS if (value := getattr(created, name))}
    if later:
        change_dataset(conn, key, later, now)
    for part in dataset.parts:
        _insert_part(conn, key, part)
    return structs.replace(created, parts=parts(conn, key))


def headings(conn: Connection, dataset_key: int) -> Mapping[str, str]:
    """Map headings of its own files to fields."""
    text = conn.scalar(select(t.dataset.c.headings).where(t.dataset.c.key == dataset_key))
    return msgspec.json.decode(text, type=dict[str, str]) if text else {}


def store_headings(conn: Connection, dataset_key: int, chosen: Mapping[str, str]) -> None:
    text = storable(msgspec.json.encode(chosen).decode()) if chosen else None
    conn.execute(update(t.dataset).where(t.dataset.c.key == dataset_key).values(headings=text))


def store_catalogue(conn: Connection, catalogue: Catalogue) -> None:
    existing = conn.execute(
        select(t.catalogue.c.digest).where(t.catalogue.c.digest == catalogue.digest)
    ).first()
    if existing is None:
        conn.execute(
            insert(t.catalogue).values(digest=catalogue.digest, name=catalogue.name, source=catalogue.source)
        )


def datasets(conn: Connection) -> tuple[Dataset, ...]:
    """List the datasets by name."""
    rows = conn.execute(select(t.dataset).order_by(t.dataset.c.name)).all()
    return tuple(_dataset(conn, row) for row in rows)


def dataset(conn: Connection, name: str) -> Dataset:
    """Raises ``LogError('no-such-dataset')``."""
    row = _DATASET_BY_NAME.first(conn, {"name": storable(name)})
    if row is None:
        raise no_such_dataset(name)
    return _dataset(conn, row)


def dataset_row(conn: Connection, name: str) -> DatasetRow:
    """Raises ``LogError('no-such-dataset')``."""
    row = _DATASET_BY_NAME.first(conn, {"name": storable(name)})
    if row is None:
        raise no_such_dataset(name)
    return DatasetRow(row.key, row.name, row.catalogue_digest, row.draft_catalogue)


def no_such_dataset(name: str) -> LogError:
    return LogError("no-such-dataset", f"没有数据集“{name}”。", f"There is no dataset {name!r}.")


def _dataset(conn: Connection, row: Any) -> Dataset:
    details: dict[str, Any] = msgspec.json.decode(row.details)
    details["labels"] = tuple(details["labels"])
    return Dataset(
        name=row.name,
        catalogue=row.catalogue,
        created_at=moment(row.created_at),
        named_at=moment(row.named_at) if row.named_at else None,
        parts=parts(conn, row.key),
        **details,
    )


def parts(conn: Connection, dataset_key: int) -> tuple[Part, ...]:
    """List the parts of a dataset in the order in which they were added, without those that were merged."""
    rows = _PARTS.all(conn, {"dataset": dataset_key})
    return tuple(
        Part(
            name=row.name,
            aliases=tuple(msgspec.json.decode(row.aliases)),
            code=row.code,
            valid_from=None if row.valid_from is None else date.fromordinal(row.valid_from),
            valid_to=None if row.valid_to is None else date.fromordinal(row.valid_to),
        )
        for row in rows
    )


def part_names(conn: Connection, dataset_key: int) -> Mapping[int, str]:
    """Map part keys to names to show; a merged part has the name of the part it was merged into."""
    rows = _PART_NAMES.all(conn, {"dataset": dataset_key})
    names = {row.key: row.name for row in rows}
    return {row.key: names[row.merged_into or row.key] for row in rows}


def find_parts(conn: Connection, names: Collection[str], *, dataset: int | None = None) -> Sequence[int]:
    """Return the keys of the parts that have one of these names, or had it, and of those merged into them.

    ``dataset``: None for those of all datasets. A name that no part has is ignored.
    """
    c = t.part.c
    query = select(c.key, c.name, c.aliases, func.coalesce(c.merged_into, c.key).label("shown"))
    rows = conn.execute(query if dataset is None else query.where(c.dataset == dataset)).all()
    own = {row.key for row in rows if not {row.name, *msgspec.json.decode(row.aliases)}.isdisjoint(names)}
    return [row.key for row in rows if row.shown in own]


def part_key(conn: Connection, dataset_key: int, name: str | None) -> int | None:
    """Raises ``LogError``: ``no-such-part``, ``part-needed`` (a dataset that has parts)."""
    c = t.part.c
    declared = conn.execute(
        select(c.key, c.name, c.aliases)
        .where(c.dataset == dataset_key, c.merged_into.is_(None))
        .order_by(c.key)
    ).all()
    if name is None:
        if declared:
            raise LogError(
                "part-needed",
                "本数据集由各部门分别报送，请指定报送部门。",
                "This dataset is submitted in parts; choose one.",
                details=tuple(row.name for row in declared),
            )
        return None
    for row in declared:
        if name == row.name or name in msgspec.json.decode(row.aliases):
            return int(row.key)
    dataset = conn.scalar(select(t.dataset.c.name).where(t.dataset.c.key == dataset_key))
    names = [row.name for row in declared]
    raise LogError(
        "no-such-part",
        f"数据集“{dataset}”没有报送部门“{name}”。现有：{'、'.join(names) or '（无）'}。",
        f"Dataset {dataset} has no part “{name}”. Existing: {', '.join(names) or '(none)'}.",
        details=tuple(row.name for row in declared),
    )


def _insert_part(conn: Connection, dataset_key: int, part: Part) -> None:
    """Add a part. Raises ``LogError('part-exists')`` if a name or an alias is already used."""
    _refuse_used_names(conn, dataset_key, (part.name, *part.aliases), except_part=None)
    conn.execute(
        insert(t.part).values(
            dataset=dataset_key,
            name=part.name,
            declared_as=part.name,
            aliases=msgspec.json.encode(part.aliases).decode(),
            code=part.code,
            valid_from=None if part.valid_from is None else part.valid_from.toordinal(),
            valid_to=None if part.valid_to is None else part.valid_to.toordinal(),
        )
    )


def add_part(conn: Connection, dataset_key: int, part: Part, now: datetime) -> None:
    """Add a part to an existing dataset. Raises ``LogError('part-exists')``."""
    _insert_part(conn, dataset_key, part)
    raise_named_at(conn, dataset_key, now)


def rename_part(conn: Connection, dataset_key: int, old: str, new: str, now: datetime) -> None:
    """Rename a part. The old name becomes an alias, so that files with it are still recognised."""
    key = part_key(conn, dataset_key, old)
    _refuse_used_names(conn, dataset_key, (new,), except_part=key)
    row = conn.execute(select(t.part.c.name, t.part.c.aliases).where(t.part.c.key == key)).one()
    aliases = [a for a in (*msgspec.json.decode(row.aliases), row.name) if a != new]
    conn.execute(
        update(t.part)
        .where(t.part.c.key == key)
        .values(name=new, aliases=msgspec.json.encode(sorted(set(aliases))).decode())
    )
    raise_named_at(conn, dataset_key, now)


def merge_parts(conn: Connection, dataset_key: int, old: str, into: str, now: datetime) -> None:
    """Assign the records of ``old`` to ``into``. Their history and ids stay."""
    key, target = part_key(conn, dataset_key, old), part_key(conn, dataset_key, into)
    if key == target:
        raise LogError("same-part", "不能把部门并入自身。", "A part cannot be merged into itself.")
    if conn.execute(
        select(t.import_.c.key).where(t.import_.c.part == key, t.import_.c.release.is_(None))
    ).first():
        raise LogError(
            "part-in-draft",
            f"草稿中还有“{old}”的导入，请先发布或丢弃。",
            f"The draft contains an import of {old}; publish or discard it first.",
        )
    rows = {row.key: row for row in conn.execute(select(t.part).where(t.part.c.key.in_((key, target)))).all()}
    aliases = {
        *msgspec.json.decode(rows[target].aliases),
        *msgspec.json.decode(rows[key].aliases),
        rows[key].name,
    }
    conn.execute(
        update(t.part)
        .where(t.part.c.key == target)
        .values(aliases=msgspec.json.encode(sorted(aliases - {rows[target].name})).decode())
    )
    conn.execute(
        update(t.part).where((t.part.c.key == key) | (t.part.c.merged_into == key)).values(merged_into=target)
    )
    raise_named_at(conn, dataset_key, now)


def close_part(conn: Connection, dataset_key: int, name: str, valid_to: date, now: datetime) -> None:
    """Close a part: from ``valid_to`` on another part may take over its records without its own file."""
    key = part_key(conn, dataset_key, name)
    conn.execute(update(t.part).where(t.part.c.key == key).values(valid_to=valid_to.toordinal()))
    raise_named_at(conn, dataset_key, now)


def raise_named_at(conn: Connection, dataset_key: int, now: datetime) -> None:
    """Raise ``named_at``, so that validators of responses with the old names no longer match."""
    named_at = _next_naming(conn, now)
    conn.execute(update(t.dataset).where(t.dataset.c.key == dataset_key).values(named_at=named_at))


def _next_naming(conn: Connection, now: datetime) -> int:
    """Return an instant after every earlier one of the site, because its validator must grow too."""
    last_named = (select(func.max(c)).scalar_subquery() for c in (t.dataset.c.named_at, t.site.c.named_at))
    before = max(instant or 0 for instant in conn.execute(select(*last_named)).one())
    return max(micros(now), before + 1)


def _refuse_used_names(
    conn: Connection, dataset_key: int, names: tuple[str, ...], *, except_part: int | None
) -> None:
    rows = conn.execute(
        select(t.part.c.key, t.part.c.name, t.part.c.aliases).where(t.part.c.dataset == dataset_key)
    ).all()
    used = {n for r in rows if r.key != except_part for n in (r.name, *msgspec.json.decode(r.aliases))}
    for name in names:
        if name in used:
            raise LogError(
                "part-exists", f"报送部门名称“{name}”已被使用。", f"The part name {name!r} is already used."
            )
