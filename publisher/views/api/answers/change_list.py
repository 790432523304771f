"""Structs of the changes of the whole site."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from publisher.views.api.answers.changes import Change
from publisher.views.api.answers.common import Answer


class SiteChange(Change, frozen=True, kw_only=True):
    """一条记录在一次发布中的变化，及其清单和部门。/ A change, with its list and who is responsible."""

    dataset_title: str
    body: Annotated[str, Meta(description="公布机关 / Publishing body of the dataset")]
    division: Annotated[str | None, Meta(description="数据集的行政区划代码 / GB/T 2260 code of the dataset")]
    bodies: Annotated[
        tuple[str, ...],
        Meta(description="记录自己的部门；没有的为公布机关 / Bodies that the record names, else `body`"),
    ]
    directions: Annotated[
        tuple[str, ...],
        Meta(
            description="`fee-raised` 收费上调，`fee-lowered` 收费下调，`limit-shortened` 时限缩短，"
            "`limit-lengthened` 时限延长；数值或单位不能比较的为空 / "
            "Empty unless both values and their unit can be compared with certainty"
        ),
    ]


class ChangeCount(Answer, frozen=True, kw_only=True):
    value: str
    count: int


class SiteChangesLinks(Answer, frozen=True, kw_only=True):
    self: str
    next: Annotated[str | None, Meta(description="下一页；末页为空 / null at the end")]


class SiteChanges(Answer, frozen=True, kw_only=True):
    """全站的变化，新发布的在前。/ Changes of every dataset, newest release first."""

    total: int
    changes: tuple[SiteChange, ...]
    facets: Annotated[
        dict[str, tuple[ChangeCount, ...]],
        Meta(
            description="`kind`、`dataset`、`body`、`part` 的取值和数量；已用于筛选的字段仍列出其他取值 / "
            "Values and their counts; one that is filtered by counts as if it were not"
        ),
    ]
    links: SiteChangesLinks
