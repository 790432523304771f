"""Assistants ask by the official SDK's client, over HTTP and over stdio."""

from __future__ import annotations

import dataclasses
import html
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from litestar.testing import TestClient
from mcp import Client, StdioServerParameters

from publisher.app import create_app
from publisher.log.findings.finding_query import FindingQuery
from publisher.log.log import Log
from publisher.log.model import DraftEntry
from publisher.views.mcp.tools import TOOLS
from publisher.web.capacity.client_budget import BUDGET
from publisher.web.error_log import MOST
from publisher.workflow.respond import NewResponse, stage_response
from schemas.definition import file_loader as catalogues
from schemas.definition.catalogue import Content, Json
from tests.publisher.log.findings import checked_site
from tests.support.clock import Clock
from tests.support.log import catalogue, field
from tests.support.servers.http_service import address, loopback_socket, serving
from tests.support.site import FEES, Site, demo_dataset, fill, opened, publish, ticking_clock

POLICIES = "policy-documents"
TEXT = (
    "开头。\n\n## 一、总体要求\n\n坚持公开。\n\n### （一）公开事项\n\n逐项列出。\n\n"
    "## 二、组织实施\n\n按月通报。"
)


def content(log: Log, clock: Clock) -> None:
    fill(log, clock)
    log.datasets.create(
        demo_dataset(POLICIES, catalogue="policies", title="政策文件(演示数据)"),
        catalogues.load_catalogue("policies"),
    )
    source = log.evidence.put_source(b"notice", name="文件.txt", media_type="text/plain")
    notice: Content = {
        "number": "示政发〔2015〕34号",
        "title": "示例市推进简政放权工作方案的通知",
        "issuer": "示例市人民政府",
        "kind": "通知",
        "date_written": "2015-10-30",
        "body_markdown": TEXT,
    }
    log.drafts.stage(POLICIES, [DraftEntry(content=notice)], part=None, source=source, parser_version="1")
    log.releases.publish(POLICIES, effective_on=date(2015, 11, 20))
    checked_site.publish_repealed_basis(log)
    publish_dismissed_and_lengthened(log, clock)


def publish_dismissed_and_lengthened(log: Log, clock: Clock) -> None:
    """Publish a finding that is dismissed, and one that cites an earlier state of its item."""
    statutes = checked_site.repeal("示例市水务条例", "2015-06-01")
    checked_site.publish_statutes(log, statutes, on=date(2016, 1, 2))
    for days in (10, 20):
        limit: dict[str, Json] = {"value": days, "unit": "工作日"}
        item: Content = {"name": "取水许可", "basis": "《示例市水务条例》第三条", "promised_limit": limit}
        source = log.evidence.put_source(b"%d" % days, name="水务局.txt", media_type="text/plain")
        entries = [DraftEntry(item, f"{days}个工作日")]
        log.drafts.stage(checked_site.LIST, entries, part="水务局", source=source, parser_version="1")
        clock.advance(days=1)
        log.releases.publish(checked_site.LIST, effective_on=clock.now.date())
    log.findings.update()
    log.datasets.create(
        demo_dataset("responses", catalogue="responses", title="回应(演示数据)"),
        catalogues.load_catalogue("responses"),
    )
    (repealed,) = (
        one
        for one in log.findings.page(FindingQuery(parts=("水务局",))).findings
        if one.finding.code == "basis-repealed"
    )
    dismissal = NewResponse(repealed.id, "不成立", "第三条由新条例沿用", "市水务局", clock.now.date())
    assert stage_response(log, "responses", dismissal).staged
    log.releases.publish("responses", effective_on=clock.now.date())


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Site]]:
    bound = loopback_socket()
    home, clock = tmp_path_factory.mktemp("mcp"), ticking_clock(datetime(2016, 1, 4, 1, tzinfo=UTC))
    with (
        opened(home, Site, content=content, clock=clock, base=address(bound)) as site,
        serving(site.app, bound) as base,
    ):
        yield base, site


def call_tool(base: str, name: str, **arguments: Any) -> dict[str, Any]:
    async def run() -> dict[str, Any]:
        async with Client(f"{base}/mcp") as client:
            answer = await client.call_tool(name, arguments)
            assert not answer.is_error, answer.content
            return dict(answer.structured_content)

    return anyio.run(run)


@pytest.fixture(scope="module")
def ask(live: tuple[str, Site]) -> Callable[..., dict[str, Any]]:
    """Call a tool over HTTP with the SDK's client."""

    return partial(call_tool, live[0])


