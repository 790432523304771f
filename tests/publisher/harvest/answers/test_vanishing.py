"""Soft 404s: 页面不存在 with status 200, or a redirect to the home page, is no document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from publisher.harvest import extraction
from publisher.harvest.soft_404 import is_absent, is_redirect_to_home
from tests.publisher.harvest.conftest import DATASET, Collector, codes, make_due
from tests.support.government import html, letter, page, publish
from tests.support.servers.loopback import Answer, Loopback, loopback_server

NEWS = "".join(f"<li><a href='/d/{n}.html'>关于第{n}件重要工作的新闻报道</a></li>" for n in range(30))
HOME = f"<html><head><title>鞍山市人民政府</title></head><body><ul>{NEWS}</ul><p>市政府主办</p></body></html>"
SORRY = (
    "<html><body><h1>抱歉，您访问的页面不存在</h1><p>可能是该页面已被删除、更名或暂时不可用，"
    "请返回首页或稍后再试，联系网站管理员。</p></body></html>"
)
ABSENT = {
    "words": html("<h1>页面不存在</h1><p>您访问的页面不存在或已被删除，请返回首页。</p>"),
    "words in English": html("<title>404</title><h1>Not Found</h1><p>The requested page was not found.</p>"),
    "home": Answer(status=302, headers={"Location": "/index.html"}),
    "page for errors": Answer(status=302, headers={"Location": "/404.html"}),
    "list": Answer(status=301, headers={"Location": "/zwgk/"}),
}


@pytest.fixture
def web(web: Loopback) -> Loopback:
    publish(web, 1, 2)
    web.answers |= {"/index.html": html(HOME), "/404.html": html(SORRY), "/zwgk/": html(HOME)}
    return web


@pytest.mark.slow
@pytest.mark.parametrize("how", list(ABSENT))
def test_a_document_in_whose_place_something_else_is_has_vanished_until_it_is_back(
    collector: Collector, how: str
) -> None:
    whole = collector.web.answers["/d/1.html"]
    collector.collect()
    collector.publish()
    collector.web.answers["/d/1.html"] = ABSENT[how]
    for expected in (["source-vanished"], []):  # reported once
        make_due(collector)
        report = collector.collect()
        assert (codes(report), report["read"], collector.draft()) == (expected, 0, [])
    collector.web.answers["/d/1.html"] = whole
    make_due(collector)
    assert codes(collector.collect()) == ["source-returned"]
    assert collector.draft() == []
    responses = collector.site.ok("evidence", letter(1)[0], "--json").json["pages"][0]["responses"]
    assert len(responses) == 4


@pytest.mark.slow
@pytest.mark.parametrize("how", list(ABSENT))
def test_an_address_that_never_held_a_document_gives_none(collector: Collector, how: str) -> None:
    collector.web.answers["/d/1.html"] = ABSENT[how]
    report = collector.collect()
    if how != "list":  # cannot be distinguished from other pages
        assert codes(report) == ["page-absent"]
        assert [one["title"] for one in collector.draft()] == [letter(2)[0]]


@pytest.mark.slow
def test_a_document_that_came_back_changed_has_returned_and_changed(collector: Collector) -> None:
    collector.collect()
    collector.publish()
    collector.web.answers["/d/1.html"] = ABSENT["words"]
    make_due(collector)
    collector.collect()
    collector.web.answers["/d/1.html"] = html(page(1).replace("各部门要按时完成", "各部门要提前完成"))
    make_due(collector)
    assert sorted(codes(collector.collect())) == ["source-changed", "source-returned"]
    assert "提前完成" in collector.draft()[0]["body_markdown"]


@pytest.mark.slow
def test_another_document_at_the_same_address_is_a_change_and_not_a_disappearance(
    collector: Collector,
) -> None:
    collector.collect()
    collector.publish()
    collector.web.answers["/d/1.html"] = html(page(7))
    make_due(collector)
    assert codes(collector.collect()) == ["source-changed"]
    assert [one["title"] for one in collector.draft()] == [letter(7)[0]]


@pytest.mark.slow
@pytest.mark.parametrize("how", ["words", "home"])
def test_a_copy_on_another_site_vanishes_by_itself(collector: Collector, how: str) -> None:
    with loopback_server() as county:
        publish(county, 1)
        county.answers["/index.html"] = html(HOME)
        whole = county.answers["/d/1.html"]
        collector.write(collector.source(), collector.source("county", web=county))
        collector.run()
        collector.publish()
        reports = []
        for answer in (ABSENT[how], whole):
            county.answers["/d/1.html"] = answer
            make_due(collector)
            reports.append([codes(one) for one in collector.run().json["sources"]])
        assert reports == [[[], ["source-vanished"]], [[], ["source-returned"]]]
        origins = collector.site.ok("evidence", letter(1)[0], "--json").json["pages"]
    assert [(one["source"], one["copy"]) for one in origins] == [("anshan", False), ("county", True)]
    assert collector.draft() == []


@pytest.mark.slow
def test_a_response_with_damaged_compression_changes_nothing(collector: Collector) -> None:
    whole = collector.web.answers["/d/1.html"]
    collector.collect()
    collector.publish()
    collector.web.answers["/d/1.html"] = Answer(b"no gzip", headers={"Content-Encoding": "gzip"})
    make_due(collector)
    assert codes(collector.collect()) == ["answer-damaged"]
    collector.web.answers["/d/1.html"] = whole
    make_due(collector)
    report = collector.collect()
    assert (codes(report), report["unchanged"], collector.draft()) == ([], 2, [])


def run_here(function: Callable[..., Any], *arguments: Any, result: Any) -> Any:
    """Run a reader in this process, where the version is changed."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(function(*arguments)), type=result)


