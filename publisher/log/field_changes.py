"""Differences between two states of a record, field by field."""

from __future__ import annotations

from collections.abc import Mapping

from publisher.log.model import FieldChange
from schemas.definition.catalogue import Content


def compare_states(
    before: Content | None,
    after: Content | None,
    order: Mapping[str, int],
    *,
    parts: tuple[str | None, str | None],
) -> tuple[FieldChange, ...]:
    """List the part, if it differs, and the fields that differ, in the order of the catalogue.

    ``parts``: names of the part before and after. Nothing is listed if one of the states has no content.
    """
    if before is None or after is None:
        return ()
    names = sorted({*before, *after}, key=lambda name: (order.get(name, len(order)), name))
    pairs = [("part", *parts), *((name, before.get(name), after.get(name)) for name in names)]
    return tuple(FieldChange(name, old, new) for name, old, new in pairs if old != new)
