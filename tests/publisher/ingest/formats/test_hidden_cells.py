"""Hidden and struck parts of a page's tables are read, or reported: a filtered list does not vanish."""

from __future__ import annotations

import pytest

from publisher.ingest.parsed_file import Reading
from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue

_HEAD = "<tr><th>职权编码</th><th>事项名称</th><th>权力类型</th></tr>"
_HIDDEN = "style='display:none'"


def _row(name: str, attributes: str = "", cell: str = "") -> str:
    return f"<tr {attributes}><td {cell}>A{name}</td><td>{name}许可</td><td>行政许可</td></tr>"


_TABLE = f"<table>{_HEAD}{_row('甲')}{_row('乙')}</table>"


def _read(body: str, style: str = "") -> Reading:
    page = f"<html><head><style>{style}</style></head><body>{body}</body></html>"
    return read_file(page.encode(), name="清单.xls", catalogue=load_catalogue("power-list"))


def _names(reading: Reading) -> list[str]:
    return [str(record.content["name"]) for record in reading.records]


def _codes(reading: Reading) -> list[str]:
    return [f.code for f in reading.findings]


def test_a_filtered_row_is_read_and_reported() -> None:
    reading = _read(f"<table>{_HEAD}{_row('甲')}{_row('乙', _HIDDEN)}{_row('丙')}</table>")
    assert _names(reading) == ["甲许可", "乙许可", "丙许可"]
    assert reading.rows == 4
    (finding,) = reading.findings
    assert finding.code == "hidden-rows"
    assert finding.message_en.endswith(": 3")


def test_a_word_struck_out_is_reported_and_a_struck_row_is_read() -> None:
    words = _read(f"<table>{_HEAD}{_row('<s>甲许可</s>乙')}</table>")
    assert (_names(words), _codes(words)) == (["乙许可"], ["cell-text-unseen"])
    struck = "<tr><td><s>A1</s></td><td><s>甲许可</s></td><td class='x'>行政许可</td></tr>"
    row = _read(f"<table>{_HEAD}{struck}{_row('乙')}</table>", ".x{text-decoration:line-through}")
    assert (_names(row), _codes(row)) == (["甲许可", "乙许可"], ["struck-text"])


@pytest.mark.parametrize(
    ("body", "style"),
    [
        (f"<div class='d-none d-md-block'>{_TABLE}</div>", ""),
        (f"<div class='tab on'>{_TABLE}</div>", ".tab{display:none} .tab.on{display:block}"),
        (
            _TABLE.replace("<table", "<table class='wide'"),
            ".wide{display:none} @media(min-width:768px){.wide{display:table}}",
        ),
        (f"<div class='mobile-hide'>{_TABLE}</div>", ""),
        (f"<div class='d-none'>{_TABLE}</div>{_TABLE}", ""),
        (f"<template>{_TABLE}</template><noscript>{_TABLE}</noscript>{_TABLE}", ""),
    ],
)
def test_a_table_that_a_reader_sees_is_read_once_without_a_finding(body: str, style: str) -> None:
    reading = _read(body, style)
    assert (_names(reading), _codes(reading)) == (["甲许可", "乙许可"], [])


@pytest.mark.parametrize(
    "body",
    [
        f"<div class='d-none'>{_TABLE}</div>",
        f"<div {_HIDDEN}>{_TABLE}</div>",
        _TABLE.replace("<table", "<table style='visibility:hidden'"),
        _TABLE.replace("<td", "<td class='invisible'"),
    ],
)
def test_a_hidden_table_is_read_and_reported(body: str) -> None:
    reading = _read(body)
    assert (_names(reading), _codes(reading)) == (["甲许可", "乙许可"], ["hidden-rows"])


def test_a_hidden_column_is_read_and_a_hidden_cell_without_a_heading_does_not_shift_its_row() -> None:
    head = _HEAD.replace("<th>职", f"<th {_HIDDEN}>职")
    column = _read(f"<table>{head}{_row('甲', cell=_HIDDEN)}{_row('乙', cell=_HIDDEN)}</table>")
    assert [record.content["code"] for record in column.records] == ["A甲", "A乙"]
    assert _codes(column) == ["hidden-columns"]
    cell = _read(f"<table>{_HEAD}{_row('甲').replace('<td >', f'<td {_HIDDEN}>77</td><td>', 1)}</table>")
    assert [record.content["code"] for record in cell.records] == ["A甲"]
    assert _codes(cell) == ["cell-text-unseen"]


@pytest.mark.parametrize(
    ("columns", "hidden"),
    [("<colgroup span=2></colgroup><colgroup span=1 {}></colgroup>", "C"), ("<colgroup {}><col><col>", "A")],
)
def test_columns_are_numbered_through_their_groups(columns: str, hidden: str) -> None:
    reading = _read(_TABLE.replace("<table>", f"<table>{columns.format(_HIDDEN)}"))
    (finding,) = reading.findings
    assert (finding.code, hidden in finding.message_en) == ("hidden-columns", True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "style"),
    [
        (f"<div>{_TABLE}</div>", ".c{display:none}" + ".k .c{display:block}" * 10_000),
        (f"<div>{_TABLE}</div>", ".c{font-size:0}" + ".k td .c{font-size:0}" * 10_000),
        (_TABLE, "{" * 200_000 + '"\\' * 200_000),
        (_TABLE + "<del>删</del>一二三四" * 40_000, ""),
        ("<table>" + f"<col {_HIDDEN} span=1000>" * 10_000 + _TABLE.removeprefix("<table>"), ""),
    ],
)
def test_a_page_made_to_be_compared_with_every_rule_is_read_in_seconds(body: str, style: str) -> None:
    cells = "<tr>" + "<td class='c'>丙</td>" * 20 + "</tr>"
    reading = _read(f"{body}<table>{cells * 1_000 if '.c' in style else ''}</table>", style)
    assert _names(reading)[:2] == ["甲许可", "乙许可"]


def test_a_column_element_that_hides_is_reported() -> None:
    reading = _read(_TABLE.replace("<table>", f"<table><col><col {_HIDDEN}>"))
    assert (_names(reading), _codes(reading)) == (["甲许可", "乙许可"], ["hidden-columns"])
