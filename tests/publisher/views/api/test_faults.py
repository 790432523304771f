"""Search that does not answer, internal errors, the page of each problem, work in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from litestar.testing import TestClient

from publisher.app import create_app
from publisher.web.problems import KINDS, ProblemError
from search.contract import Page, Request, SearchError
from tests.support.problems import assert_problem
from tests.support.site import FEES, Site

HOME = f"/v1/datasets/{FEES}"


class _BrokenEngine:
    """An engine that is unavailable, like a search server that does not answer."""

    async def search(self, request: Request) -> Page:
        raise SearchError("away", retry_after=7)

    async def position(self) -> int:
        raise SearchError("away", retry_after=7)

    async def count(self) -> int:
        raise SearchError("away", retry_after=7)


@pytest.mark.both_databases
def test_unavailable_search_is_503_with_retry_after_and_other_routes_still_answer(site: Site) -> None:
    engine: Any = _BrokenEngine()
    app = create_app(site.settings, log=site.log, search=engine, clock=site.clock)
    with TestClient(app) as client:
        answer = client.get("/v1/search?q=收费")
        assert_problem(answer, "search-unavailable")
        assert answer.headers["retry-after"] == "7"
        assert client.get("/", headers={"accept": "text/html"}).status_code == 200
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (200, "ok"), (
            "a balancer would drop the instance"
        )
        assert ready.json()["parts"] == {"log": True, "search": False}
        assert client.get("/healthz").status_code == 200
        assert client.get(f"{HOME}/records").status_code == 200


def test_an_internal_error_reveals_no_internals(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    class Failing(_BrokenEngine):
        async def position(self) -> int:
            raise RuntimeError("secret at /srv/site/publisher.py")

    engine: Any = Failing()
    app = create_app(site.settings, log=site.log, search=engine, clock=site.clock)
    with TestClient(app, raise_server_exceptions=False) as client:
        body = assert_problem(client.get("/v1/search?q=收费"), "internal-error")
    assert "secret" not in str(body)
    assert "secret" in caplog.text


def test_every_kind_of_problem_has_a_page_that_its_type_leads_to(client: httpx.Client) -> None:
    for kind in KINDS:
        page = client.get(f"/problems/{kind.code}")
        assert page.status_code == 200
        assert kind.title in page.text
        assert kind.title_en in page.text
        assert ProblemError(kind.code).zh == kind.advice
    assert_problem(client.get("/problems/none"), "no-such-route")


def background_task(events: list[str]) -> Callable[[], Any]:
    async def task() -> None:
        events.append("started")
        try:
            await asyncio.sleep(3600)
        finally:
            events.append("ended")

    return task


def test_background_work_runs_from_startup_to_shutdown(site: Site) -> None:
    events: list[str] = []
    app = create_app(
        site.settings,
        log=site.log,
        search=site.engine,
        clock=site.clock,
        background=(background_task(events),),
    )
    with TestClient(app) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        assert events == ["started"]
    assert events == ["started", "ended"]
