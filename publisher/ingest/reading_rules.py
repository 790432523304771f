"""The rules by which a value differs from the text of its cell, found by applying them again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.cells.values import cell_parser, is_ditto
from schemas.definition.catalogue import Field, Json
from schemas.normalise import fold, heading_key, join_lines


@dataclass(frozen=True, slots=True)
class ReadingRule:
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
TYPED = ReadingRule("typed", "按字段的类型识读", "Read by the type of the field")
CELL = ReadingRule(
    "cell", "取单元格存储的数值，不取显示的文字", "The number that the cell stores, not its shown text"
)
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
            yield WORD
    elif field.type != "string" or field.format not in _TEXTS:
        yield TYPED
    if parsed != value:
        days = isinstance(parsed, dict) and isinstance(value, dict) and {**parsed, "unit": "工作日"} == value
        yield WORKING_DAYS if days else CELL
