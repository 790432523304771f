"""Routes for monitoring: liveness and readiness."""

from __future__ import annotations

from litestar.concurrency import sync_to_thread
from sqlalchemy.exc import SQLAlchemyError

from openapi.operation import Operation
from publisher.failure_lines import is_database_away
from publisher.log.verification.last_run import VerificationRun
from publisher.views.api import requested_view
from publisher.views.api.answers import health as answers
from publisher.web.conditional_requests import Validity
from publisher.web.problems import ProblemError
from publisher.web.route import AnyRoute, AsyncReply, Call, Reply, async_route, route
from publisher.web.service import Service
from search.contract import SearchError

TAG = "operation"


@route(
    Operation(
        name="health",
        path="/healthz",
        tag=TAG,
        summary="存活检查",
        description="进程有响应即为 ok，不访问数据库。\n\nThe process responds; no database access.",
        answer=answers.Health,
        conditional=False,
    ),
    runs="loop",
)
def health(_: Service, call: Call) -> Reply:
    requested_view.refuse_parameters(call)
    return Reply(Validity(()), lambda: answers.Health(status="ok"))


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
        answer=answers.Readiness,
        problems=("not-ready",),
        conditional=False,
    )
)
async def readiness(service: Service, call: Call) -> AsyncReply:
    requested_view.refuse_parameters(call)
    try:
        sequence, _ = await sync_to_thread(service.log.queries.validator)
        run = await sync_to_thread(service.log.integrity.last_run)
    except SQLAlchemyError as error:
        if not is_database_away(error):
            raise
        raise ProblemError(
            "not-ready",
            "数据库暂不可用。",
            "The database is not available.",
            headers={"retry-after": "5"},
        ) from error
    try:
        indexed, documents = await service.search_position(), await service.search.count()
        parts = answers.ReadinessParts(log=True, search=True)
    except SearchError:
        indexed, documents, parts = 0, 0, answers.ReadinessParts(log=True, search=False)

    async def build() -> answers.Readiness:
        return answers.Readiness(
            status="ok",
            parts=parts,
            sequence=sequence,
            indexed=indexed,
            documents=documents,
            verification=None if run is None else _verified(run),
        )

    return AsyncReply(Validity((sequence, indexed, documents, run and run.ended_at)), build)


def _verified(run: VerificationRun) -> answers.Verified:
    return answers.Verified(ended_at=run.ended_at, problems=run.problems, completed=not run.error)


ROUTES: tuple[AnyRoute, ...] = (health, readiness)
