"""OpenAPI document of one dataset: the paths of the dataset, with its fields as types.

A client generated from it has record classes with the fields of the dataset.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

type Json = dict[str, Any]

_DATASET_PATH = "/v1/datasets/{dataset}"
_CONTENT = "Content"
_HOLDERS = ("FullRecord", "RecordItem")
"""Schemas whose ``content`` is the content of a record."""


class Column(msgspec.Struct, frozen=True):
    """A field that queries of the dataset may use. ``schema``: of one value."""

    name: str
    title: str
    schema: Mapping[str, Any]
    facet: bool


def narrow_document(
    document: Json,
    *,
    name: str,
    title: str,
    summary: str,
    columns: Sequence[Column],
    statuses: Sequence[str],
    content: Mapping[str, Any],
) -> Json:
    """Narrow ``document``, which it changes, to ``name``. ``content``: JSON Schema of a record's content.

    ``statuses``: by which records can be filtered.
    """
    schemas = document["components"]["schemas"]
    schemas[_CONTENT] = _narrow_content(content)
    for holder in _HOLDERS:
        schemas[holder]["properties"]["content"] = {"$ref": f"#/components/schemas/{_CONTENT}"}
    paths = {
        path.replace("{dataset}", name): {"get": _narrow_operation(item["get"], columns, statuses)}
        for path, item in document["paths"].items()
        if path.startswith(_DATASET_PATH) and not path.endswith("openapi.json")
    }
    document["paths"] = paths
    document["info"] = {**document["info"], "title": title, "summary": summary}
    tags = {operation["get"]["tags"][0] for operation in paths.values()}
    document["tags"] = [tag for tag in document["tags"] if tag["name"] in tags]
    document["components"]["schemas"] = _reachable_schemas(paths, schemas)
    return document


def _narrow_content(schema: Mapping[str, Any]) -> Json:
    """Remove ``required``, since ``fields=`` may omit any field, and allow additional fields."""
    dropped = ("$schema", "$id", "required", "additionalProperties")
    schema_of_content = {key: value for key, value in schema.items() if key not in dropped}
    fields = {
        name: _move_title_to_description(field) for name, field in schema_of_content["properties"].items()
    }
    return {**_move_title_to_description(schema_of_content), "properties": fields}


def _move_title_to_description(schema: Mapping[str, Any]) -> Json:
    """Move the title to the description: generators derive class names from it, and it is Chinese."""
    words = [schema.get("title", ""), schema.get("description", "")]
    rest = {key: value for key, value in schema.items() if key != "title"}
    return {**rest, "description": "\n\n".join(word for word in words if word)}


def _narrow_operation(operation: Json, columns: Sequence[Column], statuses: Sequence[str]) -> Json:
    names = {column.name for column in columns}
    parameters: list[Json] = []
    for parameter in operation["parameters"]:
        match parameter["name"]:
            case "dataset":
                continue
            case "filters":
                parameters += [p for column in columns for p in _describe_filters(column)]
                parameters += _describe_common_filters(statuses)
            case "fields":
                parameters.append(_enumerate_words(parameter, sorted(names)))
            case "sort" if parameter["schema"]["type"] == "array":
                words = [sign + name for name in sorted(names) for sign in ("", "-")]
                parameters.append(_enumerate_words(parameter, ["listed", *words]))
            case "facets":
                parameters.append(
                    _enumerate_words(parameter, ["part", *sorted(c.name for c in columns if c.facet)])
                )
            case _:
                parameters.append(parameter)
    responses = {status: _without_example(answer) for status, answer in operation["responses"].items()}
    return {**operation, "parameters": parameters, "responses": responses}


def _describe_common_filters(statuses: Sequence[str]) -> list[Json]:
    """Describe the filters of every dataset, in addition to its fields."""
    part = "报送部门 / The department that submits the record"
    return [
        _describe_filter("part", {"type": "string"}, part),
        _describe_presence("part", part),
        _describe_filter("status", {"type": "string", "enum": list(statuses)}, "状态 / Status"),
    ]


def _describe_filters(column: Column) -> list[Json]:
    return [
        _describe_filter(column.name, column.schema, column.title),
        *(
            _describe_parameter(f"{column.name}.{word}", column.schema, f"{column.title} {sign}")
            for word, sign in (("gte", "≥"), ("gt", ">"), ("lte", "≤"), ("lt", "<"))
        ),
        _describe_presence(column.name, column.title),
    ]


def _describe_presence(name: str, meaning: str) -> Json:
    presence = f"{meaning}：有无取值 / whether there is a value"
    return _describe_parameter(f"{name}.exists", {"type": "boolean"}, presence)


def _describe_filter(name: str, schema: Mapping[str, Any], meaning: str) -> Json:
    several = {"type": "array", "items": dict(schema)}
    return {**_describe_parameter(name, several, f"{meaning}；重复为“或” / repeat for or"), "explode": True}


def _describe_parameter(name: str, schema: Mapping[str, Any], meaning: str) -> Json:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": meaning,
        "schema": dict(schema),
        "style": "form",
        "explode": False,
    }


def _enumerate_words(parameter: Json, words: Sequence[str]) -> Json:
    return {**parameter, "schema": {"type": "array", "items": {"type": "string", "enum": list(words)}}}


def _without_example(answer: Json) -> Json:
    """Remove examples, which are of another dataset and have other fields."""
    content = answer.get("content")
    if content is None:
        return answer
    bare = {m: {k: v for k, v in c.items() if k != "example"} for m, c in content.items()}
    return {**answer, "content": bare}


def _reachable_schemas(paths: Json, schemas: Json) -> Json:
    """Return the schemas that paths refer to, directly or through other schemas."""
    reachable: set[str] = set()
    queue = _schema_names(paths)
    while queue:
        name = queue.pop()
        if name not in reachable:
            reachable.add(name)
            queue |= _schema_names(schemas[name])
    return {name: schema for name, schema in schemas.items() if name in reachable}


def _schema_names(value: Any) -> set[str]:
    return set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(value)))
