"""The rules by which a value differs from the text of its cell, found by applying them again."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import msgspec

from schemas.broken_lines import join_lines
from schemas.cells.values import cell_parser, is_ditto
from schemas.definition.catalogue import Field, Json
from schemas.normalise import fold, heading_key


class ReadingRule(msgspec.Struct, frozen=True):
    code: str
    """Stable; ``docs/proof.md`` lists all."""
    title: str
    title_en: str


WIDTH = ReadingRule("width", "全角字符、空格和不可见字符的规范", "Widths, spaces and invisible characters")
LINES = ReadingRule("lines", "单元格内的换行连接", "Lines of a cell joined")
DITTO = ReadingRule("ditto", "“同上”取上方的内容", "“Ditto” takes the text above")
BLANK = ReadingRule(
    "blank", "空白取合并单元格或上级的内容", "A blank takes the merged range or the level above"
)
WORD = ReadingRule("word", "换为规定的用词", "The word that the catalogue prescribes")
DERIVED = ReadingRule("derived", "从另一字段的文字中提取", "Taken from the text of another field")
WORKING_DAYS = ReadingRule(
    "working-days",
    "行政许可的期限按工作日计算（行政许可法第八十二条）",
    "Days of a licence are working days (Administrative Licensing Law, article 82)",
)
PART = ReadingRule(
    "part", "取单元格文字的一部分，如去掉编号", "Part of the cell's text, for example without its number"
)
UNIT = ReadingRule(
    "unit", "加上列名或单位列写明的单位", "The unit that the heading or a column of units states"
)
TYPED = ReadingRule("typed", "按字段的类型识读", "Read by the type of the field")
CELL = ReadingRule(
    "cell",
    "取单元格存储的数值，不取显示的文字；或以上各条不能重现的处理",
    "The number that the cell stores, not its shown text; or a reason that no other rule repeats",
)
_NUMBER = re.compile(r"[\d.,]+")
_TEXTS = ("default", "body", "text", "markdown")
"""Formats of texts, which are not converted."""


def find_rules(field: Field, original: str, value: Json, *, derived: bool) -> tuple[ReadingRule, ...]:
    """List the rules that led from the original text of a field to its value, in the order of their use.

    ``derived``: the text is that of the field from which the catalogue derives this one.
    """
    return (DERIVED,) if derived else tuple(_rules(field, original, value))


def _rules(field: Field, original: str, value: Json) -> Iterator[ReadingRule]:
    if not original.strip():
        yield BLANK
        return
    if is_ditto(original):
        yield DITTO
        return
    folded, parsed = fold(original), cell_parser(field)(original).value
    if folded != original:
        yield WIDTH
    if join_lines(folded) != folded:
        yield LINES
    if field.vocabulary:
        if isinstance(value, str) and heading_key(value) != heading_key(folded):
            yield WORD if parsed == value or value not in folded else PART
            return
    elif field.type != "string" or field.format not in _TEXTS:
        yield TYPED
    if parsed != value:
        yield _find_reason(field, folded, parsed, value)


def _find_reason(field: Field, text: str, parsed: Json, value: Json) -> ReadingRule:
    """Return why the value is not what its text alone says."""
    if isinstance(value, dict):
        number = str(value.get("amount", value.get("value")))
        if isinstance(parsed, dict) and {**parsed, "unit": "工作日"} == value:
            return WORKING_DAYS
        same = isinstance(parsed, dict) and {**parsed, "unit": value.get("unit")} == value
        return UNIT if same or number in text.replace(",", "") else CELL
    digits = _NUMBER.match(text)
    if field.type == "string" and isinstance(value, str) and digits and value.startswith(digits[0]):
        return UNIT
    words = value if isinstance(value, list) else [value]
    return PART if all(isinstance(word, str) and _is_part(word, text) for word in words) else CELL


def _is_part(word: str, text: str) -> bool:
    """Test whether a text contains a word; widths do not count, as in a number: （1） contains (1)."""
    return unicodedata.normalize("NFKC", word) in unicodedata.normalize("NFKC", text)
