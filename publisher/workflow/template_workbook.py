"""A blank workbook of a catalogue for departments: headings, drop-downs, notes and examples."""

from __future__ import annotations

import io
from collections.abc import Mapping

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name, xl_range_abs
from xlsxwriter.worksheet import Worksheet

from publisher.ingest.read_file import NOTES_MARK
from publisher.workflow.annotation.grid_workbook import sheet_name
from schemas.definition.catalogue import Catalogue, Field

NOTES_SHEET = "填写说明"
ROWS = 2_000
"""Rows below the headings with drop-downs and hints."""
_LONGEST_HINT = 255
_LONGEST_TITLE = 32
_HEADINGS = ("列名", "必填", "说明", "怎样填写", "示例")
_FIRST_WORDS = 6
"""Column of the first vocabulary on the sheet of notes, from 0."""
_FIRST_NOTE = 3
"""Row of the first field on the sheet of notes, from 0."""

_FORMS: Mapping[str, tuple[str, str]] = {
    "date": ("年月日，如2015年12月1日", "2015年12月1日"),
    "limit": ("整数和单位，如20个工作日", "20个工作日"),
    "amount": ("一个数字和单位，如10元/证", "10元/证"),
    "integer": ("整数", "1"),
    "decimal": ("数字", "1.5"),
    "boolean": ("是或否", "是"),
    "list": ("多项用“；”隔开", "甲；乙"),
    "files": ("名称和网址，多项用“；”隔开", "附件 https://www.example.gov.cn/fujian.pdf"),
    "citations": ("法律、法规或文件的名称和文号", "《中华人民共和国行政许可法》第十二条"),
    "document-number": ("文号，如鞍政发〔2015〕34号", "示政发〔2024〕1号"),
    "body": ("单位全称", "示例市应急管理局"),
    "deadline": ("某日前，或某月、某季度、某年底前，写明年份", "2024年6月底前"),
    "division": ("六位行政区划代码或全称", "210300"),
    "code": ("编码，按文本填写", "210300000001"),
}
"""Type or format of a field → how to fill it in, and an example."""


def write_template(catalogue: Catalogue) -> bytes:
    """Write the workbook. Filled in, it imports without findings; its sheet of notes is not read."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_urls": False})
    fields = [field for field in catalogue.fields if not field.personal]
    sheet = book.add_worksheet(sheet_name(catalogue.title))
    notes = book.add_worksheet(NOTES_SHEET)
    _write_notes(book, notes, fields)
    required = book.add_format({"bold": True, "text_wrap": True, "border": 1, "bg_color": "#FFE699"})
    optional = book.add_format({"bold": True, "text_wrap": True, "border": 1, "bg_color": "#DDEBF7"})
    text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    for column, field in enumerate(fields):
        sheet.set_column(
            column, column, 36 if field.format in ("text", "citations", "markdown") else 18, text
        )
        sheet.write_string(0, column, field.title, required if field.required else optional)
        sheet.write_comment(0, column, f"{_describe(field)}\n示例：{example_of(field)}", {"x_scale": 2})
        _add_hint(sheet, column, field, _words_range(fields, field))
    sheet.freeze_panes(1, 1)
    book.close()
    return buffer.getvalue()


def example_of(field: Field) -> str:
    """Return a value that the field accepts, as a clerk would type it."""
    if field.vocabulary:
        return field.vocabulary[0].value
    return _FORMS.get(field.format, _FORMS.get(field.type, ("", f"示例{field.title}")))[1]


def _describe(field: Field) -> str:
    return f"{'必填。' if field.required else ''}{_meaning(field)}{_how_to_fill(field)}"


def _meaning(field: Field) -> str:
    """Return the Chinese half of the description."""
    return field.description.partition(" / ")[0].rstrip("/ ")


def _how_to_fill(field: Field) -> str:
    if field.vocabulary:
        return "可另写其他用词。" if field.open_vocabulary else "从下拉框中选择。"
    how = _FORMS.get(field.format, _FORMS.get(field.type, ("", "")))[0]
    return f"{how}。" if how else ""


def _add_hint(sheet: Worksheet, column: int, field: Field, words: str | None) -> None:
    """Add the drop-down, or the hint alone, to the cells below a heading."""
    hint = {
        "input_title": field.title[:_LONGEST_TITLE],
        "input_message": _describe(field)[:_LONGEST_HINT],
        "ignore_blank": True,
    }
    if words is None:
        rule = {"validate": "any"}
    else:
        strictness = "information" if field.open_vocabulary else "stop"
        rule = {"validate": "list", "source": words, "error_type": strictness}
        rule |= {"error_title": field.title[:_LONGEST_TITLE], "error_message": "请从下拉框中选择规定用词。"}
    sheet.data_validation(1, column, ROWS, column, rule | hint)


def _words_range(fields: list[Field], field: Field) -> str | None:
    """Return the cells of the sheet of notes with the vocabulary of the field."""
    if not field.vocabulary:
        return None
    column = _FIRST_WORDS + [f.name for f in fields if f.vocabulary].index(field.name)
    last = _FIRST_NOTE + len(field.vocabulary) - 1
    return f"='{NOTES_SHEET}'!{xl_range_abs(_FIRST_NOTE, column, last, column)}"


def _write_notes(book: xlsxwriter.Workbook, notes: Worksheet, fields: list[Field]) -> None:
    bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    notes.write_string(0, 0, NOTES_MARK, bold)
    vocabularies = [field for field in fields if field.vocabulary]
    for column, heading in enumerate(_HEADINGS):
        notes.write_string(_FIRST_NOTE - 1, column, heading, bold)
    for row, field in enumerate(fields, start=_FIRST_NOTE):
        texts = (
            field.title,
            "必填" if field.required else "",
            _meaning(field),
            _how_to_fill(field),
            example_of(field),
        )
        for column, text in enumerate(texts):
            notes.write_string(row, column, text, wrapped)
    for column, field in enumerate(vocabularies, start=_FIRST_WORDS):
        notes.write_string(_FIRST_NOTE - 1, column, f"规定用词：{field.title}", bold)
        for row, term in enumerate(field.vocabulary, start=_FIRST_NOTE):
            notes.write_string(row, column, term.value)
    for column, width in enumerate((20, 6, 50, 32, 36)):
        notes.set_column(column, column, width)
    notes.set_column(f"{xl_col_to_name(_FIRST_WORDS)}:{xl_col_to_name(_FIRST_WORDS + 20)}", 22)
