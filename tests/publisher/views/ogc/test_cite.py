"""Requirements of 17-069r4 as OGC's CITE suite for Features checks them: in each collection, by their names.

The suite reads each parameter from the API definition, follows every link, and compares what is declared with
what is returned. Where it is stricter than the abstract tests in test_features_core.py, that is tested here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.publisher.views.ogc.conftest import FEES, PLACES, POLICIES, Live, link
from tests.publisher.views.ogc.walking import parameter

COLLECTIONS = ["catalogue", "divisions", "empty-fees", POLICIES, PLACES, FEES]
each_collection = pytest.mark.parametrize("name", COLLECTIONS)


def definition(live: Live, name: str, parameter_name: str) -> dict[str, Any]:
    """Return a parameter that is optional, in the query, and of style form without explode."""
    shape = parameter(live, name, parameter_name)
    assert shape["in"] == "query"
    assert shape.get("required", False) is False
    assert shape["style"] == "form"
    assert shape["explode"] is False
    return dict(shape["schema"])


@each_collection
def test_req_core_fc_limit_definition(live: Live, name: str) -> None:
    schema = definition(live, name, "limit")
    assert schema["type"] == "integer"
    assert 1 <= schema["minimum"] <= schema["default"] <= schema["maximum"]


@each_collection
def test_req_core_fc_bbox_definition(live: Live, name: str) -> None:
    schema = definition(live, name, "bbox")
    assert (schema["type"], schema["items"]) == ("array", {"type": "number"})
    assert (schema["minItems"], schema["maxItems"]) == (4, 6)


@each_collection
def test_req_core_fc_time_definition(live: Live, name: str) -> None:
    assert definition(live, name, "datetime") == {"type": "string"}


@pytest.mark.slow
@each_collection
def test_req_core_fc_limit_response_at_both_ends_of_what_is_declared(live: Live, name: str) -> None:
    schema = definition(live, name, "limit")
    for limit in (schema["minimum"], schema["maximum"]):
        page = live.items(name, limit=limit)
        assert len(page["features"]) == page["numberReturned"] <= limit
        assert page["numberReturned"] <= page["numberMatched"]


@each_collection
def test_req_core_fc_bbox_response_takes_a_box_of_four_and_of_six_numbers(live: Live, name: str) -> None:
    for box in ("-180,-90,180,90", "177,65,-177,70", "5,40,0,6,41,100"):
        assert live.get(f"/collections/{name}/items", bbox=box).status_code == 200, box
    for bad in ("1,2,3", "1,2,3,4,5", "a,b,c,d"):
        assert live.get(f"/collections/{name}/items", bbox=bad).status_code == 400, bad


@pytest.mark.slow
@each_collection
def test_req_core_fc_time_response_takes_instants_and_intervals(live: Live, name: str) -> None:
    for when in (
        *("2018-02-12T23:20:50Z", "2018-02-12T00:00:00Z/2018-03-18T12:31:12Z", "2018-02-12"),
        *("2018-02-12T00:00:00Z/..", "../2018-03-18T12:31:12Z", "2018-02-12T23:20:50+01:00"),
    ):
        assert live.get(f"/collections/{name}/items", datetime=when).status_code == 200, when


@each_collection
def test_req_core_fc_links_and_rel_type_every_link_says_what_it_leads_to(live: Live, name: str) -> None:
    documents = [live.get(f"/collections/{name}").json(), page := live.items(name, limit=1)]
    documents += [
        live.get(f"/collections/{name}/items/{feature['id']}").json() for feature in page["features"]
    ]
    for document in documents:
        assert all(entry["href"] and entry["rel"] and entry["type"] for entry in document["links"])
    for document in documents[1:]:
        assert {"self", "alternate"} <= {entry["rel"] for entry in document["links"]}
    assert {"items"} <= {entry["rel"] for entry in documents[0]["links"]}


@each_collection
def test_req_core_fc_time_stamp_and_number_matched_and_number_returned(live: Live, name: str) -> None:
    page = live.items(name)
    assert datetime.fromisoformat(page["timeStamp"]).tzinfo is not None
    features = len(page["features"])
    following = link(page, "next")
    while following is not None:
        answer = live.client.get(following).json()
        features += answer["numberReturned"]
        following = link(answer, "next")
    assert features == page["numberMatched"]


@each_collection
def test_req_core_query_param_unknown_and_query_param_invalid(live: Live, name: str) -> None:
    for path in (f"/collections/{name}", f"/collections/{name}/items"):
        assert live.get(path, unknownQueryParameter="5").status_code == 400, path
    for query in ({"limit": "-1"}, {"limit": "9999999999999999999999"}, {"limit": "x"}, {"datetime": "2018"}):
        assert live.get(f"/collections/{name}/items", **query).status_code == 400, query


@each_collection
def test_req_core_sfc_md_success_and_req_core_f_success_identifiers_are_those_of_the_lists(
    live: Live, name: str
) -> None:
    listed = {one["id"]: one for one in live.get("/collections").json()["collections"]}
    assert live.get(f"/collections/{name}").json() == listed[name]
    for feature in live.items(name, limit=2)["features"]:
        assert live.get(f"/collections/{name}/items/{feature['id']}").json()["id"] == feature["id"]


def test_req_oas30_security_and_info_licence_and_contact(live: Live) -> None:
    document = live.get("/api").json()
    assert document["security"] == []
    assert set(document["info"]["license"]) == {"name", "url"}
    assert live.client.get(document["info"]["license"]["url"]).status_code == 200
    assert live.client.get(document["info"]["contact"]["url"]).status_code == 200


def test_req_oas30_oas_definition_refers_to_nothing_outside_itself(live: Live) -> None:
    text = live.get("/api").text
    assert '"$ref":"http' not in text.replace(" ", "")
