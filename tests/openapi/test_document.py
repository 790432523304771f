"""The running contract equals the frozen one and contains what its readers need."""

from __future__ import annotations

import builtins
import json
import keyword
import re
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient

import openapi
from openapi import examples
from openapi.breaking_changes import incompatibilities
from publisher.app import create_app
from publisher.settings import read_settings
from publisher.views.api import contract
from publisher.web import problems
from tests.support.site import BASE, FEES, HOST, Site

DOCUMENT: dict[str, Any] = contract.build_document(BASE)
OPERATIONS = {path: item["get"] for path, item in DOCUMENT["paths"].items()}
ANSWERS = {operation.name: operation.answer for operation in contract.operations()}
FROZEN = json.loads((resources.files(openapi) / "v1.json").read_text(encoding="utf-8"))


def test_the_running_contract_breaks_no_caller_of_the_frozen_one() -> None:
    assert incompatibilities(FROZEN, DOCUMENT) == []


def test_the_frozen_contract_is_the_running_one() -> None:
    renew = "renew it: python -m tests.openapi.renew"
    assert json.loads(json.dumps(DOCUMENT)) == FROZEN, renew


@pytest.mark.parametrize("path", OPERATIONS)
def test_every_operation_says_what_a_client_needs(path: str) -> None:
    operation = OPERATIONS[path]
    assert re.search("[一-鿿]", operation["summary"])
    assert re.search("[a-z]{3}", operation["description"])
    assert operation["tags"][0] in {tag["name"] for tag in DOCUMENT["tags"]}
    assert re.fullmatch("[a-z]+(_[a-z]+)*", operation["operationId"])
    declared = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
    assert declared == set(re.findall(r"{(\w+)}", path))
    assert all(p["description"] for p in operation["parameters"])
    for status in ("405", "406", "422", "500", "503"):
        assert "application/problem+json" in operation["responses"][status]["content"]


HEAVY = [route.operation.name for route in contract.ROUTES if route.runs in ("memory", "query", "file")]


@pytest.mark.parametrize("name", HEAVY)
def test_an_operation_that_waits_for_its_turn_says_that_it_may_be_refused(name: str) -> None:
    (responses,) = (one["responses"] for one in OPERATIONS.values() if one["operationId"] == name)
    assert {"429", "503"} <= responses.keys()


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", [name for name, answer in ANSWERS.items() if answer is not None])
def test_every_json_answer_has_an_example_that_is_one(name: str) -> None:
    example = examples.load(name)
    answer = ANSWERS[name]
    assert answer is not None
    decoded: object = msgspec.convert(example, answer, strict=True)
    assert json.loads(msgspec.json.encode(decoded)) == example


def test_every_property_is_always_there_but_those_of_a_problem() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        if name not in ("Problem", "Fault"):
            assert schema.get("required", []) == list(schema.get("properties", {})), name


def test_every_kind_of_problem_is_answered_by_some_operation_or_before_it() -> None:
    codes = {code for operation in contract.operations() for code in operation.problems}
    assert {kind.code for kind in problems.KINDS} - codes == {
        *("bad-request", "no-such-route"),  # by the router
        *("headers-too-large", "request-timeout"),  # by the protocol
        *("cross-site", "form-too-large", "not-a-form", "form-refused", "no-such-correction"),  # by a page
        *("too-many-corrections", "corrections-full"),
    }


_LANGUAGES = {
    *(name.lower() for name in (*dir(builtins), *keyword.kwlist)),  # Python
    *(
        "array",
        "blob",
        "date",
        "error",
        "file",
        "function",
        "json",
        "map",
        "number",
        "promise",
        "proxy",
    ),  # JS
    *("request", "response", "symbol", "url", "record", "partial", "required", "readonly", "pick", "omit"),
    *("boolean", "byte", "character", "class", "enum", "integer", "iterable", "list", "module", "optional"),
    *("override", "package", "process", "runtime", "string", "system", "thread", "throwable", "void"),  # Java
    *("any", "chan", "func", "interface", "package", "rune", "struct", "var"),  # Go
    *("schema", "from", "to", "client", "configuration", "apiclient", "apiexception", "unset"),  # generators
}
"""Names of four languages and of what generators write, in small letters."""


@pytest.mark.parametrize("address", ["/openapi.json", f"/v1/datasets/{FEES}/openapi.json", "/ogc/api"])
def test_names_that_generators_take_are_ascii_and_no_languages_own(site: Site, address: str) -> None:
    document = site.client.get(address).json()
    operations = [item["get"] for item in document["paths"].values()]
    tags = [tag for operation in operations for tag in operation.get("tags", ())]
    components = list(document["components"]["schemas"])
    for name in (document["info"]["title"], *tags, *components, *(o["operationId"] for o in operations)):
        assert re.fullmatch("[A-Za-z][A-Za-z0-9_ -]*", name), name
    if address != "/ogc/api":  # names of GeoJSON, which its clients know
        assert not {name.lower() for name in components} & _LANGUAGES
    assert document["info"]["contact"]["url"] == f"{BASE}/"
    assert document["info"]["license"]["name"]


def test_every_reference_resolves() -> None:
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(DOCUMENT)):
        place: Any = DOCUMENT
        for key in reference.split("/"):
            place = place[key]


_OTHER_PARAMETERS = {"limit", "cursor", "as_of", "known_at", "release"}
_SUFFIXES = ("", ".gte", ".gt", ".lte", ".lt", ".exists")
_SAMPLE_VALUES = {"boolean": "true", "number": "1", "string": "2020-01-01"}


@pytest.mark.slow
def test_the_contract_of_each_dataset_promises_what_the_server_accepts_and_no_more(
    sample_home: Path,
) -> None:
    with TestClient(create_app(read_settings(sample_home, {})), base_url=HOST) as client:
        datasets = client.get("/v1/datasets").json()["datasets"]
        for dataset in {one["catalogue"]: one["name"] for one in datasets}.values():
            promised, refused = _promises(client, dataset)
            records = f"/v1/datasets/{dataset}/records?limit=1"
            for query in promised:
                answer = client.get(f"{records}&{query}")
                assert answer.status_code == 200, (dataset, query, answer.text)
            for query in refused:
                assert client.get(f"{records}&{query}").status_code == 422, (dataset, query)


def _promises(client: TestClient[Any], dataset: str) -> tuple[list[str], set[str]]:
    """Return queries that the contract of a dataset allows, and similar ones that it does not."""
    document = client.get(f"/v1/datasets/{dataset}/openapi.json").json()
    promised: dict[str, list[str]] = {}
    for parameter in document["paths"][f"/v1/datasets/{dataset}/records"]["get"]["parameters"]:
        if parameter["name"] not in _OTHER_PARAMETERS:
            schema = parameter["schema"].get("items", parameter["schema"])
            promised[parameter["name"]] = schema.get("enum", [_SAMPLE_VALUES[schema["type"]]])
    schema = client.get(f"/v1/datasets/{dataset}/schema").json()["fields"]
    names = [*(field["name"] for field in schema), "part", "status", "listed"]
    values = {suffix: "true" if suffix == ".exists" else "current" for suffix in _SUFFIXES}
    similar = {
        *(
            f"{name}{suffix}={values[suffix]}"
            for name in names
            for suffix in _SUFFIXES
            if f"{name}{suffix}" not in promised
        ),
        *(
            f"sort={sign}{name}"
            for name in names
            for sign in ("", "-")
            if sign + name not in promised["sort"]
        ),
        *(f"{what}={name}" for what in ("fields", "facets") for name in names if name not in promised[what]),
    }
    return [f"{name}={value}" for name, values in promised.items() for value in values], similar
