"""Tasks of a citizen, a reporter and a clerk on the pages of the sample site, without JavaScript."""

from __future__ import annotations

import csv
import io
import json
import re
from urllib.parse import quote, unquote

import feedparser
import httpx
import openpyxl
import pytest

from publisher.ingest.documents import page_lines as collected
from publisher.views.exports import xlsx
from publisher.views.pages import document
from publisher.views.pages.printing import charts
from tests.feeds.test_document_html import ELEMENTS, HOSTILE, Elements
from tests.publisher.views.pages.conftest import BROWSER, Open
from tests.support.site import BASE

POWERS = "/datasets/shili-power-list"
FEES = "/datasets/shili-fees"
DAYS = ("2024-05-01", "2024-08-01")


def only_link(links: list[str]) -> str:
    (link,) = dict.fromkeys(links)
    return link


def test_a_charge_is_found_in_traditional_characters_and_opened_as_it_was_published(look: Open) -> None:
    results = look("/search?q=" + quote("居民生活污水處理"))
    then = {day: look(f"/search?as_of={day}&q=" + quote("居民生活污水處理")).text for day in DAYS}
    assert ["起，原0.85元/立方米" in then[day] for day in DAYS] == [False, True]
    record = look(next(link for link in results.leading_to(FEES + "/records/")))
    assert "居民生活污水处理费" in record.text
    assert "<del>0.85元/立方米</del><ins>0.95元/立方米</ins>" in record.answer.text
    cited = re.search(rf"{BASE}(/datasets/[^<\s]+release=\d+)", record.answer.text)
    assert cited
    pinned = look(cited[1])
    assert "0.95元/立方米" in pinned.text


def test_the_founding_notice_is_found_by_its_number_and_read_by_its_outline(look: Open) -> None:
    results = look("/search?q=" + quote("鞍政发 2015 34"))
    notice = look(results.leading_to("/datasets/policy-documents/records/")[0])
    anchors = {a["id"] for _, a in notice.elements if "id" in a}
    outline = [link for link in notice.links if re.fullmatch(r"#(p\d-)?s\d+(-\d+)?b*", link)]
    assert len(outline) > 10
    assert all(link.removeprefix("#") in anchors for link in outline)
    cited = look(only_link(notice.leading_to("/works/辽政发〔2015〕19号")))
    assert cited.leading_to("/datasets/policy-documents/records/")
    assert "依据本文件发布的清单" in notice.text
    assert notice.leading_to("/datasets/policy-documents/releases/1")


def test_our_own_harvester_reads_a_page_of_the_site(demo: httpx.Client) -> None:
    listed = demo.get("/v1/datasets/policy-documents/records").json()["records"][0]
    source = demo.get(f"/datasets/policy-documents/records/{listed['id']}", headers=BROWSER).text
    page = collected.parse_html(source)
    assert page.meta["ArticleTitle"] == listed["title"]
    assert page.meta["PubDate"].startswith("2015-11-05")
    assert page.meta["ContentSource"] == "鞍山市人民政府"
    assert page.meta["Url"].endswith(listed["id"])
    inside = [line.text for line in page.lines if line.number not in page.outside]
    assert any("指导思想" in line for line in inside)
    assert not any("引用本条目" in line for line in inside)


def test_a_search_is_narrowed_subscribed_to_and_downloaded(look: Open, demo: httpx.Client) -> None:
    page = look("/search?q=" + quote("许可"))
    page = look(next(link for link in page.leading_to("dataset=shili-power-list") if "/search?" in link))
    page = look(next(link for link in page.leading_to("body=示例市民政局") if "/search?" in link))
    chips = re.search(r'<ul class="chips".*?</ul>', page.answer.text, re.S)
    assert chips
    assert chips[0].count("<li>") == 2
    follow = look(only_link(page.leading_to("/follow?feed=/feeds/search.atom")))
    address = only_link([link for link in follow.links if link.startswith("/feeds/search.atom")])
    feed = feedparser.parse(demo.get(address).text)
    assert not feed.bozo
    assert feed.entries
    total = int(re.search(r'class="total">(\d+)', page.answer.text)[1])  # type: ignore[index]  # it is there
    download = demo.get(only_link(page.leading_to("/search.csv")))
    rows = list(csv.reader(io.StringIO(download.content.decode("utf-8-sig"))))
    assert len(rows) - 1 == total
    assert all(row[6].startswith(f"{BASE}/datasets/shili-power-list/records/") for row in rows[1:])
    book = openpyxl.load_workbook(io.BytesIO(demo.get(only_link(page.leading_to("/search.xlsx"))).content))
    assert [[cell.value or "" for cell in row] for row in book.active.iter_rows()] == rows


