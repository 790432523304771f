"""Checks that the tests of the OGC routes share: links that must answer, declared parameters."""

from __future__ import annotations

from typing import Any

from tests.publisher.views.ogc.conftest import Live


def assert_links(live: Live, document: dict[str, Any], *rels: str) -> None:
    """Assert that every link has a relation and a type, and that those of ``rels`` answer with their type."""
    assert all(entry["rel"] and entry["type"] for entry in document["links"])
    for rel in rels:
        entries = [one for one in document["links"] if one["rel"] == rel]
        assert entries, rel
        for one in entries:
            answer = live.client.get(one["href"])
            assert answer.status_code == 200, one
            assert answer.headers["content-type"].startswith(one["type"].partition(";")[0]), one


def parameter(live: Live, collection: str, name: str) -> dict[str, Any]:
    """Return the API definition of a parameter without its description."""
    document = live.get("/api").json()
    for reference in document["paths"][f"/collections/{collection}/items"]["get"]["parameters"]:
        definition = (
            document["components"]["parameters"][reference["$ref"].rsplit("/", 1)[1]]
            if "$ref" in reference
            else reference
        )
        if definition["name"] == name:
            return {key: value for key, value in definition.items() if key != "description"}
    raise AssertionError(name)
