"""Sources, collected documents and repeals by the API of the desk: the same rules as its pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.desk.accounts.roles import Action
from publisher.harvest.source_config import read_sources
from tests.publisher.desk.pages.collected_site import DOCUMENTS, SOURCE, CollectedDesk, collected_desk
from tests.support.clock import Clock
from tests.support.desk import call_api
from tests.support.government import letter

pytestmark = pytest.mark.slow
SOURCES, LISTED = "/desk/v1/sources", f"/desk/v1/documents/{DOCUMENTS}"
REPEALS = f"/desk/v1/drafts/{DOCUMENTS}/repeals"


@pytest.fixture
def city(tmp_path: Path, clock: Clock) -> Iterator[CollectedDesk]:
    with collected_desk(tmp_path, clock) as city:
        city.desk.add("xi", "系统管理")
        city.desk.add("zhang", f"填报:{DOCUMENTS}")
        yield city


def program(city: CollectedDesk, *actions: Action) -> dict[str, str]:
    secret, _ = city.desk.staff.tokens.add("zhang", "办公系统", dataset=DOCUMENTS, part=None, actions=actions)
    return {"authorization": f"Bearer {secret}"}


def test_a_source_is_tried_added_once_and_listed_with_its_runs(city: CollectedDesk) -> None:
    body = {"title": "示例县", "dataset": DOCUMENTS, "hosts": [city.web.host], "pace": 0}
    body |= {"name": "xian", "lists": [f"{city.web.base}/list.html"]}
    with city.desk.signed_in("xi") as browser:
        tried = call_api(browser, "/sources/dry-run", body)
        assert tried.status_code == 200, tried.text
        assert letter(1)[0] in {one["title"] for one in tried.json()["documents"]}
        assert [*read_sources(city.desk.settings.home)] == [SOURCE]
        for _ in range(2):  # a repeated request is answered as the first was
            added = call_api(browser, "/sources", body, headers={"idempotency-key": "1"})
            assert (added.status_code, added.json()["source"]["name"]) == (201, "xian")
        again = call_api(browser, "/sources", body)
        assert (again.status_code, again.json()["code"]) == (409, "bad-sources")
        assert call_api(browser, "/sources", {**body, "name": "b", "color": 1}).status_code == 400
        city.collect()
        city.collect()
        states = {one["source"]["name"]: one for one in browser.client.get(SOURCES).json()}
        one = browser.client.get(f"{SOURCES}/{SOURCE}").json()
        assert browser.client.get(f"{SOURCES}/none").status_code == 404
    assert set(states) == {SOURCE, "xian"}
    (last,) = states[SOURCE]["runs"]
    assert (one["runs"][0], [run["counts"]["read"] for run in one["runs"]]) == (last, [0, 3])
    assert states[SOURCE]["drafted"] == 3


def test_a_program_reads_documents_and_repeals_leaves_one_out_and_decides(city: CollectedDesk) -> None:
    city.collect()
    headers = program(city, Action.READ_DRAFT, Action.HAND_IN)
    with city.desk.browser() as browser:
        client = browser.client
        listed = client.get(LISTED, headers=headers).json()
        assert [one["in_error"] for one in listed] == sorted(
            (one["in_error"] for one in listed), reverse=True
        )
        by_title = {one["title"]: one for one in listed}
        token = by_title[letter(1)[0]]["token"]
        reading = client.get(f"{LISTED}/{token}", headers=headers).json()
        fields = {one["field"]: one for one in reading["fields"]}
        lines = {one["number"]: one["text"] for one in reading["lines"]}
        assert fields["number"]["text"] == lines[fields["number"]["line"]] == "鞍政发〔2015〕1号"
        (repeal,) = client.get(REPEALS, headers=headers).json()
        assert "鞍政发〔2015〕1号" in repeal["sentence"]
        moved = client.post(REPEALS, json={"keys": ["0"], "accept": True}, headers=headers)
        assert (moved.status_code, moved.json()["code"]) == (409, "digest-moved")
        refused = {"keys": [repeal["key"]], "accept": False}
        assert client.post(REPEALS, json=refused, headers=headers).json()["code"] == "reason-missing"
        decided = client.post(REPEALS, json={"keys": [repeal["key"]], "accept": True}, headers=headers)
        assert [one["state"] for one in decided.json()] == ["accepted"]
        path = f"{LISTED}/{by_title[letter(2)[0]]['token']}/leave-out"
        left = client.post(path, json={"reason": "识读有误"}, headers=headers)
        assert {one["title"] for one in left.json()} == set(by_title) - {letter(2)[0]}
        assert client.post(path, json={"reason": "识读有误"}, headers=headers).status_code == 409
        assert client.get(SOURCES, headers=headers).status_code == 403, "sources are for persons"
        only_reads = program(city, Action.READ_DRAFT)
        assert client.post(path, json={"reason": "x"}, headers=only_reads).status_code == 403
        assert client.get("/desk/v1/documents/fees", headers=headers).status_code == 403
    lines_of_audit = [one for one in city.desk.staff.audit.events() if one.kind == "document-left-out"]
    assert "token" in lines_of_audit[0].details
