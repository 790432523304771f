"""Routes for monitoring: liveness and readiness."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from litestar.concurrency import sync_to_thread
from msgspec import Meta

from openapi.operation import Operation
from publisher.views.api.answers.common import Answer
from publisher.web import query_parameters
from publisher.web.conditional_requests import Validity
from publisher.web.problems import ProblemError
from publisher.web.query_parameters import Grammar
from publisher.web.route import AsyncReply, Call, Reply, async_route, route
from publisher.web.service import Service
from search.contract import SearchError

TAG = "运行"
_PLAIN = Grammar()


class Health(Answer, frozen=True, kw_only=True):
    """服务的存活检查。/ Whether the process answers."""

    status: Literal["ok"]


class Readiness(Answer, frozen=True, kw_only=True):
    """服务的就绪检查。/ Whether reads and search work, and how far search is behind the log."""

    status: Literal["ok"]
    sequence: Annotated[int, Meta(description="日志的最新顺序号 / Newest sequence of the log")]
    indexed: Annotated[int, Meta(description="搜索已收录的顺序号 / What search has of the outbox")]
    documents: Annotated[int, Meta(description="索引中的文档数 / Documents in the index")]


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
    query_parameters.parse(call.query, _PLAIN)
    return Reply(Validity(()), lambda: Health(status="ok"))


@async_route(
    Operation(
        name="readiness",
        path="/readyz",
        tag=TAG,
        summary="就绪检查",
        description="数据库与搜索均可读时为 ok；附索引进度。\n\n"
        "The log and the search engine can be read; tells how far search is behind.",
        answer=Readiness,
        problems=("not-ready",),
        conditional=False,
    )
)
async def readiness(service: Service, call: Call) -> AsyncReply:
    query_parameters.parse(call.query, _PLAIN)
    try:
        sequence, _ = await sync_to_thread(service.log.queries.validator)
        indexed, documents = await service.search_position(), await service.search.count()
    except SearchError as error:
        raise ProblemError(
            "not-ready",
            "搜索暂不可用；清单、记录、文件和订阅不受影响。",
            "Search is out; lists, records, files and feeds go on.",
            headers={"retry-after": str(error.retry_after)},
        ) from error

    async def build() -> Readiness:
        return Readiness(status="ok", sequence=sequence, indexed=indexed, documents=documents)

    return AsyncReply(Validity((sequence, indexed, documents)), build)


ROUTES: tuple[Any, ...] = (health, readiness)
