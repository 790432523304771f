"""Structs of changes, histories and erasures."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from publisher.views.api.answers.common import (
    Answer,
    Content,
    FieldChange,
    Instant,
    Kind,
    PageLinks,
    Revision,
)


class ChangeLinks(Answer, frozen=True, kw_only=True):
    record: str
    release: str


class Erasure(Answer, frozen=True, kw_only=True):
    """一条记录的依法删除；保有副本的，也须删除。/ An erasure by law: destroy your copies too."""

    record: str
    release: Annotated[int, Meta(description="删除它的发布 / Release that erased it")]
    erased_at: Instant
    ground: Annotated[str, Meta(description="法律依据，如判决文号 / Legal ground, e.g. of a judgment")]


class Change(Answer, frozen=True, kw_only=True):
    """一条记录在一次发布中的变化。/ What one release did to one record."""

    sequence: Annotated[int, Meta(description="全站递增 / Site-wide, increasing")]
    dataset: str
    record: str
    title: str
    part: str | None
    kind: Kind
    cause: Annotated[
        Literal["source", "reading"],
        Meta(description="`source` 原文有变化；`reading` 识读改进，原文未变 / `reading`: a better parser"),
    ]
    release: int
    effective_on: date
    effective_to: Annotated[
        date | None, Meta(description="至何日止（不含）；空为一直 / Acts until, exclusive")
    ]
    published_at: Instant
    reason: str
    content: Annotated[
        Content | None,
        Meta(description="现内容；移出、撤回、删除的为空 / The content after the change, if any"),
    ]
    revision: Revision | None
    withdrawn: Annotated[bool, Meta(description="记录现已撤回公布 / The record is withdrawn now")]
    erased: Annotated[bool, Meta(description="内容已依法删除 / Its content was destroyed")]
    erasure: Annotated[
        Erasure | None, Meta(description="删除的时间和依据；未删除则空 / When and why; null if it was not")
    ]
    fields: Annotated[tuple[FieldChange, ...], Meta(description="各字段的原内容和现内容 / Field by field")]
    links: ChangeLinks


class History(Answer, frozen=True, kw_only=True):
    """一条记录的全部变化，旧的在前。/ Everything that happened to a record, oldest first."""

    dataset: str
    id: str
    changes: tuple[Change, ...]
    links: HistoryLinks


class HistoryLinks(Answer, frozen=True, kw_only=True):
    self: str
    record: str
    dataset: str


class Changes(Answer, frozen=True, kw_only=True):
    """数据集的一页变化。/ One page of the changes of a dataset."""

    dataset: str
    changes: tuple[Change, ...]
    last: Annotated[
        int,
        Meta(description="本页最大的顺序号；下次请求时作为 since 传入 / Pass it as since the next time"),
    ]
    erased: Annotated[
        tuple[str, ...],
        Meta(description="内容已依法删除的记录，镜像也须删除；只在第一页 / Delete your copies of these"),
    ]
    erasures: Annotated[
        tuple[Erasure, ...],
        Meta(description="erased 各条的时间和依据，新的在前 / When and why, newest first; on the first page"),
    ]
    links: PageLinks