@pytest.mark.slow
def test_a_newer_parser_reads_a_vanished_document_from_its_stored_response(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    collector.collect()
    collector.publish()
    collector.web.answers["/d/1.html"] = ABSENT["words"]
    make_due(collector)
    collector.collect()
    monkeypatch.setattr("publisher.ingest.documents.official_document.PARSER_VERSION", "next")
    monkeypatch.setattr(extraction, "run_limited", run_here)
    assert collector.collect()["read"] == 2
    with collector.served() as client:
        assert client.get(f"/v1/datasets/{DATASET}/records").json()["total"] == 2


@pytest.mark.parametrize(
    "text",
    [
        "经查，您申请公开的政府信息不存在。"
        + "根据《中华人民共和国政府信息公开条例》第三十六条，现予告知。" * 20,
        "市政府决定，下列文件自即日起失效。",
        "对辖区内商户进行检查。",
    ],
)
def test_what_a_document_says_is_not_taken_for_the_words_of_an_error(text: str) -> None:
    assert not is_absent({"title": "关于某事的答复"}, [text])


def test_a_document_with_a_number_or_a_date_is_one_whatever_it_says() -> None:
    paragraphs = ["您访问的页面不存在"]
    assert is_absent({"title": "告知书"}, paragraphs)
    assert not is_absent({"title": "告知书", "number": "鞍政依复〔2015〕1号"}, paragraphs)
    assert not is_absent({"title": "告知书", "date_published": "2015-03-01"}, paragraphs)


@pytest.mark.parametrize(
    ("requested", "got", "nowhere"),
    [
        ("http://a/d/1.html", "http://a/", True),
        ("http://a/d/1.html", "https://a/error", True),
        ("http://a/d/1.html", "https://a/d/1.html", False),
        ("http://a/d/1.html", "http://a/502/t1.html", False),
        ("http://a/", "http://a/index.html", False),
    ],
)
def test_a_redirect_leads_nowhere_where_it_ends_at_the_home_page_or_that_for_errors(
    requested: str, got: str, *, nowhere: bool
) -> None:
    assert is_redirect_to_home(requested, got) is nowhere
