"""Runs over real sockets: lists, feeds, robots.txt, limits, character sets, and options of a run."""

from __future__ import annotations

import gzip
from typing import Any
from urllib.parse import quote

import pytest

from tests.publisher.harvest.conftest import DATASET, Collector, codes, make_due
from tests.support.government import html, letter, listing, page, publish
from tests.support.servers.loopback import Answer, WebRequest, Write


@pytest.mark.slow
def test_the_documents_of_a_list_come_into_the_draft_and_a_second_run_finds_nothing_new(
    collector: Collector,
) -> None:
    publish(collector.web, 1, 2, 3)
    report = collector.collect()
    assert (report["found"], report["read"], report["findings"]) == (3, 3, [])
    draft = collector.draft()
    assert [one["number"] for one in draft] == [f"鞍政发〔2015〕{n}号" for n in (1, 2, 3)]
    assert draft[0]["outline"] == ["一、总体要求", "二、工作措施"]
    collector.publish()
    again = collector.collect()
    assert (again["found"], again["read"], again["waiting"]) == (0, 0, 0)


@pytest.mark.slow
def test_further_pages_are_followed_by_their_links_and_by_the_script_of_trs(collector: Collector) -> None:
    web = collector.web
    for n in range(1, 7):
        web.answers[f"/d/{n}.html"] = html(page(n))
    items = [(f"/d/{n}.html", letter(n)[0], "2015-04-01") for n in range(1, 7)]
    script = '<script>createPageHTML(2, 0, "list", "html");</script>'
    web.answers["/list.html"] = listing(items[:2], more=script)
    web.answers["/list_1.html"] = listing(items[2:4], more='<a href="/last.html">下一页</a>')
    web.answers["/last.html"] = listing(items[4:], more='<a href="/list.html">首页</a>')
    assert collector.collect()["read"] == 6


@pytest.mark.slow
@pytest.mark.parametrize("form", ["sitemap", "index", "packed", "rss", "atom"])
def test_sitemaps_and_feeds_name_documents_too(collector: Collector, form: str) -> None:
    web = collector.web
    web.answers["/d/1.html"] = html(page(1))
    url, key = f"{web.base}/d/1.html", "feeds"
    if form in {"sitemap", "index", "packed"}:
        key = "sitemaps"
        urlset = f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>{url}</loc></url></urlset>'
        index = (
            urlset.replace("urlset", "sitemapindex")
            .replace("url>", "sitemap>")
            .replace(url, f"{web.base}/s.xml")
        )
        data = (index if form == "index" else urlset).encode()
        web.answers["/start.xml"] = Answer(gzip.compress(data) if form == "packed" else data)
        web.answers["/s.xml"] = Answer(urlset.encode())
    elif form == "rss":
        rss = f"<rss version='2.0'><channel><item><link>{url}</link></item></channel></rss>"
        web.answers["/start.xml"] = Answer(f"<?xml version='1.0'?>{rss}".encode())
    else:
        web.answers["/start.xml"] = Answer(
            b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="d/1.html"/></entry></feed>'
        )
    keys: dict[str, Any] = {key: [f"{web.base}/start.xml"]}
    collector.write(collector.source(lists=[], **keys))
    assert collector.collect()["read"] == 1


def test_the_days_of_a_feed_are_those_of_shanghai(collector: Collector) -> None:
    web = collector.web
    days = [
        "Mon, 02 Mar 2015 15:59:59 GMT",
        "Mon, 02 Mar 2015 16:00:00 GMT",
        "2015-03-02T16:00:00Z",
        "2015-03-02",
    ]
    items = ""
    for n, day in enumerate(days, start=1):
        web.answers[f"/d/{n}.html"] = html(page(n))
        items += f"<item><link>{web.base}/d/{n}.html</link><pubDate>{day}</pubDate></item>"
    web.answers["/f.xml"] = Answer(f"<?xml version='1.0'?><rss><channel>{items}</channel></rss>".encode())
    collector.write(collector.source(lists=[], feeds=[f"{web.base}/f.xml"]))
    assert collector.collect("--since", "2015-03-03")["read"] == 2


def test_a_list_without_documents_is_reported(collector: Collector) -> None:
    publish(collector.web, 1)
    collector.write(collector.source(documents="/zwgk/"))
    report = collector.collect()
    assert (codes(report), report["findings"][0]["file"]) == (
        ["list-empty"],
        f"{collector.web.base}/list.html",
    )


