"""Structs of time limits: their steps, and how many became shorter or longer."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta

from publisher.views.api.answers.common import Answer, Instant


class Limit(Answer, frozen=True, kw_only=True):
    """时限。/ A time limit, as records list it."""

    value: Annotated[int, Meta(description="即时为0 / 0 if it is at once")]
    unit: str
    text: Annotated[str, Meta(description="显示的文字 / As it is printed")]


class LimitStep(Answer, frozen=True, kw_only=True):
    """自某日起所列的时限。/ The limit that a record lists from a day on."""

    field: str
    title: str
    limit: Annotated[
        Limit | None,
        Meta(description="没有列明或未能识读的为空 / null if none is listed, or none could be read"),
    ]
    removed: Annotated[bool, Meta(description="该日移出清单 / The record was removed on that day")]
    effective_from: date
    release: int
    published_at: Instant
    revision: Annotated[str | None, Meta(description="修订版的校验值 / Hash of the revision")]
    direction: Annotated[
        str | None,
        Meta(
            description="与上一个时限相比：`limit-shortened` 缩短，`limit-lengthened` 延长；不能比较的为空 / "
            "Compared with the last limit; null for the first, and if the two do not compare"
        ),
    ]
    rule: Annotated[
        str | None,
        Meta(
            description="比较的规则：`same-unit` 单位相同，`at-once` 即时短于任何时限 / "
            "Rule of the comparison: one unit, or 即时, which is shorter than any other limit"
        ),
    ]
    link: Annotated[str, Meta(description="当时的记录 / The record as of that release")]


class LimitStepsLinks(Answer, frozen=True, kw_only=True):
    self: str
    record: str
    dataset: str


class LimitSteps(Answer, frozen=True, kw_only=True):
    """一条记录历次所列的时限。/ The limits that a record listed over time, field by field, oldest first."""

    dataset: str
    id: str
    steps: tuple[LimitStep, ...]
    links: LimitStepsLinks


class LimitCount(Answer, frozen=True, kw_only=True):
    """列有时限的条目数，及其时限比首次所列缩短、延长的条目数。

    Records that list a limit, and those of which one is shorter or longer than the first one listed.
    """

    value: Annotated[str, Meta(description="取值；全部的为空 / Value of the group; empty for all")]
    items: int
    shortened: int
    lengthened: int
    share: Annotated[float, Meta(description="缩短的占比，0至1 / Share of those that were shortened, 0 to 1")]


class LimitSharesLinks(Answer, frozen=True, kw_only=True):
    self: str
    changes: Annotated[
        str, Meta(description="缩短时限的各次变化 / The changes by which limits became shorter")
    ]


class LimitShares(Answer, frozen=True, kw_only=True):
    """时限缩短的条目占比。/ Share of records whose limit was shortened."""

    total: LimitCount
    groups: Annotated[
        dict[str, tuple[LimitCount, ...]],
        Meta(
            description="按 `dataset` 清单、`body` 部门、`type` 类型分；有几个部门的条目各计一次 / "
            "By list, body and type; a record with several bodies counts once in each"
        ),
    ]
    links: LimitSharesLinks