def test_a_file_of_results_contains_every_page(demo: httpx.Client) -> None:
    total = demo.get("/v1/search?q=费&limit=1").json()["total"]
    rows = list(csv.reader(io.StringIO(demo.get("/search.csv?q=费&limit=2").content.decode("utf-8-sig"))))
    assert len(rows) - 1 == total > 20


def test_pinyin_is_understood_and_can_be_searched_as_it_was_written(look: Open) -> None:
    page = look("/search?q=weixianhuaxuepin")
    assert "您要找的是不是“ 危险化学品 ”？" in page.text
    as_written = look(next(link for link in page.links if '"weixianhuaxuepin"' in unquote(link)))
    assert "本站没有收录 “weixianhuaxuepin”" in as_written.text


def test_two_releases_are_compared_and_the_removed_records_are_downloaded(
    look: Open, demo: httpx.Client
) -> None:
    page = look(f"{POWERS}/compare?from=1&to=2")
    assert "统计调查对象年度登记证核发" in page.text
    assert "高龄津贴给付" in page.text
    removed = look(next(link for link in page.leading_to("kind=removed") if link.startswith(POWERS)))
    assert "高龄津贴给付" not in removed.text
    book = openpyxl.load_workbook(
        io.BytesIO(demo.get(only_link(removed.leading_to("/compare.xlsx"))).content)
    )
    texts = " ".join(str(c.value) for sheet in book for row in sheet.iter_rows() for c in row)
    assert "统计调查对象年度登记证核发" in texts
    assert "高龄津贴给付" not in texts
    of_part = look(next(link for link in page.leading_to("part=民政局") if link.startswith(POWERS)))
    assert "高龄津贴给付" in of_part.text
    assert "统计调查对象年度登记证核发" not in of_part.text


def test_a_chart_has_its_numbers_in_a_table(look: Open) -> None:
    page = look(POWERS)
    assert len(page.all("svg")) == len(page.all("figure")) == 3
    assert "应急管理局" in page.text
    chart = charts.draw_stacked_bars(("甲局", "<乙>"), (("added", (3, 0)), ("removed", (0, 2))), label="变化")
    assert "&lt;乙&gt;" in chart
    assert not re.search("<style|<script|style=|xlink:href", chart)


def test_embedded_metadata_is_json_and_cannot_close_its_element(look: Open) -> None:
    for address, kind in (("/", "WebSite"), (FEES, "Dataset")):
        page = look(address)
        scripts = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page.answer.text, re.S)
        metadata = json.loads(scripts[0])
        assert metadata["@type"] == kind
        assert "<" not in scripts[0]
        assert page.all("meta", property="og:title")
        assert page.all("meta", name="SiteName")
        assert page.all("link", rel="canonical")[0]["href"].startswith(BASE)


def test_the_examples_for_developers_were_run(look: Open, demo: httpx.Client) -> None:
    page = look("/developers")
    examples = re.findall(r"curl '([^']+)'", page.answer.text)
    assert len(examples) >= 7
    for address in examples:
        answer = demo.get(address.replace("&amp;", "&").removeprefix(BASE))
        assert answer.status_code == 200, address
    assert "示例市政策文件" in page.text


