"""Sites that are down, busy or broken: requests stop, and failed pages are retried later."""

from __future__ import annotations

import gzip

import pytest

from publisher.harvest.fetcher import TRIES
from tests.publisher.harvest.conftest import Collector, codes, make_due
from tests.support.government import publish
from tests.support.servers.loopback import Answer, WebRequest, Write

PACKED = {"Content-Encoding": "gzip"}
BUSY = Answer(status=503, headers={"Retry-After": "0"})


def hang_up(_request: WebRequest, _write: Write) -> None:
    """Close the connection without an answer."""


@pytest.mark.slow
def test_a_document_that_failed_is_retried_at_the_next_run_and_then_after_growing_pauses(
    collector: Collector,
) -> None:
    publish(collector.web, 1, 2)
    whole = collector.web.answers["/d/1.html"]
    collector.web.answers["/d/1.html"] = Answer(status=500, headers={"Retry-After": "0"})
    attempts = []
    for _ in range(3):
        collector.collect()
        attempts.append(collector.web.paths().count("/d/1.html") // TRIES)
    assert attempts == [1, 2, 2]  # the third attempt is due an hour later
    collector.web.answers["/d/1.html"] = whole
    make_due(collector)
    assert collector.collect()["read"] == 1


@pytest.mark.slow
def test_unavailable_robots_txt_is_requested_once_a_run_and_every_page_waits(
    collector: Collector,
) -> None:
    publish(collector.web, *range(1, 6))
    collector.collect()
    make_due(collector)
    before = len(collector.web.requests)
    collector.web.answers["/robots.txt"] = BUSY
    report = collector.collect()
    assert (codes(report), report["waiting"]) == (["robots-unknown"], 5)
    assert collector.web.paths()[before:] == ["/robots.txt"] * TRIES
    del collector.web.answers["/robots.txt"]
    report = collector.collect()
    assert (report["unchanged"], report["waiting"]) == (5, 0)  # although they were requested a moment ago


@pytest.mark.slow
@pytest.mark.parametrize("answer", [BUSY, hang_up], ids=["busy", "silent"])
def test_a_host_that_answers_nothing_is_left_alone_and_the_rest_waits(
    collector: Collector, answer: object
) -> None:
    publish(collector.web, *range(1, 31))
    whole = dict(collector.web.answers)
    for path in whole:
        if path.startswith("/d/"):
            collector.web.answers[path] = answer  # type: ignore[assignment]
    report = collector.collect()
    assert codes(report).count("host-silent") == 1
    assert (report["waiting"], len(collector.web.paths())) == (27, 2 + 3 * TRIES)
    collector.web.answers |= whole
    report = collector.collect()
    assert (report["read"], report["waiting"], report["findings"]) == (30, 0, [])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("robots", "count"),
    [
        (Answer(gzip.compress(b"User-agent: *\nDisallow: /d/2\n" + b"# \n" * (1 << 20)), headers=PACKED), 1),
        (Answer(b"User-agent: *\nDisallow: /*/2.html$\nAllow: /\n"), 1),
        (Answer(b"User-agent: qingdan\nDisallow:\n\nUser-agent: *\nDisallow: /\n"), 2),
        (Answer(status=403), 2),
        (Answer(status=429, headers={"Retry-After": "0"}), 0),
        (Answer(b"no gzip", headers=PACKED), 0),
        (Answer(b"<html>404</html>"), 2),
    ],
    ids=["huge", "wildcard", "our own name", "forbidden", "too many", "damaged", "a page"],
)  # fmt: skip
def test_robots_in_every_form_are_read_and_unreadable_ones_give_no_permission(
    collector: Collector, robots: Answer, count: int
) -> None:
    publish(collector.web, 1, 2)
    collector.web.answers["/robots.txt"] = robots
    assert collector.collect()["read"] == count


@pytest.mark.slow
def test_robots_are_followed_where_they_moved_and_count_as_missing_after_five_redirects(
    collector: Collector,
) -> None:
    publish(collector.web, 1, 2)
    collector.web.answers["/robots.txt"] = Answer(status=301, headers={"Location": "/r"})
    collector.web.answers["/r"] = Answer(b"User-agent: *\nDisallow: /d/2\n")
    assert collector.collect()["read"] == 1
    collector.web.answers["/r"] = Answer(status=302, headers={"Location": "/robots.txt"})
    make_due(collector)
    assert collector.collect()["read"] == 1
