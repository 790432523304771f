"""The reference of the API: every operation and object of the contract, in the reader's language."""

from __future__ import annotations

import re
from html import unescape

import pytest

from publisher.views.api import contract
from tests.publisher.views.pages.conftest import Open
from tests.support.site import BASE, FEES

DOCUMENT = contract.build_document(BASE)
OPERATIONS = {path: item["get"] for path, item in DOCUMENT["paths"].items()}


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_it_has_every_operation_with_its_parameters_and_media_types(lang: str, visit: Open) -> None:
    page = visit(f"/docs?lang={lang}")
    text = page.answer.text
    for path, operation in OPERATIONS.items():
        start = text.index(f'<details class="operation" id="{operation["operationId"]}"')
        section = unescape(text[start : text.index("</details>", start)])
        assert f">{path}<" in section
        for parameter in operation["parameters"]:
            assert f">{parameter['name']}<" in section
            assert page.all("label", **{"for": f"{operation['operationId']}-{parameter['name']}"})
        for media in operation["responses"]["200"]["content"]:
            assert f">{media}<" in section
        for status in operation["responses"]:
            assert status < "400" or f"<dt>{status}</dt>" in section


@pytest.mark.slow
def test_texts_are_in_the_readers_language(visit: Open) -> None:
    chinese, english = visit("/docs").text, visit("/docs?lang=en").text
    assert "筛选、排序、统计记录" in chinese
    assert "Records in effect, filtered, sorted and counted" in english
    assert "Records in effect, filtered" not in chinese
    assert "筛选、排序、统计记录" not in english
    assert "Name of the dataset" in english
    assert "no-such-record No such record" in english
    assert "no-such-record 没有这条记录" in chinese


@pytest.mark.slow
def test_every_object_is_described_and_linked(visit: Open) -> None:
    page = visit("/docs")
    ids = {attributes.get("id") for _, attributes in page.elements}
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert f"schema-{name}" in ids
        assert set(schema.get("properties", {})) <= set(page.text.split())
    linked = {link.removeprefix("#") for link in page.links if link.startswith("#schema-")}
    assert linked <= ids
    assert len(linked) > 40


def test_forms_begin_with_a_list_of_the_site_and_need_no_script_to_be_read(visit: Open) -> None:
    page = visit("/docs")
    (field,) = page.all("input", id="get_dataset-dataset")
    assert (field["value"], "required" in field) == (FEES, True)
    assert all("hidden" in form for form in page.all("form", **{"class": "try"}))
    assert len(page.all("form", **{"class": "try"})) == len(OPERATIONS)


def test_it_asks_no_other_host(visit: Open) -> None:
    page = visit("/docs")
    assert "unsafe-inline" not in page.answer.headers["content-security-policy"]
    assert not re.search(r'(?:src|action)="(?:https?:)?//', page.answer.text)
