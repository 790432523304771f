"""Answers and dismissals beside a finding: over HTTP, on both clocks, and until what is cited changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from publisher.log.findings.finding_query import FindingQuery
from publisher.log.log import Log
from publisher.log.model import LogError
from publisher.workflow.respond import NewResponse, stage_response
from schemas.definition import file_loader
from tests.support.clock import Clock
from tests.support.site import FEES, START, Site, demo_dataset, fill_with_finding, opened, ticking_clock


def respond(log: Log, clock: Clock, kind: str, text: str, **more: Any) -> None:
    """Publish a response to the finding of the site, on the next day."""
    clock.advance(days=1)
    log.findings.update()
    (finding,) = log.findings.page(FindingQuery()).findings
    response = NewResponse(finding.id, kind, text, "市住房和城乡建设局", clock.now.date(), **more)
    report = stage_response(log, "responses", response)
    assert report.staged
    assert not report.refused, report
    assert log.releases.publish("responses", effective_on=clock.now.date(), basis="示建〔2016〕1号")


def fill(log: Log, clock: Clock) -> None:
    fill_with_finding(log, clock)
    log.datasets.create(
        demo_dataset("responses", catalogue="responses", title="回应(演示数据)"),
        file_loader.load_catalogue("responses"),
    )


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with opened(tmp_path_factory.mktemp("site"), Site, content=fill, clock=ticking_clock(START)) as site:
        yield site


def findings(site: Site, query: str = "") -> list[dict[str, Any]]:
    answer = site.client.get(f"/v1/findings?{query}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["findings"])


@pytest.mark.slow
def test_an_answer_stands_beside_the_finding_for_ever(site: Site) -> None:
    site.clock.advance(days=9)
    (before,) = findings(site)
    assert (before["handling"], before["responses"], before["unanswered_days"]) == ("unanswered", [], 9)
    tag = site.client.get("/v1/findings").headers["etag"]
    respond(site.log, site.clock, "接受", "将在下次改正", basis="示政发〔2016〕3号", mended_by=(FEES, 1))
    assert site.client.get("/v1/findings", headers={"if-none-match": tag}).status_code == 200
    (after,) = findings(site, "handling=answered")
    (response,) = after["responses"]
    assert (after["handling"], after["unanswered_days"]) == ("answered", None)
    assert (response["kind"], response["text"], response["basis"], response["applies"]) == (
        "接受",
        "将在下次改正",
        ["示政发〔2016〕3号"],
        True,
    )
    assert response["mended_by"].endswith(f"/v1/datasets/{FEES}/releases/1")
    record = site.client.get(response["link"].removeprefix("https://data.example.gov.cn")).json()
    assert record["content"]["finding"] == after["id"]
    for query in ("handling=unanswered", "handling=dismissed"):
        assert findings(site, query) == []
    (known_before,) = findings(site, "known_at=2016-02-11T00:00:00Z")
    assert known_before["responses"] == []
    mend(site, {"basis": ["示价费〔2014〕3号"]})
    (ended,) = findings(site, "status=ended")
    assert ended["responses"] == [{**response, "applies": True}]
    assert site.client.get("/v1/findings?handling=other").status_code == 422


@pytest.mark.slow
def test_a_dismissal_holds_until_a_cited_revision_changes(site: Site) -> None:
    respond(site.log, site.clock, "不成立", "该条例第二十条由新条例沿用")
    (dismissed,) = findings(site, "handling=dismissed")
    assert (dismissed["handling"], dismissed["unanswered_days"]) == ("dismissed", None)
    assert findings(site, "handling=unanswered&handling=answered") == []
    page = site.client.get("/", headers={"accept": "text/html"}).text
    assert "个待核问题" not in page

    mend(site, {"management": "缴入财政专户"})  # the row changes, and its basis does not
    (back,) = findings(site, "handling=unanswered")
    assert back["id"] == dismissed["id"]
    assert [one["applies"] for one in back["responses"]] == [False]
    assert back["unanswered_days"] == 0
    site.clock.advance(days=2)
    assert findings(site)[0]["unanswered_days"] == 2
    assert "1个待核问题" in site.client.get("/", headers={"accept": "text/html"}).text


@pytest.mark.slow
def test_an_ended_finding_is_listed_by_how_it_was_handled_when_it_held(site: Site) -> None:
    respond(site.log, site.clock, "不成立", "该条例第二十条由新条例沿用")
    (dismissed,) = findings(site, "handling=dismissed")
    mend(site, {"basis": ["示价费〔2014〕3号"]})
    (ended,) = findings(site, "status=ended&handling=dismissed")
    assert (ended["id"], ended["handling"]) == (dismissed["id"], "dismissed")
    assert findings(site, "status=ended&handling=unanswered&handling=answered") == []
    for way, is_listed in (("dismissed", True), ("unanswered", False)):
        page = site.client.get(f"/findings?status=ended&handling={way}", headers={"accept": "text/html"}).text
        assert (f"/findings/{ended['id']}" in page) == is_listed
    assert findings(site, "handling=dismissed") == []


@pytest.mark.slow
def test_a_dismissal_of_an_earlier_text_is_none_of_an_ended_finding(site: Site) -> None:
    respond(site.log, site.clock, "不成立", "该条例第二十条由新条例沿用")
    mend(site, {"management": "缴入财政专户"})
    mend(site, {"basis": ["示价费〔2014〕3号"]})
    assert findings(site, "status=ended&handling=dismissed") == []
    (ended,) = findings(site, "status=ended&handling=unanswered")
    assert ended["handling"] == "unanswered"


def mend(site: Site, changes: dict[str, Any]) -> None:
    (row,) = site.log.queries.find_by_title(FEES, "城镇垃圾处理费")
    site.log.releases.correct(FEES, {row.id: {**row.content, **changes}}, reason="更正")
    site.index()


@pytest.mark.slow
def test_a_page_shows_responses_and_text_from_outside_stays_text(site: Site) -> None:
    hostile = "<script>alert(1)</script>"
    respond(site.log, site.clock, "异议", f"该依据仍然有效{hostile}")
    (finding,) = findings(site)
    raw = site.client.get(f"/findings/{finding['id']}", headers={"accept": "text/html"}).text
    assert "该依据仍然有效&lt;script&gt;" in raw
    assert hostile not in raw
    assert "市住房和城乡建设局" in raw
    listed = site.client.get("/findings?handling=answered", headers={"accept": "text/html"}).text
    assert "已回应" in listed


def test_a_wrong_finding_or_release_is_refused_and_staged_nowhere(site: Site) -> None:
    own = findings(site)[0]["id"]
    for response, code in (
        (NewResponse("0" * 20, "说明", "甲", "某局", date(2016, 1, 1)), "no-such-finding"),
        (NewResponse(own, "接受", "甲", "某局", date(2016, 1, 1), mended_by=(FEES, 9)), "no-such-release"),
    ):
        with pytest.raises(LogError) as error:
            stage_response(site.log, "responses", response)
        assert error.value.code == code
    assert site.log.drafts.get("responses") is None
