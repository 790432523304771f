"""Changes of the contract that break a caller, and changes that do not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from openapi.breaking_changes import incompatibilities

DOCUMENT: dict[str, Any] = {
    "paths": {
        "/v1/things": {
            "get": {
                "operationId": "list_things",
                "parameters": [
                    {
                        "name": "limit",
                        "in": "query",
                        "required": False,
                        "schema": {"type": "integer", "maximum": 1000, "minimum": 1, "default": 20},
                    },
                    {
                        "name": "sort",
                        "in": "query",
                        "required": False,
                        "schema": {"type": "string", "enum": ["a", "-a"]},
                    },
                ],
                "responses": {
                    "200": {
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Things"}}},
                        "headers": {"ETag": {"schema": {"type": "string"}}},
                    },
                    "404": {
                        "content": {
                            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                        }
                    },
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Things": {
                "type": "object",
                "properties": {
                    "things": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
                    "total": {"type": "integer"},
                },
                "required": ["things", "total"],
            },
            "Thing": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "kind": {"type": "string", "enum": ["x", "y"]},
                    "parent": {"anyOf": [{"$ref": "#/components/schemas/Thing"}, {"type": "null"}]},
                    "content": {"type": "object", "additionalProperties": {"type": "string"}},
                    "tags": {
                        "anyOf": [
                            {"type": "array", "items": {"enum": ["new", "old"]}},
                            {"type": "null"},
                        ]
                    },
                    "pieces": {
                        "anyOf": [
                            {"type": "null"},
                            {"type": "array", "items": {"$ref": "#/components/schemas/Piece"}},
                        ]
                    },
                },
                "required": ["name", "kind", "parent"],
            },
            "Piece": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
            "Problem": {"type": "object", "properties": {"type": {"type": "string"}}, "required": ["type"]},
        }
    },
}
GET = ("paths", "/v1/things", "get")
THING = ("components", "schemas", "Thing")
TAGS = (*THING, "properties", "tags", "anyOf")
PIECE = ("components", "schemas", "Piece")


def change_document(*path: Any, value: Any = None, drop: bool = False) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    place: Any = document
    for key in path[:-1]:
        place = place[key]
    if drop:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return document


def test_a_document_is_compatible_with_itself() -> None:
    assert incompatibilities(DOCUMENT, DOCUMENT) == []


BREAKING: dict[str, Callable[[], dict[str, Any]]] = {
    "path is gone": lambda: change_document("paths", "/v1/things", drop=True),
    "method is gone": lambda: change_document(*GET, drop=True),
    "operationId": lambda: change_document(*GET, "operationId", value="things"),
    "parameter limit is gone": lambda: change_document(*GET, "parameters", 0, drop=True),
    "became required": lambda: change_document(*GET, "parameters", 0, "required", value=True),
    "stricter maximum": lambda: change_document(*GET, "parameters", 0, "schema", "maximum", value=100),
    "stricter minLength": lambda: change_document(*GET, "parameters", 1, "schema", "minLength", value=2),
    "changed its default": lambda: change_document(*GET, "parameters", 0, "schema", "default", value=10),
    "changed its type": lambda: change_document(*GET, "parameters", 0, "schema", "type", value="string"),
    "no longer accepts -a": lambda: change_document(*GET, "parameters", 1, "schema", "enum", value=["a"]),
    "new parameter who is required": lambda: change_document(
        *GET,
        "parameters",
        value=[
            *DOCUMENT["paths"]["/v1/things"]["get"]["parameters"],
            {"name": "who", "in": "query", "required": True, "schema": {"type": "string"}},
        ],
    ),
    "response 404 is gone": lambda: change_document(*GET, "responses", "404", drop=True),
    "no longer application/problem+json": lambda: change_document(
        *GET, "responses", "404", "content", value={"text/plain": {}}
    ),
    "no longer has the header ETag": lambda: change_document(*GET, "responses", "200", "headers", value={}),
    "property is gone": lambda: change_document(*THING, "properties", "name", drop=True),
    "is no longer always there": lambda: change_document(*THING, "required", value=["name", "kind"]),
    "may now be integer": lambda: change_document(*THING, "properties", "name", value={"type": "integer"}),
    "may now be null": lambda: change_document(
        *THING, "properties", "name", value={"anyOf": [{"type": "string"}, {"type": "null"}]}
    ),
    "not promised": lambda: change_document(*THING, "properties", "kind", "enum", value=["x", "y", "z"]),
    "kind: has values": lambda: change_document(*THING, "properties", "kind", "enum", drop=True),
    "may now be anything": lambda: change_document(*THING, "properties", "name", value={}),
    "tags[]: may now be integer": lambda: change_document(*TAGS, 0, "items", value={"type": "integer"}),
    "tags[]: may now be anything": lambda: change_document(*TAGS, 0, "items", drop=True),
    "tags[]: has values that were not promised": lambda: change_document(
        *TAGS, 0, "items", "enum", value=["new", "old", "older"]
    ),
    "pieces[].text: the property is gone": lambda: change_document(*PIECE, "properties", "text", drop=True),
    "pieces[].text: may now be null": lambda: change_document(
        *PIECE, "properties", "text", "type", value=["string", "null"]
    ),
    "pieces[]: may now be string": lambda: change_document(
        *THING, "properties", "pieces", value={"type": "array", "items": {"type": "string"}}
    ),
    "may now be number": lambda: change_document(
        *THING, "properties", "content", "additionalProperties", value={"type": "number"}
    ),
}


@pytest.mark.parametrize("why", BREAKING)
def test_every_breaking_change_is_reported(why: str) -> None:
    breaks = incompatibilities(DOCUMENT, BREAKING[why]())
    assert any(why in sentence for sentence in breaks), breaks


HARMLESS: dict[str, Callable[[], dict[str, Any]]] = {
    "a new path": lambda: change_document("paths", "/v1/others", value={"get": {"operationId": "others"}}),
    "a new optional parameter": lambda: change_document(
        *GET,
        "parameters",
        value=[
            *DOCUMENT["paths"]["/v1/things"]["get"]["parameters"],
            {"name": "who", "in": "query", "required": False, "schema": {"type": "string"}},
        ],
    ),
    "a larger maximum": lambda: change_document(*GET, "parameters", 0, "schema", "maximum", value=5000),
    "one more value accepted": lambda: change_document(
        *GET, "parameters", 1, "schema", "enum", value=["a", "-a", "b"]
    ),
    "a new property": lambda: change_document(*THING, "properties", "colour", value={"type": "string"}),
    "a new response": lambda: change_document(*GET, "responses", "410", value={"content": {}}),
    "a list that is never null any more": lambda: change_document(
        *THING,
        "properties",
        "tags",
        value=DOCUMENT["components"]["schemas"]["Thing"]["properties"]["tags"]["anyOf"][0],
    ),
    "alternatives in another order": lambda: change_document(
        *TAGS, value=[{"type": "null"}, {"type": "array", "items": {"enum": ["new", "old"]}}]
    ),
    "fewer values in a list": lambda: change_document(*TAGS, 0, "items", "enum", value=["new"]),
    "another description": lambda: change_document(*THING, "description", value="words"),
}


@pytest.mark.parametrize("what", HARMLESS)
def test_additions_are_compatible(what: str) -> None:
    assert incompatibilities(DOCUMENT, HARMLESS[what]()) == []
