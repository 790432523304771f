"""Order of a page's sources of metadata: meta tags, JSON-LD, labelled lines, then trafilatura."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest

from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue
from tests.publisher.ingest.documents.pages import PAGE, content, html, paragraphs, read_page
from tests.support.shared_data import require

META = (
    '<meta name="ArticleTitle" content="元数据的标题"><meta name="PubDate" content="2015-11-05 09:30">'
    '<meta name="ContentSource" content="元数据的来源">'
)
JSON_LD = {
    "@context": "https://schema.org",
    "@type": "Legislation",
    "headline": "结构化数据的标题",
    "datePublished": "2015-11-06",
    "legislationIdentifier": "鞍政发〔2015〕36号",
}
LD = f'<script type="application/ld+json">{json.dumps(JSON_LD, ensure_ascii=False)}</script>'
LABELS = "<p>标题：标签的标题</p><p>发文字号：鞍政发〔2015〕37号</p><p>索引号：AS-2015-37</p>"
BODY = f"{LABELS}<p>各县(市)区人民政府：</p><p>现将有关事项通知如下，请遵照执行。</p>"


def test_meta_tags_go_before_json_ld_and_this_before_labelled_lines() -> None:
    fields = content(html(BODY, META + LD))
    assert fields["title"] == "元数据的标题"
    assert fields["source"] == "元数据的来源"
    assert fields["date_published"] == "2015-11-05"
    assert fields["number"] == "鞍政发〔2015〕36号"
    assert fields["index_number"] == "AS-2015-37"


@pytest.mark.parametrize(
    "damage",
    [
        "<script type='application/ld+json'>{</script>",
        "<script type='application/ld+json'>[1,\"x\",{}]</script>",
    ],
)
def test_json_ld_that_is_broken_or_about_something_else_says_nothing(damage: str) -> None:
    assert content(html(BODY, damage))["title"] == "标签的标题"


def test_a_graph_of_things_is_looked_through_for_the_document() -> None:
    graph = {"@graph": [{"@type": "WebSite", "name": "网站"}, JSON_LD]}
    script = f'<script type="application/ld+json">{json.dumps(graph)}</script>'
    assert content(html(BODY, script))["title"] == "结构化数据的标题"


def test_a_table_of_data_stays_a_table() -> None:
    table = (
        "<table><tr><th>序号</th><th>事项</th><th colspan=2>时限</th></tr>"
        "<tr><td>1</td><td rowspan=2>食品|经营<p>许可</p></td><td>法定</td><td>20日</td></tr>"
        "<tr><td>2</td><td>承诺</td><td>10日</td></tr></table>"
    )
    markdown = str(content(html(f"{BODY}{table}<p>以上事项自公布之日起办理。</p>"))["body_markdown"])
    assert (
        "| 序号 | 事项 | 时限 |  |\n| --- | --- | --- | --- |\n"
        "| 1 | 食品\\|经营 许可 | 法定 | 20日 |\n| 2 |  | 承诺 | 10日 |\n\n以上事项"
    ) in markdown


def test_a_table_that_lays_the_page_out_is_no_table_of_data_nor_one_that_holds_labels() -> None:
    rows = "<tr><td>索引号</td><td>AS-1</td></tr><tr><td>发文机关</td><td>鞍山市人民政府</td></tr>"
    labels = f"<table>{rows}</table>"
    layout = (
        f"<table><tr><td>左</td><td>{labels}{paragraphs(PAGE)}</td></tr><tr><td>a</td><td>b</td></tr></table>"
    )
    fields = content(html(layout))
    assert fields["index_number"] == "AS-1"
    assert "| " not in str(fields["body_markdown"])


def test_a_row_without_cells_and_an_empty_list_of_terms_hold_nothing() -> None:
    fields = content(html(f"<table><tr></tr><tr>无单元格</tr></table><dl></dl>{BODY}"))
    assert fields["index_number"] == "AS-2015-37"


def test_a_day_in_a_table_is_not_the_day_of_signature() -> None:
    table = "<table><tr><td>阶段</td><td>时间</td></tr><tr><td>一</td><td>2014年1月2日</td></tr></table>"
    fields = content(html(f"{BODY}{table}<p>鞍山市人民政府</p><p>2015年11月5日</p>"))
    assert fields["date_written"] == "2015-11-05"


def test_trafilatura_finds_the_text_of_a_page_without_metadata() -> None:
    menu = "".join(f'<li><a href="/{n}">栏目导航{n}</a></li>' for n in range(30))
    text = "".join(
        f"<p>第{n}段：市场监管部门负责人就食品安全专项整治工作回答了记者提问，介绍了今年以来的进展和成效。</p>"
        for n in range(8)
    )
    source = html(
        f"<div class='menu'><ul>{menu}</ul></div><h1>食品安全专项整治工作答记者问</h1>"
        f"<article>{text}</article><div class='footer'><ul>{menu}</ul></div>"
    )
    reading = read_page(source)
    markdown = str(reading.records[0].content["body_markdown"])
    assert markdown.count("市场监管部门负责人") == 8
    assert "栏目导航" not in markdown
    assert reading.records[0].content["title"] == "食品安全专项整治工作答记者问"


@pytest.mark.parametrize(
    ("sentence", "day", "original"),
    [
        ("本办法自2016年1月1日起施行，有效期五年。", "2016-01-01", "2016年1月1日"),
        ("本通知自发布之日起执行。", "2015-11-04", "自发布之日起执行"),
        ("自2016年以来，各部门认真施行。", None, None),
    ],
)
def test_the_day_of_effect_is_read_from_the_text(
    sentence: str, day: str | None, original: str | None
) -> None:
    body = f"<p>发布时间：2015-11-04</p>{BODY}<p>{sentence}</p><p>鞍山市人民政府</p><p>2015年11月3日</p>"
    (record,) = read_page(html(body)).records
    assert record.content.get("effective_on") == day
    assert record.originals.get("effective_on") == original


def notice() -> str:
    return require("notice-anshan-2015/page.txt").read_text(encoding="utf-8")


FORMS: Mapping[str, Callable[[str], bytes]] = {
    "saved as text": lambda text: text.encode(),
    "a page without meta": lambda text: html(paragraphs(text)).encode(),
    "a page with meta": lambda text: html(
        paragraphs(text),
        '<meta name="PubDate" content="2015-11-05"><meta name="ContentSource" content="鞍山市人民政府">',
    ).encode(),
    "GB18030 that claims GB2312": lambda text: html(paragraphs(text)).encode("gb18030"),
    "in the element of TRS": lambda text: html(f'<div class="TRS_Editor">{paragraphs(text)}</div>').encode(),
    "once": lambda text: (
        text[: text.rindex(text.strip().splitlines()[0].strip())].encode()
        if text.count(text.strip().splitlines()[0].strip()) > 1
        else text.encode()
    ),
}


@pytest.mark.shared
@pytest.mark.parametrize("form", FORMS)
def test_the_notice_is_the_same_document_in_every_form_in_which_it_is_found(form: str) -> None:
    def content_of(data: bytes) -> dict[str, object]:
        (record,) = read_file(data, name="page", catalogue=load_catalogue("policies")).records
        return dict(record.content)

    assert content_of(FORMS[form](notice())) == content_of(notice().encode())
