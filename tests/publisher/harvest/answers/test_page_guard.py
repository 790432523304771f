"""One page or one source on which the program fails does not end a run; failing twice sets a page aside."""

from __future__ import annotations

from functools import partial, partialmethod
from typing import Any

import anyio
import pytest

from publisher.harvest import crawl, extraction, scheduler, warc
from publisher.harvest.attachments import Attachments
from publisher.harvest.extraction import Extractor
from publisher.harvest.fetcher import Fetcher
from publisher.log.evidence.evidence import Evidence
from publisher.log.model import LogError
from tests.publisher.harvest.conftest import DATASET, Collector, codes, make_due
from tests.support.government import html, letter, page, publish
from tests.support.servers.loopback import Answer


def fail_on(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, path: str, error: Exception) -> None:
    """Make a function fail where its arguments name a page."""
    whole = getattr(owner, name)

    def broken(*arguments: Any, **words: Any) -> Any:
        if path in repr(arguments):
            raise error
        return whole(*arguments, **words)

    monkeypatch.setattr(owner, name, broken)


def status(collector: Collector) -> list[dict[str, Any]]:
    pages = collector.site.ok("status", "--json").json["pages_set_aside"]
    assert isinstance(pages, list)
    return pages


@pytest.mark.slow
def test_a_page_whose_further_pages_fail_does_not_end_the_run(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(collector.web, 1, 2, 3)
    fail_on(monkeypatch, crawl, "find_further_addresses", "/d/2.html'", RecursionError("too deep"))
    report = collector.collect()
    assert (report["read"], codes(report)) == (2, ["page-failed"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("owner", "name"),
    [(extraction, "parse_response"), (warc, "write_warc"), (Extractor, "_describe_page")],
    ids=["read", "pack", "describe"],
)
def test_a_page_that_fails_is_reported_set_aside_the_second_time_and_read_once_it_can_be(
    collector: Collector, owner: Any, name: str
) -> None:
    publish(collector.web, 1, 2, 3)
    with pytest.MonkeyPatch.context() as broken:
        fail_on(broken, owner, name, "/d/2.html'", RecursionError("too deep"))
        report = collector.collect()
        assert (report["read"], codes(report)) == (2, ["page-failed"])
        assert report["findings"][0]["file"] == f"{collector.web.base}/d/2.html"
        assert "RecursionError: too deep" in report["findings"][0]["message_en"]
        assert status(collector) == []
        make_due(collector)
        assert codes(collector.collect()) == ["page-failed"]
        (aside,) = status(collector)
        assert (aside["source"], aside["times"]) == ("anshan", 2)
        assert aside["url"].endswith("/d/2.html")
        assert "RecursionError: too deep" in collector.site.ok("status").out
        before = collector.web.paths().count("/d/2.html")
        make_due(collector)
        assert collector.collect()["findings"] == []  # neither requested nor read
        assert collector.web.paths().count("/d/2.html") == before
    age_failures(collector)
    make_due(collector)
    assert collector.collect()["read"] == 1
    assert status(collector) == []


def age_failures(collector: Collector) -> None:
    log = collector.log()
    with log._session.database.write() as conn:
        conn.exec_driver_sql("UPDATE page_failure SET at = 1")
    log.close()


@pytest.mark.slow
def test_a_page_that_the_log_cannot_store_does_not_stop_its_batch(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(collector.web, 1, 2, 3)
    fail_on(monkeypatch, Evidence, "store_parsed", "鞍政发〔2015〕2号", ValueError("not storable"))
    report = collector.collect()
    assert codes(report) == ["page-failed"]
    assert len(collector.draft()) == 3  # its text was staged before
    assert len(status(collector)) == 0


def test_a_list_that_fails_is_not_requested_at_every_check(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(collector.web, 1)
    fail_on(monkeypatch, crawl, "read_list", "/list.html", OverflowError("date"))
    assert codes(collector.collect()) == ["page-failed"]
    log = collector.log()
    (entry,) = log.evidence.pages("anshan", role="list")
    assert entry.checked_at is not None
    log.close()


def test_an_attachment_that_fails_does_not_stop_its_document(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(collector.web, 1)
    collector.web.answers["/d/1.html"] = html(page(1, extra='<a href="/1.doc">附件：1.doc</a>'))
    collector.web.answers["/1.doc"] = Answer(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    fail_on(monkeypatch, Attachments, "_extract_blocks", "/1.doc", RuntimeError("doc"))
    report = collector.collect()
    assert (report["read"], set(codes(report))) == (1, {"page-failed"})
    (content,) = collector.draft()
    assert [file["name"] for file in content["attachments"]] == ["1.doc"]


@pytest.mark.parametrize("error", [KeyError("x"), LogError("migration-needed", "须迁移", "migrate")])
def test_a_source_that_fails_does_not_stop_the_next_and_waits_for_its_interval(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    publish(collector.web, 1)
    collector.write(collector.source("a-first"), collector.source("b-second"))
    fail_on(monkeypatch, Extractor, "__init__", "a-first", error)
    ran = collector.run()
    first, second = ran.json["sources"]
    assert (codes(first), first["read"], second["read"]) == (["source-failed"], 0, 1)
    log = collector.log()
    assert [page.checked_at is None for page in log.evidence.pages("a-first", role="list")] == [False]
    log.close()


def test_the_scheduler_goes_on_after_a_source_that_fails(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(collector.web, 1)
    collector.write(collector.source("a-first"), collector.source("b-second", publish=True))
    fail_on(monkeypatch, Extractor, "__init__", "a-first", KeyError("x"))
    log = collector.log()

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(
                partial(
                    scheduler.run_scheduler,
                    log,
                    collector.site.home,
                    clock=log._session.clock,
                    catalogues=lambda _: None,
                    loopback=True,
                    poll=0.01,
                )
            )
            with anyio.fail_after(30):
                while not log.queries.releases(DATASET):  # noqa: ASYNC110 - another thread publishes
                    await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()

    anyio.run(main)
    log.close()


LATE_DATES = ["Mon, 31 Dec 99999999999999999999 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -2359"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "answer",
    [
        *(Answer(status=503, headers={"Retry-After": date}) for date in LATE_DATES),
        Answer(status=302, headers={"Location": "http://["}),
        Answer(status=302, headers={"Location": "http://[::1"}),
        html(page(2, head=f'<script type="application/ld+json">{"[" * 50_000}</script>', text="短")),
        html(page(2, head='<base href="http://[">', extra='<a href="/a.pdf">附件.pdf</a>')),
        html(
            page(2, extra='<a href="/viewer.html?file=http://[/a.pdf">甲.pdf</a><a href="//[::1">乙.pdf</a>')
        ),
        html('<html><head><meta http-equiv="refresh" content="0; url=http://[::1"></head></html>'),
    ],
    ids=[
        "date beyond integers",
        "last date",
        "half an address",
        "open bracket",
        "deep JSON-LD",
        "base that is no address",
        "links that are no addresses",
        "refresh to no address",
    ],
)
def test_absurd_answers_are_ordinary_findings(
    collector: Collector, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Fetcher, "__init__", partialmethod(Fetcher.__init__, pause=lambda _seconds: None))
    publish(collector.web, 1, 2, 3)
    collector.web.answers["/d/2.html"] = answer
    report = collector.collect()
    assert report["read"] >= 2
    assert "page-failed" not in codes(report)


def test_a_list_whose_base_is_no_address_still_gives_its_links(collector: Collector) -> None:
    publish(collector.web, 1, 2)
    listed = "".join(f'<li><a href="/d/{n}.html">{letter(n)[0]}</a></li>' for n in (1, 2))
    collector.web.answers["/list.html"] = html(f'<base href="http://["><ul>{listed}</ul>')
    report = collector.collect()
    assert (report["read"], "page-failed" in codes(report)) == (2, False)


def test_a_redirect_of_robots_txt_to_no_address_gives_no_permission(collector: Collector) -> None:
    publish(collector.web, 1)
    collector.web.answers["/robots.txt"] = Answer(status=302, headers={"Location": "http://["})
    assert codes(collector.collect()) == ["robots-unknown"]


def test_a_validator_that_cannot_be_sent_back_is_left_out(collector: Collector) -> None:
    publish(collector.web, 1)
    collector.web.answers["/d/1.html"] = html(page(1), headers={"ETag": '"é\xff"'})
    collector.collect()
    make_due(collector)
    assert collector.collect()["unchanged"] == 1
