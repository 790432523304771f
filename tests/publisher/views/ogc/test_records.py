"""OGC 20-004r1, annex A: Record Core, Record Collection, their query parameters, Records API, and JSON."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from publisher.views.exports.formats import FILE_FORMATS
from publisher.views.ogc.conformance import CLAIMS
from tests.publisher.views.ogc.conftest import FEES, PLACES, POLICIES, Live, link
from tests.publisher.views.ogc.walking import assert_links, parameter
from tests.support.site import demo_dataset

LINKS = {
    "type": "array",
    "items": {"type": "object", "required": ["href"], "properties": {"rel": {"type": "string"}}},
}
COMMON = {
    "type": {"type": "string"},
    "title": {"type": "string"},
    "description": {"type": "string"},
    "keywords": {"type": "array", "items": {"type": "string"}},
    "language": {"type": "object", "required": ["code"]},
    "externalIds": {"type": "array", "items": {"type": "object", "required": ["value"]}},
    "contacts": {
        "type": "array",
        "items": {"anyOf": [{"required": ["name"]}, {"required": ["organization"]}]},
    },
    "formats": {
        "type": "array",
        "items": {"anyOf": [{"required": ["name"]}, {"required": ["mediaType"]}]},
    },
    "license": {"type": "string"},
}
DAY, MOMENT = r"\d{4}-\d{2}-\d{2}", r"T\d{2}:\d{2}:\d{2}(\.\d+)?Z"
RECORD = Draft202012Validator(
    {
        "type": "object",
        "required": ["id", "type", "geometry", "properties", "links"],
        "properties": {
            "type": {"const": "Feature"},
            "time": {
                "type": ["object", "null"],
                "properties": {
                    "date": {"type": "string", "pattern": f"^{DAY}$"},
                    "timestamp": {"type": "string", "pattern": f"^{DAY}{MOMENT}$"},
                    "interval": {
                        "type": "array",
                        "minItems": 2,
                        "maxItems": 2,
                        "items": {"type": "string", "pattern": rf"^({DAY}({MOMENT})?|\.\.)$"},
                    },
                },
            },
            "geometry": {"type": ["object", "null"]},
            "conformsTo": {"type": "array", "items": {"type": "string"}},
            "properties": {"type": "object", "properties": COMMON},
            "links": LINKS,
        },
    }
)
"""Requirements of the standard's recordGeoJSON for the members that the service uses."""
CATALOG = Draft202012Validator(
    {
        "type": "object",
        "required": ["id", "type", "links"],
        "properties": {
            **COMMON,
            "type": {"const": "Collection"},
            "itemType": {"const": "record"},
            "conformsTo": {"type": "array", "items": {"type": "string"}},
            "links": LINKS,
        },
    }
)
CORE = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"


def records(live: Live, **params: Any) -> dict[str, dict[str, Any]]:
    return {record["id"]: record for record in live.walk("catalogue", **params)}


def test_record_core_mandatory_properties_record_of_every_kind(live: Live) -> None:
    all_records = records(live)
    assert {FEES, PLACES, POLICIES, f"{FEES}.release.1", f"{FEES}.release.4"} <= set(all_records)
    documents = [record for record in all_records.values() if record["properties"]["type"] == "document"]
    assert len(documents) == 2
    for record in all_records.values():
        assert record["type"] == "Feature"
        assert {"id", "time", "geometry", "properties", "links", "conformsTo"} <= set(record)
        assert record["conformsTo"] == [CORE]
        assert record["properties"]["type"] in ("dataset", "release", "document")
        assert record["properties"]["title"]


@pytest.mark.slow
def test_record_core_links_all_answer_and_one_leads_to_the_catalogue(live: Live) -> None:
    for name in (FEES, f"{FEES}.release.2", next(i for i in records(live) if ".document." in i)):
        record = live.get(f"/collections/catalogue/items/{name}").json()
        assert link(record, "self") == f"{live.base}/ogc/collections/catalogue/items/{name}"
        for entry in record["links"]:
            answer = live.client.get(entry["href"])
            assert answer.status_code == 200, entry
            assert answer.headers["content-type"].startswith(entry["type"]), entry
        (catalogue,) = (entry for entry in record["links"] if entry["rel"] == "collection")
        assert live.client.get(catalogue["href"]).json()["itemType"] == "record"


