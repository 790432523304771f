"""Numbers as a spreadsheet program shows them, by hand and against LibreOffice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.ingest.formats.detect import open_file
from publisher.ingest.formats.number_formats.shown_text import restore_number, show_number, show_text
from tests.support.servers.libreoffice import convert, shown_cells

SHOWN = [
    (0.03, "0%", "3%", "3%"),
    (0.03, "0.0%", "3.0%", "3.0%"),
    (0.125, "0%", "13%", "12.5%"),
    (0.85, '0.00"元/立方米"', "0.85元/立方米", "0.85元/立方米"),
    (0.85, '0.0"元"', "0.9元", "0.85元"),
    (10, '0"元/证"', "10元/证", "10元/证"),
    (123, "00000", "00123", "00123"),
    (210300001, "000-000-000", "210-300-001", "210-300-001"),
    (1234567.891, "#,##0.00", "1,234,567.89", "1,234,567.891"),
    (12345, '0,"千元"', "12千元", "12.345千元"),
    (12345, '0\\.0,"万元"', "1.2万元", "12345"),
    (12345, '0!.0,"万元"', "1.2万元", "12345"),
    (12345, "0.00E+00", "1.23E+04", "12345"),
    (2.5, "# ?/?", "2 1/2", "2.5"),
    (-5, "0;(0)", "(5)", "-5"),
    (0, '0;-0;"免费"', "免费", "免费"),
    (1, '"是";;"否"', "是", "是"),
    (150, '[>=100]"甲"0;"乙"0', "甲150", "甲150"),
    (50, '[>=100]"甲"0;"乙"0', "乙50", "乙50"),
    (7, '[Red][>=100]0"件";[蓝色]0"个"', "7个", "7个"),
    (123, "[DBNum1][$-804]General", "一百二十三", "123"),
    (1001, '[DBNum2][$-804]General"元整"', "壹仟零壹元整", "1001元整"),
    (123, "[DBNum2][$-804]0", "壹贰叁", "123"),
    (12, 'G/通用格式"元"', "12元", "12元"),
    (3, '_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ ', "3.00", "3.00"),
    (5, "[$¥-804]#,##0.00", "¥5.00", "¥5.00"),
    (12, '@"件"', "12", "12"),
    (5, ";;;", "", "5"),
    (42339, 'yyyy"年"m"月"d"日"', "2015年12月1日", "2015-12-01"),
    (42339, '[DBNum1][$-804]yyyy"年"m"月"d"日"', "二〇一五年十二月一日", "2015-12-01"),
    (42339, "[$-F800]dddd, mmmm dd, yyyy", "2015年12月1日", "2015-12-01"),
    (42067, "m-d", "3-4", "2015-03-04"),
    (42371, "d-mmm", "2-Jan", "2016-01-02"),
    (42339.75, '[$-804]上午/下午h"时"mm"分"', "下午6时00分", "2015-12-01 18:00:00"),
    (9.5 / 24, "h:mm:ss", "9:30:00", "09:30:00"),
    (1.23456789012346e17, "General", "1.23457E+17", "123456789012346000"),
    (0.1 + 0.2, "General", "0.3", "0.3"),
]


@pytest.mark.parametrize(("value", "code", "text", "exact"), SHOWN)
def test_a_number_is_shown_in_its_format_and_stays_exact(
    value: float, code: str, text: str, exact: str
) -> None:
    shown = show_number(value, code)
    assert shown is not None
    assert (shown.text, shown.exact) == (text, exact)


@pytest.mark.parametrize("code", ["bbbb", "[Unknown]0", "0x0", '"open', "ggge"])
def test_a_format_that_is_not_understood_gives_nothing(code: str) -> None:
    assert show_number(42339, code) is None


def test_a_text_section_adds_to_texts() -> None:
    assert [show_text("3", code) for code in ('@"件"', '0;-0;0;"约"@', "0.00", "bbbb")] == [
        "3件",
        "约3",
        "3",
        None,
    ]


def test_dates_of_old_macintosh_workbooks_begin_in_1904() -> None:
    shown = show_number(40877, "yyyy-mm-dd", epoch_1904=True)
    assert shown is not None
    assert shown.text == "2015-12-01"


@pytest.mark.parametrize(
    ("text", "value", "exact"),
    [("0.9元", 0.85, "0.85元"), ("3%", 0.03, "3%"), ("1,234", 1234.0, "1,234"), ("1/2", 0.5, "0.5")],
)
def test_the_exact_number_is_restored_in_the_words_of_a_shown_text(
    text: str, value: float, exact: str
) -> None:
    assert restore_number(text, value).exact == exact


@given(
    st.floats(allow_nan=True, allow_infinity=True),
    st.text('0#?.,%/@"\\_*[];yYmdhsE+-元General$804<>=DBNum1', max_size=14),
)
def test_no_format_and_no_number_raises(value: float, code: str) -> None:
    shown = show_number(value, code)
    assert shown is None or isinstance(shown.text, str)


NUMBERS = [0, 1, -1, 0.03, 0.85, 10, 123, 1234567.891, -1234.5, 0.5, 2.5, 0.333, 210300001, 99.995, 0.00001]
NUMBER_CODES = [
    *("General", "0", "0.00", "#,##0", "#,##0.00", "0%", "0.0%", "0.00E+00", "00000", "000-000-000"),
    '0"元/证"',
    *(
        '"¥"#,##0.00"元"',
        "#,##0.0##",
        "#.##",
        '0;(0);"零"',
        "[DBNum1][$-804]General",
        "[DBNum2][$-804]General",
    ),
    *(
        '0,"千元"',
        '0.0,"千"',
        '"第"0"号"',
        "[$¥-804]#,##0.00",
        "0.00_);(0.00)",
        '0"个""工作日"',
        '0000"-"00"-"00',
    ),
    *('_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ ', "# ?/?", "0‰", "(###) ###-####", "##0.0E+0", "@"),
]

DAYS = [dt.datetime(2015, 12, 1), dt.datetime(2026, 1, 31, 9, 30), dt.datetime(1999, 10, 10, 18, 5, 7)]  # noqa: DTZ001
DAY_CODES = [
    *('yyyy"年"m"月"d"日"', "yyyy/m/d", "yyyy-mm-dd", "m-d", 'm"月"d"日"', "[$-804]d-mmm", "h:mm:ss", "h:mm"),
    *(
        "yyyy/m/d h:mm",
        "[$-804]aaaa",
        "[$-804]dddd",
        "[$-804]mmmm",
        "yyyymmdd",
        'hh"时"mm"分"',
        "yy/m/d",
        "[h]:mm",
    ),
    '[DBNum1][$-804]yyyy"年"m"月"d"日"',
]


def _workbook(path: Path) -> list[list[str]]:
    """Write each number in each format; return the codes of the formats by row."""
    book = openpyxl.Workbook()
    for codes, values in ((NUMBER_CODES, NUMBERS), (DAY_CODES, DAYS)):
        sheet = book.active if codes is NUMBER_CODES else book.create_sheet("日期")
        for r, code in enumerate(codes, start=1):
            sheet.cell(r, 1, code)
            for c, value in enumerate(values, start=2):
                sheet.cell(r, c, value).number_format = code
    book.save(path)
    return [NUMBER_CODES, DAY_CODES]


DIFFERENT: Mapping[str, str] = {
    '0,"千元"': "-0千元",
    '0.0,"千"': "-0.0千",
}
"""Format → a text for which LibreOffice drops the minus sign of a number that it rounds to zero."""


@pytest.mark.program
@pytest.mark.parametrize("form", ["xlsx", "xls", "ods"])
def test_libreoffice_shows_the_same_texts(form: str, tmp_path: Path) -> None:
    original = tmp_path / "a.xlsx"
    codes = _workbook(original)
    if form != "xlsx":
        convert(form, tmp_path, original)
    path = original.with_suffix(f".{form}")
    sheets = list(shown_cells(tmp_path, original).values())
    grids = {grid.name: grid for grid in open_file(path.read_bytes(), path.name).grids}
    for grid, cells, names in zip((grids["Sheet"], grids["日期"]), sheets, codes, strict=True):
        for row, texts, code in zip(grid.rows, cells, names, strict=True):
            ours = [cell.text.strip() for cell in row[1:]]
            theirs = [" ".join(text.split()) for text in texts[1:]]
            assert [o for o in ours if o != DIFFERENT.get(code)] == [
                t for o, t in zip(ours, theirs, strict=True) if o != DIFFERENT.get(code)
            ], code
