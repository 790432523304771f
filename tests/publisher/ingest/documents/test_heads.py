"""Heads of official letters: several bodies, a signer, and tables that are attached."""

from __future__ import annotations

import io

import docx
import pytest

from publisher.ingest.parsed_file import Reading
from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue

_TITLE = "关于公布收费目录的通知"
_REST = (_TITLE, "各县（市）区人民政府：", "现将收费目录公布如下。", "鞍山市财政局", "2023年6月1日")


def _read(*lines: str, table: list[list[str]] | None = None) -> Reading:
    document = docx.Document()
    for line in lines:
        document.add_paragraph(line)
    if table:
        grid = document.add_table(len(table), len(table[0]))
        for row, texts in zip(grid.rows, table, strict=True):
            for cell, text in zip(row.cells, texts, strict=True):
                cell.text = text
    out = io.BytesIO()
    document.save(out)
    return read_file(out.getvalue(), name="通知.docx", catalogue=load_catalogue("policies"))


@pytest.mark.parametrize(
    "head",
    [
        ("鞍山市发展和改革委员会文件", "鞍山市财政局", "鞍财发〔2023〕5号"),
        ("鞍山市发展和改革委员会", "鞍山市财政局", "文件", "鞍财发〔2023〕5号"),
        ("鞍山市财政局文件", "鞍财发〔2023〕5号　　签发人：王某某"),
        ("鞍财发〔2023〕5号 签发人:王某某 张某某",),
    ],
)
def test_what_stands_above_a_title_is_no_title(head: tuple[str, ...]) -> None:
    (record,) = _read(*head, *_REST).records
    assert (record.content["number"], record.content["title"]) == ("鞍财发〔2023〕5号", _TITLE)
    assert record.content["recipients"] == "各县（市）区人民政府"
    assert "王某某" not in str(record.content)


def test_a_title_of_two_lines_begins_with_its_body() -> None:
    (record,) = _read("鞍财发〔2023〕5号", "鞍山市财政局", *_REST).records
    assert record.content["title"] == f"鞍山市财政局{_TITLE}"


def test_a_letter_with_an_attached_table_is_one_document() -> None:
    table = [["序号", "名称"], ["1", "甲服务"], ["2", "乙服务"]]
    reading = _read("鞍财发〔2023〕5号", *_REST, "附件", table=table)
    assert [record.content["title"] for record in reading.records] == [_TITLE]


def test_a_table_of_documents_below_its_title_is_a_list() -> None:
    table = [["文号", "标题", "成文日期"], ["鞍政发〔2023〕1号", "甲通知", "2023-01-01"]]
    reading = _read("鞍山市现行有效文件目录", table=[*table, ["鞍政发〔2023〕2号", "乙通知", "2023-02-01"]])
    assert [record.content["title"] for record in reading.records] == ["甲通知", "乙通知"]


@pytest.mark.parametrize(
    "title", ["无标题文档", "Document", "首页", "/zwgk/a/t1.html", "通知(终稿).docx", "Untitled Document"]
)
def test_a_title_of_a_page_that_names_no_document_is_not_taken(title: str) -> None:
    page = (
        f"<html><head><title>{title}</title></head><body><div class='article-content'>"
        "<p>鞍山市人民政府关于加强食品安全工作的通知</p><p>鞍政发〔2015〕34号</p><p>各县人民政府：</p>"
        "<p>现将有关事项通知如下。</p><p>鞍山市人民政府</p><p>2015年3月1日</p></div></body></html>"
    )
    reading = read_file(page.encode(), name="a.html", catalogue=load_catalogue("policies"))
    (record,) = reading.records
    assert record.content["title"] == "鞍山市人民政府关于加强食品安全工作的通知"
    assert record.content["number"] == "鞍政发〔2015〕34号"