def read_page(citation: str) -> str:
    answer = httpx.get(citation.partition("#")[0], headers={"accept": "text/html"})
    assert answer.status_code == 200, citation
    return answer.text


@pytest.mark.slow
def test_every_tool_tells_its_arguments_and_that_it_only_reads(live: tuple[str, Site]) -> None:
    async def run() -> None:
        async with Client(f"{live[0]}/mcp") as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert set(tools) == {tool.name for tool in TOOLS}
            for tool in tools.values():
                assert tool.annotations is not None
                assert tool.annotations.read_only_hint
                assert tool.input_schema["type"] == "object"
                assert not tool.input_schema["additionalProperties"]

    anyio.run(run)


@pytest.mark.slow
def test_what_is_found_is_cited_at_an_address_that_shows_it(ask: Callable[..., dict[str, Any]]) -> None:
    answer = ask("search", q="不动产登记费")
    assert answer["held"]
    (hit, *_) = answer["hits"]
    assert hit["title"] == "不动产登记费"
    record = ask("get_record", dataset=hit["dataset"], record=hit["record"])
    fields = {field["title"]: field["value"] for field in record["fields"]}
    assert fields["资金管理方式"] == "缴入地方国库"
    assert record["citation"] == hit["citation"]
    page = read_page(record["citation"])
    assert "不动产登记费" in page
    assert "缴入地方国库" in page
    assert [event["kind"] for event in record["history"]] == ["added", "corrected"]


@pytest.mark.parametrize("q", ["机动车号牌工本费", "不动产登记费 机动车", "budongchan", "不动产登记废"])
def test_what_is_not_held_is_said_and_the_nearest_record_is_not_given(
    ask: Callable[..., dict[str, Any]], q: str
) -> None:
    answer = ask("search", q=q)
    assert (answer["held"], answer["hits"]) == (False, [])
    assert "没有收录" in answer["message"]


def test_a_search_of_one_list_or_day_does_not_speak_for_the_site(
    live: tuple[str, Site], ask: Callable[..., dict[str, Any]]
) -> None:
    for restriction in ({"dataset": POLICIES}, {"as_of": "2014-01-01"}):
        answer = ask("search", q="不动产登记费", **restriction)
        assert answer["held"] is False
        assert "没有收录" not in answer["message"], "the site has it in another list, or today"

    async def run() -> None:
        async with Client(f"{live[0]}/mcp") as client:
            for name, arguments in (("search", {"q": "费"}), ("list_findings", {})):
                answer = await client.call_tool(name, {**arguments, "dataset": "no-such-list"})
                assert answer.is_error, "a list that does not exist is not a list without findings"

    anyio.run(run)


def test_a_withdrawn_record_has_its_tombstone_and_its_history(
    ask: Callable[..., dict[str, Any]], live: tuple[str, Site]
) -> None:
    (drugs,) = live[1].log.queries.find_by_title(FEES, "药品注册费")
    answer = ask("get_record", dataset=FEES, record=drugs.id)
    assert answer["held"] is False
    assert answer["tombstone"]["reason"] == "重复登记"
    assert answer["history"][-1]["kind"] == "withdrawn"
    section = ask("open_section", dataset=FEES, record=drugs.id)
    assert (section["held"], section["tombstone"]["reason"]) == (False, "重复登记")


def test_a_past_day_is_cited_by_the_release_that_held_it(
    ask: Callable[..., dict[str, Any]], live: tuple[str, Site]
) -> None:
    record = live[1].record("城镇垃圾处理费")
    past = ask("get_record", dataset=FEES, record=record, as_of="2015-06-01")
    assert "缴入地方国库" in read_page(past["citation"])
    assert past["citation"].endswith("release=1")


def test_two_states_are_compared_and_cited(ask: Callable[..., dict[str, Any]]) -> None:
    answer = ask("compare", dataset=FEES, before="1", after="2")
    assert (answer["totals"]["added"], answer["totals"]["changed"]) == (1, 1)
    assert "食品经营许可证工本费" in read_page(answer["citation"])
    days = ask("compare", dataset=FEES, before="2015-06-01", after="2015-12-31", limit=1)
    assert days["more"]
    assert "known_at=" in days["citation"]
    read_page(days["citation"])


