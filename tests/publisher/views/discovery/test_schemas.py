"""Schemas, sitemaps and ``robots.txt`` at permanent addresses."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import httpx
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from publisher.views.discovery import vocabulary
from schemas.definition import file_loader as catalogues
from tests.support.problems import assert_problem
from tests.support.site import BASE, FEES

SPACE = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


def test_every_kind_of_catalogue_has_both_schemas_at_its_address(client: httpx.Client) -> None:
    listed = client.get("/v1/schemas").json()["schemas"]
    assert {s["name"] for s in listed} == set(catalogues.list_names())
    for schema in listed:
        table = client.get(schema["links"]["table_schema"].removeprefix(BASE))
        assert table.headers["content-type"] == "application/json"
        assert table.json()["fields"]
        schema_answer = client.get(schema["links"]["json_schema"].removeprefix(BASE))
        assert schema_answer.headers["content-type"] == "application/schema+json"
        assert schema_answer.json()["$id"] == schema["links"]["json_schema"]
        Draft202012Validator.check_schema(schema_answer.json())


def test_a_record_is_valid_by_the_json_schema_of_its_kind(client: httpx.Client) -> None:
    schema = client.get("/v1/schemas/fees/json-schema.json", headers={"accept": "application/json"})
    assert schema.headers["content-type"] == "application/json"
    for record in client.get(f"/v1/datasets/{FEES}/records").json()["records"]:
        Draft202012Validator(schema.json()).validate(record["content"])


def test_no_personal_column_is_in_any_schema(client: httpx.Client) -> None:
    for name in catalogues.list_names():
        personal = {f.name for f in catalogues.load_catalogue(name).fields if f.personal}
        properties = client.get(f"/v1/schemas/{name}/json-schema.json").json()["properties"]
        assert not personal & set(properties)


def test_a_missing_catalogue_is_a_problem(client: httpx.Client) -> None:
    for name in ("none", "..%2f..%2fetc%2fpasswd", "fees.json", "%00"):
        answer = client.get(f"/v1/schemas/{name}/json-schema.json")
        assert answer.status_code in (404, 422), name
    assert_problem(client.get("/v1/schemas/none/table-schema.json"), "no-such-schema")


def test_the_sitemap_names_every_dataset_and_robots_names_the_sitemap(client: httpx.Client) -> None:
    root = ET.fromstring(client.get("/sitemap.xml").content)  # noqa: S314 - our own answer
    places = [loc.text for loc in root.findall("s:url/s:loc", SPACE)]
    assert f"{BASE}/datasets/{FEES}" in places
    assert f"{BASE}/datasets/{FEES}/releases/2" in places
    for place in places:
        assert client.get(str(place).removeprefix(BASE)).status_code == 200
    assert root.find("s:url/s:lastmod", SPACE) is not None
    robots = client.get("/robots.txt").text
    assert f"Sitemap: {BASE}/sitemap.xml" in robots.splitlines()
    assert "Disallow: /v1/search" in robots.splitlines()
    records = f"{BASE}/datasets/{FEES}/sitemaps/1"
    assert f"Sitemap: {records}" in robots.splitlines()
    listed = ET.fromstring(client.get(records.removeprefix(BASE)).content)  # noqa: S314 - our own answer
    pages = [str(loc.text) for loc in listed.findall("s:url/s:loc", SPACE)]
    assert len(pages) == client.get(f"/v1/datasets/{FEES}/records").json()["total"]
    assert all(client.get(page.removeprefix(BASE)).status_code == 200 for page in pages)
    days = {loc.text for loc in listed.findall("s:url/s:lastmod", SPACE)}  # a correction changes a page
    assert days == {"2016-02-03", "2016-03-04"}


@given(st.text())
def test_any_licence_and_contact_gives_addresses_or_none(text: str) -> None:
    address = vocabulary.licence(text)
    assert address is None or address.startswith("http")
    for reference in vocabulary.contact(text).values():
        assert reference["@id"].startswith(("mailto:", "http"))


def test_licences_that_have_an_address_are_known_by_it() -> None:
    assert vocabulary.licence("CC0-1.0") == "http://spdx.org/licenses/CC0-1.0"
    assert vocabulary.licence("https://example.gov.cn/l") == "https://example.gov.cn/l"
    assert vocabulary.licence("MIT") == "http://spdx.org/licenses/MIT"
    assert vocabulary.licence("cc-by-4.0") == "http://spdx.org/licenses/CC-BY-4.0"
    for text in ("OGL-CN-1.0", "LicenseRef-own", "MIT OR ISC", ""):
        assert vocabulary.licence(text) is None, text
    assert vocabulary.licence("官方文件, 不受著作权保护") is None
