"""Parameters of items in addition to the standard's core: properties, order, the two clocks, words."""

from __future__ import annotations

import pytest

from tests.publisher.views.ogc.conftest import FEES, HALLS, PLACES, Live

pytestmark = pytest.mark.both_databases


def test_parameters_by_property_name_filter_by_equality(live: Live) -> None:
    expected = sum(hall.get("weekends") is True for hall in live.halls)
    assert live.items(PLACES, weekends="true")["numberMatched"] == expected
    expected = sum(hall.get("windows") == 3 for hall in live.halls)
    assert live.items(PLACES, windows="3.0")["numberMatched"] == expected
    expected = sum("社保" in (hall.get("services") or ()) for hall in live.halls)  # type: ignore[operator]  # a list
    assert live.items(PLACES, services="社保")["numberMatched"] == expected
    assert live.items(PLACES, code="H000001")["numberMatched"] == 1
    assert live.items(PLACES, code="' OR 1=1 --")["numberMatched"] == 0
    for bad in ({"windows": "many"}, {"weekends": "yes"}, {"effective_from": "today"}, {"windows": "1e999"}):
        assert live.get(f"/collections/{PLACES}/items", **bad).status_code == 400, bad


def test_properties_and_geometry_can_be_left_out(live: Live) -> None:
    page = live.items(PLACES, properties="code,release", skipGeometry="true", limit=50)
    assert all(set(f["properties"]) == {"code", "release"} for f in page["features"])
    assert all(f["geometry"] is None for f in page["features"])
    assert live.get(f"/collections/{PLACES}/items", properties="nothing").status_code == 400
    assert live.get(f"/collections/{PLACES}/items", skipGeometry="1").status_code == 400


def test_an_offset_beyond_the_declared_one_is_refused_and_a_limit_is_cut_to_the_largest(live: Live) -> None:
    path = f"/collections/{FEES}/items"
    assert live.get(path, offset=str(2**31 - 1)).status_code == 200
    assert live.get(path, offset=str(2**31)).status_code == 400
    assert live.get(path, limit=str(2**31)).status_code == 200


def test_sortby_orders_and_missing_values_come_last(live: Live) -> None:
    features = live.walk(PLACES, sortby="-windows,+code", limit=11)
    keys = [(f["properties"].get("windows"), f["properties"]["code"]) for f in features]
    valued = [key for key in keys if key[0] is not None]
    assert valued == sorted(valued, key=lambda key: (-key[0], key[1]))
    assert keys[: len(valued)] == valued
    assert len(keys) == HALLS
    for bad in ("nothing", "", "--code"):
        assert live.get(f"/collections/{PLACES}/items", sortby=bad).status_code == 400, bad


def test_as_of_known_at_and_release_are_the_two_clocks_of_the_log(live: Live) -> None:
    def names(**view: str) -> set[str]:
        return {f["properties"]["name"] for f in live.walk(FEES, **view)}

    for view in ({"release": "1"}, {"as_of": "2015-03-01"}, {"known_at": "2016-01-20T00:00:00Z"}):
        listing = live.client.get(f"{live.base}/v1/datasets/{FEES}/records", params=view).json()
        assert names(**view) == {record["content"]["name"] for record in listing["records"]}
    for bad in (
        {"release": "9"},
        {"release": "1", "as_of": "2015-01-01"},
        {"as_of": "2015"},
        {"known_at": "now"},
    ):
        assert live.get(f"/collections/{FEES}/items", **bad).status_code in (400, 404), bad
    assert live.get(f"/collections/{FEES}/items", datetime="2015-01-01", release="1").status_code == 400


def test_q_is_the_search_engine_and_counts_exactly(live: Live) -> None:
    page = live.items(FEES, q="登记")
    assert [f["properties"]["name"] for f in page["features"]] == ["不动产登记费"]
    assert page["numberMatched"] == 1
    assert live.items(FEES, q="登記")["numberMatched"] == 1
    total = live.client.get(f"{live.base}/v1/search", params={"q": "便民服务站", "dataset": PLACES}).json()[
        "total"
    ]
    assert live.items(PLACES, q="便民服务站")["numberMatched"] == total > 10
    assert len(live.walk(PLACES, q="便民服务站", limit=4)) == total
    both = live.walk(PLACES, q="便民服务站", weekends="true")
    assert 0 < len(both) < total
    for empty in (" ", ",", " , "):
        assert live.get(f"/collections/{PLACES}/items", q=empty).status_code == 400
        assert live.get("/collections/catalogue/items", q=empty).status_code == 400
    escaped = live.client.get(f"{live.base}/ogc/collections/{FEES}/items?%71=登记").json()
    assert escaped["numberMatched"] == 1
    unknown = live.get("/collections/divisions/items", q="区")
    assert unknown.status_code == 400
    assert "q" in unknown.json()["description"]


def test_q_searches_the_requested_state(live: Live) -> None:
    for view in ({"release": "1"}, {"as_of": "2015-03-01"}, {"known_at": "2016-01-20T00:00:00Z"}):
        names = {f["properties"]["name"] for f in live.walk(FEES, **view)}
        assert {f["properties"]["name"] for f in live.walk(FEES, q="费", **view)} == names != set()
    names = {f["properties"]["name"] for f in live.walk(FEES, datetime="2015-03-01")}
    assert {f["properties"]["name"] for f in live.walk(FEES, q="费", datetime="2015-03-01")} == names
    for interval in ("2015-03-01/..", "../2016-01-20", "2015-03-01/2016-01-20"):
        assert live.get(f"/collections/{FEES}/items", q="费", datetime=interval).status_code == 400
