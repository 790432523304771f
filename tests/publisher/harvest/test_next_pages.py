"""Links to the next page in the forms of government sites are followed, or a finding; others are not."""

from __future__ import annotations

import pytest

from publisher.harvest.link_discovery import extract_page_links
from publisher.harvest.source_config import SourceSite
from publisher.ingest.documents.page_lines import parse_html
from tests.publisher.harvest.conftest import Collector, codes
from tests.support.government import letter, listing, publish

SOURCE = SourceSite(title="", dataset="d", hosts=("h.gov.cn",))
URL = "http://h.gov.cn/zwgk/list.html"
ITEM = "<ul><li><a href='/d/1.html'>鞍山市人民政府关于清理行政审批事项的通知</a></li></ul>"


def further(pager: str) -> list[str]:
    links = extract_page_links(f"<html><body>{ITEM}<div>{pager}</div></body></html>", URL, SOURCE)
    return [one.removeprefix("http://h.gov.cn/zwgk/") for one in links.further]


def continues(pager: str) -> bool:
    return extract_page_links(f"<html><body>{ITEM}<div>{pager}</div></body></html>", URL, SOURCE).continues


@pytest.mark.parametrize(
    "label",
    [
        *(
            "下一页",
            "下页",
            "后页",
            "后一页",
            "[下一页]",
            "（下一页）",
            "【下一页】",
            "下一页>>",
            "下一页 »",
            "下一页>",
        ),
        *(
            "下一页→",
            "下一页▶",
            "下一页|",
            "> 下一页",
            "下 一 页",
            "下一頁",
            "Next",
            "Next >",
            "next page",
            "›",
            "»",
            ">>",
        ),
        *(
            "<span>下</span><span>一</span><span>页</span>",
            "<img src='n.gif' alt='下一页'>",
            "<img title='后页'>",
        ),
    ],
)
def test_a_label_of_the_next_page_is_recognised(label: str) -> None:
    assert further(f"<a href='list_1.html'>{label}</a>") == ["list_1.html"]


@pytest.mark.parametrize(
    "link",
    [
        "<a href='list_1.html' title='下一页'><i class='icon'></i></a>",
        "<a href='list_1.html' aria-label='下一页'></a>",
        "<a href='list_1.html' rel='next nofollow'>2</a>",
        "<a href='/d/9.html'>或fee-文号:2015</a> <a href='list_1.html'>下一页</a>",
    ],
)
def test_a_link_without_text_has_the_name_of_its_label(link: str) -> None:
    assert further(link) == ["list_1.html"]


@pytest.mark.parametrize(
    ("call", "pages"),
    [
        ("createPageHTML(3, 0, 'list', 'html');", ["list_1.html", "list_2.html"]),
        ("createPageHTML (3, 0, 'list', 'html', 57);", ["list_1.html", "list_2.html"]),
        ("var n = 3; createPageHTML(n, i, 'list', 'html');", ["list_1.html", "list_2.html"]),
        ("createPageHTML('page_div',3, 1,'list','shtml',57);", ["list_2.shtml", "list_3.shtml"]),
        ('createPageHTML("page-div", 3, 1, "list", "shtml", 57)', ["list_2.shtml", "list_3.shtml"]),
        ("createPageHTML('page_div',1, 1,'list','shtml',5);", []),
        (
            "createPageHTML(99999, 0, 'list', 'html');",
            [f"list_{n}.html" for n in range(1, SOURCE.most_lists + 1)],
        ),
    ],
)
def test_both_forms_of_the_script_of_trs_are_read(call: str, pages: list[str]) -> None:
    assert further(f"<script>{call}</script>") == pages
    assert not continues(f"<script>{call}</script>")


@pytest.mark.parametrize(
    "link",
    [
        "<a href='/d/2.html'>下一篇</a>",
        "<a href='/more/'>更多>></a>",
        "<a href='/more/'>>></a>",
        "<a href='list.html'>下一页</a>",
        "<a href='javascript:;'>下一页</a>",
        "<a href='#' class='disabled' onclick='go(1)'>下一页</a>",
        "<button disabled onclick='go(1)'>下一页</button>",
        "<a href='javascript:go(1)'>下一页</a> 共1页",
        "<button class='swiper-next'>Next</button>",
    ],
)
def test_what_leads_to_no_further_page_is_not_followed_and_no_finding(link: str) -> None:
    assert (further(link), continues(link)) == ([], False)


@pytest.mark.parametrize(
    "pager",
    [
        "<a href='javascript:go(2)'>下一页</a> 共3页",
        "<a href='#' onclick='go(2)'>下一页</a>",
        "<button onclick='go(2)'>下一页</button>",
        "<input type='button' value='下一页' onclick='go(2)'>",
        "<script>var countPage = 20 //共多少页\ndocument.write(x)</script>",
        "<script>createPageHTML(total, 0, name, 'html')</script>",
    ],
)
def test_a_further_page_without_an_address_is_a_finding(pager: str) -> None:
    assert continues(pager)
    assert further(pager) == []


def test_the_finding_is_of_the_list_that_is_named_in_the_file(collector: Collector) -> None:
    publish(collector.web, 1)
    pager = "<a href='javascript:go(2)'>下一页</a>"
    collector.web.answers["/list.html"] = listing([("/d/1.html", letter(1)[0], "2015-04-01")], more=pager)
    assert codes(collector.collect()) == ["list-continues"]


def test_a_document_whose_next_page_is_itself_has_none() -> None:
    text = "<html><body><p>各部门要按时完成。</p><a href='t1.html'>下一页</a></body></html>"
    assert parse_html(text, "http://h.gov.cn/d/t2.html").continues
    assert not parse_html(text, "http://h.gov.cn/d/t1.html").continues
