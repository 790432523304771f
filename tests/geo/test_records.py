"""OGC 20-004r1, annex A: the classes Record Core, Record Collection, their query parameters, and JSON."""

from __future__ import annotations

from typing import Any

from publisher.exports.forms import FORMS
from tests.geo.conftest import FEES, PLACES, POLICIES, Live, link

CORE = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"


def records(live: Live, **params: Any) -> dict[str, dict[str, Any]]:
    return {record["id"]: record for record in live.walk("catalogue", **params)}


def test_record_core_mandatory_properties_of_every_record(live: Live) -> None:
    found = records(live)
    assert {FEES, PLACES, POLICIES, f"{FEES}.release.1", f"{FEES}.release.4"} <= set(found)
    documents = [record for record in found.values() if record["properties"]["type"] == "document"]
    assert len(documents) == 2
    for record in found.values():
        assert record["type"] == "Feature"
        assert {"id", "time", "geometry", "properties", "links", "conformsTo"} <= set(record)
        assert record["conformsTo"] == [CORE]
        assert record["properties"]["type"] in ("dataset", "release", "document")
        assert record["properties"]["title"]


def test_record_core_record_links_all_answer(live: Live) -> None:
    for name in (FEES, f"{FEES}.release.2", next(i for i in records(live) if ".document." in i)):
        record = live.get(f"/collections/catalogue/items/{name}").json()
        assert link(record, "self") == f"{live.base}/ogc/collections/catalogue/items/{name}"
        for found in record["links"]:
            answer = live.client.get(found["href"])
            assert answer.status_code == 200, found
            assert answer.headers["content-type"].startswith(found["type"]), found


def test_record_core_license_contact_and_formats(live: Live) -> None:
    properties = records(live)[FEES]["properties"]
    assert properties["license"] == "CC0-1.0"
    (contact,) = properties["contacts"]
    assert contact["organization"] == "示例市人民政府"
    assert contact["roles"] == ["publisher"]
    assert {f["mediaType"] for f in properties["formats"]} >= {"application/geo+json", "text/csv"}
    assert properties["keywords"] == ["fees", "demo"]


def test_record_core_time_is_an_instant_or_an_interval_in_utc_and_days(live: Live) -> None:
    found = records(live)
    assert found[FEES]["time"] == {"interval": ["2015-01-01", ".."]}
    assert found[f"{FEES}.release.2"]["time"] == {"date": "2015-12-01"}
    (document,) = live.items("catalogue", externalIds="示政发〔2015〕34号")["features"]
    assert document["time"] == {"date": "2015-10-30"}
    assert found[FEES]["properties"]["updated"].endswith("Z")


def test_record_core_default_mediatype_is_geojson(live: Live) -> None:
    for address in ("/collections/catalogue/items", f"/collections/catalogue/items/{FEES}"):
        assert live.get(address).headers["content-type"] == "application/geo+json"


def test_record_collection_mandatory_properties_item_type_and_links(live: Live) -> None:
    collection = live.get("/collections/catalogue").json()
    assert collection["id"] == "catalogue"
    assert collection["type"] == "Catalog"
    assert collection["itemType"] == "record"
    assert collection["title"]
    assert collection["description"]
    assert live.client.get(link(collection, "items") or "").status_code == 200


def test_record_core_query_parameters_q_finds_titles_documents_and_numbers(live: Live) -> None:
    assert {FEES, "empty-fees"} & set(records(live, q="收费目录")) == {FEES}
    (document,) = records(live, q="简政放权").values()
    assert document["properties"]["title"] == "示例市推进简政放权工作方案的通知"
    assert set(records(live, q="简政放权,办事大厅")) == {document["id"], PLACES, f"{PLACES}.release.1"}
    assert records(live, q="没有这样的词") == {}


def test_record_core_query_parameters_type_ids_and_external_ids(live: Live) -> None:
    assert set(records(live, type="dataset")) == {"empty-fees", FEES, PLACES, POLICIES}
    assert len(records(live, type="dataset,document")) == 6
    assert set(records(live, ids=f"{FEES},{FEES}.release.1,none")) == {FEES, f"{FEES}.release.1"}
    assert set(records(live, externalIds="示财〔2015〕1号")) == {f"{FEES}.release.1"}
    assert set(records(live, externalIds=f"{live.base}/v1/datasets/{FEES}")) == {FEES}
    (document,) = records(live, externalIds="示政发〔2015〕35号")
    assert set(records(live, ids=document)) == {document}
    assert live.get("/collections/catalogue/items", type=" ").status_code == 400


def test_record_core_query_parameters_datetime_and_bbox(live: Live) -> None:
    assert f"{FEES}.release.2" in records(live, datetime="2015-12-01")
    assert f"{FEES}.release.2" not in records(live, datetime="2015-12-02/..")
    assert FEES not in records(live, datetime="../2014-12-31")
    assert len(records(live, datetime="2015-10-30/2015-10-30", type="document")) == 1
    assert FEES in records(live, bbox="123,41,124,42")
    assert records(live, bbox="0,0,1,1") == {}


def test_record_core_query_parameters_limit_pages_without_gap_or_repeat(live: Live) -> None:
    everything = [record["id"] for record in live.walk("catalogue", limit=1000)]
    for limit in (1, 3, 4, 7):
        assert [record["id"] for record in live.walk("catalogue", limit=limit)] == everything
    assert live.items("catalogue")["numberMatched"] == len(everything)


def test_json_record_content_and_response_one_is_as_in_the_list(live: Live) -> None:
    for identifier, record in records(live).items():
        assert live.get(f"/collections/catalogue/items/{identifier}").json() == record
    for nothing in ("none", f"{FEES}.release.99", f"{FEES}.document.x", f"{FEES}.x"):
        assert live.get(f"/collections/catalogue/items/{nothing}").status_code == 404


def test_json_catalog_content_in_the_language_that_is_asked_for(live: Live) -> None:
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
    assert set(files) == set(FORMS)