def test_record_core_license_and_record_core_contact_and_formats(live: Live) -> None:
    properties = records(live)[FEES]["properties"]
    assert properties["license"] == "CC0-1.0"
    (contact,) = properties["contacts"]
    assert contact["organization"] == "示例市人民政府"
    assert contact["roles"] == ["publisher"]
    assert {f["mediaType"] for f in properties["formats"]} >= {"application/geo+json", "text/csv"}
    assert properties["keywords"] == ["fees", "demo"]


def test_record_core_time_instant_and_record_core_time_interval_are_days(live: Live) -> None:
    all_records = records(live)
    assert all_records[FEES]["time"] == {"interval": ["2015-01-01", ".."]}
    assert all_records[f"{FEES}.release.2"]["time"] == {"date": "2015-12-01"}
    (document,) = live.items("catalogue", externalIds="示政发〔2015〕34号")["features"]
    assert document["time"] == {"date": "2015-10-30"}
    assert all_records[FEES]["properties"]["updated"].endswith("Z")


def test_record_core_default_mediatype_of_a_record_and_of_a_page_of_them(live: Live) -> None:
    assert "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/json" in CLAIMS
    assert live.get("/collections/catalogue/items").headers["content-type"] == "application/geo+json"
    answer = live.get(f"/collections/catalogue/items/{FEES}")
    assert answer.headers["content-type"] == "application/geo+json; application=ogc-record"


def test_record_collection_mandatory_properties_collection_and_record_collection_itemtype_are_there(
    live: Live,
) -> None:
    collection = live.get("/collections/catalogue").json()
    assert collection["id"] == "catalogue"
    assert collection["type"] == "Collection"
    assert collection["itemType"] == "record"
    assert collection["title"]
    assert collection["description"]
    assert live.client.get(link(collection, "items") or "").status_code == 200


def test_record_core_query_parameters_q_response_finds_titles_documents_and_numbers(live: Live) -> None:
    assert {FEES, "empty-fees"} & set(records(live, q="收费目录")) == {FEES}
    (document,) = records(live, q="简政放权").values()
    assert document["properties"]["title"] == "示例市推进简政放权工作方案的通知"
    assert document["id"] in records(live, q="简政 放权")  # any white space between them, also none
    assert records(live, q="放权 简政") == {}  # in this order
    assert set(records(live, q="简政放权,办事大厅")) == {document["id"], PLACES, f"{PLACES}.release.1"}
    assert records(live, q="没有这样的词") == {}


def test_record_core_query_parameters_datetime_and_record_core_query_parameters_bbox(live: Live) -> None:
    assert f"{FEES}.release.2" in records(live, datetime="2015-12-01")
    assert f"{FEES}.release.2" not in records(live, datetime="2015-12-02/..")
    assert FEES not in records(live, datetime="../2014-12-31")
    assert len(records(live, datetime="2015-10-30/2015-10-30", type="document")) == 1
    assert FEES in records(live, bbox="123,41,124,42")
    elsewhere = records(live, bbox="0,0,1,1")
    assert FEES not in elsewhere
    assert all(record["geometry"] is None for record in elsewhere.values())
    assert set(records(live, limit=1000)) - set(elsewhere) == {
        record["id"] for record in records(live).values() if record["geometry"] is not None
    }


def test_record_core_query_parameters_limit_pages_without_gap_or_repeat(live: Live) -> None:
    everything = [record["id"] for record in live.walk("catalogue", limit=1000)]
    for limit in (1, 3, 4, 7):
        assert [record["id"] for record in live.walk("catalogue", limit=limit)] == everything
    assert live.items("catalogue")["numberMatched"] == len(everything)


def test_json_record_content_and_json_record_response_one_is_as_in_the_list(live: Live) -> None:
    for identifier, record in records(live).items():
        assert live.get(f"/collections/catalogue/items/{identifier}").json() == record
        RECORD.validate(record)
    for nothing in ("none", f"{FEES}.release.99", f"{FEES}.document.x", f"{FEES}.x"):
        assert live.get(f"/collections/catalogue/items/{nothing}").status_code == 404