def test_the_newest_changes_come_first(ask: Callable[..., dict[str, Any]]) -> None:
    answer = ask("list_changes", dataset=FEES, limit=2)
    assert [change["kind"] for change in answer["changes"]] == ["withdrawn", "corrected"]
    corrected = answer["changes"][1]
    assert "缴入地方国库" in read_page(corrected["citation"])


@pytest.mark.slow
def test_findings_are_cited_at_addresses_that_show_the_texts(ask: Callable[..., dict[str, Any]]) -> None:
    answer = ask("list_findings", dataset=checked_site.LIST)
    lengthened, finding = answer["findings"]
    assert (answer["total"], finding["title"], finding["severity"]) == (2, "档案检查", "fact")
    assert (finding["handling"], finding["responses"], answer["more"]) == ("unanswered", [], False)
    assert "仍列于" in finding["finding"]["zh"]
    assert {cite["text"] for cite in finding["cites"]} >= {"示例市档案条例", "第九条"}
    assert {cite["text"] for cite in lengthened["cites"]} == {"取水许可", "10个工作日", "20个工作日"}
    for cite in (*finding["cites"], *lengthened["cites"]):
        assert cite["text"] in html.unescape(re.sub(r"<[^>]+>", "", read_page(cite["citation"])))
    assert "示例市档案条例" in read_page(finding["citation"])
    assert "未经确认" in answer["unconfirmed"]
    assert ask("list_findings", dataset="empty-fees")["findings"] == []


def test_a_dismissed_finding_is_listed_only_if_asked_for_and_with_its_reason(
    ask: Callable[..., dict[str, Any]], live: tuple[str, Site]
) -> None:
    (item,) = live[1].log.queries.find_by_title(checked_site.LIST, "取水许可")
    (lengthened,) = ask("list_findings", record=item.id)["findings"]
    assert "10个工作日" in lengthened["finding"]["zh"]
    (dismissed,) = ask("list_findings", record=item.id, handling="dismissed")["findings"]
    assert dismissed["handling"] == "dismissed"
    (response,) = dismissed["responses"]
    assert (response["kind"], response["text"], response["applies"]) == ("不成立", "第三条由新条例沿用", True)


def test_a_document_is_opened_by_its_outline_and_a_section(
    ask: Callable[..., dict[str, Any]], live: tuple[str, Site]
) -> None:
    (notice,) = live[1].log.queries.find_by_title(POLICIES, "示例市推进简政放权工作方案的通知")
    outline = ask("open_section", dataset=POLICIES, record=notice.id)
    assert [part["section"] for part in outline["outline"]] == ["s1", "s1-1", "s2"]
    first = ask("open_section", dataset=POLICIES, record=notice.id, section="s1")
    assert first["text"] == "坚持公开。\n\n### （一）公开事项\n\n逐项列出。"
    assert first["citation"].endswith("#s1")
    assert 'id="s1"' in read_page(first["citation"])
    missing = ask("open_section", dataset=POLICIES, record=notice.id, section="九、附则")
    assert missing["held"] is False


def test_all_lists_are_listed(ask: Callable[..., dict[str, Any]]) -> None:
    datasets = ask("list_datasets")["datasets"]
    assert all("demo" in item["labels"] and item["notice"] for item in datasets if item["dataset"] == FEES)
    names = {item["dataset"] for item in datasets}
    assert names == {
        FEES,
        "empty-fees",
        POLICIES,
        checked_site.LIST,
        checked_site.STATUTES,
        checked_site.DECISIONS,
        "responses",
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "arguments", "word"),
    [
        ("search", {}, "q"),
        ("search", {"q": "费", "limit": 1000}, "limit"),
        ("search", {"q": "费", "unknown": 1}, "unknown"),
        ("get_record", {"dataset": "nothing", "record": "x"}, "数据集"),
        ("get_record", {"dataset": FEES, "record": "../../etc"}, "record"),
        ("compare", {"dataset": FEES, "before": "1", "after": "99"}, "99"),
        ("nothing", {}, "search"),
    ],
)
def test_an_error_tells_the_assistant_what_to_do(
    live: tuple[str, Site], name: str, arguments: dict[str, Any], word: str
) -> None:
    async def run() -> None:
        async with Client(f"{live[0]}/mcp") as client:
            answer = await client.call_tool(name, arguments)
            assert answer.is_error
            assert word in answer.content[0].text  # type: ignore[union-attr]  # text is all that we send

    anyio.run(run)


