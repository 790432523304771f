"""Pages from government sites come out as printed."""

from __future__ import annotations

import re

import pytest
from lxml import etree

from publisher.ingest.formats import html as html_format
from publisher.ingest.read_file import read_file
from schemas.definition.catalogue import Content
from schemas.definition.file_loader import load_catalogue
from schemas.normalise import fold
from tests.publisher.ingest.documents.pages import read_tables
from tests.support.shared_data import require


def field_file(name: str) -> tuple[Content, etree._Element]:
    data = require("field-files", name).read_bytes()
    reading = read_file(data, name=name, catalogue=load_catalogue("policies"))
    return dict(reading.records[0].content), html_format.parse_page(data.decode())


FIELD_FILES = {
    "content_5341736.htm": ("专利代理条例", "国令第706号", "国务院", "2018-11-06", "2018-11-19", 6),
    "content_5345459.htm": (
        "国务院办公厅关于印发国家粮食应急预案的函",
        "国办函〔2005〕57号",
        "国务院办公厅",
        "2005-06-11",
        "2018-12-03",
        32,
    ),
    "content_5355837.htm": (
        "国务院办公厅关于推广第二批支持创新相关改革举措的通知",
        "国办发〔2018〕126号",
        "国务院办公厅",
        "2018-12-23",
        "2019-01-08",
        4,
    ),
}


@pytest.mark.shared
@pytest.mark.parametrize("name", list(FIELD_FILES))
def test_pages_of_the_state_council_come_out_as_printed(name: str) -> None:
    fields, root = field_file(name)
    names = ("title", "number", "issuer", "date_written", "date_published")
    outline = fields["outline"]
    assert isinstance(outline, list)
    assert (*(fields[n] for n in names), len(outline)) == FIELD_FILES[name]
    assert "主题词" not in str(fields["topic"])
    element = next(e for e in root.iter() if e.get("id") == "UCAP-CONTENT")
    printed = fold("".join(map(str, element.itertext())))
    body = str(fields["body_markdown"])
    assert body.count("。") == printed.count("。")
    plain = re.sub(r"\s|^#+ |\\", "", body, flags=re.MULTILINE)
    paragraphs = [re.sub(r"\s", "", fold("".join(map(str, p.itertext())))) for p in element.iter("p")]
    missing = [text for text in paragraphs if text and text not in plain]
    head = re.sub(
        r"\s", "", f"{fields['title']}{fields.get('recipients', '')}：国务院令{fields['number']}第706号"
    )
    assert [text for text in missing if text not in head] == []
    cells = [
        [" ".join(fold(html_format.extract_text(c)).split()) for c in row.iterchildren("td", "th")]
        for table in element.iter("table")
        for row in table.iter("tr")
    ]
    assert [c for t in read_tables(body) for row in t for c in row if c] == [
        c for row in cells for c in row if c
    ]


@pytest.mark.shared
def test_the_list_of_spot_checks_is_read_cell_by_cell() -> None:
    data = require("field-files", "zj_pubsccheckitemA014_list.html").read_bytes()
    root = html_format.parse_page(data.decode())
    printed = [
        [" ".join(fold(html_format.extract_text(c)).split()) for c in row.iterchildren("td", "th")]
        for row in root.iter("tr")
    ]
    (grid,) = html_format.extract_grids(root)
    assert [[" ".join(fold(cell.text).split()) for cell in row] for row in grid.rows] == printed