def test_the_example_of_a_filter_selects_sorts_and_counts_something(look: Open, demo: httpx.Client) -> None:
    (address,) = re.findall(r"curl '([^']+/records\?[^']*facets=[^']*)'", look("/developers").answer.text)
    path, _, query = address.replace("&amp;", "&").removeprefix(BASE).partition("?")
    answer = demo.get(f"{path}?{query}").json()
    assert 1 < answer["total"] < demo.get(path).json()["total"]
    assert "sort=-" in query
    assert all(len(facet["values"]) > 1 for facet in answer["facets"][:1])
    titles = [record["title"] for record in answer["records"]]
    assert titles == sorted(titles, reverse=True) != sorted(titles)


@pytest.mark.parametrize(
    "source",
    [
        "<img src=x onerror=alert(1)>",
        "[点](javascript:alert(1))",
        "![图](https://evil.example/a.png)",
        "# <script>alert(1)</script>",
        "```\n</code><script>alert(1)</script>\n```",
    ],
)
def test_a_documents_text_is_never_markup_of_its_own(source: str) -> None:
    html = str(document.render_markdown(source, lambda _: "/search"))
    assert not re.search(r"<(?:script|img)|href=.javascript", html)


@pytest.mark.parametrize("hostile", [*HOSTILE, "|甲|\n|:-:|\n|乙|"])
def test_a_documents_text_has_the_elements_of_a_text_alone(hostile: str) -> None:
    html = document.render_markdown(
        f"# 一、总则\n\n依据鞍政发〔2015〕1号。\n\n{hostile}", lambda _: "/search?q=1"
    )
    elements = Elements(str(html)).starts
    assert {tag for tag, _ in elements} <= ELEMENTS
    assert {name for _, attributes in elements for name in attributes} <= {
        "id",
        "class",
        "href",
        "title",
        "rel",
    }
    (head, anchor), *_ = elements
    assert (head, set(anchor)) == ("h2", {"id"})
    cited = {attributes["href"] for _, attributes in elements if attributes.get("class") == "cite"}
    assert cited == {"/search?q=1"}


def test_headings_of_a_document_go_down_one_step_at_a_time() -> None:
    html = document.render_markdown("### 深\n\n# 浅\n\n### 又深", lambda _: "/search")
    assert re.findall(r"<(h\d)", html) == ["h2", "h2", "h3"]


def test_a_day_is_chosen_by_a_form_and_left_by_a_link(look: Open) -> None:
    page = look(f"{FEES}?as_of=2024-03-01&limit=50")
    assert "价格鉴证业务收费" in page.text
    query = f"/search?q={quote('价格鉴证')}&dataset=shili-fees"
    results = look(f"{query}&as_of=2024-03-01")
    assert "2024年3月1日" in results.text
    assert "<mark>价格鉴证</mark>业务收费" in results.answer.text
    assert query in results.links
    assert "已移出清单" not in results.text
    assert "已移出清单" in look(query).text


def test_the_table_of_a_dataset_is_sorted_filtered_and_cut_to_chosen_columns(look: Open) -> None:
    page = look(f"{POWERS}?fields=office&fields=basis&sort=-name&power_type=" + quote("行政许可"))
    assert [a.get("aria-sort") for a in page.all("th") if "aria-sort" in a] == ["descending"]
    assert "承办机构" in page.text
    assert len(page.leading_to(f"{POWERS}/records/")) > 3


def test_results_too_long_for_one_sheet_continue_on_the_next(
    demo: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = openpyxl.load_workbook(io.BytesIO(demo.get("/search.xlsx?q=费").content))
    monkeypatch.setattr(xlsx, "MOST_ROWS", 7)  # including the header row
    book = openpyxl.load_workbook(io.BytesIO(demo.get("/search.xlsx?q=费").content))
    assert book.sheetnames[:2] == ["搜索结果", "搜索结果2"]
    sheets = [[[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book]
    assert {len(rows) for rows in sheets[:-1]} == {8}
    ((headings, *rows),) = [[[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in whole]
    assert all(sheet[0] == headings for sheet in sheets)
    assert [row for sheet in sheets for row in sheet[1:]] == rows
