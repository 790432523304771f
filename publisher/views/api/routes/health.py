"""Routes for monitoring: liveness and readiness."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from litestar.concurrency import sync_to_thread
from msgspec import Meta
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from openapi.operation import Operation
from publisher.log.verification.last_run import VerificationRun
from publisher.views.api import requested_view
from publisher.views.api.answers.common import Answer
from publisher.web.conditional_requests import Validity
from publisher.web.problems import ProblemError
from publisher.web.route import AnyRoute, AsyncReply, Call, Reply, async_route, route
from publisher.web.service import Service
from search.contract import SearchError

TAG = "operation"


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


@route(
    Operation(
        name="health",
        path="/healthz",
        tag=TAG,
        summary="存活检查",
        description="进程有响应即为 ok，不访问数据库。\n\nThe process responds; no database access.",
        answer=Health,
        conditional=False,
    ),
    runs="loop",
)
def health(_: Service, call: Call) -> Reply:
    requested_view.refuse_parameters(call)
    return Reply(Validity(()), lambda: Health(status="ok"))


@async_route(
    Operation(
        name="readiness",
        path="/readyz",
        tag=TAG,
        summary="就绪检查",
        description="数据库可读时为 ok；`parts` 说明哪一部分不可用，附索引进度和最近一次夜间核验的结果。"
        "搜索不可用时仍为 ok，负载均衡不应因此停用本机。\n\n"
        "The log can be read. `parts` says which part is not available. Without search the status is still "
        "ok: a load balancer should keep the instance. Contains the position of search and the last "
        "nightly verification, whose problems do not make a site unready.",
        answer=Readiness,
        problems=("not-ready",),
        conditional=False,
    )
)
async def readiness(service: Service, call: Call) -> AsyncReply:
    requested_view.refuse_parameters(call)
    try:
        sequence, _ = await sync_to_thread(service.log.queries.validator)
        run = await sync_to_thread(service.log.integrity.last_run)
    except (OperationalError, NoConnectionError) as error:
        raise ProblemError(
            "not-ready",
            "数据库暂不可用。",
            "The database is not available.",
            headers={"retry-after": "5"},
        ) from error
    try:
        indexed, documents = await service.search_position(), await service.search.count()
        parts = ReadinessParts(log=True, search=True)
    except SearchError:
        indexed, documents, parts = 0, 0, ReadinessParts(log=True, search=False)

    async def build() -> Readiness:
        return Readiness(
            status="ok",
            parts=parts,
            sequence=sequence,
            indexed=indexed,
            documents=documents,
            verification=None if run is None else _verified(run),
        )

    return AsyncReply(Validity((sequence, indexed, documents, run and run.ended_at)), build)


def _verified(run: VerificationRun) -> Verified:
    return Verified(ended_at=run.ended_at, problems=run.problems, completed=not run.error)


ROUTES: tuple[AnyRoute, ...] = (health, readiness)
