"""Structs of liveness and readiness."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from publisher.views.api.answers.common import Answer


class Health(Answer, frozen=True, kw_only=True):
    """服务的存活检查。/ Whether the process answers."""

    status: Literal["ok"]


class ReadinessParts(Answer, frozen=True, kw_only=True):
    """服务的各部分是否可用。/ The parts of the service: whether each works."""

    log: Annotated[bool, Meta(description="清单、记录、文件和订阅 / Lists, records, files and feeds")]
    search: Annotated[bool, Meta(description="搜索 / Search")]


class Verified(Answer, frozen=True, kw_only=True):
    """最近一次夜间核验。/ The last nightly verification."""

    ended_at: Annotated[datetime, Meta(description="结束时刻 / When it ended")]
    problems: Annotated[int, Meta(description="发现的问题数 / Number of problems")]
    completed: Annotated[bool, Meta(description="是否核验完毕 / Whether it could be completed")]


class Readiness(Answer, frozen=True, kw_only=True):
    """服务的就绪检查。/ Whether reads and search work, and how far search is behind the log."""

    status: Literal["ok"]
    parts: ReadinessParts
    sequence: Annotated[int, Meta(description="日志的最新顺序号 / Newest sequence of the log")]
    indexed: Annotated[
        int,
        Meta(
            description="搜索已收录的顺序号，搜索不可用时为0 / Position of search; 0 if it is not available"
        ),
    ]
    documents: Annotated[
        int, Meta(description="索引中的文档数，搜索不可用时为0 / Documents in the index; 0 without search")
    ]
    verification: Annotated[
        Verified | None,
        Meta(description="最近一次夜间核验；尚未核验为 null / The last nightly verification, or null"),
    ]
