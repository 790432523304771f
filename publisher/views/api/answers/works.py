"""Structs of works, of citations of works, and of effects of one work on another."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta

from publisher.views.api.answers.common import Answer, Instant

_KIND = Meta(
    description="`statute` 法律法规规章；`document` 公文；`order` 令或公告；`decision` 决定 / "
    "Kind, by its number or its title"
)


class WorkRecord(Answer, frozen=True, kw_only=True):
    """本站清单中的这份文件，或这部法律法规的一个版本。/ A record that is the work, or an edition of it."""

    dataset: str
    record: str
    title: str
    effective_from: date
    effective_to: date | None
    link: str


class WorkLinks(Answer, frozen=True, kw_only=True):
    self: str
    cited_by: str
    effects: str
    page: Annotated[str, Meta(description="供阅读的页面 / The page for people")]


class Work(Answer, frozen=True, kw_only=True):
    """法律法规、文件、令或决定。/ A statute, a document, an order or a decision."""

    key: Annotated[
        str,
        Meta(
            description="文号的标准写法，或名称去掉“中华人民共和国”和标点 / "
            "Standard form of its number, or the letters of its title"
        ),
    ]
    kind: Annotated[str, _KIND]
    title: str
    names: Annotated[tuple[str, ...], Meta(description="引用它时的各种名称 / Keys by which it is cited")]
    resolved: Annotated[
        bool,
        Meta(
            description="本站清单中有它；没有的也照列 / A list of this site contains it; others are kept too"
        ),
    ]
    records: tuple[WorkRecord, ...]
    article_count: Annotated[int | None, Meta(description="条数，未知为空 / Number of articles, if known")]
    citing: Annotated[int, Meta(description="引用它的记录数 / Number of records that cite it")]
    links: WorkLinks


class WorksLinks(Answer, frozen=True, kw_only=True):
    self: str
    next: Annotated[str | None, Meta(description="下一页；末页为空 / null at the end")]


class Works(Answer, frozen=True, kw_only=True):
    """记录所引用的文件，按标识排列。/ Works that records cite or are, by key."""

    total: int
    works: tuple[Work, ...]
    links: WorksLinks


class Saying(Answer, frozen=True, kw_only=True):
    """写明此事的记录及其原文。/ The record that says so, word by word."""

    dataset: str
    record: str
    title: str
    part: str | None
    revision: Annotated[str, Meta(description="修订版的校验值 / Hash of the revision")]
    field: str
    item: Annotated[
        int | None, Meta(description="字段为多个值时是第几个，从0起 / Which item of a field with several")
    ]
    start: Annotated[int, Meta(description="在字段（或该项）中的起点，按字符计 / Start, in characters")]
    end: int
    text: str
    effective_from: Annotated[date, Meta(description="该记录自该日起如此 / Since when the record says so")]
    known_from: Instant
    link: str


class Citation(Answer, frozen=True, kw_only=True):
    """一处引用。/ A place of a work that a record cites."""

    work: Annotated[str, Meta(description="所引文件的标识 / Key of the cited work")]
    kind: Annotated[str, _KIND]
    article: Annotated[
        int | None, Meta(description="第几条；引用全文的为空 / Number of the article; null: all of it")
    ]
    place: Annotated[str, Meta(description="条以下的款项，或附件第几项 / Within the article, or in an annex")]
    role: Annotated[
        str,
        Meta(
            description="`basis` 依据；`mention` 提及；`edition-note` 版本说明 / "
            "A basis, a mention in a text, or a note on an edition"
        ),
    ]
    says: Saying
    link: Annotated[str, Meta(description="所引文件的地址 / Address of the work")]


class Citations(Answer, frozen=True, kw_only=True):
    """引用，按记录排列。/ Citations, record by record."""

    total: int
    citations: tuple[Citation, ...]
    links: WorksLinks


class Effect(Answer, frozen=True, kw_only=True):
    """一份文件对另一份文件或事项的作用，由记录写明。/ What a work does to another one, or to an item."""

    kind: Annotated[
        str,
        Meta(
            description="`repeals` 废止；`amends` 修订；`replaces` 以新版本取代；`delegates` 下放；"
            "`cancels` 取消；`interprets` 解读；`implements` 实施 / What it does"
        ),
    ]
    source: Annotated[str, Meta(description="起作用的文件 / Key of the work that does it")]
    target: Annotated[
        str | None,
        Meta(description="所涉及的文件；涉及事项的为空 / Key of the work; null: the item of the record"),
    ]
    article: Annotated[int | None, Meta(description="依据其第几条；未写明为空 / By which article of it")]
    effective_on: Annotated[date | None, Meta(description="起作用的日期；未写明为空 / null: not stated")]
    says: Saying


class Effects(Answer, frozen=True, kw_only=True):
    """作用，后发布的在前。/ Effects, those that were published last first."""

    total: int
    effects: tuple[Effect, ...]
    links: WorksLinks
