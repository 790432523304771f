"""Tables with headings in traditional characters: their structure is read in simplified ones, texts stay."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

import opencc
from msgspec import structs

from publisher.ingest.formats.grid import Cell, Grid
from publisher.ingest.parsed_file import ImportedRecord
from publisher.ingest.tables import segmentation
from publisher.ingest.tables.headings import ColumnMeaning, Headings
from publisher.ingest.tables.raw_record import RawRecord, TableLine
from publisher.ingest.tables.segmentation import SegmentedSheet
from schemas.cells.amounts import find_amount
from schemas.cells.values import amount_value, cell_parser
from schemas.definition.catalogue import Catalogue, Field, Json
from schemas.normalise import fold

_EXAMINED_ROWS = 1_000
_SIGN = re.compile(
    "[項稱辦據務類門責權號機單實時費碼標職級編審業對體內許關資別準數間層條圍範發構覈結報監額處設檢題網說種劃廢屬應罰請證錄徵]"
)
"""Traditional characters of headings; at least one is in nearly each heading that is not simplified."""
_LONGEST = 200


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def _simplify(text: str) -> str:
    simple: str = _converter().convert(text) if text and not text.isascii() else text
    return simple


def segment_sheet(grid: Grid, headings: Headings, personal: frozenset[str]) -> tuple[SegmentedSheet, bool]:
    """Segment a grid; report whether its headings are in traditional characters. The texts of lines stay."""
    simplified = _simplify_grid(grid, headings)
    sheet = segmentation.segment_sheet(simplified or grid, headings, personal)
    if simplified is not None:
        _restore_texts(sheet, grid, headings.catalogue)
    return sheet, simplified is not None


def _simplify_grid(grid: Grid, headings: Headings) -> Grid | None:
    """Return the grid in simplified characters where these make a heading of two cells; else None."""
    heading_count = 0
    for row in grid.rows[:_EXAMINED_ROWS]:
        for cell in row:
            text = cell.text
            if len(text) > _LONGEST or cell.merged_from is not None or not _SIGN.search(text):
                continue
            heading_count += not headings.knows(text) and headings.knows(_simplify(text))
            if heading_count > 1:
                rows = tuple(tuple(structs.replace(c, text=_simplify(c.text)) for c in r) for r in grid.rows)
                above, below = (tuple(map(_simplify, lines)) for lines in (grid.above, grid.below))
                return structs.replace(grid, rows=rows, above=above, below=below)
    return None


def _restore_texts(sheet: SegmentedSheet, grid: Grid, catalogue: Catalogue) -> None:
    """Put the texts of the file back into the lines that were segmented in simplified characters."""
    sheet.grid = grid
    for table in sheet.tables:
        for line in table.lines:
            _restore_line(line, grid, catalogue)
        if catalogue.group_field is not None:
            table.groups.update(
                {index: grid.rows[index][cell.column - 1] for index, cell in table.groups.items()}
            )


def _restore_line(line: TableLine, grid: Grid, catalogue: Catalogue) -> None:
    def original(cell: Cell) -> Cell:
        return grid.rows[line.index][cell.column - 1]

    def is_text(meaning: ColumnMeaning) -> bool:
        return meaning.role == "note" and catalogue.by_name[meaning.field].type == "string"

    for cells in (line.own, line.filled, line.uncalculated):
        cells.update({name: original(cell) for name, cell in cells.items() if name not in line.chosen})
    line.other = [original(cell) for cell in line.other]
    line.numbers = [original(cell) for cell in line.numbers]
    line.unread = [original(cell) for cell in line.unread]
    line.twins = [(name, cell if name in line.chosen else original(cell)) for name, cell in line.twins]
    line.unclear = [(name, original(cell)) for name, cell in line.unclear]
    line.upper_names = [(level, original(cell)) for level, cell in line.upper_names]
    line.companions = [(m, original(cell) if is_text(m) else cell) for m, cell in line.companions]


_TEXTS = frozenset({"string", "list", "files"})
_NO_TEXTS = frozenset({"division", "deadline"})
"""Formats of strings whose value is not the text of the cell."""
_NOTHING = frozenset({"无", "暂无", "没有"})


def build_records(
    build: Callable[[RawRecord], ImportedRecord], raw_records: Sequence[RawRecord], catalogue: Catalogue
) -> list[ImportedRecord]:
    """Build the records of a table in traditional characters.

    Numbers, dates, words of a vocabulary and citations are read in simplified ones (20個工作日, 第三十五條).
    """
    texts = [{name: piece.text for name, piece in record.pieces.items()} for record in raw_records]
    for raw_record in raw_records:
        for name, piece in raw_record.pieces.items():
            if _is_read_simplified(catalogue.by_name[name], piece.text):
                piece.text = _simplify(piece.text)
    records = []
    for raw_record, own in zip(raw_records, texts, strict=True):
        record = build(raw_record)
        for name, value in record.content.items():
            if isinstance(value, list) and name in own and raw_record.pieces[name].text != own[name]:
                record.content[name] = _restore_items(value, raw_record.pieces[name].text, own[name])
        records.append(_derive_amounts(record, raw_record, catalogue))
    return records


def _derive_amounts(record: ImportedRecord, raw_record: RawRecord, catalogue: Catalogue) -> ImportedRecord:
    """Derive amounts from texts in simplified characters too (5萬元, 元/證)."""
    for field in catalogue.fields:
        source = raw_record.pieces.get(field.derived_from)
        if source is None or field.type != "amount" or field.derived_from not in record.content:
            continue
        derived = record.content.get(field.name)
        if isinstance(derived, dict):
            record.content[field.name] = {name: _simplify(str(part)) for name, part in derived.items()}
        elif field.name not in raw_record.pieces and (amount := find_amount(fold(_simplify(source.text)))):
            record.content[field.name] = amount_value(amount)
            record = structs.replace(
                record,
                originals={**record.originals, field.name: source.original},
                cells={**record.cells, field.name: source.cell},
            )
    return record


def _is_read_simplified(field: Field, text: str) -> bool:
    if field.open_vocabulary:
        words = {term.value for term in field.vocabulary}
        return words.issuperset(str(cell_parser(field)(_simplify(text)).value).split("、"))
    if field.format == "citations":
        return len(_simplify(text)) == len(text)
    if field.vocabulary or field.type not in _TEXTS or field.format in _NO_TEXTS:
        return True
    return field.format in {"code", "document-number"} and _simplify(text).strip() in _NOTHING


_MOST_BETWEEN = 8
"""Characters of a cell between two characters of its citations, such as 、 or spaces."""


def _restore_items(items: Sequence[Json], simplified: str, text: str) -> list[Json]:
    """Put the characters of a cell back into the citations that were read from it, in their order.

    ``simplified`` and ``text`` have one length.
    """
    position = 0
    restored: list[Json] = []
    for item in map(str, items):
        characters = list(item)
        for i, c in enumerate(item):
            here = simplified.find(c, position, position + _MOST_BETWEEN) if c.isalnum() else -1
            if here >= 0:
                characters[i] = text[here] if _simplify(text[here]) == c else c
                position = here + 1
        restored.append("".join(characters))
    return restored
