"""May a catalogue change without a migration? What stands in the way, old file against new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from schemas.definition.catalogue import Catalogue, Field

type IncompatibilityCode = Literal[
    "other-catalogue",
    "field-removed",
    "type-changed",
    "now-required",
    "word-removed",
    "now-personal",
    "identity-changed",
    "running-changed",
]


@dataclass(frozen=True, slots=True)
class Incompatibility:
    """One reason why releases made with the old file cannot go on under the new one without a migration."""

    code: IncompatibilityCode
    field: str
    """Empty where it is about the whole catalogue."""
    zh: str
    en: str


def compare(old: Catalogue, new: Catalogue) -> list[Incompatibility]:
    """Everything that needs a migration, in the order of the old file; empty where the change is compatible.

    Optional fields, aliases, words of a vocabulary, titles and weights may be added or changed. A removed
    field or word, another type or format, a newly required or personal field and another identity may not.
    """
    found = list(_whole(old, new))
    for field in old.fields:
        now = new.by_name.get(field.name)
        if now is None:
            found.append(
                Incompatibility(
                    "field-removed",
                    field.name,
                    f"删除了字段“{field.title}”",
                    f"field {field.name} was removed",
                )
            )
        else:
            found += _of_field(field, now)
    for field in new.fields:
        if field.required and field.name not in old.by_name:
            found.append(_required(field))
    return found


def _whole(old: Catalogue, new: Catalogue) -> list[Incompatibility]:
    found = []
    if old.name != new.name:
        found.append(
            Incompatibility(
                "other-catalogue",
                "",
                f"不是同一种清单类型：{old.name}、{new.name}",
                f"another catalogue: {old.name}, {new.name}",
            )
        )
    if old.identity != new.identity:
        found.append(
            Incompatibility(
                "identity-changed",
                "",
                "识别记录的字段有变化",
                f"identity changed from {_print(old)} to {_print(new)}",
            )
        )
    if old.running != new.running:
        found.append(
            Incompatibility(
                "running-changed",
                "",
                "“只增不减”的性质有变化",
                f"running changed from {old.running} to {new.running}",
            )
        )
    return found


def _print(catalogue: Catalogue) -> str:
    return " else ".join("+".join(names) for names in catalogue.identity)


def _of_field(old: Field, new: Field) -> list[Incompatibility]:
    found = []
    name = old.name
    if (old.type, old.format) != (new.type, new.format):
        was, now = f"{old.type}/{old.format}", f"{new.type}/{new.format}"
        found.append(
            Incompatibility(
                "type-changed",
                name,
                f"“{old.title}”的类型由 {was} 改为 {now}",
                f"type of {name} changed from {was} to {now}",
            )
        )
    if new.required and not old.required:
        found.append(_required(new))
    if new.personal and not old.personal:
        found.append(
            Incompatibility("now-personal", name, f"“{old.title}”变为个人信息", f"{name} became personal")
        )
    if not new.open_vocabulary and (new.vocabulary or old.vocabulary):
        found += _words(old, new)
    return found


def _words(old: Field, new: Field) -> list[Incompatibility]:
    if old.open_vocabulary or not old.vocabulary:
        zh, en = f"“{old.title}”不再接受任意用词", f"the vocabulary of {old.name} was closed"
        return [Incompatibility("word-removed", old.name, zh, en)] if new.vocabulary else []
    kept = {term.value for term in new.vocabulary}
    lost = [term.value for term in old.vocabulary if term.value not in kept] if new.vocabulary else []
    return [
        Incompatibility(
            "word-removed",
            old.name,
            f"“{old.title}”的用词中删除了“{word}”",
            f"{word} was removed from {old.name}",
        )
        for word in lost
    ]


def _required(field: Field) -> Incompatibility:
    return Incompatibility(
        "now-required", field.name, f"“{field.title}”变为必填", f"{field.name} became required"
    )