def test_records_are_in_the_requested_language(live: Live) -> None:
    english = live.get("/collections/catalogue/items", ids=PLACES, lang="en")
    assert english.headers["content-language"] == "en"
    properties = english.json()["features"][0]["properties"]
    assert properties["title"] == "Service halls (demo)"
    assert properties["language"]["code"] == "en"
    assert records(live, ids=PLACES)[PLACES]["properties"]["title"] == "办事大厅(演示数据)"


def test_a_release_links_to_each_of_its_files(live: Live) -> None:
    links = records(live, ids=f"{FEES}.release.1")[f"{FEES}.release.1"]["links"]
    files = {link["href"].rsplit("/", 1)[1]: link["type"] for link in links if link["rel"] == "enclosure"}
    assert files["parquet"] == "application/vnd.apache.parquet"
    assert set(files) == set(FILE_FORMATS)


def test_record_core_templated_link_and_record_core_templated_link_header_there_are_none(live: Live) -> None:
    for identifier, record in records(live).items():
        assert "linkTemplates" not in record
        answer = live.get(f"/collections/catalogue/items/{identifier}")
        assert "link-template" not in answer.headers


def test_record_core_license_is_an_spdx_expression_or_other_with_a_link(live: Live) -> None:
    terms = "依《政府网站公开许可》使用"
    live.log.datasets.create(demo_dataset("other-licence", licence=terms), live.log.queries.catalogue(FEES))
    record = live.get("/collections/catalogue/items/other-licence").json()
    assert record["properties"]["license"] == "other"
    (licence,) = (entry for entry in record["links"] if entry["rel"] == "license")
    assert licence["title"] == terms
    assert live.client.get(licence["href"]).json()["licence"] == terms
    for one in records(live).values():
        assert one["properties"]["license"] in ("CC0-1.0", "other")
        assert (link(one, "license") is None) == (one["properties"]["license"] != "other")


def test_record_core_contact_has_neither_logo_nor_links_without_their_relations(live: Live) -> None:
    for record in records(live).values():
        for contact in record["properties"]["contacts"]:
            assert "logo" not in contact
            assert "links" not in contact


def test_record_core_time_instant_interval_and_record_core_time_zone_only_days_and_utc(live: Live) -> None:
    for record in records(live).values():
        assert len(record["time"] or {"": ""}) == 1  # an instant or an interval, never both
        for name in ("created", "updated"):
            assert record["properties"].get(name, "Z").endswith("Z")


def test_record_collection_default_mediatype_and_json_catalog_response_is_its_own(live: Live) -> None:
    for headers in ({}, {"accept": "*/*"}, {"accept": "application/ogc-catalog+json"}):
        answer = live.client.get(f"{live.base}/ogc/collections/catalogue", headers=headers)
        assert answer.headers["content-type"] == "application/ogc-catalog+json"
    others = live.client.get(
        f"{live.base}/ogc/collections/{FEES}", headers={"accept": "application/ogc-catalog+json"}
    )
    assert others.status_code == 406


def test_record_collection_records_array_name_and_record_collection_records_none_is_within(
    live: Live,
) -> None:
    collection = live.get("/collections/catalogue").json()
    assert not {"recordsArrayName", "records"} & collection.keys()


def test_record_collection_contact_and_record_collection_license_there_are_none(
    live: Live,
) -> None:
    assert not {"contacts", "license"} & live.get("/collections/catalogue").json().keys()


def test_record_collection_links_lead_to_itself_and_its_other_form(live: Live) -> None:
    collection = live.get("/collections/catalogue").json()
    assert live.client.get(link(collection, "self") or "").json() == collection
    (page,) = (entry for entry in collection["links"] if entry["rel"] == "alternate")
    assert live.client.get(page["href"]).headers["content-type"].startswith(page["type"])


def test_record_collection_links_records_lead_to_its_records(live: Live) -> None:
    collection = live.get("/collections/catalogue").json()
    page = live.client.get(link(collection, "items") or "").json()
    assert page["type"] == "FeatureCollection"
    assert {record["id"] for record in page["features"]} <= set(records(live))


def test_json_conformance_and_json_catalog_content_are_as_the_standard_says(live: Live) -> None:
    assert "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/json" in live.get("/conformance").text
    CATALOG.validate(live.get("/collections/catalogue").json())


def test_records_api_features_api_and_records_api_resource_name_mapping_core_is_claimed(live: Live) -> None:
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in live.get("/conformance").text


