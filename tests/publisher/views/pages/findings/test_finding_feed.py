"""The feed of findings: what began, what offices said about it, and what has ended."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lxml import etree

from publisher.log.findings.finding_query import FindingQuery
from publisher.log.log import Log
from publisher.views.syndication.finding_feed import ENTRIES
from publisher.workflow.respond import NewResponse, stage_response
from schemas.definition import file_loader
from schemas.definition.catalogue import Content
from tests.support.clock import Clock
from tests.support.site import (
    FEES,
    PLAIN,
    START,
    Site,
    demo_dataset,
    fill_with_finding,
    opened,
    publish,
    ticking_clock,
)

_ATOM = {"a": "http://www.w3.org/2005/Atom"}
MESSAGE = "《城镇排水条例》仍列于依据，自2015-06-01起已经废止"


def fill(log: Log, clock: Clock) -> None:
    fill_with_finding(log, clock)
    responses = demo_dataset("responses", catalogue="responses", title="回应(演示数据)")
    log.datasets.create(responses, file_loader.load_catalogue("responses"))


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with opened(tmp_path_factory.mktemp("site"), Site, content=fill, clock=ticking_clock(START)) as site:
        yield site


def entry(site: Site, query: str = "") -> dict[str, str]:
    """Return the texts of the only entry about a repealed basis; empty if the feed has none."""
    feed = etree.fromstring(site.client.get(f"/findings.atom?check=basis-repealed&{query}").content)
    entries = feed.findall("a:entry", _ATOM)
    assert len(entries) <= 1
    return {child.tag.split("}")[1]: child.text or "" for one in entries for child in one}


@pytest.mark.slow
def test_an_entry_is_updated_by_a_response_and_by_the_release_that_mends_it(site: Site) -> None:
    log, clock = site.log, site.clock
    began = entry(site)
    assert MESSAGE in began["title"]
    assert began["updated"][:19] == began["published"][:19]
    clock.advance(days=1)
    (finding,) = log.findings.page(FindingQuery()).findings
    response = NewResponse(finding.id, "接受", "将在下次改正", "市住房和城乡建设局", clock.now.date())
    assert stage_response(log, "responses", response).staged
    log.releases.publish("responses", effective_on=clock.now.date(), basis="示建〔2016〕1号")
    answered = entry(site)
    assert answered["id"] == began["id"]
    assert answered["updated"] > began["updated"]
    assert "市住房和城乡建设局 接受：将在下次改正" in answered["content"]
    clock.advance(days=1)
    publish(log, FEES, PLAIN[:2], clock.now.date(), "示财〔2016〕9号")
    log.findings.update()
    ended = entry(site)
    assert ended["title"].startswith("已结束：")
    assert ended["updated"] > answered["updated"]
    assert "第2次发布" in ended["content"]
    assert entry(site, "status=open") == {}
    assert entry(site, "status=ended")["id"] == began["id"]


@pytest.mark.slow
def test_the_feed_of_a_status_has_its_latest_events_and_not_what_was_opened_last(site: Site) -> None:
    log, clock = site.log, site.clock
    on_repealed: Content = {**PLAIN[0], "basis": ["《城镇排水条例》第二十条"]}
    others: list[Content] = [{**on_repealed, "name": f"收费{number}"} for number in range(ENTRIES + 1)]
    for contents in ([on_repealed, *others], [on_repealed], [PLAIN[1]]):
        clock.advance(days=1)
        publish(log, FEES, contents, clock.now.date(), "示财〔2016〕9号")
        log.findings.update()
    address = "/findings.atom?check=basis-repealed&status=ended"
    feed = etree.fromstring(site.client.get(address).content)
    titles = [one.text or "" for one in feed.findall("a:entry/a:title", _ATOM)]
    assert len(titles) == ENTRIES
    assert titles[0] == f"已结束：{PLAIN[0]['name']}：{MESSAGE}", "it was opened first and ended last"
