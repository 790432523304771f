"""Comparisons as CSV and as a workbook with coloured changes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from publisher.log.descriptions import SiteDetails
from publisher.log.queries.comparison import DIFFERENCE_KINDS, Difference, DifferenceKind, Totals
from publisher.views.comparison.text_diff import Piece, pieces
from publisher.views.exports.xlsx import LONGEST, Sheets, fit_text, open_workbook, replace_unfit
from schemas.cells.formula_guard import guard_of, guard_text
from schemas.cells.value_texts import format_value
from schemas.definition.catalogue import Catalogue
from schemas.words import KINDS, Lang

if TYPE_CHECKING:
    import xlsxwriter
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

_HEADINGS = {
    "zh": ("变化", "编号", "名称", "报送部门", "字段", "原内容", "现内容", "发布", "生效", "依据", "理由"),
    "en": (
        *("kind", "record", "title", "part", "field", "before", "after", "release", "effective_on"),
        *("basis", "reason"),
    ),
}
_FILLS: Mapping[DifferenceKind, str] = {
    "added": "#E2F0D9",
    "removed": "#F8CBAD",
    "withdrawn": "#F8CBAD",
    "erased": "#D9D9D9",
}


class Metadata(msgspec.Struct, frozen=True):
    """Metadata of a comparison, for the first sheet."""

    title: str
    before: str
    after: str
    source: str
    licence: str
    notice: str
    site: SiteDetails
    kinds: Sequence[DifferenceKind] = ()
    parts: Sequence[str] = ()
    """Kinds and parts to which the sheets of records are restricted; empty: all. The totals are of all."""


def to_csv(differences: Iterable[Difference], catalogue: Catalogue, *, lang: Lang) -> Iterator[bytes]:
    """Yield one row for each field that differs, or for each field of an added or removed record.

    UTF-8 with the byte order mark that spreadsheets need.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    text.write("\ufeff")
    writer.writerow(_HEADINGS[lang])
    for difference in differences:
        writer.writerows(_rows(difference, catalogue, lang))
        if text.tell() > 1 << 16:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _rows(d: Difference, catalogue: Catalogue, lang: Lang) -> Iterator[list[str]]:
    head = [KINDS[d.kind].zh if lang == "zh" else d.kind, d.record, d.title, d.part or ""]
    step = d.steps[-1] if d.steps else None
    reasons = (
        [str(step.release), step.effective_on.isoformat(), step.basis, step.reason]
        if step
        else ["", "", "", ""]
    )
    for name, *sides in list(_lines(d, catalogue, lang)) or [("", "", "")]:
        guard = guard_of(catalogue.by_name.get(name))
        texts = (*head, _heading(catalogue, name, lang))
        yield [*map(guard_text, texts), *map(guard, sides), *map(guard_text, reasons)]


def _lines(d: Difference, catalogue: Catalogue, lang: Lang) -> Iterator[tuple[str, str, str]]:
    """Yield (field, before, after) of the public fields, with formatted values."""
    personal = {field.name for field in catalogue.fields if field.personal}
    if d.before is not None and d.after is not None:
        for change in d.fields:
            name = change.field
            if name in personal:
                continue
            before, after = (
                _display_value(catalogue, name, value, lang) for value in (change.before, change.after)
            )
            yield name, before, after
        return
    content = d.after or d.before or {}
    for name in (field.name for field in catalogue.fields if field.name in content and not field.personal):
        text = _display_value(catalogue, name, content[name], lang)
        before, after = ("", text) if d.before is None else (text, "")
        yield name, before, after


def _heading(catalogue: Catalogue, name: str, lang: Lang) -> str:
    if lang == "en":
        return name
    field = catalogue.by_name.get(name)
    return field.title if field else {"part": "报送部门"}.get(name, name)


def _display_value(catalogue: Catalogue, name: str, value: Any, lang: Lang = "zh") -> str:
    return format_value(catalogue.by_name.get(name), value, lang)


def to_xlsx(
    path: Path, differences: Iterable[Difference], totals: Totals, catalogue: Catalogue, metadata: Metadata
) -> None:
    """Write a row for each record, a column for each field; deleted text is struck out, added text green."""
    with open_workbook(path, title=metadata.title) as book:
        _write_summary(book, totals, metadata)
        records = _Records(book, catalogue)
        for difference in differences:
            records.write(difference)


