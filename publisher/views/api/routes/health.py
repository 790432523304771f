"""Routes for whoever watches over the service: is it alive, is it ready."""

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
    """服务是否活着。/ Whether the process answers."""

    status: Literal["ok"]


class Readiness(Answer, frozen=True, kw_only=True):
    """服务是否就绪。/ Whether reads and search work, and how far search is behind the log."""

    status: Literal["ok"]
    sequence: Annotated[int, Meta(description="日志的最新顺序号 / Newest sequence of the log")]
    indexed: Annotated[int, Meta(description="已可检索到的顺序号 / What search has of the outbox")]
    documents: Annotated[int, Meta(description="索引中的文档数 / Documents in the index")]


@route(
    Operation(
        name="health",
        path="/healthz",
        tag=TAG,
        summary="是否活着",
        description="进程在答复即为 ok, 不碰数据库。\n\nThe process answers; no database is asked.",
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
        summary="是否就绪",
        description="数据库与检索都能读才是 ok; 附索引进度。\n\n"
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
        indexed, documents = await service.search.position(), await service.search.count()
    except SearchError as error:
        raise ProblemError(
            "not-ready",
            "检索不可用；其余（列表、记录、文件、订阅）照常。",
            "Search is out; lists, records, files and feeds go on.",
            headers={"retry-after": str(error.retry_after)},
        ) from error

    async def build() -> Readiness:
        return Readiness(status="ok", sequence=sequence, indexed=indexed, documents=documents)

    return AsyncReply(Validity((sequence, indexed, documents)), build)


ROUTES: tuple[Any, ...] = (health, readiness)
