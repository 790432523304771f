"""Structs of comparison responses."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from publisher.views.api.answers.common import Answer, Content, Instant, Json, Kind


class ComparedState(Answer, frozen=True, kw_only=True):
    """比较的一方；三者皆空为此刻。/ One side of a comparison; all null is the present."""

    release: int | None
    as_of: date | None
    known_at: Instant | None
    records: Annotated[int, Meta(description="该版本有效的记录数 / Records in force in that state")]


class Piece(Answer, frozen=True, kw_only=True):
    """文字的一段：两者都有、新增或删除。/ A stretch of text that both have, that came, or that went."""

    op: Literal["equal", "insert", "delete"]
    text: str


class ComparedField(Answer, frozen=True, kw_only=True):
    field: str
    title: str
    before: Json
    after: Json
    text: Annotated[
        tuple[Piece, ...] | None,
        Meta(description="两者都是文字时，逐字的差异 / By character, where both are texts"),
    ]


class Step(Answer, frozen=True, kw_only=True):
    """其间发布的一次变化。/ A change published in between."""

    release: int
    kind: Kind
    cause: Literal["source", "reading"]
    effective_on: date
    basis: str
    reason: str


class DifferenceLinks(Answer, frozen=True, kw_only=True):
    record: str
    history: str


class Difference(Answer, frozen=True, kw_only=True):
    """两个版本中不同的一条记录。/ One record that is not the same in both states."""

    record: str
    kind: Literal["added", "changed", "renamed", "removed", "withdrawn", "erased"]
    title: str
    title_before: Annotated[str, Meta(description="原名称；原来没有则空 / Empty where it was not there")]
    part: str | None
    before: Content | None
    after: Content | None
    fields: tuple[ComparedField, ...]
    patch: Annotated[
        tuple[dict[str, Json], ...],
        Meta(description="JSON Patch (RFC 6902)，作用于“编号 → 内容”的对象 / On an object of id → content"),
    ]
    steps: Annotated[tuple[Step, ...], Meta(description="其间发布的变化 / What was published in between")]
    links: DifferenceLinks


class LikelyRename(Answer, frozen=True, kw_only=True):
    """系统推测：移出的与新增的可能是同一事项，未经公布机关确认。/ Inferred, not confirmed by the body."""

    removed: str
    added: str
    title_before: str
    title: str
    likeness: Annotated[float, Meta(description="0到1 / 0 to 1")]


class ComparisonLinks(Answer, frozen=True, kw_only=True):
    self: str
    next: Annotated[str | None, Meta(description="下一页；末页为空 / null at the end")]
    csv: str
    xlsx: str
    dataset: str


class Comparison(Answer, frozen=True, kw_only=True, rename={"from_": "from"}):
    """一个数据集的两个版本。/ Two states of a dataset; all pages are of the same two."""

    dataset: str
    from_: ComparedState
    to: ComparedState
    unchanged: Annotated[int, Meta(description="两者相同的记录数 / Records alike in both")]
    totals: Annotated[dict[str, int], Meta(description="各种变化的总数，精确 / Exact, by kind")]
    differences: tuple[Difference, ...]
    likely_renames: Annotated[
        tuple[LikelyRename, ...],
        Meta(description="只在第一页；新增或移出超过2000条时不推测 / On the first page; not beyond 2,000"),
    ]
    links: ComparisonLinks
