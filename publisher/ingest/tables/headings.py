"""The known headings of a catalogue's columns, and what a heading cell means for the column below it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from publisher.ingest.tables import heading_text
from publisher.ingest.tables.heading_text import HeadingText
from schemas.definition.catalogue import Catalogue, Field
from schemas.normalise import heading_key

LONGEST_HEADING = 40
"""Characters of a heading without its remarks; a longer cell is data or a title."""

type Role = Literal["value", "unit", "note", "ignored"]


class ColumnMeaning(msgspec.Struct, frozen=True):
    """The meaning of a column. ``unit`` and ``note`` columns qualify the field of another column."""

    role: Role
    field: str = ""
    """Name of the field; ``""`` for an ignored column."""
    unit: str = ""
    """Unit of bare numbers in the column, where its heading names one."""


_COMPANIONS: tuple[tuple[Role, re.Pattern[str]], ...] = (
    ("unit", re.compile(r"(?P<heading>.{2,}?)的?(?:计量|计费)?单位")),
    ("note", re.compile(r"(?P<heading>.{2,}?)的?(?:说明|备注|附注|注)")),
)
_OTHER_ATTRIBUTE = re.compile(
    r".*(?:编码|代码|编号|号码|证号|人|人员|员|电话|手机|邮箱|地址|住址|姓名|时间|日期|期限|时限|类型|类别|性质|数量|金额|比例|子项|说明"
    r"|备注|链接|网址|附件|依据|标准|承诺|法定|原|id|code)",
    re.IGNORECASE,
)
"""Words in brackets that make another column of a heading: 实施主体（编码） is not 实施主体."""


@dataclass(frozen=True, slots=True)
class Headings:
    """Every known name of a catalogue's columns."""

    catalogue: Catalogue
    fields: Mapping[str, str]
    """Key of a heading (:func:`schemas.normalise.heading_key`) → field name."""
    ignored: frozenset[str]
    spanned: Mapping[str, str]
    """Field → the field in a second column under the same heading."""
    titles_and_aliases: frozenset[str]
    """The headings as the catalogue writes them, for a fast first test."""
    _meanings: dict[str, ColumnMeaning | None] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_catalogue(cls, catalogue: Catalogue) -> Headings:
        fields: dict[str, str] = {}
        for f in catalogue.fields:
            for text in (f.title, *f.aliases, f.name):
                fields.setdefault(heading_key(text), f.name)
        return cls(
            catalogue=catalogue,
            fields=fields,
            ignored=frozenset(heading_key(t) for t in catalogue.ignored),
            titles_and_aliases=frozenset(
                t for f in catalogue.fields for t in (f.title, *f.aliases, *catalogue.ignored)
            ),
            spanned={f.spanned_by: f.name for f in catalogue.fields if f.spanned_by},
        )

    def meaning_of(self, text: str) -> ColumnMeaning | None:
        """Return what a heading cell means, with its unit and without its remarks; None if unknown."""
        if text not in self._meanings:
            self._meanings[text] = self._read_meaning(text) if text and not text.isspace() else None
        return self._meanings[text]

    def field_of(self, text: str) -> str | None:
        """Return the field whose values a column holds; None for unknown, ignored and companion columns."""
        meaning = self.meaning_of(text)
        return meaning.field if meaning is not None and meaning.role == "value" else None

    def knows(self, text: str) -> bool:
        return self.meaning_of(text) is not None

    def _read_meaning(self, text: str) -> ColumnMeaning | None:
        readings = list(heading_text.readings(text))
        for reading in readings:
            key = heading_key(reading.heading)
            if len(reading.heading) > LONGEST_HEADING:
                continue
            if key in self.fields and self._keeps_meaning(self.fields[key], reading):
                return ColumnMeaning("value", self.fields[key], reading.unit)
            if key in self.ignored and not reading.words:
                return ColumnMeaning("ignored")
        for reading in readings:
            companion = self._read_companion(reading)
            if companion is not None:
                return companion
        return None

    def _keeps_meaning(self, name: str, reading: HeadingText) -> bool:
        """Test that words in brackets only explain the heading: 收费（征收）标准, 行使主体（牵头部门）."""
        own = {key for key, field_name in self.fields.items() if field_name == name}
        for word in reading.words:
            key = heading_key(word)
            if self.fields.get(key, name) != name or key in self.ignored:
                return False
            attribute = _OTHER_ATTRIBUTE.fullmatch(key)
            if attribute and not any(key in heading for heading in own):
                return False
        return True

    def _read_companion(self, reading: HeadingText) -> ColumnMeaning | None:
        if reading.words or len(reading.heading) > LONGEST_HEADING:
            return None
        key = heading_key(reading.heading)
        for role, pattern in _COMPANIONS:
            match = pattern.fullmatch(key)
            name = self.fields.get(match["heading"]) if match else None
            if name is not None and _is_qualified(self.catalogue.by_name[name], self.catalogue):
                return ColumnMeaning(role, name)
        return None


def _is_qualified(f: Field, catalogue: Catalogue) -> bool:
    """Test whether a unit or a note may qualify the field: a quantity, or running text."""
    if f.personal or f.name == catalogue.title_field:
        return False
    if f.type in {"limit", "amount", "decimal", "integer"}:
        return True
    return f.type == "string" and not f.vocabulary and f.format == "text"
