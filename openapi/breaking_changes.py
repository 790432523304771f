"""Breaking changes between two versions of an OpenAPI document.

A client of the old document must work with the new one unchanged: paths and parameters must not be removed
or become stricter, headers of responses must not be removed, and their properties must not be removed or
change their type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

type Json = Mapping[str, Any]

_ANYTHING: Json = {}
_TYPES_OF_VALUES = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
"""Type of a value in JSON Schema, by its type in Python."""


def incompatibilities(old: Json, new: Json) -> list[str]:
    """List the breaking changes from ``old`` to ``new``, one sentence each; empty if there are none."""
    return list(dict.fromkeys(_compare_documents(old, new)))


def _compare_documents(old: Json, new: Json) -> Iterator[str]:
    for path, item in old.get("paths", {}).items():
        other = new.get("paths", {}).get(path)
        if other is None:
            yield f"{path}: the path is gone"
            continue
        for method, operation in item.items():
            where = f"{method.upper()} {path}"
            if method not in other:
                yield f"{where}: the method is gone"
            else:
                yield from _compare_operations(where, operation, other[method], old, new)


def _compare_operations(
    where: str, old: Json, new: Json, old_document: Json, new_document: Json
) -> Iterator[str]:
    if old.get("operationId") != new.get("operationId"):
        yield f"{where}: operationId {old.get('operationId')} became {new.get('operationId')}"
    yield from _compare_parameters(where, old, new)
    for status, response in old.get("responses", {}).items():
        other = new.get("responses", {}).get(status)
        if other is None:
            yield f"{where}: response {status} is gone"
            continue
        headers = {name.lower() for name in other.get("headers", {})}
        for name in response.get("headers", {}):
            if name.lower() not in headers:
                yield f"{where}: response {status} no longer has the header {name}"
        for media, content in response.get("content", {}).items():
            if media not in other.get("content", {}):
                yield f"{where}: response {status} is no longer {media}"
                continue
            new_schema = other["content"][media].get("schema", {})
            visited: set[tuple[str, str]] = set()
            yield from _compare_response_schemas(
                f"{where} {status} {media}",
                content.get("schema", {}),
                new_schema,
                old_document,
                new_document,
                visited,
            )


def _compare_parameters(where: str, old: Json, new: Json) -> Iterator[str]:
    old_parameters = {(p["in"], p["name"]): p for p in old.get("parameters", ())}
    new_parameters = {(p["in"], p["name"]): p for p in new.get("parameters", ())}
    for key, parameter in old_parameters.items():
        name = f"{where}: parameter {key[1]}"
        other = new_parameters.get(key)
        if other is None:
            yield f"{name} is gone"
            continue
        if other.get("required") and not parameter.get("required"):
            yield f"{name} became required"
        yield from _compare_parameter_schemas(name, parameter.get("schema", {}), other.get("schema", {}))
    for key, parameter in new_parameters.items():
        if key not in old_parameters and parameter.get("required"):
            yield f"{where}: new parameter {key[1]} is required"


def _compare_parameter_schemas(name: str, old: Json, new: Json) -> Iterator[str]:
    """Compare schemas of a parameter: a value that was accepted must still be accepted."""
    if old.get("type") != new.get("type"):
        yield f"{name} changed its type from {old.get('type')} to {new.get('type')}"
    removed = set(old.get("enum", ())) - set(new.get("enum", old.get("enum", ())))
    if removed or ("enum" in new and "enum" not in old):
        yield f"{name} no longer accepts {', '.join(sorted(map(str, removed))) or 'every value'}"
    for bound, stricter in (("maximum", -1), ("minimum", 1), ("maxLength", -1), ("minLength", 1)):
        limit = new.get(bound)
        if limit is not None and (bound not in old or stricter * (limit - old[bound]) > 0):
            yield f"{name} has a stricter {bound}"
    if "pattern" in new and new["pattern"] != old.get("pattern"):
        yield f"{name} has another pattern"
    if old.get("default") != new.get("default"):
        yield f"{name} changed its default from {old.get('default')} to {new.get('default')}"
    if "items" in old and "items" in new:
        yield from _compare_parameter_schemas(f"{name}[]", old["items"], new["items"])


def _compare_response_schemas(
    where: str, old: Json, new: Json, old_document: Json, new_document: Json, visited: set[tuple[str, str]]
) -> Iterator[str]:
    """Compare schemas of a response: properties must stay, with the same type; new ones may be added.

    ``visited``: pairs of references that are compared already, because schemas refer to each other.
    """
    pair = (str(old.get("$ref", "")), str(new.get("$ref", "")))
    if pair != ("", "") and pair in visited:
        return
    visited.add(pair)
    old, new = _resolve(old, old_document), _resolve(new, new_document)
    yield from _compare_types(where, old, new, old_document, new_document)
    for name, schema in old.get("properties", {}).items():
        other = new.get("properties", {}).get(name)
        if other is None:
            yield f"{where}.{name}: the property is gone"
            continue
        if name in old.get("required", ()) and name not in new.get("required", ()):
            yield f"{where}.{name}: is no longer always there"
        yield from _compare_response_schemas(
            f"{where}.{name}", schema, other, old_document, new_document, visited
        )
    for key in ("items", "additionalProperties"):
        element = new.get(key, _ANYTHING)
        if isinstance(old.get(key), Mapping) and isinstance(element, Mapping):
            yield from _compare_response_schemas(
                f"{where}[]", old[key], element, old_document, new_document, visited
            )
    if "anyOf" in old or "anyOf" in new:
        for old_part, new_part in _pair_alternatives(old, new, old_document, new_document):
            yield from _compare_response_schemas(
                where, old_part, new_part, old_document, new_document, visited
            )


def _compare_types(where: str, old: Json, new: Json, old_document: Json, new_document: Json) -> Iterator[str]:
    earlier, later = _types(old, old_document), _types(new, new_document)
    if earlier and not later:
        yield f"{where}: may now be anything"
    elif earlier and later - earlier:
        yield f"{where}: may now be {', '.join(sorted(later - earlier))}"
    if earlier - later - {"null"}:
        yield f"{where}: is no longer {', '.join(sorted(earlier - later))}"
    if "enum" in old and ("enum" not in new or set(new["enum"]) - set(old["enum"])):
        yield f"{where}: has values that were not promised"


def _pair_alternatives(
    old: Json, new: Json, old_document: Json, new_document: Json
) -> Iterator[tuple[Json, Json]]:
    """Pair each alternative of ``old`` with one of the same type: the same reference, else the next in order.

    A schema without ``anyOf`` is its only alternative: what was nullable may have become mandatory. A type
    that only one side has is reported with the types of the whole schema.
    """
    rest = list(new.get("anyOf", (new,)))
    parts = sorted(old.get("anyOf", (old,)), key=lambda part: part not in rest)  # equal ones first
    for part in parts:
        types = _types(_resolve(part, old_document), old_document)
        candidates = [one for one in rest if types & _types(_resolve(one, new_document), new_document)]
        if candidates:
            other = part if part in candidates else candidates[0]
            rest.remove(other)
            yield part, other


def _types(schema: Json, document: Json) -> set[str]:
    """Return the types of a schema's values; empty: any."""
    if "anyOf" in schema:
        parts = [_types(_resolve(part, document), document) for part in schema["anyOf"]]
        return set().union(*parts) if all(parts) else set()
    kind = schema.get("type")
    if kind is None:
        return {_TYPES_OF_VALUES[type(value)] for value in schema.get("enum", ())}
    return set(kind) if isinstance(kind, list) else {str(kind)}


def _resolve(schema: Json, document: Json) -> Json:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    target: Json = document["components"]["schemas"][str(reference).rsplit("/", 1)[-1]]
    return target
