"""Differences as a JSON Patch (RFC 6902)."""

from __future__ import annotations

from typing import Any

from schemas.definition.catalogue import Content


def patch(record: str, before: Content | None, after: Content | None) -> list[dict[str, Any]]:
    """List the operations on one record in an object of record id → content; none if both are None."""
    root = f"/{_token(record)}"
    if before is None and after is None:
        return []
    if before is None:
        return [{"op": "add", "path": root, "value": after}]
    if after is None:
        return [{"op": "remove", "path": root}]
    operations: list[dict[str, Any]] = []
    for name in sorted({*before, *after}):
        path = f"{root}/{_token(name)}"
        if name not in after:
            operations.append({"op": "remove", "path": path})
        elif name not in before:
            operations.append({"op": "add", "path": path, "value": after[name]})
        elif before[name] != after[name]:
            operations.append({"op": "replace", "path": path, "value": after[name]})
    return operations


def _token(text: str) -> str:
    """Escape a reference token of JSON Pointer (RFC 6901)."""
    return text.replace("~", "~0").replace("/", "~1")
