"""The OpenAPI document of the desk: every route of the API, with examples that fit its schemas."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import jsonschema
import msgspec
import pytest
from litestar.testing import TestClient

from publisher.desk.api import routes
from publisher.desk.http.uploads import HandInForm
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.desk import DESK, Browser, DeskSite, desk_site, sign_in

DOCUMENT = "/desk/v1/openapi.json"


@pytest.fixture
def document(desk: DeskSite) -> dict[str, Any]:
    """Fetch the document as a stranger."""
    with desk.browser() as browser:
        answer = browser.client.get(DOCUMENT)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
        contract: dict[str, Any] = answer.json()
        return contract


def contents(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the place and the content of each JSON body and answer that is no problem."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            bodies = {"body": operation.get("requestBody", {}), **operation["responses"]}
            for name, body in bodies.items():
                content = body.get("content", {}).get("application/json")
                if content:
                    yield f"{method} {path} {name}", content


def test_every_route_of_the_api_and_no_page_is_described(document: dict[str, Any]) -> None:
    described = {
        f"{method} {path}" for path, item in document["paths"].items() for method in item if method != "head"
    }
    expected = {
        f"{method.lower()} {path}".replace(":str", "").replace(":int", "")
        for handler in routes.HANDLERS
        for path in handler.paths
        for method in handler.http_methods
        if path != DOCUMENT
    }
    assert described == expected
    ids = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(ids) == len(set(ids))


@pytest.mark.slow
@pytest.mark.parametrize(("base", "cookie"), [(DESK, "desk"), ("https://desk.example.gov.cn", "__Host-desk")])
def test_the_cookie_has_its_name(tmp_path: Path, clock: Clock, base: str, cookie: str) -> None:
    database = sqlite.new(tmp_path / "qingdan.db")
    with desk_site(tmp_path, database, clock, QINGDAN_DESK_BASE=base) as desk:
        desk.add("li", "审核")
        client = TestClient(desk.app, base_url=base)
        sign_in(Browser(client), "li", desk.code("li"))
        scheme = client.get(DOCUMENT).json()["components"]["securitySchemes"]["session"]
        assert scheme["name"] == cookie
        assert cookie in client.cookies


def test_every_body_and_answer_has_an_example_that_fits_its_schema(document: dict[str, Any]) -> None:
    count = 0
    for place, content in contents(document):
        validator = jsonschema.Draft202012Validator(
            {**content["schema"], "components": document["components"]}
        )
        assert [error.message for error in validator.iter_errors(content["example"])] == [], place
        count += 1
    assert count >= len(routes.HANDLERS)


def test_who_may_call_and_what_may_be_repeated_is_described(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert operation["security"] == [{"token": []}, {"session": []}]
            assert {"401", "403", "404", "409"} <= set(operation["responses"]), path
            headers = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "header"]
            assert headers == (["Idempotency-Key"] if method == "post" else [])


def test_bodies_are_described_as_they_are_checked(document: dict[str, Any]) -> None:
    """Litestar leaves out what the items of a list have to be; msgspec decodes the bodies."""
    checked = 0
    for handler in routes.HANDLERS:
        body = get_type_hints(handler.fn).get("data")
        if isinstance(body, type) and issubclass(body, msgspec.Struct) and body is not HandInForm:
            _, schemas = msgspec.json.schema_components([body], ref_template="#/components/schemas/{name}")
            described = msgspec.json.decode(msgspec.json.encode(schemas))
            components = document["components"]["schemas"]
            assert {name: components[name] for name in described} == described, handler.operation_id
            checked += 1
    assert checked >= 8