def test_only_programs_and_own_pages_may_post(live: tuple[str, Site]) -> None:
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    headers = {"accept": "application/json, text/event-stream"}
    url = f"{live[0]}/mcp"
    assert httpx.post(url, json=ping, headers=headers).status_code == 200
    assert httpx.post(url, json=ping, headers={**headers, "origin": live[0]}).status_code == 200
    other = httpx.post(url, json=ping, headers={**headers, "origin": "https://evil.example"})
    assert other.status_code == 403
    assert httpx.get(url).status_code == 405
    assert (
        httpx.post(
            url, content=b"x" * 100_000, headers={**headers, "content-type": "application/json"}
        ).status_code
        == 413
    )
    assert "mcp-session-id" not in httpx.post(url, json=ping, headers=headers).headers


def test_an_assistant_spends_the_budget_of_its_client(live: tuple[str, Site]) -> None:
    app = create_app(
        dataclasses.replace(live[1].settings, client_header="x-client"),
        log=live[1].log,
        search=live[1].engine,
        clock=live[1].clock,
    )
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    headers = {"accept": "application/json, text/event-stream", "x-client": "192.0.2.7"}
    with TestClient(app) as client:
        assert client.post("/mcp", json=ping, headers=headers).status_code == 200
        app._mounts["/mcp"]._service.budgets._account("192.0.2.7").spent = BUDGET + 1  # type: ignore[attr-defined]
        refused = client.post("/mcp", json=ping, headers=headers)
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0
        assert client.post("/mcp", json=ping, headers={**headers, "x-client": "192.0.2.8"}).status_code == 200


@pytest.mark.slow
def test_over_stdio_the_same_tools_answer(live: tuple[str, Site]) -> None:
    async def run() -> None:
        command = [str(Path(sys.executable).parent / "qingdan"), "--home", str(live[1].settings.home), "mcp"]
        server = StdioServerParameters(command=command[0], args=command[1:])
        async with Client(server) as client:
            answer = await client.call_tool("search", {"q": "不动产登记费"})
            assert answer.structured_content["held"]

    anyio.run(run)


@pytest.mark.slow
def test_an_internal_error_does_not_reveal_its_cause_and_is_logged_a_few_times(
    live: tuple[str, Site], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("connection to 10.0.0.5 as user qingdan failed")

    monkeypatch.setattr(live[1].log.datasets, "all", fail)
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_datasets"}}
    accept = {"accept": "application/json, text/event-stream"}
    for _ in range(2 * MOST):
        answer = httpx.post(f"{live[0]}/mcp", json=call, headers=accept)
        assert "10.0.0.5" not in answer.text
        assert answer.json()["result"]["isError"]
    logged = [entry for entry in caplog.records if entry.levelname == "ERROR"]
    assert [entry.getMessage() for entry in logged] == ["the tool list_datasets failed"] * MOST


@pytest.mark.slow
def test_a_field_that_became_personal_is_told_no_more(tmp_path: Path) -> None:
    def fields(**own: Any) -> list[dict[str, Any]]:
        return [field("zone", "片区", **own), field("body", "正文", kind="markdown", **own)]

    def fill_one(log: Log, clock: Clock) -> None:
        before = catalogue(fields=fields())
        log.datasets.create(demo_dataset("fees", catalogue=before.name), before)
        row: Content = {"name": "甲", "kind": "费", "zone": "东", "body": TEXT}
        publish(log, "fees", [row], date(2015, 1, 1), "示财〔2015〕1号")
        clock.advance(days=1)
        publish(log, "fees", [row | {"zone": "西"}], date(2015, 2, 1), "示财〔2015〕2号")
        clock.advance(days=1)
        log.releases.migrate("fees", catalogue(fields=fields(personal=True)), effective_on=date(2015, 6, 1))

    bound, clock = loopback_socket(), ticking_clock(datetime(2016, 1, 4, 1, tzinfo=UTC))
    with (
        opened(tmp_path, Site, content=fill_one, clock=clock, base=address(bound)) as site,
        serving(site.app, bound) as base,
    ):
        (record,) = (state.id for state in site.log.queries.find_by_title("fees", "甲"))
        for day in ("2015-01-15", "2016-01-01"):
            own = {"dataset": "fees", "record": record, "as_of": day}
            answer = call_tool(base, "get_record", **own)
            assert [one["field"] for one in answer["fields"]] == ["name", "kind"]
            assert not call_tool(base, "open_section", **own)["held"]
        answer = call_tool(base, "compare", dataset="fees", before="1", after="2")
        assert [one["fields"] for one in answer["differences"]] == [[]]
