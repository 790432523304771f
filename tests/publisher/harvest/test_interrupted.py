"""Runs that are killed, interrupted or out of disk space: nothing is damaged, and the next run continues."""

from __future__ import annotations

import random
import signal
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.publisher.harvest.conftest import DATASET, Collector, codes
from tests.support.government import html, letter, listing, page, publish
from tests.support.servers.loopback import Answer, WebRequest, Write

pytestmark = pytest.mark.slow

COUNT = 45
"""Number of documents, more than two transactions contain."""


@pytest.fixture
def site(collector: Collector) -> Collector:
    """Publish documents on two list pages, each with an attachment."""
    web = collector.web
    publish(web, *range(1, COUNT + 1))
    items = [(f"/d/{n}.html", letter(n)[0], "2015-04-01") for n in range(1, COUNT + 1)]
    web.answers["/list.html"] = listing(items[:30], more='<a href="/more.html">下一页</a>')
    web.answers["/more.html"] = listing(items[30:])
    for n in range(1, COUNT + 1):
        web.answers[f"/f/{n}.csv"] = Answer(f"序号,名称\n1,第{n}项\n".encode())
        web.answers[f"/d/{n}.html"] = html(page(n, extra=f'<a href="/f/{n}.csv">附件</a>'))
    return collector


def interrupt_run(collector: Collector, path: str, how: signal.Signals) -> subprocess.Popen[str]:
    """Start a run and send it a signal while it requests ``path``; the page is sent after the signal."""
    whole = collector.web.answers[path]
    assert isinstance(whole, Answer)
    runs: list[subprocess.Popen[str]] = []

    def send_signal(_request: WebRequest, _write: Write) -> Answer:
        runs[0].send_signal(how)
        if how is signal.SIGKILL:
            runs[0].wait()
        return whole

    collector.web.answers[path] = send_signal
    runs.append(collector.site.spawn("collect"))
    runs[0].communicate(timeout=60)
    collector.web.answers[path] = whole
    return runs[0]


def count_requests(collector: Collector) -> dict[str, int]:
    paths = collector.web.paths()
    return {path: paths.count(path) for path in set(paths) if path.startswith(("/d/", "/f/"))}


def contents(collector: Collector) -> dict[str, Any]:
    return {one["number"]: one["attachments"] for one in collector.draft()}


@pytest.mark.parametrize(
    "path",
    [
        *("/d/7.html", "/f/28.csv"),
        "/more.html",
        *(pytest.param(path, marks=pytest.mark.soak) for path in ("/list.html", "/d/33.html", "/f/1.csv")),
    ],
)
def test_a_run_that_is_killed_goes_on_and_misses_nothing(site: Collector, path: str) -> None:
    assert interrupt_run(site, path, signal.SIGKILL).returncode == -signal.SIGKILL
    report = site.collect()
    assert (report["waiting"], codes(report)) == (0, [])
    attachments = contents(site)
    assert len(attachments) == COUNT
    assert all("sha256" in one for (one,) in attachments.values())
    again = count_requests(site)
    assert len(again) == 2 * COUNT
    assert sum(count > 1 for count in again.values()) <= 20  # size of one transaction
    assert site.collect()["read"] == 0
    site.publish()
    site.site.ok("verify")


@pytest.mark.parametrize(
    "path",
    [
        "/d/7.html",
        "/f/28.csv",
        pytest.param("/d/33.html", marks=pytest.mark.soak),
    ],
)
def test_ctrl_c_keeps_every_answer_and_says_how_to_go_on(site: Collector, path: str) -> None:
    run = interrupt_run(site, path, signal.SIGINT)
    assert run.returncode == 130
    report = site.collect()
    assert (report["waiting"], len(contents(site))) == (0, COUNT)
    again = {one for one, count in count_requests(site).items() if count > 1}
    assert again <= {path}  # only the request in progress


def test_a_full_disk_stops_the_run_with_its_reason_and_nothing_is_stored_partially(
    site: Collector, limited: Callable[[int], tuple[str, ...]]
) -> None:
    noise = random.Random(1).randbytes(2_000_000).hex()  # a page that cannot be compressed
    large = html(page(9, extra=f"<!-- {noise} -->"))
    site.web.answers["/d/9.html"] = large
    run = site.site.spawn("collect", "--json", prefix=limited(3 << 19))
    _, err = run.communicate(timeout=60)
    assert run.returncode == 4, err
    assert "[disk-full]" in err
    assert "已发布的内容没有变化" in err
    partial_files = [path for path in (site.site.home / "sources").rglob("*") if path.suffix == ".part"]
    assert partial_files == []
    report = site.collect()
    assert (report["waiting"], codes(report), len(site.draft())) == (0, [], COUNT)


@pytest.fixture
def limited() -> Callable[[int], tuple[str, ...]]:
    """Prefix of a command that limits the size of its files, which has the same effect as a full disk."""
    return lambda size: ("prlimit", f"--fsize={size}")


def test_two_commands_at_once_collect_once(collector: Collector) -> None:
    """The second is refused while the first sends requests; nothing is requested twice."""
    publish(collector.web, 1, 2)
    whole = collector.web.answers["/d/1.html"]
    assert isinstance(whole, Answer)
    second: list[subprocess.Popen[str]] = []
    errors: list[str] = []

    def meanwhile(_request: WebRequest, _write: Write) -> Answer:
        second.append(collector.site.spawn("collect"))
        errors.append(second[0].communicate(timeout=60)[1])
        return whole

    collector.web.answers["/d/1.html"] = meanwhile
    assert collector.collect()["read"] == 2
    assert second[0].returncode == 4
    assert "[collecting]" in errors[0]
    assert sorted(collector.web.paths()) == ["/d/1.html", "/d/2.html", "/list.html", "/robots.txt"]
    assert len(collector.site.run("draft", "diff", DATASET, "--json").json["added"]) == 2
