"""The contract of one dataset: the whole document cut down to it, with its real fields as types.

A client generated from this reads records into classes with the fields that they have.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

type Json = dict[str, Any]

_PLACE = "/v1/datasets/{dataset}"
_CONTENT = "Content"
_HOLDERS = ("Record", "RecordItem")
"""The answers whose ``content`` is a record's."""


@dataclass(frozen=True, slots=True)
class Column:
    """A field of the dataset's records, as far as a query speaks of it. ``schema``: of one value."""

    name: str
    title: str
    schema: Mapping[str, Any]
    ordered: bool
    """Dates and numbers: worth comparing."""
    facet: bool


def to_dataset(
    document: Json, *, name: str, title: str, columns: Sequence[Column], content: Mapping[str, Any]
) -> Json:
    """``document`` for the dataset ``name``. ``content`` is the JSON Schema of a record's content."""
    whole = copy.deepcopy(document)
    schemas = whole["components"]["schemas"]
    schemas[_CONTENT] = _content(content)
    for holder in _HOLDERS:
        schemas[holder]["properties"]["content"] = {"$ref": f"#/components/schemas/{_CONTENT}"}
    paths = {
        path.replace("{dataset}", name): {"get": _operation(item["get"], columns)}
        for path, item in whole["paths"].items()
        if path.startswith(_PLACE) and not path.endswith("openapi.json")
    }
    whole["paths"] = paths
    whole["info"] = {**whole["info"], "title": title}
    used = {operation["get"]["tags"][0] for operation in paths.values()}
    whole["tags"] = [tag for tag in whole["tags"] if tag["name"] in used]
    whole["components"]["schemas"] = _reached(paths, schemas)
    return whole


def _content(schema: Mapping[str, Any]) -> Json:
    """No field is promised to be there (``fields=`` leaves any out), and fields may be added."""
    dropped = ("$schema", "$id", "required", "additionalProperties")
    kept = {key: value for key, value in schema.items() if key not in dropped}
    fields = {name: _told(field) for name, field in kept["properties"].items()}
    return {**_told(kept), "properties": fields}


def _told(schema: Mapping[str, Any]) -> Json:
    """The title goes into the description: generators name classes by it, and it is Chinese."""
    words = [schema.get("title", ""), schema.get("description", "")]
    rest = {key: value for key, value in schema.items() if key != "title"}
    return {**rest, "description": "\n\n".join(word for word in words if word)}


def _operation(operation: Json, columns: Sequence[Column]) -> Json:
    named = {column.name for column in columns}
    found: list[Json] = []
    for parameter in operation["parameters"]:
        match parameter["name"]:
            case "dataset":
                continue
            case "filters":
                found += [p for column in columns for p in _filters(column)]
                found += [_filter(word, {"type": "string"}, meaning) for word, meaning in _WORDS.items()]
            case "fields" if columns:
                found.append(_choice(parameter, sorted(named)))
            case "sort" if parameter["schema"]["type"] == "array":
                found.append(_choice(parameter, [s + n for n in sorted(named) for s in ("", "-")]))
            case "facets" if columns:
                found.append(_choice(parameter, ["part", *sorted(c.name for c in columns if c.facet)]))
            case _:
                found.append(parameter)
    responses = {status: _without_example(answer) for status, answer in operation["responses"].items()}
    return {**operation, "parameters": found, "responses": responses}


_WORDS = {"part": "报送部门 / The department that submits the record", "status": "current, future, removed"}


def _filters(column: Column) -> list[Json]:
    found = [_filter(column.name, column.schema, column.title)]
    if column.ordered:
        found += [
            _parameter(f"{column.name}.{word}", column.schema, f"{column.title} {sign}")
            for word, sign in (("gte", "≥"), ("gt", ">"), ("lte", "≤"), ("lt", "<"))
        ]
    exists = f"{column.title}：有无取值 / whether there is a value"
    return [*found, _parameter(f"{column.name}.exists", {"type": "boolean"}, exists)]


def _filter(name: str, schema: Mapping[str, Any], meaning: str) -> Json:
    several = {"type": "array", "items": dict(schema)}
    return {**_parameter(name, several, f"{meaning}；重复为“或” / repeat for or"), "explode": True}


def _parameter(name: str, schema: Mapping[str, Any], meaning: str) -> Json:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": meaning,
        "schema": dict(schema),
        "style": "form",
        "explode": False,
    }


def _choice(parameter: Json, words: Sequence[str]) -> Json:
    return {**parameter, "schema": {"type": "array", "items": {"type": "string", "enum": list(words)}}}


def _without_example(answer: Json) -> Json:
    """Examples are of another dataset, so they would tell fields that this one has not."""
    content = answer.get("content")
    if content is None:
        return answer
    bare = {m: {k: v for k, v in c.items() if k != "example"} for m, c in content.items()}
    return {**answer, "content": bare}


def _reached(paths: Json, schemas: Json) -> Json:
    """The schemas that the paths name, and those that these name."""
    found: set[str] = set()
    waiting = _named(paths)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting |= _named(schemas[name])
    return {name: schema for name, schema in schemas.items() if name in found}


def _named(value: Any) -> set[str]:
    return set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(value)))