def test_records_api_catalogs_response_and_records_api_catalog_response_one_collection_is_a_catalogue(
    live: Live,
) -> None:
    collections = live.get("/collections").json()["collections"]
    (catalogue,) = (collection for collection in collections if collection.get("itemType") == "record")
    assert catalogue == live.get("/collections/catalogue").json()
    assert (catalogue["id"], catalogue["type"]) == ("catalogue", "Collection")


def test_records_api_records_op_and_records_api_mandatory_params_all_are_taken(live: Live) -> None:
    query = {"bbox": "-180,-90,180,90", "datetime": "../..", "limit": "1000", "type": "dataset"}
    query |= {"q": "收费", "ids": FEES, "externalIds": f"{live.base}/v1/datasets/{FEES}"}
    assert set(records(live, **query)) == {FEES}


@pytest.mark.slow
def test_records_api_record_op_and_records_api_record_response_each_record_has_its_links(live: Live) -> None:
    for identifier in records(live):
        answer = live.get(f"/collections/catalogue/items/{identifier}")
        assert answer.status_code == 200
        assert_links(live, answer.json(), "self", "alternate", "collection")


def assert_list_parameter(live: Live, name: str, longest: int | None = None) -> None:
    """Assert that the parameter is declared as a comma-separated list and accepted."""
    definition = parameter(live, "catalogue", name)
    assert (definition["in"], definition.get("required", False), definition["explode"]) == (
        "query",
        False,
        False,
    )
    item = definition["schema"]["items"]
    assert (definition["schema"]["type"], item["type"], item.get("maxLength")) == ("array", "string", longest)
    assert live.get("/collections/catalogue/items", **{name: "示例,甲"}).status_code == 200


def test_record_core_query_parameters_q_definition_a_list(live: Live) -> None:
    assert_list_parameter(live, "q")


def test_record_core_query_parameters_ids_definition_a_list(live: Live) -> None:
    assert_list_parameter(live, "ids")


def test_record_core_query_parameters_externalids_definition_a_list(live: Live) -> None:
    assert_list_parameter(live, "externalIds")


def test_record_core_query_parameters_type_definition_a_list_of_short_texts(live: Live) -> None:
    assert_list_parameter(live, "type", longest=64)


def test_record_core_query_parameters_type_response_only_of_these_types(live: Live) -> None:
    datasets = records(live, type="dataset")
    assert {"empty-fees", FEES, PLACES, POLICIES} <= set(datasets)
    assert {record["properties"]["type"] for record in datasets.values()} == {"dataset"}
    assert len(records(live, type="dataset,document")) == len(datasets) + 2
    assert live.get("/collections/catalogue/items", type=" ").status_code == 400


def test_record_core_query_parameters_ids_response_only_these(live: Live) -> None:
    assert set(records(live, ids=f"{FEES},{FEES}.release.1,none")) == {FEES, f"{FEES}.release.1"}
    (document,) = records(live, externalIds="示政发〔2015〕35号")
    assert set(records(live, ids=document)) == {document}


def test_record_core_query_parameters_externalids_response_by_document_number_or_address(live: Live) -> None:
    assert set(records(live, externalIds="示财〔2015〕1号")) == {f"{FEES}.release.1"}
    assert set(records(live, externalIds=f"{live.base}/v1/datasets/{FEES}")) == {FEES}


def rels(live: Live) -> set[str]:
    return {entry["rel"] for entry in live.get("/collections/catalogue").json()["links"]}


def test_record_collection_links_catalog_hierarchy_there_is_none(live: Live) -> None:
    assert "child" not in rels(live)


def test_record_collection_links_catalog_related_there_is_none(live: Live) -> None:
    assert "related" not in rels(live)


def test_record_collection_links_catalog_series_there_is_none(live: Live) -> None:
    assert "next" not in rels(live)


def test_record_collection_links_record_there_is_none_as_records_come_in_pages(live: Live) -> None:
    assert "item" not in rels(live)


def test_the_page_of_a_record_has_the_links_of_the_record(live: Live) -> None:
    path = f"/collections/catalogue/items/{FEES}"
    page = live.get(path, f="html").text
    for entry in live.get(path).json()["links"]:
        assert f'href="{entry["href"]}"' in page