def test_links_of_a_list_that_lead_to_files_are_counted_and_not_followed(collector: Collector) -> None:
    publish(collector.web, 1)
    files = [(f"/f/{n}.pdf", f"关于第{n}件事的通知", "2015-04-01") for n in (1, 2)]
    collector.web.answers["/list.html"] = listing([("/d/1.html", letter(1)[0], ""), *files])
    report = collector.collect()
    assert (report["read"], codes(report)) == (1, ["list-files"])
    assert "有2个链接" in report["findings"][0]["message_zh"]


def test_robots_are_honoured_and_reported(collector: Collector) -> None:
    publish(collector.web, 1, 2)
    collector.web.answers["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /d/2.html\n")
    report = collector.collect()
    assert report["read"] == 1
    assert codes(report) == ["robots"]
    assert "/d/2.html" not in collector.web.paths()


def test_without_robots_txt_nothing_is_requested(collector: Collector) -> None:
    publish(collector.web, 1)
    collector.web.answers["/robots.txt"] = Answer(status=503, headers={"Retry-After": "0"})
    report = collector.collect()
    assert codes(report) == ["robots-unknown"]
    assert set(collector.web.paths()) == {"/robots.txt"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "target", ["http://10.0.0.1/secret", "http://169.254.169.254/latest", "http://mirror.example/"]
)
def test_a_redirect_to_a_forbidden_address_is_refused_and_reported(collector: Collector, target: str) -> None:
    publish(collector.web, 1, 2)
    collector.web.answers["/d/1.html"] = Answer(status=302, headers={"Location": target})
    hosts = [collector.web.host, "10.0.0.1", "169.254.169.254"]
    collector.write(collector.source(hosts=hosts))
    report = collector.collect()
    assert report["read"] == 1
    assert codes(report) == ["refused-host" if "mirror" in target else "refused-address"]


def test_a_redirect_to_an_address_in_chinese_is_followed(collector: Collector) -> None:
    """The bytes of the address are sent back as they came, whatever their charset is."""
    publish(collector.web, 1, 2)
    for number, charset in ((1, "utf-8"), (2, "gb18030")):
        address = f"/文件/{number}.html"
        moved = Answer(status=302, headers={"Location": address.encode(charset).decode("latin-1")})
        answers = collector.web.answers
        answers[quote(address, encoding=charset)] = answers[f"/d/{number}.html"]
        answers[f"/d/{number}.html"] = moved
    report = collector.collect()
    assert codes(report) == []
    assert report["read"] == 2


