"""A site is read over real sockets: lists, paging, robots.txt, limits, and what changes and vanishes."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from tests.publisher.harvest.conftest import DATASET, Collector
from tests.support.government import TEXT, html, letter, listing, page, publish
from tests.support.loopback import Answer, Asked, Write, serving


def codes(report: dict[str, object]) -> list[str]:
    return [finding["code"] for finding in report["findings"]]  # type: ignore[attr-defined]


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
            f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="{url}"/></entry></feed>'.encode()
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


def test_a_list_in_which_nothing_is_found_is_told(collector: Collector) -> None:
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
    assert "有 2 个链接" in report["findings"][0]["message_zh"]


def test_robots_are_honoured_and_said(collector: Collector) -> None:
    publish(collector.web, 1, 2)
    collector.web.answers["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /d/2.html\n")
    report = collector.collect()
    assert report["read"] == 1
    assert codes(report) == ["robots"]
    assert "/d/2.html" not in collector.web.paths()


def test_where_robots_cannot_be_had_nothing_is_asked(collector: Collector) -> None:
    publish(collector.web, 1)
    collector.web.answers["/robots.txt"] = Answer(status=503, headers={"Retry-After": "0"})
    report = collector.collect()
    assert codes(report) == ["robots-unknown"]
    assert set(collector.web.paths()) == {"/robots.txt"}


def test_pages_are_asked_again_on_condition_and_304_changes_nothing(collector: Collector) -> None:
    web = collector.web
    publish(web, 1)

    def conditional(asked: Asked, _write: Write) -> Answer:
        if asked.headers.get("if-none-match") == '"v1"':
            return Answer(status=304)
        return html(page(1), {"ETag": '"v1"'})

    web.answers["/d/1.html"] = conditional
    collector.write(collector.source(recheck="1s"))
    collector.collect()
    collector.publish()
    make_due(collector)
    report = collector.collect()
    assert (report["unchanged"], report["read"], report["changed"]) == (1, 0, 0)


@pytest.mark.parametrize("sign", ["etag", "date", "length", "hash"])
def test_a_change_at_the_source_is_told_with_its_sign_and_both_states_stay(
    collector: Collector, sign: str, tmp_path: Path
) -> None:
    web = collector.web
    publish(web, 1)
    other = TEXT.replace("抓紧制定", "尽快出台" if sign == "hash" else "尽快研究制定")
    headers = {
        "etag": ({"ETag": '"1"'}, {"ETag": '"2"'}),
        "date": (
            {"Last-Modified": "Mon, 02 Mar 2015 00:00:00 GMT"},
            {"Last-Modified": "Tue, 03 Mar 2015 00:00:00 GMT"},
        ),
    }.get(sign, ({}, {}))
    web.answers["/d/1.html"] = html(page(1), headers[0])
    collector.collect()
    collector.publish()
    web.answers["/d/1.html"] = html(page(1, text=other), headers[1])
    make_due(collector)
    report = collector.collect()
    assert (report["changed"], codes(report)) == (1, ["source-changed"])
    assert f"told by {sign}" in report["findings"][0]["message_en"]
    assert "尽快" in collector.draft()[0]["body_markdown"]
    collector.publish()
    shown = collector.site.ok("evidence", letter(1)[0], "--extract", tmp_path / "out", "--json").json
    (origin,) = shown["pages"]
    assert [r["status"] for r in origin["responses"]] == [200, 200]
    texts = [_body(path) for path in sorted((tmp_path / "out").iterdir())]
    assert sum("抓紧制定" in text for text in texts) == 1
    assert sum("尽快" in text for text in texts) == 1


def test_a_counter_of_views_is_no_change_of_the_document(collector: Collector) -> None:
    web = collector.web
    publish(web, 1)
    web.answers["/d/1.html"] = html(page(1).replace("打印本页", "浏览次数：7 打印本页"))
    collector.collect()
    collector.publish()
    web.answers["/d/1.html"] = html(page(1).replace("打印本页", "浏览次数：8 打印本页"))
    make_due(collector)
    report = collector.collect()
    assert (report["changed"], report["findings"]) == (0, [])


def test_a_page_that_vanishes_and_returns_is_told_and_the_record_stays(collector: Collector) -> None:
    web = collector.web
    publish(web, 1)
    whole = web.answers["/d/1.html"]
    collector.collect()
    collector.publish()
    web.answers["/d/1.html"] = Answer(status=404)
    make_due(collector)
    report = collector.collect()
    assert (report["vanished"], codes(report)) == (1, ["source-vanished"])
    assert collector.site.ok("show", DATASET, letter(1)[0], "--json").json[0]["status"] == "current"
    make_due(collector)
    assert collector.collect()["findings"] == []  # told once
    web.answers["/d/1.html"] = whole
    make_due(collector)
    assert codes(collector.collect()) == ["source-returned"]


@pytest.mark.parametrize(
    "target", ["http://10.0.0.1/secret", "http://169.254.169.254/latest", "http://mirror.example/"]
)
def test_a_redirect_to_where_nobody_should_go_is_refused_and_told(collector: Collector, target: str) -> None:
    publish(collector.web, 1, 2)
    collector.web.answers["/d/1.html"] = Answer(status=302, headers={"Location": target})
    hosts = [collector.web.host, "10.0.0.1", "169.254.169.254"]
    collector.write(collector.source(hosts=hosts))
    report = collector.collect()
    assert report["read"] == 1
    assert codes(report) == ["refused-host" if "mirror" in target else "refused-address"]


def test_slow_and_endless_answers_end_and_the_rest_is_read(collector: Collector) -> None:
    web = collector.web
    publish(web, 1, 2, 3)
    web.answers["/d/1.html"] = web.dripping(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", b"<p>")
    web.answers["/d/2.html"] = Answer(b"x" * (2 << 20))
    collector.write(collector.source(timeout=0.3, largest=1))
    report = collector.collect()
    assert report["read"] == 1
    assert codes(report) == ["timeout", "answer-too-large"]


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
def test_the_charset_is_told_right_whatever_page_and_server_claim(
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
    (found,) = collector.draft()
    assert ("㐂" in found["body_markdown"]) is (encoding != "big5hkscs")
    assert "的清理工作" in found["body_markdown"]


def test_a_page_with_a_damaged_character_is_read_and_told(collector: Collector) -> None:
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


def test_the_same_notice_on_two_sites_is_one_document_with_two_sources(collector: Collector) -> None:
    publish(collector.web, 1)
    with serving() as mirror:
        publish(mirror, 1)
        mirror.answers["/d/1.html"] = html(page(1).replace("<p>打印本页", "<p>责任编辑：王某 打印本页"))
        collector.write(collector.source(), collector.source("county", web=mirror))
        first, second = collector.run().json["sources"]
        assert (first["read"], second["read"], second["copies"]) == (1, 0, 1)
        assert codes(second) == ["document-copy"]
        collector.publish()
        origins = collector.site.ok("evidence", letter(1)[0], "--json").json["pages"]
        assert [(one["source"], one["copy"]) for one in origins] == [("anshan", False), ("county", True)]


def test_the_same_notice_on_three_sites_is_one_record_whichever_vanishes(collector: Collector) -> None:
    """The county shows it with other surroundings, the bureau without its number; then the city drops it."""
    publish(collector.web, 1)
    with serving() as county, serving() as bureau:
        publish(county, 1)
        publish(bureau, 1)
        county.answers["/d/1.html"] = html(page(1).replace("<p>打印本页", "<p>责任编辑：王某 打印本页"))
        bureau.answers["/d/1.html"] = html(page(1, number=""))
        sites = (("county", county), ("bureau", bureau))
        collector.write(collector.source(), *(collector.source(name, web=web) for name, web in sites))
        reports = collector.run().json["sources"]
        assert [(one["read"], one["copies"]) for one in reports] == [(1, 0), (0, 1), (0, 1)]
        collector.publish()
        collector.web.answers["/d/1.html"] = Answer(status=404)
        make_due(collector)
        reports = collector.run().json["sources"]
        assert [codes(one) for one in reports] == [["source-vanished"], [], []]
        assert collector.draft() == []
        origins = collector.site.ok("evidence", letter(1)[0], "--json").json["pages"]
    assert [(one["source"], one["copy"], one["vanished_at"] is None) for one in origins] == [
        ("anshan", False, False),
        ("county", True, True),
        ("bureau", True, True),
    ]


def test_another_text_under_the_same_number_is_not_taken(collector: Collector) -> None:
    publish(collector.web, 1)
    with serving() as other:
        publish(other, 2)
        other.answers["/d/2.html"] = html(
            page(2, text="食品安全事关人民群众身体健康。" * 20, number="鞍政发〔2015〕1号")
        )
        collector.write(collector.source(), collector.source("county", web=other))
        second = collector.run().json["sources"][1]
    assert codes(second) == ["number-elsewhere"]
    assert [one["title"] for one in collector.draft()] == [letter(1)[0]]


def test_a_run_that_was_cut_off_goes_on_and_asks_nothing_twice(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    from publisher.harvest import extraction

    publish(collector.web, *range(1, 28))
    real, read = extraction.read_answer, []

    def interrupted(*arguments: object) -> object:
        read.append(arguments)
        if len(read) == 5:
            raise KeyboardInterrupt
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(extraction, "read_answer", interrupted)
    assert collector.run().code == 130
    monkeypatch.setattr(extraction, "read_answer", real)
    collector.collect()
    assert len(collector.draft()) == 27
    asked = [path for path in collector.web.paths() if path.startswith("/d/")]
    assert len(asked) == len(set(asked)) == 27


def test_only_what_is_listed_since_a_day_is_asked(collector: Collector) -> None:
    publish(collector.web, 1, 2, 3)
    listed = collector.web.answers["/list.html"]
    assert isinstance(listed, Answer)

    def conditional(asked: Asked, _write: Write) -> Answer:
        same = asked.headers.get("if-none-match") == '"1"'
        return Answer(status=304) if same else Answer(listed.body, headers={**listed.headers, "ETag": '"1"'})

    collector.web.answers["/list.html"] = conditional
    assert collector.collect("--since", "2015-04-02")["read"] == 2
    assert collector.collect()["read"] == 1  # what was left out is not hidden by a 304
    collector.collect()
    assert collector.web.asked[-1].headers["if-none-match"] == '"1"'


def test_a_dry_run_says_what_would_be_read_and_writes_nothing(collector: Collector) -> None:
    publish(collector.web, 1, 2)
    before = collector.site.files()
    report = collector.collect("--dry-run")
    assert (report["found"], report["read"]) == (2, 2)
    assert collector.site.files() == before


def test_a_source_may_publish_by_itself_but_never_what_a_clerk_laid_in(collector: Collector) -> None:
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


def test_only_one_process_collects(collector: Collector) -> None:
    log = collector.log()
    with log.evidence.lock() as held:
        assert held
        ran = collector.run()
    log.close()
    assert (ran.code, "[collecting]" in ran.err) == (4, True)


def test_an_erased_document_takes_every_answer_with_it_and_is_never_asked_again(collector: Collector) -> None:
    publish(collector.web, 1, 2)
    collector.collect()
    collector.publish()
    kept = {path for path in (collector.site.home / "sources").rglob("*") if path.is_file()}
    record = collector.site.ok("show", DATASET, letter(1)[0], "--json").json[0]["id"]
    collector.site.ok("erase", DATASET, record, "--ground", "法院裁定", "--yes")
    left = {path for path in (collector.site.home / "sources").rglob("*") if path.is_file()}
    assert left < kept
    assert not any("第1批" in _body(path) for path in left)
    assert any("第2批" in _body(path) for path in left)
    asked = len(collector.web.asked)
    make_due(collector)
    collector.collect()
    assert "/d/1.html" not in collector.web.paths()[asked:]


def test_every_answer_is_kept_as_a_warc_record_with_its_headers_and_the_address(collector: Collector) -> None:
    web = collector.web
    publish(web, 1)
    web.answers["/d/1.html"] = Answer(status=301, headers={"Location": "/d/moved.html"})
    web.answers["/d/moved.html"] = html(page(1), {"X-Server": "TRS"})
    collector.collect()
    records = {}
    for path in (collector.site.home / "sources").rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                for record in ArchiveIterator(file, check_digests=True):
                    records[record.rec_headers.get_header("WARC-Target-URI")] = (
                        record.http_headers.get_statuscode(),
                        record.http_headers.get_header("X-Server"),
                        record.rec_headers.get_header("WARC-IP-Address"),
                    )
    assert records == {
        f"{web.base}/robots.txt": ("404", None, "127.0.0.1"),
        f"{web.base}/list.html": ("200", None, "127.0.0.1"),
        f"{web.base}/d/1.html": ("301", None, "127.0.0.1"),
        f"{web.base}/d/moved.html": ("200", "TRS", "127.0.0.1"),
    }


def test_a_body_that_comes_again_is_kept_once_and_the_answer_all_the_same(
    collector: Collector, tmp_path: Path
) -> None:
    publish(collector.web, 1)
    collector.collect()
    collector.publish()
    make_due(collector)
    assert collector.collect()["unchanged"] == 1
    collector.site.ok("evidence", letter(1)[0], "--extract", tmp_path)
    kinds = []
    for path in sorted(tmp_path.glob("*.warc.gz")):
        with path.open("rb") as file:
            kinds += [(r.rec_type, len(r.content_stream().read()) > 0) for r in ArchiveIterator(file)]
    assert kinds == [("response", True), ("revisit", False)]


def _body(path: Path) -> str:
    with path.open("rb") as file:
        return "".join(r.content_stream().read().decode("utf-8", "replace") for r in ArchiveIterator(file))


def make_due(collector: Collector) -> None:
    """Time passes: every page was asked long ago."""
    from sqlalchemy import text

    log = collector.log()
    with log._session.database.write() as conn:
        conn.execute(text("UPDATE page SET checked_at = 1 WHERE checked_at IS NOT NULL"))
    log.close()
