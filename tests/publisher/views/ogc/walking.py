"""What tests of the OGC routes look at again and again: links that must lead, parameters as declared."""

from __future__ import annotations

from typing import Any

from tests.publisher.views.ogc.conftest import Live


def linked(live: Live, document: dict[str, Any], *rels: str) -> None:
    """Every link has its relation and type, and those of ``rels`` answer with what they say."""
    assert all(found["rel"] and found["type"] for found in document["links"])
    for rel in rels:
        found = [one for one in document["links"] if one["rel"] == rel]
        assert found, rel
        for one in found:
            answer = live.client.get(one["href"])
            assert answer.status_code == 200, one
            assert answer.headers["content-type"].startswith(one["type"].partition(";")[0]), one


def parameter(live: Live, collection: str, name: str) -> dict[str, Any]:
    """As the API definition tells it, without its words."""
    document = live.get("/api").json()
    for told in document["paths"][f"/collections/{collection}/items"]["get"]["parameters"]:
        known = (
            document["components"]["parameters"][told["$ref"].rsplit("/", 1)[1]] if "$ref" in told else told
        )
        if known["name"] == name:
            return {key: value for key, value in known.items() if key != "description"}
    raise AssertionError(name)
