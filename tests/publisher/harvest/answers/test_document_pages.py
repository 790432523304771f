"""Documents in several pages are followed and joined; files in frames and viewers are attachments."""

from __future__ import annotations

import pytest

from publisher.harvest.link_discovery import is_further_page
from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue
from tests.publisher.harvest.conftest import Collector, codes, make_due
from tests.support.government import html, listing
from tests.support.servers.loopback import Answer

TITLE = "鞍山市人民政府关于在多页中公布的事项的通知"
HEAD = f"<h1>{TITLE}</h1><p>发布时间：2015-04-01</p>"
TEXTS = (
    "<p>鞍政发〔2015〕9号</p><p>各县（市）区人民政府：</p><p>一、总体要求</p><p>依法进行清理工作，统筹推进。</p>",
    "<p>二、主要任务</p><p>各部门要按时完成各项工作。</p>",
    "<p>三、保障措施</p><p>加强组织领导，落实责任。</p><p>鞍山市人民政府</p><p>2015年3月10日</p>",
)
OUTLINE = ["一、总体要求", "二、主要任务", "三、保障措施"]


def page(text: str, pager: str) -> Answer:
    return html(
        f"<html><head><title>{TITLE}</title></head><body><div class='nav'><a href='/'>首页</a></div>{HEAD}"
        f"<div class='TRS_Editor'>{text}</div><div>{pager}</div><p>主办单位：鞍山市人民政府</p></body></html>"
    )


def links(current: int, template: str) -> str:
    numbers = " ".join(
        f"<a href='{template.format(n)}'>{n}</a>" if n != current else f"<b>{n}</b>" for n in (1, 2, 3)
    )
    further = f"<a href='{template.format(current + 1)}'>下一页</a>" if current < 3 else "下一页"
    return f"{numbers} {further} 共3页"


def put(collector: Collector, how: str) -> None:
    web = collector.web
    addresses = ["/d/t9.html", "/d/t9_1.html", "/d/t9_2.html"]
    for number, (address, text) in enumerate(zip(addresses, TEXTS, strict=True), start=1):
        if how == "script":
            pager = f"<script>createPageHTML(3, {number - 1}, 't9', 'html');</script>"
        elif how == "next only":
            pager = f"<a href='{addresses[number]}'>下一页</a>" if number < 3 else ""
        elif how == "words in lines":
            pager = "".join(f"<li><a href='{a}'>{n}</a></li>" for n, a in enumerate(addresses, start=1))
            pager = f"<ul><li>上一页</li>{pager}<li>下一页</li></ul>"
        else:
            pager = links(number, "/d/t9_{}.html").replace("t9_1.html", "t9.html")
            pager = pager.replace("t9_2.html", "t9_1.html").replace("t9_3.html", "t9_2.html")
        web.answers[address] = page(text, pager)
    web.answers["/list.html"] = listing([("/d/t9.html", TITLE, "2015-04-01")])


@pytest.mark.slow
@pytest.mark.parametrize("how", ["script", "next only", "numbers", "words in lines"])
def test_further_pages_are_followed_joined_and_archived(collector: Collector, how: str) -> None:
    put(collector, how)
    report = collector.collect()
    assert codes(report) == []
    (document,) = collector.draft()
    assert document["outline"] == OUTLINE
    assert document["date_written"] == "2015-03-10"
    body = document["body_markdown"]
    assert "下一页" not in body
    assert "首页" not in body
    assert body.count("加强组织领导，落实责任。") == 1
    assert body.index("依法进行") < body.index("按时完成") < body.index("加强组织领导")
    collector.publish()
    pages = collector.site.ok("evidence", TITLE, "--json").json["pages"]
    assert [one["url"].rpartition("/")[2] for one in pages] == ["t9.html", "t9_1.html", "t9_2.html"]
    assert all(len(one["responses"]) == 1 for one in pages)


@pytest.mark.parametrize(
    ("url", "target", "further"),
    [
        ("http://a/show.jsp?id=9", "http://a/show.jsp?id=9&page=2", True),
        ("http://a/show.jsp?id=9", "http://a/show.jsp?id=8&page=2", False),
        ("http://a/d/t9.html", "http://a/d/t9_1.html", True),
        ("http://a/d/t9_1.html", "http://a/d/t9_2.html", True),
        ("http://a/d/t9.html", "http://a/d/t8.html", False),
        ("http://a/d/t20150401_123456.html", "http://a/d/t20150401_123457.html", False),
        ("http://a/d/t9.html", "http://b/d/t9_1.html", False),
    ],
)
def test_a_further_page_differs_in_the_number_of_a_page_only(url: str, target: str, *, further: bool) -> None:
    assert is_further_page(url, target) == further


