"""What Word shows and does not store as text: numbers of lists, ticks, text boxes, deleted rows."""

from __future__ import annotations

import pytest

from publisher.ingest.formats.detect import open_file
from publisher.ingest.parsed_file import Reading
from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue
from tests.publisher.ingest.formats.samples import texts, zip_parts

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def _paragraph(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def _listed(text: str, depth: int = 0, number: int = 1) -> str:
    numbering = f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{number}"/></w:numPr>'
    return _paragraph(text, numbering)


def _level(depth: int, text: str, form: str = "decimal", more: str = "") -> str:
    return (
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>{more}'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
    )


def _numbering(*levels: str, more: str = "") -> str:
    return (
        f'<w:abstractNum w:abstractNumId="0">{"".join(levels)}</w:abstractNum>'
        f'<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>{more}'
    )


def _file(body: str, numbering: str = "", styles: str = "") -> bytes:
    parts = {
        "word/document.xml": f'<w:document xmlns:w="{_W}"><w:body>{body}</w:body></w:document>',
        "word/numbering.xml": f'<w:numbering xmlns:w="{_W}">{numbering}</w:numbering>',
        "word/styles.xml": f'<w:styles xmlns:w="{_W}">{styles}</w:styles>',
    }
    return zip_parts(parts)


def _lines(body: str, numbering: str = "", styles: str = "") -> list[str]:
    text = open_file(_file(body, numbering, styles), "通知.docx").text or ""
    return [line for line in text.split("\n") if line.strip()]


def _table(*rows: list[str], deleted: int | None = None) -> str:
    def write(index: int, row: list[str]) -> str:
        mark = '<w:trPr><w:del w:id="1"/></w:trPr>' if index == deleted else ""
        cells = (cell if cell.startswith("<") else _paragraph(cell) for cell in row)
        return f"<w:tr>{mark}{''.join(f'<w:tc>{cell}</w:tc>' for cell in cells)}</w:tr>"

    return f"<w:tbl>{''.join(write(i, row) for i, row in enumerate(rows))}</w:tbl>"


def test_numbers_of_levels_begin_again_below_the_next_item() -> None:
    levels = (_level(0, "%1、", "chineseCounting"), _level(1, "（%2）", "chineseCounting"))
    body = _listed("总体要求") + _paragraph("坚持依法行政。") + _listed("任务") + _listed("清单", 1)
    body += _listed("收费", 1) + _listed("保障") + _listed("监督", 1)
    assert _lines(body, _numbering(*levels)) == [
        *("一、总体要求", "坚持依法行政。", "二、任务", "（一）清单", "（二）收费", "三、保障", "（一）监督"),
    ]


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("chineseCountingThousand", "第%1条", ["第一条 甲", "第二条 乙"]),
        ("decimal", "%1.", ["1.甲", "2.乙"]),
        ("decimalEnclosedCircle", "%1", ["① 甲", "② 乙"]),
        ("chineseLegalSimplified", "%1、", ["壹、甲", "贰、乙"]),
        ("bullet", "●", ["甲", "乙"]),
        ("none", "", ["甲", "乙"]),
    ],
)
def test_forms_of_numbers(form: str, text: str, expected: list[str]) -> None:
    assert _lines(_listed("甲") + _listed("乙"), _numbering(_level(0, text, form))) == expected


def test_the_twentieth_number_and_a_list_that_begins_again() -> None:
    again = '<w:num w:numId="2"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0">'
    again += '<w:startOverride w:val="1"/></w:lvlOverride></w:num>'
    numbering = _numbering(_level(0, "%1、", "chineseCounting"), more=again)
    lines = _lines("".join(_listed("甲") for _ in range(21)) + _listed("乙", number=2) * 2, numbering)
    assert lines[9:12] == ["十、甲", "十一、甲", "十二、甲"]
    assert lines[19:] == ["二十、甲", "二十一、甲", "一、乙", "二、乙"]


def test_a_style_numbers_its_paragraphs() -> None:
    numbering = _numbering(
        _level(0, "%1、", more='<w:pStyle w:val="h1"/>'), _level(1, "%1.%2", more='<w:pStyle w:val="h2"/>')
    )
    styles = (
        '<w:style w:styleId="h1"><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
        '<w:style w:styleId="h2"><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
        '<w:style w:styleId="h3"><w:basedOn w:val="h2"/></w:style>'
    )
    body = "".join(_paragraph(f"甲{n}", f'<w:pStyle w:val="h{n}"/>') for n in (1, 2, 3, 1))
    body += _paragraph("乙", '<w:pStyle w:val="h1"/><w:numPr><w:numId w:val="0"/></w:numPr>')
    assert _lines(body, numbering, styles) == ["1、甲1", "1.1 甲2", "1.2 甲3", "2、甲1", "乙"]


def test_charges_that_nest_by_computed_numbers() -> None:
    body = _table(
        ["部门", "项目名称", "政策依据", "收费标准"],
        ["公安局", _listed("证照费"), "", ""],
        ["", _listed("居民身份证工本费", 1), "财税〔2014〕1号", "20元/证"],
        ["教育局", _listed("考试费"), "财税〔2016〕5号", "30元/科"],
    )
    data = _file(body, _numbering(_level(0, "%1."), _level(1, "（%2）")))
    reading = read_file(data, name="收费.docx", catalogue=load_catalogue("fees"))
    names = [(r.content["name"], r.content.get("parent_name")) for r in reading.records]
    assert names == [("居民身份证工本费", "证照费"), ("考试费", None)]


