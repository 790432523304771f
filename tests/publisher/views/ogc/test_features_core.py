"""OGC 17-069r4, annex A: the abstract tests of the classes Core, GeoJSON and OpenAPI 3.0."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV30SpecValidator, validate

from publisher.views.ogc.conformance import CLAIMS
from tests.publisher.views.ogc.abstract_tests import ABSTRACT, covered_tests, parts_of_class
from tests.publisher.views.ogc.conftest import FEES, HALLS, PLACES, POLICIES, Live, link
from tests.publisher.views.ogc.walking import assert_links, parameter

COLLECTIONS = ["catalogue", "divisions", "empty-fees", POLICIES, PLACES, FEES]


def hall_id(live: Live) -> str:
    return str(live.items(PLACES, limit=1)["features"][0]["id"])


def test_core_http_every_answer_is_of_http_with_a_declared_status_and_type(live: Live) -> None:
    answer = live.get("")
    assert answer.http_version == "HTTP/1.1"
    assert live.client.head(f"{live.base}/ogc").status_code == 200
    assert live.client.post(f"{live.base}/ogc/collections").status_code == 405


def test_core_crs84_every_coordinate_is_longitude_then_latitude(live: Live) -> None:
    for feature in live.walk(PLACES):
        if feature["geometry"] is not None:
            longitude, latitude = feature["geometry"]["coordinates"]
            assert 122 <= longitude <= 124
            assert 40 <= latitude <= 42


def test_core_root_op_and_core_root_success_the_landing_page_links_to_all(
    live: Live,
) -> None:
    page = live.get("").json()
    for rel in ("self", "service-desc", "service-doc", "conformance", "data"):
        href = link(page, rel)
        assert href is not None, rel
        assert live.client.get(href).status_code == 200, rel
    assert page["title"]


def test_core_api_definition_op_and_core_api_definition_success_the_document_is_valid_openapi(
    live: Live,
) -> None:
    answer = live.client.get(link(live.get("").json(), "service-desc") or "")
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    validate(answer.json())


def test_core_conformance_op_and_core_conformance_success_names_exactly_what_is_claimed(live: Live) -> None:
    assert live.get("/conformance").json() == {"conformsTo": list(CLAIMS)}


def test_core_fc_md_links_the_list_of_collections_links_to_itself_in_every_form(live: Live) -> None:
    assert_links(live, live.get("/collections").json(), "self", "alternate")


def test_core_fc_md_items_and_core_fc_md_items_links_each_collection_in_every_form(live: Live) -> None:
    for collection in live.get("/collections").json()["collections"]:
        assert_links(live, collection, "items")
        forms = {entry["type"] for entry in collection["links"] if entry["rel"] == "items"}
        assert forms == {"application/geo+json", "text/html", "text/csv"}


@pytest.mark.slow
@pytest.mark.both_databases
def test_core_fc_md_extent_holds_every_geometry_and_every_time(live: Live) -> None:
    extent = live.get(f"/collections/{PLACES}").json()["extent"]
    ((begin, end),) = extent["temporal"]["interval"]
    assert end is None
    for feature in live.walk(PLACES, datetime="../.."):
        assert f"{feature['properties']['effective_from']}T00:00:00Z" >= begin
    ((west, south, east, north),) = live.get("/collections/divisions").json()["extent"]["spatial"]["bbox"]
    for feature in live.walk("divisions"):
        for longitude, latitude in feature["geometry"]["coordinates"][0]:
            assert west <= longitude <= east
            assert south <= latitude <= north


def test_core_fc_bbox_definition_four_or_six_numbers(live: Live) -> None:
    definition = parameter(live, PLACES, "bbox")
    assert (definition["in"], definition.get("required", False)) == ("query", False)
    assert (definition["style"], definition["explode"]) == ("form", False)
    assert definition["schema"] == {
        "type": "array",
        "minItems": 4,
        "maxItems": 6,
        "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
        "items": {"type": "number"},
    }


def test_core_fc_limit_definition_a_whole_number(live: Live) -> None:
    definition = parameter(live, PLACES, "limit")
    assert (definition["in"], definition.get("required", False)) == ("query", False)
    assert (definition["style"], definition["explode"]) == ("form", False)
    assert (definition["schema"]["type"], definition["schema"]["maximum"]) == ("integer", 1000)


def test_core_fc_time_definition_a_text(live: Live) -> None:
    definition = parameter(live, PLACES, "datetime")
    assert (definition["in"], definition.get("required", False), definition["schema"]) == (
        "query",
        False,
        {"type": "string"},
    )
    assert (definition["style"], definition["explode"]) == ("form", False)


def test_core_fc_links_and_core_fc_timestamp_a_page_links_to_itself_in_every_form(live: Live) -> None:
    for name in COLLECTIONS:
        page = live.items(name)
        assert_links(live, page, "self", "alternate", "collection")
        forms = {entry["type"] for entry in page["links"] if entry["rel"] in ("self", "alternate")}
        assert forms == {"application/geo+json", "text/html", "text/csv"}
        assert datetime.fromisoformat(page["timeStamp"]) <= datetime.now(UTC)
        assert live.items(name)["timeStamp"] == page["timeStamp"]  # the same state gives the same bytes


def test_core_f_links_a_feature_links_to_itself_in_every_form_and_to_its_collection(live: Live) -> None:
    for name in (PLACES, FEES, "divisions", "catalogue"):
        identifier = live.items(name, limit=1)["features"][0]["id"]
        feature = live.get(f"/collections/{name}/items/{identifier}").json()
        assert_links(live, feature, "self", "alternate", "collection")
        forms = [entry["type"] for entry in feature["links"] if entry["rel"] == "alternate"]
        assert "text/html" in forms


def test_geojson_definition_features_as_geojson_and_all_else_as_json(live: Live) -> None:
    for address in ("", "/conformance", "/collections", f"/collections/{PLACES}", "/collections/catalogue"):
        answer = live.client.get(f"{live.base}/ogc{address}", headers={"accept": "application/json"})
        assert answer.headers["content-type"] == "application/json"
    for name in COLLECTIONS:
        address = f"{live.base}/ogc/collections/{name}/items"
        answer = live.client.get(address, headers={"accept": "application/geo+json"})
        assert answer.headers["content-type"] == "application/geo+json"


def test_oas30_oas_definition_1_the_definition_is_there_as_json_and_as_a_page(live: Live) -> None:
    page = live.get("").json()
    assert_links(live, page, "service-desc", "service-doc")
    types = {entry["rel"]: entry["type"] for entry in page["links"]}
    assert types["service-desc"] == "application/vnd.oai.openapi+json;version=3.0"
    assert types["service-doc"] == "text/html"


def test_oas30_oas_definition_2_the_definition_is_openapi_3_0(live: Live) -> None:
    document = live.get("/api").json()
    assert document["openapi"].startswith("3.0.")
    OpenAPIV30SpecValidator(document).validate()


def test_every_abstract_test_of_every_claim_has_a_test_named_after_it() -> None:
    assert set(CLAIMS) == set(ABSTRACT)
    assert {part for claim in CLAIMS for part in parts_of_class(claim)} - covered_tests() == set()


def test_core_fc_md_op_and_core_fc_md_success_lists_every_dataset(live: Live) -> None:
    listing = live.get("/collections").json()
    assert sorted(c["id"] for c in listing["collections"]) == sorted(COLLECTIONS)
    assert link(listing, "self") == f"{live.base}/ogc/collections"
    for collection in listing["collections"]:
        assert link(collection, "items") is not None
        extent = collection.get("extent", {})
        for box in extent.get("spatial", {}).get("bbox", []):
            assert len(box) == 4
        assert "bbox" not in extent.get("temporal", {})


def test_core_sfc_md_op_and_core_sfc_md_success_one_collection_says_what_the_list_says(live: Live) -> None:
    for collection in live.get("/collections").json()["collections"]:
        assert live.get(f"/collections/{collection['id']}").json() == collection
    halls = live.get(f"/collections/{PLACES}").json()
    assert halls["extent"]["spatial"]["bbox"] == [[122.0, 40.5, 123.5, 41.5]]
    assert halls["extent"]["temporal"]["interval"] == [["2015-05-31T16:00:00Z", None]]
    assert halls["crs"] == ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"]
    assert live.get("/collections/nothing").status_code == 404


def test_core_fc_op_every_collection_answers_features(live: Live) -> None:
    for name in COLLECTIONS:
        answer = live.get(f"/collections/{name}/items")
        assert answer.headers["content-type"] == "application/geo+json"
        assert answer.json()["type"] == "FeatureCollection"


@pytest.mark.both_databases
def test_core_fc_limit_response_bounds_what_is_returned(live: Live) -> None:
    for limit in (1, 7, 1000, 5000):
        page = live.items(PLACES, limit=limit)
        assert page["numberReturned"] == len(page["features"]) == min(limit, HALLS)
    for bad in ("0", "-1", "x", "", "1.5"):
        assert live.get(f"/collections/{PLACES}/items", limit=bad).status_code == 400, bad


@pytest.mark.both_databases
def test_core_fc_bbox_response_features_whose_geometry_is_in_the_box_and_those_without(live: Live) -> None:
    west, south, east, north = 122.5, 40.5, 123.25, 41.75
    located = {
        hall["code"]
        for hall in live.halls
        if "longitude" in hall
        and west <= float(str(hall["longitude"])) <= east
        and south <= float(str(hall["latitude"])) <= north
    }
    features = live.walk(PLACES, bbox=f"{west},{south},{east},{north}", limit=9)
    placeless = {hall["code"] for hall in live.halls if not {"longitude", "latitude"} <= hall.keys()}
    assert {f["properties"]["code"] for f in features} == located | placeless
    assert len(features) == len(located) + len(placeless)
    assert min(len(located), len(placeless)) > 3
    assert len(live.walk(PLACES, bbox=f"{west},{south},0,{east},{north},9", limit=50)) == len(features)
    assert live.items(PLACES, bbox="170,-90,169,90")["numberMatched"] == HALLS
    assert live.items(FEES, bbox="0,0,1,1")["numberMatched"] == live.items(FEES)["numberMatched"] > 0
    for bad in ("1,2,3", "1,2,3,x", "1,5,2,4", "nan,1,2,3", "1,2,3,inf", ""):
        assert live.get(f"/collections/{PLACES}/items", bbox=bad).status_code == 400, bad


@pytest.mark.both_databases
def test_core_fc_time_response_only_what_was_in_effect(live: Live) -> None:
    def names(when: str) -> list[str]:
        return [f["properties"]["name"] for f in live.walk(FEES, datetime=when)]

    assert "价格鉴证业务收费" in names("2015-03-01T00:00:00Z")
    assert "价格鉴证业务收费" not in names("2015-12-01")
    # Midnight in Shanghai is 16:00 UTC of the day before.
    assert "价格鉴证业务收费" not in names("2015-11-30T16:00:00Z")
    assert "价格鉴证业务收费" in names("2015-11-30T15:59:59Z")
    assert len(names("2015-01-01/..")) == len(names("../..")) == 4
    assert len(names("/2015-02-01")) == 3
    assert names("../2014-12-31") == []
    for bad in ("2015", "x", "2015-02-30", "2015-12-31/2015-01-01", "1/2/3", "2015-01-01T00:00:00"):
        assert live.get(f"/collections/{FEES}/items", datetime=bad).status_code == 400, bad


@pytest.mark.slow
@pytest.mark.both_databases
def test_core_fc_response_and_core_fc_numbermatched_and_core_fc_numberreturned_agree(live: Live) -> None:
    page = live.items(PLACES, limit=7)
    assert page["numberMatched"] == HALLS
    assert page["numberReturned"] == 7
    assert link(page, "self") == f"{live.base}/ogc/collections/{PLACES}/items?limit=7"
    assert page["timeStamp"].endswith("Z")
    for rel in ("alternate", "collection", "next"):
        assert live.client.get(link(page, rel) or "").status_code == 200
    features = live.walk(PLACES, limit=7)
    ids = [feature["id"] for feature in features]
    assert len(ids) == len(set(ids)) == HALLS
    second = live.client.get(link(page, "next") or "").json()
    assert link(live.client.get(link(second, "prev") or "").json(), "prev") is None
    assert live.items(PLACES, offset=HALLS + 5)["features"] == []


@pytest.mark.both_databases
@pytest.mark.parametrize("sort", [None, "-name"])
def test_core_fc_response_pages_are_of_one_state_while_releases_are_published(
    live: Live, sort: str | None
) -> None:
    name = "empty-fees"
    publish_fees(live, ["甲", "乙", "丙", "丁"], date(2015, 2, 1))
    params: dict[str, Any] = {} if sort is None else {"sortby": sort}
    page = live.items(name, limit=2, **params)
    first = [f["properties"]["name"] for f in page["features"]]
    publish_fees(live, ["一", "丁", "己"], date(2015, 3, 1))
    rest = live.client.get(link(page, "next") or "").json()
    names = first + [f["properties"]["name"] for f in rest["features"]]
    assert sorted(names) == sorted(["甲", "乙", "丙", "丁"])
    assert rest["numberMatched"] == 4
    assert live.items(name)["numberMatched"] == 3


def publish_fees(live: Live, names: list[str], on: date) -> None:
    from publisher.log.model import DraftEntry

    source = live.log.evidence.put_source(repr(names).encode(), name="费.csv", media_type="text/csv")
    entries = [DraftEntry(content={"name": name}) for name in names]
    live.log.drafts.stage("empty-fees", entries, part=None, source=source, parser_version="1")
    live.log.releases.publish("empty-fees", effective_on=on, on_conflict="replace")


@pytest.mark.both_databases
def test_core_f_op_and_core_f_success_one_feature_is_as_in_the_list(live: Live) -> None:
    feature = live.items(PLACES, limit=1)["features"][0]
    answer = live.get(f"/collections/{PLACES}/items/{feature['id']}")
    assert answer.headers["content-type"] == "application/geo+json"
    body = answer.json()
    assert {k: body[k] for k in feature} == feature
    assert body["id"] == feature["id"]
    assert live.get(f"/collections/{PLACES}/items/nothing").status_code == 404
    (withdrawn,) = live.log.queries.find_by_title(FEES, "药品注册费")
    tombstone = live.get(f"/collections/{FEES}/items/{withdrawn.id}")
    assert (tombstone.status_code, tombstone.json()["code"]) == (410, "Gone")


@pytest.mark.both_databases
def test_core_query_param_unknown_and_core_query_param_invalid_are_400_with_an_exception(live: Live) -> None:
    addresses = ["", "/conformance", "/api", "/collections", f"/collections/{PLACES}"]
    below = [
        f"/collections/{PLACES}/{leaf}"
        for leaf in ("items", "schema", "queryables", f"items/{hall_id(live)}")
    ]
    for address in [*addresses, *below, "/collections/catalogue/items", "/collections/divisions/items"]:
        for query in ({"unknown": "1"}, {"f": "xml"}, {"lang": "fr"}):
            answer = live.get(address, **query)
            assert answer.status_code == 400, (address, query)
            body = answer.json()
            assert set(body) == {"code", "type", "description"}
            assert body["code"] == "InvalidParameterValue"
    repeated = live.client.get(f"{live.base}/ogc/collections/{PLACES}/items?limit=1&limit=2")
    assert repeated.status_code == 400


def test_geojson_content_features_are_valid_against_their_schema(live: Live) -> None:
    schema = live.get(f"/collections/{PLACES}/schema").json()
    properties = {name: s for name, s in schema["properties"].items() if name != "geometry"}
    check = Draft202012Validator({**schema, "properties": properties})
    for feature in live.walk(PLACES):
        assert set(feature) == {"type", "id", "geometry", "properties"}
        check.validate(feature["properties"])
        assert set(feature["properties"]) == set(properties)
        assert feature["geometry"] is None or feature["geometry"]["type"] == "Point"


@pytest.mark.both_databases
def test_geojson_content_passes_through_letter_for_letter(live: Live) -> None:
    by_code = {f["properties"]["code"]: f["properties"] for f in live.walk(PLACES, limit=1000)}
    for hall in live.halls:
        properties = by_code[hall["code"]]
        assert {name: properties[name] for name in properties if name in hall} == hall
    assert any(p.get("remark") == "<b>&amp;</b>" for p in by_code.values())


@pytest.mark.both_databases
def test_oas30_completeness_and_oas30_oas_impl_every_address_of_the_document_answers_as_it_says(
    live: Live,
) -> None:
    document = live.get("/api").json()
    for path, operations in document["paths"].items():
        assert set(operations) == {"get"}
        assert {"200", "400", "500"} <= set(operations["get"]["responses"])
        name = path.split("/")[2] if path.count("/") > 2 and "{collectionId}" not in path else PLACES
        feature = (
            (live.items(name, limit=1)["features"] or [{"id": ""}])[0]["id"] if "{featureId}" in path else ""
        )
        address = path.replace("{collectionId}", PLACES).replace("{featureId}", feature)
        if "{featureId}" in path and not feature:
            continue
        assert live.get("" if address == "/" else address).status_code == 200, path


def test_oas30_exceptions_codes_are_those_that_the_document_names(live: Live) -> None:
    answers = [
        live.get(f"/collections/{PLACES}/items", limit="x"),
        live.get("/collections/none"),
        live.client.get(f"{live.base}/ogc", headers={"accept": "image/png"}),
        live.get("/", f="x" * 9000),
        live.get("/nowhere"),
    ]
    assert [a.status_code for a in answers] == [400, 404, 406, 414, 404]
    for answer in answers:
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["description"]
        assert answer.headers["cache-control"] == "no-store"


def test_oas30_security_no_scheme_is_named_as_all_of_it_is_open(live: Live) -> None:
    document = live.get("/api").json()
    assert document["security"] == []
    assert "securitySchemes" not in document["components"]
