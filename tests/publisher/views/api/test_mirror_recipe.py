"""The recipe for a mirror equals the log on every day, as known at every instant: on the sample, and on a log
with days of effect ahead, a withdrawal, a correction and an erasure."""

from __future__ import annotations

import itertools
import json
import runpy
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from publisher import settings
from publisher.app import create_app
from publisher.log.log import Log
from publisher.log.model import DraftEntry, RecordQuery, View
from publisher.sample import load, plan
from schemas.definition.catalogue import Content
from tests.support.servers import http_service
from tests.support.servers.loopback import Answer, Answering, WebRequest, Write, loopback_server
from tests.support.site import FEES, Site, four_releases

RECIPE = Path(__file__).parents[4] / "docs" / "examples" / "mirror.py"
PROGRAM = runpy.run_path(str(RECIPE))
type State = dict[tuple[str, str], str]


def follow(base: str, file: Path) -> None:
    subprocess.run([sys.executable, "-I", str(RECIPE), base, str(file)], check=True, capture_output=True)


def mirrored(file: Path, day: date, known_at: str) -> State:
    with closing(sqlite3.connect(file)) as copy:
        records = list(PROGRAM["state"](copy, day.isoformat(), known_at))
    return {
        (r["dataset"], r["record"]): json.dumps(r["content"], sort_keys=True, ensure_ascii=False)
        for r in records
    }


def logged(log: Log, name: str, view: View) -> State:
    """State of a dataset, page by page."""
    state: State = {}
    after: Any = None
    while True:
        page = log.queries.records(name, RecordQuery(view=view, limit=1000, after=after))
        for record in page.records:
            state[name, record.id] = json.dumps(record.content, sort_keys=True, ensure_ascii=False)
        after = page.after
        if after is None:
            return state


def views(log: Log) -> Iterator[tuple[date, str, View]]:
    """Every day on which something begins to have effect and its neighbours, now and after each release."""
    releases = [r for d in log.datasets.all() for r in log.queries.releases(d.name)]
    days = {r.effective_on + timedelta(days=n) for r in releases for n in (-1, 0, 400)}
    instants: list[datetime | None] = [None, *sorted({r.published_at for r in releases})[-3:]]
    for day, instant in itertools.product(sorted(days), instants):
        text = "" if instant is None else instant.isoformat().replace("+00:00", "Z")
        yield day, text, View(as_of=day, known_at=instant)


def assert_equal(log: Log, file: Path) -> int:
    """Compare every view → number of records compared."""
    names = [dataset.name for dataset in log.datasets.all()]
    compared = 0
    for day, known_at, view in views(log):
        expected: State = {}
        for name in names:
            expected |= logged(log, name, view)
        assert mirrored(file, day, known_at) == expected, (day, known_at)
        compared += len(expected)
    return compared


def stage_and_publish(site: Site, content: Content, on: date) -> None:
    source = site.log.evidence.put_source(repr(content).encode(), name="费.csv", media_type="text/csv")
    entries = [DraftEntry(content=content, source_text=repr(content))]
    site.log.drafts.stage(FEES, entries, part=None, source=source, parser_version="1", partial=True)
    assert site.log.releases.publish(FEES, effective_on=on) is not None


@pytest.mark.slow
def test_the_copy_equals_a_log_with_days_ahead_withdrawal_correction_and_erasure(
    tmp_path: Path,
) -> None:
    bound, file = http_service.loopback_socket(), tmp_path / "mirror.db"
    base = http_service.address(bound)
    with (
        four_releases(tmp_path / "home", base=base) as site,  # has a correction and a withdrawal
        http_service.serving(site.app, bound),
    ):
        follow(base, file)
        assert assert_equal(site.log, file) > 50
        ahead = site.clock.now.date() + timedelta(days=500)
        fee: Content = {
            "name": "城镇垃圾处理费",
            "department": "市住房和城乡建设局",
            "management": "自行安排",
        }
        stage_and_publish(site, fee, ahead)
        stage_and_publish(site, {"name": "新收费", "department": "市财政局"}, ahead + timedelta(days=30))
        follow(base, file)
        assert_equal(site.log, file)
        (new,) = {c.record for c in site.log.queries.changes(dataset=FEES, limit=1000) if c.title == "新收费"}
        correction: Content = {"name": "新收费", "department": "市财政局", "management": "缴入国库"}
        site.log.releases.correct(FEES, {new: correction}, reason="更正：资金管理方式有误")
        site.log.releases.withdraw(FEES, [site.record("城镇垃圾处理费")], reason="误列")
        follow(base, file)
        assert_equal(site.log, file)
        site.log.releases.erase(records=[(FEES, site.record("不动产登记费"))], ground="（2026）法民初1号")
        follow(base, file)
        compared = assert_equal(site.log, file)
        assert compared > 50
        assert "缴入国库" in str(mirrored(file, ahead + timedelta(days=30), ""))
        assert mirrored(file, ahead, "") != mirrored(file, ahead + timedelta(days=30), "")


@pytest.mark.slow
def test_the_copy_equals_the_log_of_the_sample(tmp_path: Path) -> None:
    bound, file = http_service.loopback_socket(), tmp_path / "mirror.db"
    home, base = tmp_path / "site", http_service.address(bound)
    load.publish_plan(home, plan.read_plan(), base=base, progress=lambda *_: None)
    values = settings.read_settings(home, {})
    with http_service.serving(create_app(values), bound):
        follow(base, file)
    with closing(Log.open(values.database, sources=values.sources)) as log:
        assert assert_equal(log, file) > 1000


def broken(_request: WebRequest, write: Write) -> None:
    """Announce more than is sent."""
    write(b'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"datasets": [')


def run(base: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(RECIPE), base, str(folder / "mirror.db")]
    return subprocess.run(command, check=False, capture_output=True, text=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    "odd", [Answer(status=503), Answer(status=429, headers={"Retry-After": "1"}), Answer(b"<html>"), broken]
)
def test_an_answer_that_may_be_better_the_next_time_is_requested_again(
    tmp_path: Path, odd: Answer | Answering
) -> None:
    with loopback_server() as web:

        def first(request: WebRequest, write: Write) -> Answer | None:
            web.answers["/v1/datasets"] = Answer(b'{"datasets": []}')
            return odd if isinstance(odd, Answer) else odd(request, write)

        web.answers["/v1/datasets"] = first
        ran = run(web.base, tmp_path)
        assert web.paths() == ["/v1/datasets"] * 2
    assert (ran.returncode, ran.stdout.startswith("0 changes")) == (0, True)
    assert "again in 1 seconds" in ran.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (Answer(status=304), "304"),
        (Answer(b"gone", 410), "410 gone"),
        (Answer(b'{"lists": []}'), "another form"),
        (Answer(b"[]"), "another form"),
        (Answer(b'{"datasets": [{"name": "a"}]}'), "404"),
    ],
)
def test_an_answer_that_stays_odd_ends_the_program_with_its_reason(
    tmp_path: Path, odd: Answer, reason: str
) -> None:
    with loopback_server() as web:
        web.answers["/v1/datasets"] = odd
        ran = run(web.base, tmp_path)
    assert ran.returncode == 1
    assert reason in ran.stderr
    assert "Traceback" not in ran.stderr
