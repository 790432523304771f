"""Whether one OpenAPI document keeps the promises of another: a pure function over the two.

A caller of the old document must be able to use the new one unchanged: nothing that he may call or
send goes away or grows stricter, nothing that he may read goes away or changes its type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

type Json = Mapping[str, Any]


def incompatibilities(old: Json, new: Json) -> list[str]:
    """What ``new`` breaks of ``old``, one sentence each; empty where it breaks nothing."""
    return list(dict.fromkeys(_documents(old, new)))


def _documents(old: Json, new: Json) -> Iterator[str]:
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
                yield from _operations(where, operation, other[method], old, new)


def _operations(where: str, old: Json, new: Json, before: Json, after: Json) -> Iterator[str]:
    if old.get("operationId") != new.get("operationId"):
        yield f"{where}: operationId {old.get('operationId')} became {new.get('operationId')}"
    yield from _parameters(where, old, new)
    for status, response in old.get("responses", {}).items():
        other = new.get("responses", {}).get(status)
        if other is None:
            yield f"{where}: response {status} is gone"
            continue
        for media, content in response.get("content", {}).items():
            if media not in other.get("content", {}):
                yield f"{where}: response {status} is no longer {media}"
                continue
            theirs = other["content"][media].get("schema", {})
            seen: set[tuple[str, str]] = set()
            yield from _answers(
                f"{where} {status} {media}", content.get("schema", {}), theirs, before, after, seen
            )


def _parameters(where: str, old: Json, new: Json) -> Iterator[str]:
    olds = {(p["in"], p["name"]): p for p in old.get("parameters", ())}
    news = {(p["in"], p["name"]): p for p in new.get("parameters", ())}
    for key, parameter in olds.items():
        name = f"{where}: parameter {key[1]}"
        other = news.get(key)
        if other is None:
            yield f"{name} is gone"
            continue
        if other.get("required") and not parameter.get("required"):
            yield f"{name} became required"
        yield from _narrowed(name, parameter.get("schema", {}), other.get("schema", {}))
    for key, parameter in news.items():
        if key not in olds and parameter.get("required"):
            yield f"{where}: new parameter {key[1]} is required"


def _narrowed(name: str, old: Json, new: Json) -> Iterator[str]:
    """A value that was accepted must stay so."""
    if old.get("type") != new.get("type"):
        yield f"{name} changed its type from {old.get('type')} to {new.get('type')}"
    gone = set(old.get("enum", ())) - set(new.get("enum", old.get("enum", ())))
    if gone or ("enum" in new and "enum" not in old):
        yield f"{name} no longer accepts {', '.join(sorted(map(str, gone))) or 'every value'}"
    for bound, stricter in (("maximum", -1), ("minimum", 1), ("maxLength", -1), ("minLength", 1)):
        limit = new.get(bound)
        if limit is not None and (bound not in old or stricter * (limit - old[bound]) > 0):
            yield f"{name} has a stricter {bound}"
    if "pattern" in new and new["pattern"] != old.get("pattern"):
        yield f"{name} has another pattern"
    if old.get("default") != new.get("default"):
        yield f"{name} changed its default from {old.get('default')} to {new.get('default')}"
    if "items" in old and "items" in new:
        yield from _narrowed(f"{name}[]", old["items"], new["items"])


def _answers(
    where: str, old: Json, new: Json, before: Json, after: Json, seen: set[tuple[str, str]]
) -> Iterator[str]:
    """What could be read must stay there, of the same type; an answer may say more, never less."""
    pair = (str(old.get("$ref", "")), str(new.get("$ref", "")))
    if pair != ("", "") and pair in seen:
        return
    seen.add(pair)
    old, new = _resolve(old, before), _resolve(new, after)
    yield from _changed_type(where, old, new, before, after)
    for name, schema in old.get("properties", {}).items():
        other = new.get("properties", {}).get(name)
        if other is None:
            yield f"{where}.{name}: the property is gone"
            continue
        if name in old.get("required", ()) and name not in new.get("required", ()):
            yield f"{where}.{name}: is no longer always there"
        yield from _answers(f"{where}.{name}", schema, other, before, after, seen)
    for key in ("items", "additionalProperties"):
        if isinstance(old.get(key), Mapping) and isinstance(new.get(key), Mapping):
            yield from _answers(f"{where}[]", old[key], new[key], before, after, seen)
    yield from _alternatives(where, old, new, before, after, seen)


def _changed_type(where: str, old: Json, new: Json, before: Json, after: Json) -> Iterator[str]:
    earlier, later = _types(old, before), _types(new, after)
    if later - earlier:
        yield f"{where}: may now be {', '.join(sorted(later - earlier))}"
    if earlier - later - {"null"}:
        yield f"{where}: is no longer {', '.join(sorted(earlier - later))}"
    if "enum" in old and set(new.get("enum", ())) - set(old["enum"]):
        yield f"{where}: has values that were not promised"


def _alternatives(
    where: str, old: Json, new: Json, before: Json, after: Json, seen: set[tuple[str, str]]
) -> Iterator[str]:
    """Objects among alternatives are compared by their place; the types were compared already."""
    olds = [part for part in old.get("anyOf", ()) if "$ref" in part]
    news = [part for part in new.get("anyOf", ()) if "$ref" in part]
    for mine, theirs in zip(olds, news, strict=False):
        yield from _answers(where, mine, theirs, before, after, seen)


def _types(schema: Json, document: Json) -> set[str]:
    if "anyOf" in schema:
        return set().union(*(_types(_resolve(part, document), document) for part in schema["anyOf"]))
    kind = schema.get("type")
    if kind is None:
        return set()
    return set(kind) if isinstance(kind, list) else {str(kind)}


def _resolve(schema: Json, document: Json) -> Json:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Json = document["components"]["schemas"][str(reference).rsplit("/", 1)[-1]]
    return found
