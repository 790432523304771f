"""Runs over sources: kept with what they read and what failed, until an erasure; a bounded dry run."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from publisher.harvest.all_sources import HarvestOptions, find_next_run, harvest_sources
from publisher.harvest.report import SourceReport, read_stored_report
from publisher.harvest.source_config import read_sources
from publisher.ingest.findings import harvest as kinds
from publisher.log.evidence.source_runs import MOST_RUNS
from tests.publisher.harvest.conftest import DATASET, Collector, codes
from tests.support.government import letter, publish
from tests.support.servers.loopback import Answer


def dry_run(collector: Collector, within: float | None) -> SourceReport:
    log = collector.log()
    try:
        sources = read_sources(collector.site.home)
        options = HarvestOptions(dry_run=True, loopback=True, within=within)
        report = harvest_sources(
            log, [*sources.values()], options, catalogues=lambda _: None, progress=lambda *_: None
        )
        assert log.evidence.runs("anshan") == ()
        assert log.evidence.pages("anshan", role="list") == ()
    finally:
        log.close()
    return report.sources[0]


def test_a_run_is_kept_with_what_it_read_and_what_failed(collector: Collector) -> None:
    publish(collector.web, 1, 2)
    collector.web.answers["/d/2.html"] = Answer(status=503)
    report = collector.collect()
    log = collector.log()
    (source,) = read_sources(collector.site.home).values()
    (run,) = log.evidence.runs("anshan")
    stored = read_stored_report(run.report)
    assert run.ended_at is not None
    assert run.began_at <= run.ended_at
    assert (stored.report.read, stored.report.asked, stored.findings) == (1, 3, 1)
    assert [one.code for one in stored.report.findings] == codes(report) == ["answer-status"]
    now = run.ended_at
    assert now < find_next_run(log, source, now) <= now + timedelta(hours=1)
    later = now + timedelta(hours=2)
    assert find_next_run(log, source, later) == later
    log.close()


def test_a_run_that_failed_or_was_cut_off_is_kept_too_and_the_oldest_go(collector: Collector) -> None:
    log = collector.log()
    for _ in range(MOST_RUNS + 3):
        log.evidence.begin_run("anshan")
    other = log.evidence.begin_run("elsewhere")
    log.evidence.end_run(other, SourceReport("elsewhere", "别处").to_stored())
    runs = log.evidence.runs("anshan")
    assert [one.ended_at for one in runs] == [None] * MOST_RUNS
    assert len(log.evidence.runs("elsewhere")) == 1
    log.close()


def test_the_gravest_findings_are_stored_and_all_are_counted() -> None:
    report = SourceReport("anshan", "鞍山")
    for n in range(300):
        report.add_finding(kinds.SOURCE_RETURNED, f"https://a.example/{n}")
    report.add_finding(kinds.REFUSED_ADDRESS, "https://a.example/x", detail="10.0.0.1")
    stored = read_stored_report(report.to_stored())
    assert (stored.findings, len(stored.report.findings)) == (301, 200)
    assert stored.report.findings[0].code == "refused-address"


@pytest.mark.slow
def test_an_erasure_forgets_the_runs_whose_findings_may_quote_it(collector: Collector) -> None:
    publish(collector.web, 1)
    collector.collect()
    collector.publish()
    log = collector.log()
    assert len(log.evidence.runs("anshan")) == 1
    log.close()
    record = collector.site.ok("show", DATASET, letter(1)[0], "--json").json[0]["id"]
    collector.site.ok("erase", DATASET, record, "--ground", "法院裁定", "--yes")
    log = collector.log()
    assert log.evidence.runs("anshan") == ()
    log.close()


def test_a_dry_run_shows_what_it_read(collector: Collector) -> None:
    publish(collector.web, 1)
    report = dry_run(collector, None)
    (document,) = report.previews
    title, number, _ = letter(1)
    assert (document.url, document.title) == (f"{collector.web.base}/d/1.html", title)
    assert number in document.values.values()


def test_a_dry_run_tells_which_pages_are_not_there(collector: Collector) -> None:
    publish(collector.web, 1)
    collector.web.answers["/d/1.html"] = Answer(status=404)
    assert [one.code for one in dry_run(collector, None).findings] == ["answer-status"]
    collector.web.answers["/list.html"] = Answer(status=404)
    report = dry_run(collector, None)
    assert ([one.code for one in report.findings], report.asked) == (["answer-status"], 1)


@pytest.mark.slow
def test_a_dry_run_ends_in_its_time_however_slow_the_site_is(collector: Collector) -> None:
    publish(collector.web, *range(1, 9))
    collector.web.answers["/robots.txt"] = Answer(b"User-agent: *\nCrawl-delay: 60")
    began = time.monotonic()
    report = dry_run(collector, 1.0)
    assert [one.code for one in report.findings] == ["dry-run-cut"]
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    collector.web.answers["/robots.txt"] = Answer(status=404)
    collector.web.answers["/d/1.html"] = collector.web.dripping(head, b"<p>")
    report = dry_run(collector, 1.0)
    assert [one.code for one in report.findings] == ["dry-run-cut"]
    assert time.monotonic() - began < 20
