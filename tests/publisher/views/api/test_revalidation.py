"""A conditional request is answered with 304 only if the answer is the same, after each kind of write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest

from publisher.log.findings.finding_query import FindingQuery
from publisher.log.log import Log
from publisher.log.model import Part
from publisher.workflow.respond import NewResponse, stage_response
from schemas.definition import file_loader
from schemas.definition.catalogue import Content
from tests.support.clock import Clock
from tests.support.site import (
    FEES,
    PLAIN,
    START,
    Site,
    demo_dataset,
    fill_addresses,
    fill_with_finding,
    opened,
    publish,
    ticking_clock,
)

PLAIN_LIST = "plain-fees"
PART = "市财政局"
NAMES = [str(content["name"]) for content in PLAIN]
MANY = 100
_STATIC = re.compile(r"/(developers|docs|problems|privacy|accessibility|healthz|readyz)|\.(rss|ttl|nt|rdf)\b")
"""Addresses without content of the log, and of forms that differ from another by their syntax alone."""


def fill(log: Log, clock: Clock) -> None:
    """Publish a list with a finding, a list without corrections, and a list of responses."""
    fill_with_finding(log, clock)
    log.datasets.create(
        demo_dataset(PLAIN_LIST, parts=(Part(PART), Part("市税务局"))), file_loader.load_catalogue("fees")
    )
    for number in (1, 2, 3):
        clock.advance(days=1)
        publish(log, PLAIN_LIST, PLAIN[:number], date(2015, number, 1), f"示财〔2015〕{number}号", PART)
    log.datasets.create(
        demo_dataset("responses", catalogue="responses", title="回应(演示数据)"),
        file_loader.load_catalogue("responses"),
    )
    update(log)


def update(log: Log) -> None:
    log.findings.update()
    log.graph.update()
    log.commitments.update()


def publish_ahead(site: Site, contents: Sequence[Content]) -> None:
    coming = site.clock.now.date() + timedelta(days=5)
    publish(site.log, PLAIN_LIST, contents, coming, "示财〔2016〕1号", PART)


def correct(site: Site) -> None:
    (row,) = site.log.queries.find_by_title(PLAIN_LIST, NAMES[0])
    content = {**row.content, "management": "缴入财政专户"}
    site.log.releases.correct(PLAIN_LIST, {row.id: content}, reason="更正")


def withdraw(site: Site) -> None:
    (row,) = site.log.queries.find_by_title(PLAIN_LIST, NAMES[1])
    site.log.releases.withdraw(PLAIN_LIST, [row.id], reason="重复登记")


def cancel(site: Site) -> None:
    publish_ahead(site, PLAIN[2:])
    newest = max(release.number for release in site.log.queries.releases(PLAIN_LIST))
    site.log.releases.cancel(PLAIN_LIST, newest, reason="有误")


def erase(site: Site) -> None:
    (row,) = site.log.queries.find_by_title(PLAIN_LIST, NAMES[2])
    site.log.releases.erase(records=[(PLAIN_LIST, row.id)], ground="判决")


def respond(site: Site, kind: str) -> None:
    finding, *_ = site.log.findings.page(FindingQuery(datasets=(FEES,))).findings
    today = site.clock.now.date()
    response = NewResponse(finding.id, kind, "该条由新条例沿用", "市住房和城乡建设局", today)
    assert stage_response(site.log, "responses", response).staged
    site.log.releases.publish("responses", effective_on=today)


WRITES: dict[str, Callable[[Site], object]] = {
    "correct": correct,
    "withdraw": withdraw,
    "publish for a coming day": lambda site: publish_ahead(site, PLAIN),
    "the day comes": lambda site: site.clock.advance(days=6),
    "cancel": cancel,
    "erase": erase,
    "erase a clerk": lambda site: site.log.releases.erase_actor("经办人", ground="申请"),
    "answer": lambda site: respond(site, "说明"),
    "dismiss": lambda site: respond(site, "不成立"),
    "rename the site": lambda site: site.log.datasets.change_site(name="示例市清单"),
    "rename a list": lambda site: site.log.datasets.change(PLAIN_LIST, title="收费目录", notice="须知"),
    "rename a part": lambda site: site.log.datasets.rename_part(PLAIN_LIST, PART, "市财政与国资局"),
    "close a part": lambda site: site.log.datasets.close_part(
        PLAIN_LIST, "市税务局", valid_to=site.clock.now.date()
    ),
    "create a list": lambda site: site.log.datasets.create(
        demo_dataset("later"), file_loader.load_catalogue("fees")
    ),
}
BEFORE_THE_WORKER = ("correct", "publish for a coming day", "dismiss")
"""Writes after which the answers are compared before the worker derives findings and indexes, and again."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with opened(tmp_path, Site, content=fill, clock=ticking_clock(START), QINGDAN_SHOW_ACTOR="1") as site:
        yield site


