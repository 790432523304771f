"""Labels of a page, such as 索引号 and 发文字号: in every form, with and without a value."""

from __future__ import annotations

import pytest

from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue
from tests.publisher.ingest.documents.pages import ANNOUNCEMENT, CASES, body, case, codes, content, html

TEXT = "<div class='TRS_Editor'><p>现将甲事项公告如下，请有关单位遵照执行，具体要求另行通知。</p></div>"


def test_labels_without_a_value_are_empty() -> None:
    page = (CASES / "r05_empty_labels.html").read_bytes()
    fields = content(page)
    assert not {"number", "index_number", "date_written"} & fields.keys()
    assert (fields["date_published"], fields["source"]) == ("2026-01-06", "甲省监管局")
    fields = case("r12_source")
    assert (fields["date_published"], fields["source"]) == ("2026-01-06", "甲省监管局")


@pytest.mark.parametrize(
    "labels",
    [
        (
            "<table><tr><td>索引号：</td><td></td><td>发文字号：</td><td></td></tr>"
            "<tr><td>发文机关：</td><td></td><td>发布日期：</td><td>2026-01-06</td></tr></table>"
        ),
        (
            "<table><tr><th>索引号</th><td></td></tr><tr><th>发文字号</th><td></td></tr>"
            "<tr><th>发文机关</th><td></td></tr><tr><th>发布日期</th><td>2026-01-06</td></tr></table>"
        ),
        (
            "<dl><dt>索引号</dt><dd></dd><dt>发文字号</dt><dd></dd><dt>发文机关</dt><dd></dd>"
            "<dt>发布日期</dt><dd>2026-01-06</dd></dl>"
        ),
        (
            "<div><div>索引号：</div><div></div><div>发文字号：</div><div></div><div>发文机关：</div><div></div>"
            "<div>发布日期：</div><div>2026-01-06</div></div>"
        ),
        (
            "<ul><li><b>索引号：</b><span></span></li><li><b>发文字号：</b><span></span></li>"
            "<li><b>发文机关：</b><span></span></li><li><b>发布日期：</b><span>2026-01-06</span></li></ul>"
        ),
        "<p>索引号： 发文字号： 发文机关： 发布日期：2026-01-06</p>",
        "<div>索引号：</div><div>发文字号：</div><div>发文机关：</div><div>发布日期：2026-01-06</div>",
        (
            "<div><span>索引号：</span><em></em><span>发文字号：</span><em></em><span>发文机关：</span><em></em>"
            "<span>发布日期：</span><em>2026-01-06</em></div>"
        ),
    ],
)
def test_an_empty_label_takes_nothing_from_its_neighbours(labels: str) -> None:
    fields = content(html(f"<h1>示例市关于甲事项的公告</h1>{labels}{TEXT}"))
    assert not {"number", "index_number", "issuer"} & fields.keys()
    assert fields["date_published"] == "2026-01-06"
    assert body(fields) == "现将甲事项公告如下，请有关单位遵照执行，具体要求另行通知。"


@pytest.mark.parametrize(
    "labels",
    [
        (
            "<table><tr><td>索引号：</td><td>AS-1</td><td>发文字号：</td><td>示政发〔2026〕7号</td></tr>"
            "<tr><td>发文机关：</td><td>示例市人民政府</td><td>发布日期：</td><td>2026-01-06</td></tr></table>"
        ),
        (
            "<dl><dt>索引号</dt><dd>AS-1</dd><dt>发文字号</dt><dd>示政发〔2026〕7号</dd><dt>发文机关</dt>"
            "<dd>示例市人民政府</dd><dt>发布日期</dt><dd>2026-01-06</dd></dl>"
        ),
        (
            "<div><div>索引号：</div><div>AS-1</div><div>发文字号：</div><div>示政发〔2026〕7号</div><div>发文机关：</div>"
            "<div>示例市人民政府</div><div>发布日期：</div><div>2026-01-06</div></div>"
        ),
        (
            "<div class='row'><div>索引号</div><div>AS-1</div></div><div class='row'><div>发文字号</div>"
            "<div>示政发〔2026〕7号</div></div>"
            "<div class='row'><div>发文机关</div><div>示例市人民政府</div></div>"
            "<div class='row'><div>发布日期</div><div>2026-01-06</div></div>"
        ),
        (
            "<ul><li><b>索引号</b><span>AS-1</span></li><li><b>发文字号</b><span>示政发〔2026〕7号</span></li>"
            "<li><b>发文机关</b><span>示例市人民政府</span></li><li><b>发布日期</b><span>2026-01-06</span></li></ul>"
        ),
        (
            "<p>【索引号】AS-1</p><p>【发文字号】示政发〔2026〕7号</p><p>【发文机关】示例市人民政府</p>"
            "<p>【发布日期】2026-01-06</p>"
        ),
        (
            "<p>【索引号】：AS-1 【发文字号】：示政发〔2026〕7号</p>"
            "<p>发文机关：示例市人民政府 | 发布日期：2026-01-06</p>"
        ),
        "<p>索引号：AS-1发文字号：示政发〔2026〕7号发文机关：示例市人民政府发布日期：2026-01-06</p>",
    ],
)
def test_labels_and_values_are_read_in_every_form(labels: str) -> None:
    fields = content(html(f"<h1>示例市关于甲事项的公告</h1>{labels}{TEXT}"))
    read = {name: fields.get(name) for name in ("index_number", "number", "issuer", "date_published")}
    assert read == {
        "index_number": "AS-1",
        "number": "示政发〔2026〕7号",
        "issuer": "示例市人民政府",
        "date_published": "2026-01-06",
    }


def test_a_label_for_the_number_is_used_only_with_a_number() -> None:
    page = html(f"<h1>示例市关于甲事项的公告</h1><p>文号：市金融局 发布日期：2026-01-06</p>{TEXT}")
    assert "number" not in content(page)
    assert "document-number-unread" in codes(page)
    assert "number" not in content(html(f"<h1>示例市关于甲事项的公告</h1><p>文号：无</p>{TEXT}"))


def test_labels_in_a_row_have_their_values_below() -> None:
    table = (
        "<table><tr><th>索引号</th><th>文号</th><th>发布日期</th></tr>"
        "<tr><td>AS-1</td><td></td><td>2026-01-06</td></tr></table>"
    )
    fields = content(html(f"{table}<h1>{ANNOUNCEMENT}</h1>{TEXT}"))
    assert (fields["index_number"], fields["date_published"]) == ("AS-1", "2026-01-06")
    assert "number" not in fields


def test_an_importer_takes_labels_beside_a_text_for_those_of_a_document() -> None:
    table = (
        f"<table><tr><td>标题</td><td colspan='3'>{ANNOUNCEMENT}</td></tr>"
        "<tr><td>文号</td><td></td><td>成文日期</td><td>2026年1月5日</td></tr></table>"
    )
    page = html(f"{table}{TEXT}").encode()
    reading = read_file(page, name="p.html", catalogue=load_catalogue("policies"))
    assert [(r.content["title"], r.content["date_written"]) for r in reading.records] == [
        (ANNOUNCEMENT, "2026-01-05")
    ]