def _read(catalogue: str, body: str, *levels: str) -> Reading:
    return read_file(_file(body, _numbering(*levels)), name="表.docx", catalogue=load_catalogue(catalogue))


@pytest.mark.parametrize("text", ["%1.", "%1、", "（%1）", "%1)", "%1"])
def test_a_number_that_counts_the_rows_is_no_part_of_an_amount_a_limit_or_a_name(text: str) -> None:
    body = _table(
        ["部门", "项目名称", "政策依据", "收费标准"],
        ["公安局", "甲费", "财税〔2014〕1号", _listed("50元/人")],
        ["公安局", "乙费", "财税〔2014〕2号", _listed("80元/人")],
    )
    fees = [r.content for r in _read("fees", body, _level(0, text)).records]
    assert [(f["standard"], f["amount"]) for f in fees] == [
        ("50元/人", {"amount": "50", "unit": "元/人"}),
        ("80元/人", {"amount": "80", "unit": "元/人"}),
    ]
    body = _table(
        ["事项名称", "权力类型", "承诺办结时限"],
        [_listed("甲许可"), "行政许可", _listed("20个工作日")],
        [_listed("乙许可"), "行政许可", _listed("5个工作日")],
    )
    reading = _read("power-list", body, _level(0, text))
    assert [(r.content["name"], r.content["promised_limit"]) for r in reading.records] == [
        ("甲许可", {"value": 20, "unit": "工作日"}),
        ("乙许可", {"value": 5, "unit": "工作日"}),
    ]
    assert not reading.findings


def test_numbers_of_cells_without_other_text_and_of_several_paragraphs_are_text() -> None:
    rows = [
        [_listed(""), "甲", _listed("50元") + _listed("取80元")],
        [_listed(""), _listed("乙"), _listed("丙") + _listed("")],
        [_listed(""), _listed(""), "丁"],
    ]
    grid = open_file(_file(_table(*rows), _numbering(_level(0, "%1."))), "表.docx").grids[0]
    assert texts(grid) == [["1.", "甲", "2. 50元\n3.取80元"], ["4.", "乙", "丙"], ["8.", "", "丁"]]


def test_a_list_that_begins_again_does_not_nest() -> None:
    more = '<w:num w:numId="2"><w:abstractNumId w:val="0"/></w:num>'
    body = _table([_listed("甲")], [_listed("乙", number=2)])
    grid = open_file(_file(body, _numbering(_level(0, "%1."), more=more)), "表.docx").grids[0]
    assert texts(grid) == [["甲"], ["乙"]]


def test_a_number_stands_apart_from_the_digits_after_it_and_deleted_rows_do_not_count() -> None:
    rows = _table([_listed("甲")], [_listed("乙")], deleted=1)
    lines = _lines(rows + _listed("2020年预算") + _listed("丙"), _numbering(_level(0, "%1.")))
    assert lines == ["甲", "2. 2020年预算", "3.丙"]


def test_a_list_has_nine_levels() -> None:
    levels = [_level(depth, f"%{min(depth, 8) + 1}、") for depth in range(12)]
    assert _lines(_listed("甲", 8) + _listed("乙", 9), _numbering(*levels)) == ["1、甲", "乙"]


def test_ticks_and_boxes_of_symbol_fonts_are_text() -> None:
    def sign(char: str, font: str = "Wingdings") -> str:
        return f'<w:p><w:r><w:sym w:font="{font}" w:char="{char}"/></w:r></w:p>'

    body = _table(["涉企", "一次", "两次"], [sign("F0FC"), sign("F0FE"), sign("0052", "Wingdings 2")])
    grid = open_file(_file(body), "表.docx").grids[0]
    assert texts(grid)[1] == ["√", "☑", "☑"]


def test_a_row_whose_deletion_is_tracked_is_no_row() -> None:
    body = _table(["事项名称", "行使主体"], ["甲许可", "市局"], ["乙许可", "市局"], deleted=1)
    content = open_file(_file(body), "表.docx")
    assert texts(content.grids[0]) == [["事项名称", "行使主体"], ["乙许可", "市局"]]
    assert "甲许可" not in (content.text or "")


def test_lines_of_a_text_box_and_readings_above_characters_do_not_join_the_text() -> None:
    box = "".join(_paragraph(line) for line in ("某市人民政府文件", "某政发〔2023〕12号"))
    head = f"<w:p><w:r><w:pict><w:txbxContent>{box}</w:txbxContent></w:pict></w:r></w:p>"
    reading = "<w:rt><w:r><w:t>láo</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>劳</w:t></w:r></w:rubyBase>"
    title = f"<w:p><w:r><w:ruby>{reading}</w:ruby></w:r></w:p>"
    assert _lines(head + title) == ["某市人民政府文件", "某政发〔2023〕12号", "劳"]