@pytest.mark.slow
def test_a_page_that_cannot_be_joined_is_an_error_of_the_document(collector: Collector) -> None:
    put(collector, "script")
    collector.web.answers["/d/t9_2.html"] = Answer(status=500)
    report = collector.collect()
    assert "document-continues" in codes(report)
    put(collector, "script")
    make_due(collector)
    assert collector.collect()["read"] == 1
    assert collector.draft()[0]["outline"] == OUTLINE


@pytest.mark.slow
def test_a_change_of_a_further_page_is_a_change_of_the_document(collector: Collector) -> None:
    put(collector, "script")
    collector.collect()
    collector.publish()
    changed = TEXTS[1].replace("按时完成", "提前完成")
    collector.web.answers["/d/t9_1.html"] = page(
        changed, "<script>createPageHTML(3, 1, 't9', 'html')</script>"
    )
    make_due(collector)
    assert codes(collector.collect()) == ["source-changed"]
    assert "提前完成" in collector.draft()[0]["body_markdown"]
    make_due(collector)
    assert codes(collector.collect()) == []


@pytest.mark.parametrize(
    "pager",
    [
        "<p>第1页/共3页 <a href='javascript:go(2)'>下一页&gt;&gt;</a></p>",
        "<p><a onclick='go(2)' href='#'>【下一页】</a></p>",
        "<p>首页 上一页 [1] [2] 下一页 尾页 共2页</p>",
    ],
)
def test_pages_that_only_a_script_turns_are_an_error(pager: str) -> None:
    source = f"<html><body><h1>{TITLE}</h1><div class='TRS_Editor'>{TEXTS[0]}{pager}</div></body></html>"
    reading = read_file(source.encode(), name="t9.html", catalogue=load_catalogue("policies"))
    assert "document-continues" in [finding.code for finding in reading.findings]
    assert "下一页" not in str(reading.records[0].content["body_markdown"])
    whole = source.replace("共2页", "共1页") if "共2页" in pager else source.replace(pager, "")
    reading = read_file(whole.encode(), name="t9.html", catalogue=load_catalogue("policies"))
    assert "document-continues" not in [finding.code for finding in reading.findings]


def test_an_imported_page_with_further_ones_is_an_error(collector: Collector) -> None:
    file = collector.site.home.parent / "page.html"
    put(collector, "numbers")
    answer = collector.web.answers["/d/t9.html"]
    assert isinstance(answer, Answer)
    file.write_bytes(answer.body)
    report = collector.site.run("import", file, "--dataset", "zhengce", "--dry-run", "--json").json
    assert "document-continues" in [finding["code"] for finding in report["findings"]]


PDF = b"%PDF-1.4 a file"


@pytest.mark.slow
@pytest.mark.parametrize(
    "frame",
    [
        "<iframe src='/files/1.pdf'></iframe>",
        "<embed src='/files/1.pdf' type='application/pdf'>",
        "<object data='/files/1.pdf'></object>",
        "<object><param name='src' value='/files/1.pdf'></object>",
        "<iframe src='/js/pdfjs/web/viewer.html?file=/files/1.pdf'></iframe>",
        "<iframe src='/js/pdfjs/web/viewer.html?file=%2Ffiles%2F1.pdf#page=1'></iframe>",
        "<a href='/pdf/viewer.html?file=/files/1.pdf'>查看全文</a>",
        "<script>PDFObject.embed('/files/1.pdf', '#x')</script>",
    ],
)
def test_a_file_in_a_frame_or_viewer_is_an_attachment(collector: Collector, frame: str) -> None:
    collector.web.answers["/d/t9.html"] = html(
        f"<html><body>{HEAD}<div class='TRS_Editor'>{frame}</div></body></html>"
    )
    collector.web.answers["/files/1.pdf"] = Answer(PDF, headers={"Content-Type": "application/pdf"})
    collector.web.answers["/list.html"] = listing([("/d/t9.html", TITLE, "2015-04-01")])
    collector.collect()
    (document,) = collector.draft()
    assert document["title"] == TITLE
    assert [(file["url"], file["size"]) for file in document["attachments"]] == [
        (f"{collector.web.base}/files/1.pdf", len(PDF))
    ]


def test_a_dry_run_calls_no_document_incomplete_whose_further_pages_a_run_would_request(
    collector: Collector,
) -> None:
    put(collector, "next only")
    report = collector.collect("--dry-run")
    assert (report["read"], "document-continues" in codes(report)) == (1, False)