@pytest.mark.slow
def test_no_answer_that_a_write_changes_is_304(site: Site) -> None:
    answers = {
        address: answer
        for address in list_addresses(site)
        if (answer := get(site, address)).status_code == 200
    }
    assert len(answers) > MANY
    for name, write in WRITES.items():
        site.clock.advance(seconds=10)
        write(site)
        if name in BEFORE_THE_WORKER:
            compare(site, answers, f"{name}, before the worker")
        site.clock.advance(seconds=10)
        update(site.log)
        site.index()
        compare(site, answers, name)


def compare(site: Site, answers: dict[str, httpx.Response], write: str) -> None:
    """Repeat requests with the validators of earlier answers, which are replaced."""
    for address, before in list(answers.items()):
        after = get(site, address)
        if (after.status_code, after.content) != (before.status_code, before.content):
            for condition, validator in (("if-none-match", "etag"), ("if-modified-since", "last-modified")):
                if validator in before.headers:
                    again = get(site, address, {condition: before.headers[validator]})
                    assert again.status_code != 304, (write, address, condition)
        answers[address] = after


def get(site: Site, address: str, headers: dict[str, str] | None = None) -> httpx.Response:
    return site.client.get(address, headers={"accept": "*/*", **(headers or {})})


def list_addresses(site: Site) -> list[str]:
    """List an address of each route, those of states of the list without corrections, and of a finding."""
    finding, *_ = site.log.findings.page(FindingQuery(datasets=(FEES,))).findings
    (row,) = site.log.queries.find_by_title(PLAIN_LIST, NAMES[0])
    addresses = fill_addresses(
        {
            "dataset": PLAIN_LIST,
            "record": row.id,
            "revision": row.revision or "",
            "number": "1",
            "schema": "fees",
            "form": "csv",
            "finding": finding.id,
            "check": finding.finding.code,
        }
    )
    home = f"/datasets/{PLAIN_LIST}"
    states = ("release=2", "as_of=2015-02-15", f"known_at={START:%Y-%m-%dT%H:%M:%SZ}")
    sides = ("from=1&to=2", "from=2&to=3", "from=2015-01-15&to=2015-02-15", "from=2015-01-15")
    for start in ("", "/v1"):
        addresses += [f"{start}{home}/compare?{pair}" for pair in sides]
        addresses += [f"{start}{home}/records/{row.id}?{state}" for state in states[:2]]
        addresses += [f"{start}/datasets/{FEES}", f"{start}/datasets/{FEES}/records/{finding.record}"]
    addresses += [f"{home}?{state}" for state in states]
    addresses += [f"/v1{home}/records?{state}" for state in states]
    addresses += [f"/v1{home}/compare.csv?{pair}" for pair in sides]
    addresses += [f"/v1{home}/releases/2", f"{home}/releases/2", f"{home}/records.csv?release=2"]
    addresses += ["/feeds/all.atom", "/feeds/search.atom?q=%E8%B4%B9"]
    return sorted(address for address in set(addresses) if not _STATIC.search(address))
