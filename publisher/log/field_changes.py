"""Differences between two contents of a record, field by field."""

from __future__ import annotations

from collections.abc import Mapping

from publisher.log.model import FieldChange
from schemas.definition.catalogue import Content


def compare_contents(before: Content, after: Content, order: Mapping[str, int]) -> tuple[FieldChange, ...]:
    """List the fields that differ, in the order of the catalogue."""
    names = sorted({*before, *after}, key=lambda name: (order.get(name, len(order)), name))
    return tuple(
        FieldChange(name, before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    )
