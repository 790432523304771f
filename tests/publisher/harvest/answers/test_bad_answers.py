"""Answers with status 200 that are not the page are no news: they are reported and requested again."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from publisher.harvest.answers.bad_answers import BadAnswer, classify_page
from tests.publisher.harvest.conftest import Collector, codes, make_due
from tests.support.government import html, letter, page, publish
from tests.support.servers.loopback import Answer, Loopback

COOKIE = (
    "<html><head><script>document.cookie='__jsl=1; path=/';location.href=location.pathname;</script></head>"
    "<body></body></html>"
)
BAD: dict[str, BadAnswer] = {
    "": "blank",
    "  \n ": "blank",
    "<html><head></head><body></body></html>": "blank",
    "<html><body><p>&nbsp;</p></body></html>": "blank",
    COOKIE: "script",
    "<script>window.location.replace('/d/1.html?x=1')</script>": "script",
    "<html><body><noscript>请启用 JavaScript</noscript><script>eval('x')</script></body></html>": "script",
    "<body>正在加载……<script>setTimeout(function(){location.reload()},1500)</script></body>": "script",
    "<head><title>Just a moment...</title></head><body><p>Checking your browser</p></body>": "script",
    "<head><title>访问拦截</title></head><body><h1>您的请求被拦截</h1></body>": "intercepted",
    "<body><p>由于您访问的URL有可能造成安全威胁，您的访问被阻断。</p></body>": "intercepted",
    "<html><body><h1>403 Forbidden</h1></body></html>": "intercepted",
    "<html><body><p>您的访问过于频繁，请稍后再试</p></body></html>": "intercepted",
    "<html><body><p>网站防火墙：当前请求存在安全风险</p></body></html>": "intercepted",
    "<body><p>抱歉，本网站暂不支持境外访问</p></body>": "intercepted",
    "<title>用户登录</title><body>用户名<input>密码<input type='password'></body>": "intercepted",
    "<body><p>请先登录后查看</p></body>": "intercepted",
    "<title>HTTP Status 500</title><body><p>服务器内部错误，请联系管理员</p></body>": "maintenance",
    "<html><body><p>为保证访问安全，请输入验证码</p><img src='/v.jpg'></body></html>": "captcha",
    "<html><body><div>请拖动滑块完成拼图</div></body></html>": "captcha",
    "<body><h1>网站维护中</h1><p>系统升级，给您带来不便，敬请谅解。</p></body>": "maintenance",
    "<html><body><h1>503 Service Unavailable</h1></body></html>": "maintenance",
    "<html><body><p>系统繁忙，请稍后再试。</p></body></html>": "maintenance",
    "<body><p>本网站正在升级改版，暂停服务。</p><p>示例市人民政府办公室</p></body>": "maintenance",
}


@pytest.mark.parametrize(("source", "kind"), BAD.items())
def test_each_kind_is_recognised(source: str, kind: BadAnswer) -> None:
    assert classify_page(source, "示例市人民政府关于甲事项的通知") == kind


@pytest.mark.parametrize(
    "source",
    [
        page(1),
        "<html><body><h1>关于网站系统升级维护的公告</h1><p>本网站将于明日升级，暂停服务。</p></body></html>",
        "<html><body><h1>关于系统维护的通知</h1><p>示政办发〔2026〕3号</p><p>系统正在升级。</p></body></html>",
        "<html><body><iframe src='/files/1.pdf'></iframe></body></html>",
        "<html><body><h1>甲公告</h1><p>现予公告。</p><script>document.cookie='a=1'</script></body></html>",
        "<html><body><p>您访问的页面不存在，请稍后再试。</p></body></html>",
        "<h1>关于网站防火墙的通知</h1><p>各单位：</p><p>被拦截的访问应当记录。</p><p>2020年3月1日</p>",
        "<h1>甲市公告</h1><p>网站因系统升级暂停服务。特此公告。</p><p>甲市政府</p><p>2020年3月1日</p>",
    ],
)
def test_a_page_is_not_taken_for_one(source: str) -> None:
    assert classify_page(source, "关于网站系统升级维护的公告") is None


@pytest.fixture
def web(web: Loopback) -> Loopback:
    publish(web, 1, 2)
    return web


KINDS = {
    "blank": html(""),
    "script": html(COOKIE),
    "blocked": html("<html><body><h1>您的请求被拦截</h1></body></html>"),
    "captcha": html("<html><body><p>请输入验证码</p></body></html>"),
    "maintenance": html("<html><body><p>网站维护中，请稍后访问。</p></body></html>"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(KINDS))
def test_it_never_becomes_a_document_and_is_requested_again(collector: Collector, kind: str) -> None:
    whole = collector.web.answers["/d/1.html"]
    collector.web.answers["/d/1.html"] = KINDS[kind]
    report = collector.collect()
    assert codes(report) == ["answer-not-the-page"]
    assert [one["title"] for one in collector.draft()] == [letter(2)[0]]
    collector.web.answers["/d/1.html"] = whole
    report = collector.collect()  # the next run tries again, without waiting for ``recheck``
    assert (codes(report), report["read"]) == ([], 1)


@pytest.mark.slow
def test_a_document_that_was_read_is_gone_only_after_several_tries_over_a_day(collector: Collector) -> None:
    collector.collect()
    collector.publish()
    whole = collector.web.answers["/d/1.html"]
    collector.web.answers["/d/1.html"] = KINDS["blocked"]
    for _ in range(4):
        make_due(collector)
        assert codes(collector.collect()) == ["answer-not-the-page"]
    with collector.served() as client:
        assert "不可访问" not in client.get("/feeds/sources.atom").text
    a_day_passes(collector)
    make_due(collector)
    assert sorted(codes(collector.collect())) == ["answer-not-the-page", "source-vanished"]
    make_due(collector)
    assert codes(collector.collect()) == ["answer-not-the-page"]  # told once
    with collector.served() as client:
        assert "不可访问" in client.get("/feeds/sources.atom").text
    collector.web.answers["/d/1.html"] = whole
    make_due(collector)
    assert codes(collector.collect()) == ["source-returned"]
    assert collector.draft() == []


@pytest.mark.slow
def test_one_bad_answer_after_a_day_is_no_news(collector: Collector) -> None:
    collector.collect()
    collector.publish()
    whole = collector.web.answers["/d/1.html"]
    for answer in (KINDS["blank"], whole, KINDS["blank"]):
        collector.web.answers["/d/1.html"] = answer
        make_due(collector)
        collector.collect()
        a_day_passes(collector)
    with collector.served() as client:
        assert "不可访问" not in client.get("/feeds/sources.atom").text


@pytest.mark.slow
def test_a_list_behind_a_challenge_is_reported_and_nothing_is_lost(collector: Collector) -> None:
    whole = collector.web.answers["/list.html"]
    collector.web.answers["/list.html"] = html(COOKIE)
    assert codes(collector.collect()) == ["answer-not-the-page"]
    collector.web.answers["/list.html"] = whole
    assert collector.collect()["read"] == 2


def test_a_page_that_sends_its_reader_on_is_followed_on_listed_hosts_only(collector: Collector) -> None:
    refresh = "<html><head><meta http-equiv='Refresh' content=\"0; URL='{}'\"></head><body>跳转</body></html>"
    collector.web.answers["/real.html"] = html(page(1))
    collector.web.answers["/d/1.html"] = html(refresh.format("/real.html"))
    collector.web.answers["/d/2.html"] = html(refresh.format("http://mirror.example/2.html"))
    report = collector.collect()
    assert codes(report) == ["refused-host"]
    assert [one["title"] for one in collector.draft()] == [letter(1)[0]]


def test_a_page_that_renews_itself_is_the_page(collector: Collector) -> None:
    renewed = page(1, head="<meta http-equiv='refresh' content='300'>")
    collector.web.answers["/d/1.html"] = html(renewed)
    itself = page(2, head="<meta http-equiv='refresh' content='5; url=/d/2.html'>")
    collector.web.answers["/d/2.html"] = Answer(itself.encode(), headers={"Content-Type": "text/html"})
    report = collector.collect()
    assert (codes(report), report["read"]) == ([], 2)


def a_day_passes(collector: Collector) -> None:
    log = collector.log()
    with log._session.database.write() as conn:
        conn.execute(text("UPDATE page SET troubled_since = 1 WHERE troubled_since IS NOT NULL"))
    log.close()
