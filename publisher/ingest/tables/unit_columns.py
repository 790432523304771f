"""Columns and lines with the unit of other columns, whatever their name: 单位 beside 法定时限, 单位：万元."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import structs

from publisher.ingest.formats.grid import Grid
from publisher.ingest.tables.header_row import Header, has_own_text
from publisher.ingest.tables.heading_text import is_time_unit, parse_unit
from publisher.ingest.tables.headings import ColumnMeaning, Headings
from schemas.cells.values import is_ditto

_MOST_ROWS = 1_000
"""Rows of a column that are examined."""
_LONGEST_UNIT = 12
_UNIT_OF_TIMES = re.compile(r"(?:办理|办结|审批)?(?:时限|期限|时间|计时)的?(?:计量)?(?:单位|类型)")
"""Heading of one column with the unit of every time limit."""
_STATED = re.compile(
    r"单位\s*(?:[:：]|为|是)?\s*(?P<named>[^\s:：，,；;。、）)】\]]{1,12})"
    r"|[（(]\s*(?P<bare>(?:人民币)?[百千万亿]*元)\s*[）)]\s*$"
    r"|(?:(?:时限|期限|时间|金额|数额|费用|标准)(?:一律|统一|全部|[均都])?(?:为|以|按照?)|(?:[均都]|一律|统一)(?:以|按照?))"
    r"\s*(?P<counted>(?:人民币)?[十百千万亿]*元|工作日|自然日|日历日|小时)"
)
"""A unit in a line above the table, such as （单位：万元）, （万元） at its end, or 金额均以万元计."""


def add_unit_columns(header: Header, grid: Grid, titles: Sequence[str], headings: Headings) -> Header:
    """Add the columns whose cells are the units of the columns beside them, and the units of ``titles``.

    A limit of 15 with 自然日 in the next column is never one of 15 工作日, whatever that column is called.
    """
    kinds = {i: kind for i, name in header.columns.items() if (kind := _kind_of(name, headings))}
    companions = dict(header.companions)
    for index in range(len(grid.rows[header.first])):
        if index in companions or index in header.ignored:
            continue
        if index in header.columns and index not in header.twins:
            continue
        texts = list(_list_texts(grid, header, index))
        units = [unit for text in texts if (unit := parse_unit(text))]
        if not units or len(units) * 5 < sum(not is_ditto(text) for text in texts) * 4:
            continue
        kind = _kind_of_unit(units[0])
        fields = _find_qualified(index, kind, kinds, header, companions)
        if fields:
            companions[index] = tuple(ColumnMeaning("unit", name) for name in fields)
    columns = {i: name for i, name in header.columns.items() if i not in companions}
    stated = {_kind_of_unit(unit): unit for unit in stated_units(titles)}
    units_by_column = {i: stated[kind] for i, kind in kinds.items() if kind in stated and i in columns}
    return structs.replace(
        header,
        columns=columns,
        twins=tuple(i for i in header.twins if i in columns),
        companions=companions,
        units={**units_by_column, **header.units},
    )


def find_other_units(text: str, header: Header, headings: Headings) -> list[str]:
    """Return the units of sums and times that a line states and the table's columns do not have."""
    kinds = {_kind_of(name, headings) for name in header.columns.values()}
    units = [unit for unit in stated_units([text]) if _kind_of_unit(unit) in kinds]
    own_units = {_kind_of_unit(unit): {"元", "工作日"} for unit in units}
    for unit in header.units.values():
        own_units[_kind_of_unit(unit)] = {*header.units.values()}
    return [unit for unit in units if unit not in own_units[_kind_of_unit(unit)]]


def _kind_of_unit(unit: str) -> str:
    return "time" if is_time_unit(unit) else "money"


def _kind_of(name: str, headings: Headings) -> str:
    """Return ``time`` for a limit, ``money`` for an amount or a text that may state one, else ``""``."""
    catalogue = headings.catalogue
    field = catalogue.by_name[name]
    if field.type == "limit":
        return "time"
    states_charge = field.type == "amount" or name in catalogue.charge_texts
    return "money" if states_charge or field.unit.endswith("元") else ""


def _list_texts(grid: Grid, header: Header, index: int) -> Iterator[str]:
    heading = "".join(header.headings.get(index, "").split())
    for row in grid.rows[header.end : header.end + _MOST_ROWS]:
        if has_own_text(row[index]):
            text = "".join(row[index].text.split())
            if text and text not in heading:
                yield text if len(text) <= _LONGEST_UNIT else ""


def _find_qualified(
    index: int,
    kind: str,
    kinds: Mapping[int, str],
    header: Header,
    companions: Mapping[int, Sequence[ColumnMeaning]],
) -> list[str]:
    """Return the fields whose unit a column states: those directly to its left, else the one to its right."""
    qualified = {m.field for meanings in companions.values() for m in meanings if m.role == "unit"}
    open_columns = {i for i, k in kinds.items() if k == kind and header.columns[i] not in qualified}
    open_columns.discard(index)
    left = index - 1
    while left in open_columns and left not in header.twins:
        left -= 1
    columns = list(range(left + 1, index)) or [i for i in (index + 1,) if i in open_columns]
    if not columns and _UNIT_OF_TIMES.fullmatch("".join(header.headings.get(index, "").split())):
        columns = sorted(open_columns)
    return list(dict.fromkeys(header.columns[i] for i in columns))


def stated_units(titles: Iterable[str]) -> Iterator[str]:
    """Yield the units of sums and times that lines above a table state: （单位：万元）."""
    for title in titles:
        for match in _STATED.finditer(title):
            unit = parse_unit(match["named"] or match["bare"] or match["counted"])
            if unit and (is_time_unit(unit) or "元" in unit):
                yield unit
