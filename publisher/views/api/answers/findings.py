"""Structs of findings and of the checks that come to them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from publisher.views.api.answers.common import Answer, Instant


class Texts(Answer, frozen=True, kw_only=True):
    """中英文。/ In Chinese and English."""

    zh: str
    en: str


class CitedText(Answer, frozen=True, kw_only=True):
    """所引的一处原文。/ A text on which the finding rests, word by word."""

    role: Annotated[str, Meta(description="在说明中的名称 / Name in the texts of the finding")]
    dataset: str
    record: str
    revision: Annotated[str, Meta(description="修订版的校验值 / Hash of the revision that contains it")]
    field: str
    item: Annotated[
        int | None, Meta(description="字段为多个值时是第几个，从0起 / Which item of a field with several")
    ]
    start: Annotated[int, Meta(description="在字段（或该项）中的起点，按字符计 / Start, in characters")]
    end: int
    text: str
    link: Annotated[str, Meta(description="修订版的地址 / Address of the revision")]


class FindingRelease(Answer, frozen=True, kw_only=True):
    """使它出现或结束的发布。/ The release with which it began or ended."""

    dataset: str
    number: int
    published_at: Instant
    link: str


class FindingResponse(Answer, frozen=True, kw_only=True):
    """对待核问题的回应。/ What an office said about the finding."""

    kind: Annotated[
        str,
        Meta(description="接受、说明、异议或不成立 / Accepted, explained, disputed or dismissed"),
    ]
    text: Annotated[str, Meta(description="内容；不成立的，为理由 / Text; of a dismissal, its reason")]
    basis: tuple[str, ...]
    mended_by: Annotated[
        str | None, Meta(description="改正它的发布的地址 / Address of the release that mends it")
    ]
    respondent: str
    responded_on: date
    applies: Annotated[
        bool,
        Meta(description="待核问题仍引用回应时的修订版 / The finding still cites what it cited then"),
    ]
    link: Annotated[str, Meta(description="回应这条记录的地址 / Address of the record of the response")]


class FindingLinks(Answer, frozen=True, kw_only=True):
    self: str
    check: str
    record: str


class Finding(Answer, frozen=True, kw_only=True):
    """待核问题：清单之间不一致之处，未经确认。/ What lists say against one another; unconfirmed."""

    id: str
    check: Annotated[str, Meta(description="核对的代码 / Code of the check")]
    rule: Annotated[str, Meta(description="核对中的规则 / Rule of the check")]
    severity: Annotated[
        str,
        Meta(
            description="`fact` 由所引原文即可确定；`likely` 很可能；`look` 请人工核对 / "
            "`fact`: follows from the cited texts alone; `likely`; `look`: somebody has to look at it"
        ),
    ]
    status: Literal["open", "ended"]
    dataset: str
    record: str
    title: Annotated[str, Meta(description="记录的名称 / Title of the record")]
    part: str | None
    message: Texts
    because: Annotated[Texts, Meta(description="所用的规则 / The rule's path, in words")]
    way_out: Texts
    effective_from: Annotated[date, Meta(description="自该日起成立 / Holds from this day on")]
    effective_to: Annotated[date | None, Meta(description="至该日止（不含） / Until, exclusive")]
    known_from: Instant
    known_to: Instant | None
    opened_by: FindingRelease | None
    ended_by: FindingRelease | None
    cites: tuple[CitedText, ...]
    handling: Annotated[
        str,
        Meta(
            description="`unanswered` 尚未回应；`answered` 已回应；`dismissed` 不成立，所引内容变化前有效 / "
            "`dismissed` as long as it cites what it cited then"
        ),
    ]
    unanswered_days: Annotated[int | None, Meta(description="尚未回应的天数 / Days without a response")]
    responses: Annotated[
        tuple[FindingResponse, ...], Meta(description="回应，先后为序 / Oldest first; none is ever deleted")
    ]
    links: FindingLinks


class FindingCount(Answer, frozen=True, kw_only=True):
    value: str
    count: int


class FindingsLinks(Answer, frozen=True, kw_only=True):
    self: str
    next: Annotated[str | None, Meta(description="下一页；末页为空 / null at the end")]
    checks: str


class Findings(Answer, frozen=True, kw_only=True):
    """待核问题，新的在前。/ Findings, newest first."""

    total: int
    findings: tuple[Finding, ...]
    facets: Annotated[
        dict[str, tuple[FindingCount, ...]],
        Meta(description="`check`、`dataset`、`part`、`severity` 的取值和数量 / Values and their counts"),
    ]
    checked_release: Annotated[
        int, Meta(description="已核对到的发布的全站序号 / Site-wide sequence of the last release checked")
    ]
    links: FindingsLinks


class LabelledSet(Answer, frozen=True, kw_only=True):
    """人工标注的数据上的效果。/ What the check came to on data that were labelled by hand."""

    description: Texts
    measured_on: date
    positives: Annotated[int, Meta(description="应当找出的 / Texts that it should find")]
    negatives: Annotated[int, Meta(description="相似而不应找出的 / Texts like them that it should not")]
    precision: Annotated[str, Meta(description="十进制数 / Decimal")]
    recall: Annotated[str, Meta(description="十进制数 / Decimal")]


class CheckRule(Answer, frozen=True, kw_only=True):
    name: str
    severity: str
    message: Texts
    because: Texts


class Check(Answer, frozen=True, kw_only=True):
    """一项核对。/ A check."""

    code: str
    version: int
    title: Texts
    needs: Annotated[
        tuple[str, ...], Meta(description="所需的清单类型 / Kinds of list that it reads besides the record")
    ]
    rules: tuple[CheckRule, ...]
    labelled_set: LabelledSet | None
    findings: Annotated[str, Meta(description="其待核问题的地址 / Address of its findings")]


class Checks(Answer, frozen=True, kw_only=True):
    """全部核对。/ Every check."""

    checks: tuple[Check, ...]
