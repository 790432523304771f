"""Time limits over HTTP: the steps of a record, the shares, both clocks, and unknown parameters."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.problems import assert_problem
from tests.support.site import BASE, POWERS, Site, site_with_limits


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_with_limits(tmp_path_factory.mktemp("limits")) as site:
        yield site


def address(site: Site, name: str) -> str:
    (record,) = site.log.queries.find_by_title(POWERS, name)
    return f"/v1/datasets/{POWERS}/records/{record.id}/limits"


def promised(site: Site, query: str = "") -> list[tuple[str, str, str | None, str | None]]:
    answer = site.client.get(address(site, "渔业捕捞许可") + query)
    assert answer.status_code == 200, answer.text
    return [
        (step["effective_from"], step["limit"]["text"], step["direction"], step["rule"])
        for step in answer.json()["steps"]
        if step["field"] == "promised_limit"
    ]


def test_steps_have_value_unit_day_release_and_the_rule(site: Site) -> None:
    first = ("2015-01-01", "5个工作日", None, None)
    assert promised(site) == [first, ("2015-12-01", "即时办结", "limit-shortened", "at-once")]
    assert promised(site, "?release=1") == [first]
    assert promised(site, "?as_of=2015-06-01") == [first]
    step = site.client.get(address(site, "渔业捕捞许可")).json()["steps"][-1]
    assert step["limit"] == {"value": 0, "unit": "即时", "text": "即时办结"}
    pinned = site.client.get(step["link"].removeprefix(BASE))
    assert pinned.json()["revision"]["hash"] == step["revision"]


def test_shares_have_filters_and_both_clocks(site: Site) -> None:
    answer = site.client.get("/v1/limits")
    assert answer.json()["total"] == {
        "value": "",
        "items": 3,
        "shortened": 2,
        "lengthened": 1,
        "share": 0.6667,
    }
    assert site.client.get("/v1/limits", headers={"if-none-match": answer.headers["etag"]}).status_code == 304
    bodies = {one["value"]: one for one in answer.json()["groups"]["body"]}
    assert bodies["市民政局"]["lengthened"] == 1
    then = site.client.get("/v1/limits?as_of=2015-06-01").json()["total"]
    assert (then["items"], then["shortened"]) == (3, 0)
    assert site.client.get("/v1/limits?body=市民政局&division=210300").json()["total"]["items"] == 1
    changes = site.client.get(answer.json()["links"]["changes"].removeprefix(BASE)).json()
    assert changes["total"] == 2


def test_unknown_records_and_parameters_are_refused(site: Site) -> None:
    assert_problem(site.client.get(f"/v1/datasets/{POWERS}/records/none/limits"), "no-such-record")
    assert_problem(site.client.get("/v1/limits?bodies=x"), "invalid-parameters")
    assert_problem(site.client.get("/v1/limits?field=promised"), "invalid-parameters")
    assert site.client.get("/v1/limits?field=service_limit").json()["total"]["items"] == 0
    assert_problem(site.client.get("/v1/limits?known_at=2099-01-01T00:00:00Z"), "invalid-parameters")
