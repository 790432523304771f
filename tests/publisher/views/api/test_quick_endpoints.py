"""Endpoints that bypass Litestar: an error is one run of the handler and one log record."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from types import CodeType

import httpx
import pytest
from litestar.testing import TestClient

from publisher.app import create_app
from publisher.log.log import Log
from publisher.views.api import contract
from publisher.views.ogc import resources
from publisher.views.pages import routes as people
from publisher.views.pages.printing.templates import HTML, Press
from publisher.web.error_log import MOST
from tests.support.problems import assert_problem
from tests.support.site import FEES, Site, four_releases

BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"
_TOOL = 4  # an id that ``sys.monitoring`` does not assign to a predefined tool

_HANDLERS: dict[str, CodeType] = {
    route.operation.path: route.handle.__code__ for route in (*contract.ROUTES, *people.routes(Press()))
}
RECORD, HEALTH, FEED = (
    _HANDLERS[path]
    for path in ("/v1/datasets/{dataset}/records/{record}", "/healthz", "/feeds/{dataset}.atom")
)
PAGE, ASSET = (_HANDLERS[path] for path in ("/datasets/{dataset}/records/{record}", "/assets/{name}"))
ITEM, ITEMS = resources.get_item.__code__, resources.list_items.__code__

PRESENT, WITHDRAWN = "城镇垃圾处理费", "药品注册费"


@contextmanager
def runs_of(handler: CodeType) -> Iterator[list[CodeType]]:
    """Record the runs of a handler in any thread with ``sys.monitoring``."""
    runs: list[CodeType] = []
    events = sys.monitoring.events.PY_START
    sys.monitoring.use_tool_id(_TOOL, "runs of a handler")
    sys.monitoring.register_callback(_TOOL, events, lambda code, _: runs.append(code))
    sys.monitoring.set_local_events(_TOOL, handler, events)
    try:
        yield runs
    finally:
        sys.monitoring.set_local_events(_TOOL, handler, sys.monitoring.events.NO_EVENTS)
        sys.monitoring.register_callback(_TOOL, events, None)
        sys.monitoring.free_tool_id(_TOOL)


def with_ids(site: Site, path: str) -> str:
    """Replace the titles of records in ``path`` by their ids."""
    for title in (PRESENT, WITHDRAWN):
        if title in path:
            path = path.replace(title, site.record(title))
    return path


def fetch_all(client: httpx.Client, path: str, handler: CodeType) -> Sequence[httpx.Response]:
    """Return the answers to a program and to a browser. Each runs the handler once, and HEAD equals GET."""
    answers = []
    for accept in ("*/*", BROWSER):
        for method in ("GET", "HEAD"):
            with runs_of(handler) as runs:
                answer = client.request(method, path, headers={"accept": accept})
            assert len(runs) == 1, (method, path, accept)
            answers.append(answer)
        get, head = answers[-2:]
        heads = [{**answer.headers, "x-request-id": ""} for answer in (get, head)]  # of errors
        assert (head.status_code, heads[0]) == (get.status_code, heads[1])
        assert head.content == b""
    return answers[::2]


@pytest.mark.parametrize(
    ("path", "handler", "code"),
    [
        (f"/v1/datasets/{FEES}/records/aaaaaaaaaaaaaaaa", RECORD, "no-such-record"),
        (f"/v1/datasets/none/records/{PRESENT}", RECORD, "no-such-dataset"),
        (f"/v1/datasets/{FEES}/records/{WITHDRAWN}", RECORD, "withdrawn"),
        (f"/v1/datasets/{FEES}/records/{PRESENT}?colour=red", RECORD, "invalid-parameters"),
        (f"/v1/datasets/{FEES}/records/{PRESENT}?x={'a' * 9000}", RECORD, "query-too-long"),
        ("/feeds/none.atom", FEED, "no-such-dataset"),
        (f"/feeds/{FEES}.rss?colour=red", FEED, "invalid-parameters"),
        ("/assets/none", ASSET, "no-such-route"),
        ("/healthz?colour=red", HEALTH, "invalid-parameters"),
        (f"/datasets/{FEES}/records/aaaaaaaaaaaaaaaa", PAGE, "no-such-record"),
        (f"/datasets/{FEES}/records/{WITHDRAWN}", PAGE, "withdrawn"),
        (f"/datasets/{FEES}/records/{PRESENT}?as_of=never", PAGE, "invalid-parameters"),
    ],
)
def test_a_problem_is_the_answer_of_one_handler_run(
    site: Site, caplog: pytest.LogCaptureFixture, path: str, handler: CodeType, code: str
) -> None:
    path = with_ids(site, path)
    program, browser = fetch_all(site.client, path, handler)
    assert_problem(program, code)
    if path.startswith(("/datasets/", "/healthz")):
        assert (browser.status_code, browser.headers["content-type"]) == (program.status_code, HTML)
        assert browser.headers["cache-control"] == "no-store"
    else:
        assert_problem(browser, code)
    assert caplog.records == []


@pytest.mark.parametrize(
    ("path", "handler", "status", "code"),
    [
        (f"{FEES}/items/aaaaaaaaaaaaaaaa", ITEM, 404, "NotFound"),
        ("none/items", ITEMS, 404, "NotFound"),
        (f"{FEES}/items/{WITHDRAWN}", ITEM, 410, "Gone"),
        (f"{FEES}/items/{PRESENT}?colour=red", ITEM, 400, "InvalidParameterValue"),
        (f"{FEES}/items?limit=none", ITEMS, 400, "InvalidParameterValue"),
    ],
)
def test_an_ogc_exception_is_the_answer_of_one_handler_run(
    site: Site, caplog: pytest.LogCaptureFixture, path: str, handler: CodeType, status: int, code: str
) -> None:
    for answer in fetch_all(site.client, with_ids(site, f"/ogc/collections/{path}"), handler):
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert caplog.records == []


QUICK = [
    (f"/v1/datasets/{FEES}/records/{PRESENT}", RECORD),
    (f"/feeds/{FEES}.atom", FEED),
    (f"/datasets/{FEES}/records/{PRESENT}", PAGE),
    (f"/ogc/collections/{FEES}/items/{PRESENT}", ITEM),
    (f"/ogc/collections/{FEES}/items", ITEMS),
]


@pytest.fixture
def own_site(tmp_path: Path) -> Iterator[Site]:
    """Site of its own, whose database a test may damage."""
    with four_releases(tmp_path) as site:
        yield site


def damage(file: Path, *tables: str) -> None:
    """Make tables of a database unreadable."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        for table in tables:
            connection.execute("UPDATE sqlite_master SET rootpage = 1000000 WHERE name = ?", (table,))
        connection.execute("PRAGMA schema_version = 1000000")  # connections read the schema again