def _write_summary(book: xlsxwriter.Workbook, totals: Totals, metadata: Metadata) -> None:
    sheet = book.add_worksheet("说明")
    bold = book.add_format({"bold": True})
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 60)
    rows: list[tuple[str, str | int]] = [
        ("清单", metadata.title),
        ("原版本", metadata.before),
        ("现版本", metadata.after),
        ("原有", totals.before),
        ("现有", totals.after),
        ("未变化", totals.unchanged),
        *((KINDS[kind].zh, totals.kinds[kind]) for kind in DIFFERENCE_KINDS),
        *((name, "、".join(words)) for name, words in _filter_rows(metadata) if words),
        ("来源", metadata.source),
        *((name, text) for name, text in _site_rows(metadata.site) if text),
        ("许可", metadata.licence),
        ("须知", metadata.notice),
    ]
    for y, (name, value) in enumerate(rows):
        sheet.write_string(y, 0, name, bold)
        if isinstance(value, int):
            sheet.write_number(y, 1, value)
        else:
            sheet.write_string(y, 1, fit_text(value))


def _filter_rows(metadata: Metadata) -> Iterator[tuple[str, list[str]]]:
    yield "只列这些变化", [KINDS[kind].zh for kind in metadata.kinds]
    yield "只列这些报送部门", list(metadata.parts)


def _site_rows(site: SiteDetails) -> Iterator[tuple[str, str]]:
    yield "网站", site.name
    yield "主办单位", site.owner
    yield "承办单位", site.operator


class _Records:
    """Sheets of records that differ, one row for each."""

    def __init__(self, book: xlsxwriter.Workbook, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._fields = [field.name for field in catalogue.fields if not field.personal]
        self._bold = book.add_format({"bold": True, "bottom": 1})
        self._deleted = book.add_format({"font_color": "#C00000", "font_strikeout": True})
        self._inserted = book.add_format({"font_color": "#00803C", "underline": 1})
        wrapped = {"text_wrap": True, "valign": "top"}
        self._plain = book.add_format(wrapped)
        self._changed = book.add_format({**wrapped, "bg_color": "#FFF2CC"})
        self._fills = {kind: book.add_format({**wrapped, "bg_color": fill}) for kind, fill in _FILLS.items()}
        self._sheets = Sheets(book, "比较", self._write_headings)

    def _write_headings(self, sheet: Worksheet) -> None:
        sheet.freeze_panes(1, 2)
        sheet.set_column(0, 0, 8)
        sheet.set_column(1, 1, 28)
        sheet.set_column(2, 3, 16)
        sheet.set_column(4, 3 + len(self._fields), 24)
        titles = [_heading(self._catalogue, name, "zh") for name in self._fields]
        for x, title in enumerate(("变化", "名称", "报送部门", "发布", *titles)):
            sheet.write_string(0, x, title, self._bold)

    def write(self, d: Difference) -> None:
        sheet, y = self._sheets.next_row()
        fill = self._fills.get(d.kind, self._plain)
        releases = "、".join(dict.fromkeys(str(step.release) for step in d.steps))
        sheet.write_string(y, 0, KINDS[d.kind].zh, fill)
        self._write_text(sheet, y, 1, d.title_before if d.kind == "renamed" else d.title, d.title, fill)
        part_before = d.part if d.before is None else d.part_before
        self._write_text(sheet, y, 2, part_before or "", d.part or "", fill)
        sheet.write_string(y, 3, releases, fill)
        for x, name in enumerate(self._fields, start=4):
            before, after = ((side or {}).get(name) for side in (d.before, d.after))
            if d.before is None or d.after is None:
                before = after = before if d.after is None else after
            self._write_text(
                sheet,
                y,
                x,
                _display_value(self._catalogue, name, before),
                _display_value(self._catalogue, name, after),
                fill,
            )

    def _write_text(self, sheet: Worksheet, y: int, x: int, before: str, after: str, fill: Format) -> None:
        if before == after:
            if after:
                sheet.write_string(y, x, fit_text(after), fill)
            return
        edits = pieces(replace_unfit(before), replace_unfit(after))
        if sum(len(piece.text) for piece in edits) >= LONGEST:  # a single piece has a blank after it
            sheet.write_string(y, x, fit_text(after), self._changed)
        elif len(edits) == 1:
            style = self._format_of(edits[0])
            sheet.write_rich_string(y, x, style, edits[0].text, style, " ", self._changed)
        else:
            sheet.write_rich_string(y, x, *self._rich_parts(edits), self._changed)

    def _rich_parts(self, edits: Sequence[Piece]) -> list[Any]:
        parts: list[Any] = []
        for piece in edits:
            style = self._format_of(piece)
            parts += [piece.text] if style is None else [style, piece.text]
        return parts

    def _format_of(self, piece: Piece) -> Format | None:
        return {"delete": self._deleted, "insert": self._inserted}.get(piece.op)
