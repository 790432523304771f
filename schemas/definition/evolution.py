"""Compatibility of two versions of a catalogue: changes that need a migration."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import msgspec

from schemas.definition.catalogue import Catalogue, Field

type IncompatibilityCode = Literal[
    "other-catalogue",
    "field-removed",
    "type-changed",
    "unit-changed",
    "now-required",
    "word-removed",
    "now-personal",
    "identity-changed",
    "running-changed",
]

_NUMBERS = ("integer", "decimal")
"""Types whose values are stored without their unit."""


class Incompatibility(msgspec.Struct, frozen=True):
    """A reason why releases of the old version need a migration to the new one."""

    code: IncompatibilityCode
    field: str
    """Empty if it concerns the whole catalogue."""
    zh: str
    en: str


def searched_parts(catalogue: Catalogue, fields: Collection[str]) -> object:
    """Return what search documents take from the catalogue, for contents that have only these fields.

    If it is equal for two versions, so are the documents of every such content.
    """
    own = [f for f in catalogue.fields if f.name in fields and not f.personal]
    roles = (catalogue.date_field, catalogue.body_field, catalogue.type_field)
    return (
        catalogue.name,
        {f.name: (f.searched, f.format == "deadline") for f in own if f.searched > 0},
        {f.name for f in own if f.facet},
        [(f.name, f.format) for f in own if f.format in ("document-number", "citations", "division")],
        any(f.format == "document-number" and (f.name,) in catalogue.identity for f in catalogue.fields),
        [role if role in fields else None for role in roles],
    )


def compare_catalogues(old: Catalogue, new: Catalogue) -> list[Incompatibility]:
    """List everything that needs a migration, in the order of the old file; empty if compatible.

    Compatible: optional fields and words of a vocabulary added; aliases, titles and weights changed.
    Incompatible: a field or word removed, a vocabulary closed, another type or format, another unit of a
    number, a field newly required or personal, another name, identity or ``running``.
    """
    incompatibilities = list(_compare_properties(old, new))
    for field in old.fields:
        now = new.by_name.get(field.name)
        if now is None:
            incompatibilities.append(
                Incompatibility(
                    "field-removed",
                    field.name,
                    f"删除了字段“{field.title}”",
                    f"field {field.name} was removed",
                )
            )
        else:
            incompatibilities += _compare_fields(field, now)
    for field in new.fields:
        if field.required and field.name not in old.by_name:
            incompatibilities.append(_report_required(field))
    return incompatibilities


def _compare_properties(old: Catalogue, new: Catalogue) -> list[Incompatibility]:
    incompatibilities = []
    if old.name != new.name:
        incompatibilities.append(
            Incompatibility(
                "other-catalogue",
                "",
                f"不是同一种清单类型：{old.name}、{new.name}",
                f"another catalogue: {old.name}, {new.name}",
            )
        )
    if old.identity != new.identity:
        incompatibilities.append(
            Incompatibility(
                "identity-changed",
                "",
                "识别记录的字段有变化",
                f"identity changed from {_format_identity(old)} to {_format_identity(new)}",
            )
        )
    if old.running != new.running:
        incompatibilities.append(
            Incompatibility(
                "running-changed",
                "",
                "“只增不减”的性质有变化",
                f"running changed from {old.running} to {new.running}",
            )
        )
    return incompatibilities


def _format_identity(catalogue: Catalogue) -> str:
    return " else ".join("+".join(names) for names in catalogue.identity)


def _compare_fields(old: Field, new: Field) -> list[Incompatibility]:
    incompatibilities = []
    name = old.name
    if (old.type, old.format) != (new.type, new.format):
        was, now = f"{old.type}/{old.format}", f"{new.type}/{new.format}"
        incompatibilities.append(
            Incompatibility(
                "type-changed",
                name,
                f"“{old.title}”的类型由 {was} 改为 {now}",
                f"type of {name} changed from {was} to {now}",
            )
        )
    if old.type in _NUMBERS and old.unit and old.unit != new.unit:
        zh = f"“{old.title}”的单位由“{old.unit}”改为“{new.unit}”"
        en = f"unit of {name} changed from {old.unit} to {new.unit}"
        incompatibilities.append(Incompatibility("unit-changed", name, zh, en))
    if new.required and not old.required:
        incompatibilities.append(_report_required(new))
    if new.personal and not old.personal:
        incompatibilities.append(
            Incompatibility("now-personal", name, f"“{old.title}”变为个人信息", f"{name} became personal")
        )
    if not new.open_vocabulary and (new.vocabulary or old.vocabulary):
        incompatibilities += _compare_vocabularies(old, new)
    return incompatibilities


def _compare_vocabularies(old: Field, new: Field) -> list[Incompatibility]:
    if old.open_vocabulary or not old.vocabulary:
        zh, en = f"“{old.title}”不再接受任意用词", f"the vocabulary of {old.name} was closed"
        return [Incompatibility("word-removed", old.name, zh, en)] if new.vocabulary else []
    words = {term.value for term in new.vocabulary}
    removed = [term.value for term in old.vocabulary if term.value not in words] if new.vocabulary else []
    return [
        Incompatibility(
            "word-removed",
            old.name,
            f"“{old.title}”的用词中删除了“{word}”",
            f"{word} was removed from {old.name}",
        )
        for word in removed
    ]


def _report_required(field: Field) -> Incompatibility:
    return Incompatibility(
        "now-required", field.name, f"“{field.title}”变为必填", f"{field.name} became required"
    )