def test_a_failing_database_is_503_from_one_handler_run_and_one_log_record(
    own_site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    quick = [(with_ids(own_site, path), handler) for path, handler in QUICK]
    damage(tmp_path / "qingdan.db", "span", "record")
    for path, handler in quick:
        caplog.clear()
        program, browser = fetch_all(own_site.client, path, handler)
        assert (program.status_code, browser.status_code) == (503, 503), program.text
        assert int(program.headers["retry-after"]) > 0
        logged = [entry for entry in caplog.records if entry.name == "publisher.web.error_log"]
        assert len(logged) <= 4, "one for each request, and a few a minute"


@pytest.mark.parametrize("path", [QUICK[3][0], QUICK[4][0], "/ogc/collections"])
def test_a_database_that_is_away_is_a_few_lines_of_the_log_for_maps_too(
    own_site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    address = with_ids(own_site, path)
    damage(tmp_path / "qingdan.db", "span", "record", "dataset")
    answers = [own_site.client.get(address) for _ in range(2 * MOST)]
    assert {answer.status_code for answer in answers} == {503}
    logged = [entry for entry in caplog.records if entry.name == "publisher.web.error_log"]
    assert [entry.getMessage().split(":")[0] for entry in logged] == [f"GET {address} failed"] * MOST
    assert not any(entry.exc_info for entry in logged)


def test_an_internal_error_is_500_from_one_handler_run_and_one_log_record(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    def broken_clock() -> datetime:
        raise RuntimeError("secret at /srv/site/publisher.py")

    log = Log.open(site.settings.database, sources=site.settings.sources, clock=broken_clock)
    app = create_app(site.settings, log=log, search=site.engine, clock=site.clock)
    with closing(log), TestClient(app) as client:
        for path, handler in QUICK:
            if handler is FEED:
                continue  # a feed does not use the clock
            caplog.clear()
            address = with_ids(site, path)
            answers = fetch_all(client, address, handler)
            assert [answer.status_code for answer in answers] == [500, 500]
            assert all("secret" not in answer.text for answer in answers)
            logged = [entry for entry in caplog.records if entry.name == "publisher.web.error_log"]
            assert [entry.getMessage() for entry in logged] == [f"GET {address} failed"] * 4
            assert all(entry.exc_info for entry in logged)


@pytest.mark.parametrize(("path", "handler"), [*QUICK, ("/healthz", HEALTH)])
def test_other_methods_and_spellings_are_answered_as_on_every_route(
    site: Site, path: str, handler: CodeType
) -> None:
    path = with_ids(site, path)
    plain = site.client.get(path)
    assert plain.status_code == 200
    with runs_of(handler) as runs:
        assert_problem(site.client.post(path), "method-not-allowed")
        assert_problem(site.client.get(path, headers={"host": "a b"}), "bad-request")
        assert site.client.options(path).status_code == 204
    assert runs == []
    address, _, query = path.partition("?")
    with runs_of(handler) as runs:
        slashed = site.client.get(f"{address}/", params=httpx.QueryParams(query))
    assert len(runs) == 1
    assert slashed.status_code == 200
