"""Pages that are requested again, copies of one document on several sites, and stored responses."""

from __future__ import annotations

from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from tests.publisher.harvest.conftest import DATASET, Collector, codes, make_due
from tests.support.government import TEXT, html, letter, page, publish
from tests.support.servers.loopback import Answer, WebRequest, Write, loopback_server


def test_pages_are_requested_again_conditionally_and_304_changes_nothing(collector: Collector) -> None:
    web = collector.web
    publish(web, 1)

    def conditional(request: WebRequest, _write: Write) -> Answer:
        if request.headers.get("if-none-match") == '"v1"':
            return Answer(status=304)
        return html(page(1), {"ETag": '"v1"'})

    web.answers["/d/1.html"] = conditional
    collector.write(collector.source(recheck="1s"))
    collector.collect()
    collector.publish()
    make_due(collector)
    report = collector.collect()
    assert (report["unchanged"], report["read"], report["changed"]) == (1, 0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("sign", ["etag", "date", "length", "hash"])
def test_a_change_at_the_source_is_reported_with_its_sign_and_both_states_stay(
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
    assert f"detected by {sign}" in report["findings"][0]["message_en"]
    assert "尽快" in collector.draft()[0]["body_markdown"]
    collector.publish()
    evidence = collector.site.ok("evidence", letter(1)[0], "--extract", tmp_path / "out", "--json").json
    (origin,) = evidence["pages"]
    assert [r["status"] for r in origin["responses"]] == [200, 200]
    texts = [_body(path) for path in sorted((tmp_path / "out").iterdir())]
    assert sum("抓紧制定" in text for text in texts) == 1
    assert sum("尽快" in text for text in texts) == 1


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_page_that_vanishes_and_returns_is_reported_and_the_record_stays(collector: Collector) -> None:
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
    assert collector.collect()["findings"] == []  # reported once
    web.answers["/d/1.html"] = whole
    make_due(collector)
    assert codes(collector.collect()) == ["source-returned"]


@pytest.mark.slow
def test_the_same_notice_on_two_sites_is_one_document_with_two_sources(collector: Collector) -> None:
    publish(collector.web, 1)
    with loopback_server() as mirror:
        publish(mirror, 1)
        mirror.answers["/d/1.html"] = html(page(1).replace("<p>打印本页", "<p>责任编辑：王某 打印本页"))
        collector.write(collector.source(), collector.source("county", web=mirror))
        first, second = collector.run().json["sources"]
        assert (first["read"], second["read"], second["copies"]) == (1, 0, 1)
        assert codes(second) == ["document-copy"]
        collector.publish()
        origins = collector.site.ok("evidence", letter(1)[0], "--json").json["pages"]
        assert [(one["source"], one["copy"]) for one in origins] == [("anshan", False), ("county", True)]


@pytest.mark.slow
def test_the_same_notice_on_three_sites_is_one_record_whichever_vanishes(collector: Collector) -> None:
    """The county's page has other surroundings, the bureau's no number; then the city's page disappears."""
    publish(collector.web, 1)
    with loopback_server() as county, loopback_server() as bureau:
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


@pytest.mark.slow
def test_another_text_under_the_same_number_is_not_taken(collector: Collector) -> None:
    publish(collector.web, 1)
    with loopback_server() as other:
        publish(other, 2)
        other.answers["/d/2.html"] = html(
            page(2, text="食品安全事关人民群众身体健康。" * 20, number="鞍政发〔2015〕1号")
        )
        collector.write(collector.source(), collector.source("county", web=other))
        second = collector.run().json["sources"][1]
    assert codes(second) == ["number-elsewhere"]
    assert [one["title"] for one in collector.draft()] == [letter(1)[0]]


@pytest.mark.slow
def test_an_erasure_deletes_every_response_of_the_document_which_is_never_requested_again(
    collector: Collector,
) -> None:
    publish(collector.web, 1, 2)
    collector.collect()
    collector.publish()
    files_before = {path for path in (collector.site.home / "sources").rglob("*") if path.is_file()}
    record = collector.site.ok("show", DATASET, letter(1)[0], "--json").json[0]["id"]
    collector.site.ok("erase", DATASET, record, "--ground", "法院裁定", "--yes")
    files_after = {path for path in (collector.site.home / "sources").rglob("*") if path.is_file()}
    assert files_after < files_before
    assert not any("第1批" in _body(path) for path in files_after)
    assert any("第2批" in _body(path) for path in files_after)
    request_count = len(collector.web.requests)
    make_due(collector)
    collector.collect()
    assert "/d/1.html" not in collector.web.paths()[request_count:]


def test_every_response_is_stored_as_a_warc_record_with_its_headers_and_the_address(
    collector: Collector,
) -> None:
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


@pytest.mark.slow
def test_a_repeated_body_is_stored_once_and_each_response_recorded(
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
