"""Stray quotes of delimited text, in every position, with every delimiter, line end and encoding."""

import pytest

from publisher.ingest.formats.detect import open_file
from publisher.ingest.parsed_file import UnreadableFile
from tests.publisher.ingest.formats.samples import texts

_ROWS = [["编码", "名称", "类型"], *([f"A{n}", f"甲{n}许可", "行政许可"] for n in range(1, 12))]
_TAKES_ROWS = {
    "first cell": {4: ("A4", '"A4')},
    "middle cell": {4: ("甲4", '"甲4')},
    "last cell": {4: ("行政", '"行政')},
    "closed in the next row": {4: ("甲4", '"甲4'), 5: ("5许可", '5许可"')},
    "last to first cell": {4: ("行政", '"行政'), 5: ("A5", 'A5"')},
    "last to last cell": {4: ("行政", '"行政'), 5: ("行政许可", '行政许可"')},
    "closed by a quoted cell": {4: ("甲4", '"甲4'), 7: ("甲7许可", '"甲7许可"')},
}
_STAYS_IN_ROW = {
    "inside a cell": {4: ("甲4许", '甲4"许')},
    "end of a cell": {4: ("4许可", '4许可"')},
    "before a quoted text": {4: ("甲4许可", '""甲4许可')},
    "last cell of the file": {11: ("行政许可", '"行政许可')},
}
_QUOTED = {
    "escaped": {4: ("甲4许可", '"甲4""x""许可"')},
    "line break": {4: ("甲4许可", '"甲4\n许可"')},
    "delimiter": {4: ("甲4许可", '"甲4,\t;许可"')},
    "lines that end with commas": {4: ("甲4许可", '"甲,\n乙,\n许可"')},
}
_DIALECTS = [
    (",", "\n", "utf-8"),
    (",", "\r\n", "gb18030"),
    ("\t", "\r\n", "utf-16"),
    (";", "\r", "utf-8-sig"),
]


def _text(edits: dict[int, tuple[str, str]], dialect: tuple[str, str, str]) -> bytes:
    delimiter, end, encoding = dialect
    lines = [delimiter.join(row) for row in _ROWS]
    for number, (old, new) in edits.items():
        assert old in lines[number]
        lines[number] = lines[number].replace(old, new)
    return (end.join(lines) + end).encode(encoding)


@pytest.mark.parametrize("dialect", _DIALECTS)
@pytest.mark.parametrize("position", _TAKES_ROWS)
def test_a_quote_that_takes_rows_names_the_row_where_it_opens(
    position: str, dialect: tuple[str, str, str]
) -> None:
    with pytest.raises(UnreadableFile) as caught:
        open_file(_text(_TAKES_ROWS[position], dialect), "清单.csv")
    assert (caught.value.finding.code, caught.value.finding.row) == ("csv-quote-open", 5)


@pytest.mark.parametrize("number", [2, 300])
def test_a_quote_that_takes_a_large_file_names_the_row_where_it_opens(number: int) -> None:
    lines = ["编码,名称,类型", *(f"A{n},甲{n}许可,行政许可" for n in range(2, 12_000))]
    lines[number - 1] = f'A{number},"甲{number}许可,行政许可'
    with pytest.raises(UnreadableFile) as caught:
        open_file("\n".join(lines).encode(), "清单.csv")
    assert (caught.value.finding.code, caught.value.finding.row) == ("csv-quote-open", number)


@pytest.mark.parametrize("quoted", ['"编码,名称\nA,B\nC,D\n', '编码,"名称\nA,B\nC,D\n'])
def test_a_quote_in_the_header_that_is_never_closed_names_the_first_row(quoted: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        open_file(quoted.encode(), "清单.csv")
    assert (caught.value.finding.code, caught.value.finding.row) == ("csv-quote-open", 1)


@pytest.mark.parametrize("dialect", _DIALECTS)
@pytest.mark.parametrize("position", _STAYS_IN_ROW)
def test_a_quote_that_stays_in_its_row_is_a_warning_of_that_row(
    position: str, dialect: tuple[str, str, str]
) -> None:
    edits = _STAYS_IN_ROW[position]
    content = open_file(_text(edits, dialect), "清单.csv")
    assert [(f.code, f.row) for f in content.list_findings("清单.csv")] == [("csv-quotes", min(edits) + 1)]
    assert len(content.grids[0].rows) == len(_ROWS)


@pytest.mark.parametrize("quoted", _QUOTED)
def test_a_quoted_cell_is_no_stray_quote(quoted: str) -> None:
    content = open_file(_text(_QUOTED[quoted], (",", "\n", "utf-8")), "清单.csv")
    assert content.list_findings("清单.csv") == ()
    assert len(content.grids[0].rows) == len(_ROWS)


def test_a_row_and_its_line_are_both_named_where_they_differ() -> None:
    data = '编码,名称,类型\nA1,"甲\n一",许可\nA2,"乙,许可\nA3,丙,许可\n'
    with pytest.raises(UnreadableFile) as caught:
        open_file(data.encode(), "清单.csv")
    assert caught.value.finding.row == 3
    assert "第3行（文件第4行）" in caught.value.finding.message_zh


def test_a_row_with_an_unquoted_delimiter_is_a_warning() -> None:
    content = open_file("编码,名称,类型\nA1,甲,许可\nA2,乙,含变更,许可\n".encode(), "清单.csv")
    assert [(f.code, f.row) for f in content.list_findings("清单.csv")] == [("csv-extra-cells", 3)]
    assert texts(content.grids[0])[2] == ["A2", "乙", "含变更", "许可"]