@pytest.mark.slow
def test_slow_and_endless_answers_end_and_the_rest_is_read(collector: Collector) -> None:
    web = collector.web
    publish(web, 1, 2, 3)
    web.answers["/d/1.html"] = web.dripping(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", b"<p>")
    web.answers["/d/2.html"] = Answer(b"x" * (2 << 20))
    collector.write(collector.source(timeout=0.3, largest=1))
    report = collector.collect()
    assert report["read"] == 1
    assert codes(report) == ["timeout", "answer-too-large"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("claim", "header", "encoding"),
    [
        ("gb2312", "text/html", "gb18030"),
        ("gb2312", "text/html; charset=utf-8", "gb18030"),
        ("utf-8", "text/html; charset=gbk", "gb18030"),
        ("gbk", "text/html; charset=ISO-8859-1", "utf-8"),
        ("", "text/html; charset=big5", "big5hkscs"),
        ("gb2312", "text/html; charset=big5", "gb18030"),
        ("", "text/html", "gb18030"),
        ("", "text/html", "utf-8"),
        ("gb2312", "text/html; charset=gb2312", "utf-8-sig"),
        ("utf-8", "text/html; charset=utf-8", "utf-16"),
    ],
)
def test_the_charset_is_recognised_whatever_page_and_server_claim(
    collector: Collector, claim: str, header: str, encoding: str
) -> None:
    text = page(1).replace('charset="utf-8"', f'charset="{claim}"' if claim else 'name="x"')
    if encoding == "big5hkscs":
        text = "".join(c if c.encode("big5hkscs", "ignore") else "的" for c in text)
    else:
        text = text.replace("抓紧制定", "抓紧制定㐂")  # in GB 18030, not in GB2312
    publish(collector.web, 1)
    collector.web.answers["/d/1.html"] = Answer(text.encode(encoding), headers={"Content-Type": header})
    collector.collect()
    (content,) = collector.draft()
    assert ("㐂" in content["body_markdown"]) is (encoding != "big5hkscs")
    assert "的清理工作" in content["body_markdown"]


def test_a_page_with_a_damaged_character_is_read_and_reported(collector: Collector) -> None:
    publish(collector.web, 1)
    data = (
        page(1)
        .encode("gb18030")
        .replace("抓紧制定".encode("gb18030"), "抓紧".encode("gb18030") + b"\xff" + "定".encode("gb18030"))
    )
    collector.web.answers["/d/1.html"] = Answer(data, headers={"Content-Type": "text/html"})
    report = collector.collect()
    assert (report["read"], codes(report)) == (1, ["text-damaged"])
    assert "抓紧" in report["findings"][0]["found"]


@pytest.mark.slow
def test_a_run_that_was_cut_off_goes_on_and_asks_nothing_twice(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    from publisher.harvest import extraction

    publish(collector.web, *range(1, 28))
    real, calls = extraction.parse_response, []

    def interrupted(*arguments: object, **options: object) -> object:
        calls.append(arguments)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return real(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(extraction, "parse_response", interrupted)
    assert collector.run().code == 130
    monkeypatch.setattr(extraction, "parse_response", real)
    collector.collect()
    assert len(collector.draft()) == 27
    paths = [path for path in collector.web.paths() if path.startswith("/d/")]
    assert len(paths) == len(set(paths)) == 27


@pytest.mark.slow
def test_only_documents_listed_since_a_day_are_requested(collector: Collector) -> None:
    publish(collector.web, 1, 2, 3)
    listed = collector.web.answers["/list.html"]
    assert isinstance(listed, Answer)

    def conditional(request: WebRequest, _write: Write) -> Answer:
        same = request.headers.get("if-none-match") == '"1"'
        return Answer(status=304) if same else Answer(listed.body, headers={**listed.headers, "ETag": '"1"'})

    collector.web.answers["/list.html"] = conditional
    assert collector.collect("--since", "2015-04-02")["read"] == 2
    assert collector.collect()["read"] == 1  # a 304 does not hide the documents that were left out
    collector.collect()
    assert collector.web.requests[-1].headers["if-none-match"] == '"1"'


def test_a_dry_run_says_what_would_be_read_and_writes_nothing(collector: Collector) -> None:
    publish(collector.web, 1, 2)
    before = collector.site.files()
    report = collector.collect("--dry-run")
    assert (report["found"], report["read"]) == (2, 2)
    assert collector.site.files() == before


@pytest.mark.slow
def test_a_source_may_publish_by_itself_but_never_an_import_of_a_clerk(collector: Collector) -> None:
    publish(collector.web, 1)
    collector.write(collector.source(publish=True))
    assert collector.collect()["release"] == 1
    file = collector.site.home / "page.html"
    file.write_text(page(9), encoding="utf-8")
    collector.site.ok("import", file, "--dataset", DATASET)
    publish(collector.web, 1, 2)
    make_due(collector)
    report = collector.collect()
    assert (report["release"], codes(report)) == (None, ["draft-held"])


@pytest.mark.slow
def test_what_may_be_personal_waits_for_a_person_however_often_it_is_collected(collector: Collector) -> None:
    publish(collector.web, 1, 2)
    collector.web.answers["/d/2.html"] = html(page(2, extra="<p>联系人张某，13800138000</p>"))
    collector.write(collector.source(publish=True))
    for _ in range(2):
        report = collector.collect()
        assert (report["release"], codes(report)[-1:]) == (None, ["personal-held"])
        make_due(collector)
    assert "1个文件可能含有个人信息，未自动发布" in collector.site.run("--lang", "zh", "collect").out
    collector.publish()
    publish(collector.web, 3)
    make_due(collector)
    assert collector.collect()["release"] == 2


def test_only_one_process_collects(collector: Collector) -> None:
    log = collector.log()
    with log.evidence.lock() as locked:
        assert locked
        ran = collector.run()
    log.close()
    assert (ran.code, "[collecting]" in ran.err) == (4, True)


@pytest.mark.slow
def test_a_dry_run_takes_a_short_page_with_the_title_of_its_link_for_the_page(collector: Collector) -> None:
    title = "关于网站系统升级维护的公告"
    collector.web.answers["/d/1.html"] = html(f"<html><body><p>{title}</p><p>请知悉。</p></body></html>")
    collector.web.answers["/list.html"] = listing([("/d/1.html", title, "2015-04-01")])
    assert "answer-not-the-page" not in codes(collector.collect("--dry-run"))
