"""A dataset goes on with another catalogue, and says so by a release."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, update

from publisher.log import registry
from publisher.log.database import tables as t
from publisher.log.database.connection import Database
from publisher.log.drafts import staging
from publisher.log.model import LogError
from publisher.log.registry import DatasetRow
from publisher.log.releases.amendment import Amending
from publisher.log.releases.append import Heading
from schemas.definition.catalogue import Catalogue, Content


def migrate(
    database: Database,
    conn: Connection,
    dataset: DatasetRow,
    old: Catalogue,
    new: Catalogue,
    convert: Callable[[Content], Content] | None,
    heading: Heading,
    *,
    now: datetime,
) -> int:
    """→ the release's sequence. Without ``convert`` the values of removed fields are dropped.

    Raises ``LogError``: ``draft-in-the-way``, ``conversion-needed`` (a field of another type),
    ``identity-taken`` (two records that the new identity does not tell apart).
    """
    if staging.draft_imports(conn, dataset):
        raise LogError(
            "draft-in-the-way",
            "草稿还在，请先发布或丢弃。",
            "There is a draft; publish or discard it first.",
        )
    changed = [
        f.name for f in new.fields if f.name in old.by_name and _form(old, f.name) != _form(new, f.name)
    ]
    if changed and convert is None:
        raise LogError(
            "conversion-needed",
            f"字段 {'、'.join(changed)} 的类型变了，需要说明如何转换。",
            f"The type of {', '.join(changed)} changed; a conversion is needed.",
            details=tuple(changed),
        )
    registry.keep_catalogue(conn, new)
    conn.execute(
        update(t.dataset)
        .where(t.dataset.c.key == dataset.key)
        .values(catalogue=new.name, catalogue_digest=new.digest)
    )

    def drop_removed(content: Content) -> Content:
        return {name: value for name, value in content.items() if name in new.by_name}

    return Amending(database, conn, dataset, new, now).migrate(convert or drop_removed, heading)


def _form(catalogue: Catalogue, name: str) -> tuple[str, str]:
    field = catalogue.by_name[name]
    return field.type, field.format
