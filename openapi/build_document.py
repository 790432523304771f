"""OpenAPI 3.1 document, built from operations, problem kinds and the structs of responses.

Litestar's own generator does not know the grammar of our parameters, problems or conditional responses, so
every operation would have to be rewritten. Schemas of structs are msgspec's, unchanged.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from openapi import examples
from openapi.operation import Operation, Parameter, ProblemKind

_REF = "#/components/schemas/{name}"
_TEXTS = ("application/n-triples",)
"""Media types of text whose names do not say so."""
_PROBLEM_MEDIA = "application/problem+json"


def build(
    *,
    title: str,
    summary: str,
    version: str,
    description: str,
    server: str,
    tags: Mapping[str, str],
    operations: Sequence[Operation],
    problems: Sequence[ProblemKind],
    problem: type,
) -> dict[str, Any]:
    """Build the document as JSON values. ``problem`` is the struct of every error.

    ``title`` is ASCII: generators name packages by it.
    """
    kinds = {kind.code: kind for kind in problems}
    answers = [operation.answer for operation in operations if operation.answer is not None]
    unique = list(dict.fromkeys([*answers, problem]))
    references, components = msgspec.json.schema_components(unique, ref_template=_REF)
    reference = dict(zip(unique, references, strict=True))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "summary": summary,
            "version": version,
            "description": description,
            "contact": {"url": f"{server}/"},
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server}],
        "security": [],
        "tags": [{"name": name, "description": text} for name, text in tags.items()],
        "paths": {
            operation.path: {"get": _describe_operation(operation, kinds, reference, problem)}
            for operation in operations
        },
        "components": {
            "schemas": {name: _tidy_schema(schema) for name, schema in sorted(components.items())},
            "headers": _HEADERS,
        },
    }


def _describe_operation(
    operation: Operation,
    kinds: Mapping[str, ProblemKind],
    reference: Mapping[type, Mapping[str, Any]],
    problem: type,
) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": _describe_body(operation.media_type)}
    if operation.answer is not None:
        content = {"schema": reference[operation.answer]}
    example = examples.load(operation.name)
    if example is not None:
        content["example"] = example
    others = {media: {"schema": _describe_body(media)} for media in operation.also}
    contents = {operation.media_type: content, **others}
    answer: dict[str, Any] = {"description": "成功 / OK", "content": contents}
    responses: dict[str, Any] = {"200": answer}
    if operation.conditional:
        answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS}
        responses["304"] = {"description": "未变化（If-None-Match 与 ETag 相同） / Not modified"}
    responses.update(_describe_problems([kinds[code] for code in operation.problems], reference[problem]))
    return {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
        "parameters": [_describe_parameter(parameter) for parameter in operation.parameters],
        "responses": responses,
    }


def _describe_body(media: str) -> dict[str, Any]:
    """Describe a body without a struct: a JSON object, a text, or the bytes of a file."""
    if media == "application/json" or media.endswith("+json"):
        return {"type": "object"}
    is_text = media.startswith("text/") or "xml" in media or media in _TEXTS
    return {"type": "string"} if is_text else {"type": "string", "format": "binary"}


def _describe_problems(kinds: Iterable[ProblemKind], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Build one response for each status, which lists all problem kinds of that status."""
    by_status: dict[int, list[ProblemKind]] = {}
    for kind in kinds:
        by_status.setdefault(kind.status, []).append(kind)
    return {
        str(status): {
            "description": "; ".join(f"`{k.code}` {k.title} / {k.title_en}" for k in group),
            "content": {_PROBLEM_MEDIA: {"schema": schema}},
        }
        for status, group in sorted(by_status.items())
    }


def _describe_parameter(parameter: Parameter) -> dict[str, Any]:
    description: dict[str, Any] = {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.required,
        "description": parameter.description,
        "schema": dict(parameter.schema),
    }
    if parameter.free_form or parameter.schema.get("type") == "array":
        description |= {"style": "form", "explode": parameter.free_form}
    if parameter.example is not None:
        description["example"] = parameter.example
    return description


def _tidy_schema(schema: Any) -> Any:
    """Remove the indentation of docstrings, and add the missing type of enumerations of strings."""
    if isinstance(schema, list):
        return [_tidy_schema(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    tidy = {key: _tidy_schema(value) for key, value in schema.items()}
    if isinstance(tidy.get("description"), str):
        tidy["description"] = inspect.cleandoc(tidy["description"])
    places = tidy.get("prefixItems")
    if places and all(place == places[0] for place in places):
        # A tuple of equal types; many generators support only this form.
        del tidy["prefixItems"]
        tidy["items"] = places[0]
    words = tidy.get("enum")
    if isinstance(words, list) and words and all(isinstance(word, str) for word in words):
        tidy.setdefault("type", "string")
    return tidy


_HEADERS: dict[str, Any] = {
    "ETag": {
        "description": "强校验值；下次请求时原样放入 If-None-Match / Strong validator (RFC 9110)",
        "schema": {"type": "string"},
    },
    "Cache-Control": {
        "description": "每次校验；只有日志的完整数据块不变（immutable） / "
        "Revalidate every answer; only full tiles of the log are immutable",
        "schema": {"type": "string"},
    },
    "Last-Modified": {
        "description": "所依据的内容或网站最近一次变化的时间 / "
        "Time of the last change that the answer depends on, or of the site",
        "schema": {"type": "string"},
    },
}
