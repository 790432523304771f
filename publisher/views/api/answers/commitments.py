"""Structs of commitments, of the evidence for them, and of what is said about them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from publisher.views.api.answers.common import Answer, Content, Instant

type Status = Annotated[
    Literal["done", "overdue", "undetermined"],
    Meta(
        description="`done` 佐证规则全部成立；`overdue` 已过时限而未按期成立；`undetermined` 无法判断 / "
        "Derived: all its rules hold; its deadline passed without that; or nothing can be said"
    ),
]


class CommitmentStatement(Answer, frozen=True, kw_only=True):
    """责任单位、督查单位或第三方的说明和认定。/ What an office or an inspection says."""

    progress: Annotated[
        str,
        Meta(
            description="未开始、进行中、已完成、逾期或无法判断 / "
            "Not started, in progress, done, overdue or undetermined, as stated"
        ),
    ]
    stated_on: date
    judge: Annotated[str, Meta(description="作出单位 / Who says so")]
    role: Annotated[
        str, Meta(description="自报、督查或第三方 / The office itself, an inspection, a third party")
    ]
    note: str
    evidence: Annotated[
        tuple[tuple[str, str], ...], Meta(description="名称和地址 / Name and address of each")
    ]
    link: Annotated[str, Meta(description="这条记录的地址 / Address of the record of the statement")]


class CommitmentLinks(Answer, frozen=True, kw_only=True):
    self: str
    record: str
    page: Annotated[str, Meta(description="网页 / Page for people")]


class Commitment(Answer, frozen=True, kw_only=True):
    """工作任务，及推算的状态和各方说明。/ What a plan promised, its derived status and what is said of it."""

    id: str
    dataset: str
    title: str
    release: Annotated[int, Meta(description="列入它的发布 / Release that brought its state")]
    content: Content
    due_on: Annotated[date | None, Meta(description="时限的最后一天 / Last day of the deadline")]
    status: Status
    done_on: Annotated[
        date | None,
        Meta(
            description="佐证全部成立之日，逾期完成的也有 / Since when all evidence holds, also if too late"
        ),
    ]
    known_from: Annotated[
        Instant | None, Meta(description="自何时起已知这一状态 / Since when the status is known")
    ]
    disputed: Annotated[
        bool, Meta(description="各方说明、推算互不一致 / Those who judge it contradict each other")
    ]
    statements: Annotated[
        tuple[CommitmentStatement, ...], Meta(description="新的在前 / Newest first; none is ever deleted")
    ]
    links: CommitmentLinks


class CommitmentCount(Answer, frozen=True, kw_only=True):
    value: str
    count: int


class CommitmentsLinks(Answer, frozen=True, kw_only=True):
    self: str
    next: Annotated[str | None, Meta(description="下一页；末页为空 / null at the end")]
    calendar: Annotated[str, Meta(description="同样筛选条件的日历 / The same commitments as a calendar")]


class Commitments(Answer, frozen=True, kw_only=True):
    """工作任务，按列入的先后。/ Commitments in the order in which they were published."""

    total: int
    counts: Annotated[dict[str, int], Meta(description="各状态的数量 / Number of each status")]
    commitments: tuple[Commitment, ...]
    facets: Annotated[
        dict[str, tuple[CommitmentCount, ...]],
        Meta(description="`plan`、`section`、`lead`、`kind` 的取值和数量 / Values and their counts"),
    ]
    links: CommitmentsLinks


class CommitmentProof(Answer, frozen=True, kw_only=True):
    """使规则成立的发布或条目。/ A release or a record that meets the condition of a rule."""

    dataset: str
    release: int | None
    record: str | None
    title: str
    day: Annotated[date, Meta(description="自该日起成立 / Since when")]
    link: str


class CommitmentRule(Answer, frozen=True, kw_only=True):
    """佐证规则。/ A rule of evidence, and whether it holds."""

    dataset: str
    record: str
    content: Content
    held_since: Annotated[
        date | None, Meta(description="自该日起成立；为空则未成立 / null: it does not hold")
    ]
    proofs: Annotated[
        tuple[CommitmentProof, ...],
        Meta(description="最先使它成立的，最多10项 / What met it first; at most ten"),
    ]
    link: Annotated[str, Meta(description="规则这条记录的地址 / Address of the record of the rule")]


class CommitmentEvidence(Answer, frozen=True, kw_only=True):
    """一个工作任务的佐证。/ The evidence of a commitment."""

    commitment: Commitment
    rules: tuple[CommitmentRule, ...]
