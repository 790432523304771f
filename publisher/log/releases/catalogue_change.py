"""Migration of a dataset to another catalogue, by a release."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, update

from publisher.log import registry
from publisher.log.database import tables as t
from publisher.log.database.connection import Database
from publisher.log.drafts import staging
from publisher.log.model import LogError
from publisher.log.registry import DatasetRow
from publisher.log.releases.amendment import AmendmentRelease
from publisher.log.releases.release_writer import ReleaseHeading
from schemas.definition.catalogue import Catalogue, Field


def migrate(
    database: Database,
    conn: Connection,
    dataset: DatasetRow,
    old: Catalogue,
    new: Catalogue,
    heading: ReleaseHeading,
    *,
    now: datetime,
) -> int:
    """Migrate a dataset to another catalogue by a release, and return its sequence.

    Raises ``LogError``: ``draft-in-the-way``, ``conversion-needed`` (a field of another type),
    ``identity-taken`` (two records with the same new identity).
    """
    if staging.draft_imports(conn, dataset):
        raise LogError(
            "draft-in-the-way",
            "尚有草稿，请先发布或丢弃。",
            "There is a draft; publish or discard it first.",
        )
    changed = [
        f.name
        for f in new.fields
        if f.name in old.by_name and _type_and_format(old.by_name[f.name]) != _type_and_format(f)
    ]
    if changed:
        forms = [(f, *_name_difference(old.by_name[f.name], f)) for f in new.fields if f.name in changed]
        zh = "、".join(f"字段“{field.title}”的类型由 {was} 改为 {now}" for field, was, now in forms)
        en = ", ".join(f"the type of “{field.name}” changed from {was} to {now}" for field, was, now in forms)
        raise LogError(
            "conversion-needed",
            f"{zh}；已发布的数据不能自动转换。请保留原类型，或新增一个字段后再迁移。",
            f"{en}; published data cannot be converted automatically. Keep the type, or add a new field and "
            "migrate.",
            details=tuple(changed),
        )
    registry.store_catalogue(conn, new)
    conn.execute(
        update(t.dataset)
        .where(t.dataset.c.key == dataset.key)
        .values(catalogue=new.name, catalogue_digest=new.digest)
    )
    return AmendmentRelease(database, conn, dataset, new, now).migrate(heading)


def _name_difference(old: Field, new: Field) -> tuple[str, str]:
    """Return both types of a field, or its formats if the type is the same."""
    return (old.format, new.format) if old.type == new.type else (old.type, new.type)


def _type_and_format(field: Field) -> tuple[str, str]:
    return field.type, field.format
