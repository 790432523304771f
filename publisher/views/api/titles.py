"""Titles of fields and of their values, in Chinese."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from publisher.log.model import FieldChange
from publisher.views.api.answers import common
from schemas import words
from schemas.definition.catalogue import Catalogue
from schemas.reference import administrative_divisions

COMMON: Mapping[str, str] = {name: title.zh for name, title in words.FACETS.items()}
"""Facets of every record, in any catalogue."""


def field_title(catalogue: Catalogue, name: str) -> str:
    field = catalogue.by_name.get(name)
    return field.title if field is not None else COMMON.get(name, name)


def is_personal(catalogue: Catalogue, name: str) -> bool:
    """Report whether a field is personal. One that was so when a row was read has no stored value."""
    field = catalogue.by_name.get(name)
    return field is not None and field.personal


def field_changes(catalogue: Catalogue, changes: Iterable[FieldChange]) -> tuple[common.FieldChange, ...]:
    """Give titles to changes of fields. Those of a personal field are left out."""
    return tuple(
        common.FieldChange(
            field=change.field,
            title=field_title(catalogue, change.field),
            before=change.before,
            after=change.after,
        )
        for change in changes
        if not is_personal(catalogue, change.field)
    )


def make_facet(
    name: str,
    title: str,
    counts: Iterable[tuple[str, int]],
    *,
    datasets: Mapping[str, str] | None = None,
) -> common.Facet:
    """Build a facet. ``datasets``: name → title, if the facet's values may be datasets."""
    return common.Facet(
        field=name,
        title=title,
        values=tuple(
            common.FacetValue(
                value=administrative_divisions.pad_code(value) if name == "division" else value,
                title=_value_title(name, value, datasets or {}),
                count=count,
            )
            for value, count in counts
        ),
    )


def _value_title(name: str, value: str, datasets: Mapping[str, str]) -> str:
    match name:
        case "dataset":
            return datasets.get(value, value)
        case "division":
            return administrative_divisions.name_of(value) or value
        case "status":
            return words.STATUSES[value].zh if value in words.STATUSES else value
        case _:
            return words.BOOLEANS[value].zh if value in words.BOOLEANS else value
