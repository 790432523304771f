"""Units that a page or a Word file states above or below its tables."""

from __future__ import annotations

import io
from collections.abc import Callable

import docx
import pytest

from publisher.ingest.parsed_file import Reading
from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue
from tests.publisher.ingest.workbooks import codes, column

_HEADS = ("部门", "收费项目", "收费金额")
_YUAN, _WAN = {"amount": "5", "unit": "元"}, {"amount": "50000", "unit": "元"}


def _read_page(*parts: str) -> Reading:
    table = f"<table><tr>{''.join(f'<td>{h}' for h in _HEADS)}<tr><td>公安<td>%s<td>5</table>"
    body = "".join(table % part[1:] if part.startswith("#") else f"<p>{part}</p>" for part in parts)
    return read_file(f"<div>{body}</div>".encode(), name="收费.html", catalogue=load_catalogue("fees"))


def _read_word_file(*parts: str) -> Reading:
    document = docx.Document()
    for part in parts:
        if not part.startswith("#"):
            document.add_paragraph(part)
            continue
        table = document.add_table(2, 3)
        for row, texts in zip(table.rows, (_HEADS, ("公安", part[1:], "5")), strict=True):
            for cell, text in zip(row.cells, texts, strict=True):
                cell.text = text
    out = io.BytesIO()
    document.save(out)
    return read_file(out.getvalue(), name="收费.docx", catalogue=load_catalogue("fees"))


@pytest.mark.parametrize("read", [_read_page, _read_word_file])
@pytest.mark.parametrize(
    ("parts", "amounts", "reported"),
    [
        (("收费目录", "单位：万元", "#甲费"), [_WAN], False),
        (("（金额均以万元计）", "#甲费"), [_WAN], False),
        (("单位：万元", "#甲费", "（续表）", "#乙费"), [_WAN, _WAN], False),
        (("单位：万元", "#甲费", "二、县级收费", "#乙费"), [_WAN, _YUAN], False),
        (("#甲费", "单位：万元", "#乙费"), [_YUAN, _WAN], False),
        (("#甲费", "注：金额单位为万元"), [_YUAN], True),
        (("#甲费", "备注：本表不含税"), [_YUAN], False),
    ],
)
def test_a_unit_beside_a_table_is_read_or_reported(
    read: Callable[..., Reading], parts: tuple[str, ...], amounts: list[object], *, reported: bool
) -> None:
    reading = read(*parts)
    assert column(reading, "amount") == amounts
    assert ("unit-below-header" in codes(reading)) is reported


def test_a_caption_states_the_unit() -> None:
    rows = "<tr><td>部门<td>收费项目<td>收费金额<tr><td>公安<td>甲费<td>5"
    page = f"<table><caption>收费（单位：万元）</caption>{rows}</table>"
    reading = read_file(page.encode(), name="收费.html", catalogue=load_catalogue("fees"))
    assert column(reading, "amount") == [_WAN]


def test_a_layout_table_is_looked_into() -> None:
    inner = "<table><tr><td>部门<td>收费项目<td>收费金额<tr><td>公安<td>甲费<td>5</table>"
    page = f"<table><tr><td><p>单位：万元</p>{inner}</td></tr></table>"
    reading = read_file(page.encode(), name="收费.html", catalogue=load_catalogue("fees"))
    assert column(reading, "amount") == [_WAN]
