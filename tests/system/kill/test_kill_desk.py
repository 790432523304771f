"""``kill -9`` of the desk while it publishes, or takes a file: the draft as it was, or the release whole."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from publisher.desk.accounts.roles import Action
from publisher.log.approvals.submission import PublicationRequest, Submission
from publisher.log.log import Log
from publisher.log.model import RecordQuery
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.desk import DeskSite, desk_site
from tests.support.log import entry, stage
from tests.support.servers.desk_process import DeskProcess, desk_process

SEED = 20161201
ROWS = 1_500
PART = "财政局"
pytestmark = pytest.mark.slow


@pytest.fixture
def site(tmp_path: Path) -> Iterator[DeskSite]:
    clock = Clock(datetime.now(UTC))  # the desk that is killed has the real one
    with desk_site(tmp_path, sqlite.new(tmp_path / "qingdan.db"), clock) as site:
        site.log.datasets.change("fees", two_persons=True)
        for name, role in (("zhang", "填报"), ("wang", "发布")):
            site.add(name, role)
        yield site


def secret_of(site: DeskSite, account: str, *actions: Action) -> str:
    return site.staff.tokens.add(account, "系统", dataset="fees", part=None, actions=actions)[0]


def send_and_kill(desk: DeskProcess, moment: float, path: str, **request: object) -> None:
    """Send a request, and kill the desk some seconds after it was sent."""

    def send() -> None:
        with contextlib.suppress(httpx.TransportError):
            httpx.post(desk.base + path, timeout=60, **request)  # type: ignore[arg-type]

    thread = threading.Thread(target=send)
    thread.start()
    thread.join(moment)
    desk.process.kill()
    thread.join()


def moments(kills: int, longest: float) -> Iterator[float]:
    """Moments to kill at: at once, in between, and once it has answered."""
    chance = random.Random(SEED)
    yield 0.0
    yield from (chance.uniform(0, longest) for _ in range(kills - 2))
    yield 60.0


def draft(log: Log) -> list[tuple[str, int]]:
    one = log.drafts.get("fees")
    return [(file.token, file.records) for file in one.imports] if one else []


def submit(site: DeskSite, version: int) -> Submission:
    """Draft, submit and approve a list in which every value changes."""
    stage(site.log, *(entry(f"项目{n}", str(version)) for n in range(ROWS)), part=PART)
    request = PublicationRequest(
        kind="draft",
        note=f"第{version}次",
        effective_on=date(2020, 1, 1) + timedelta(days=version),
        parts=(PART,),
    )
    one = site.log.approvals.submit("fees", request, drafter="zhang")
    return site.log.approvals.approve(one.key, digest=one.digest, reviewer="li")


def check(site: DeskSite) -> None:
    assert not site.log.integrity.verify().problems
    assert not site.staff.audit.verify(*site.log.proofs.audit_heads())


@pytest.mark.parametrize(
    "kills", [pytest.param(5, id="a few"), pytest.param(60, id="many", marks=pytest.mark.soak)]
)
def test_a_desk_that_is_killed_while_it_publishes_published_all_or_nothing(
    site: DeskSite, kills: int
) -> None:
    headers = {"authorization": f"Bearer {secret_of(site, 'wang', Action.PUBLISH)}"}
    home, version = site.settings.home, 1
    outcomes: set[bool] = set()
    one = submit(site, version)
    with desk_process(home) as desk:  # one that is not killed says how long it takes
        started, path = time.perf_counter(), f"/desk/v1/submissions/{one.key}/publish"
        body = {"digest": one.digest}
        assert httpx.post(desk.base + path, json=body, headers=headers, timeout=60).is_success
        longest = time.perf_counter() - started
    one = submit(site, version + 1)
    for moment in moments(kills, longest):
        before = draft(site.log)
        path, body = f"/desk/v1/submissions/{one.key}/publish", {"digest": one.digest}
        with desk_process(home) as desk:
            send_and_kill(desk, moment, path, json=body, headers=headers)
        check(site)
        is_published = len(site.log.queries.releases("fees")) == version + 1
        after = site.log.approvals.get(one.key)
        if is_published:
            version += 1
            assert (after.state, draft(site.log)) == ("published", [])
            state = site.log.queries.records("fees", RecordQuery(limit=1))
            assert state.total == ROWS
            assert state.records[0].content["standard"] == str(version)
            one = submit(site, version + 1)
        else:
            assert len(site.log.queries.releases("fees")) == version
            assert (after.state, after.is_current, draft(site.log)) == ("approved", True, before)
        outcomes.add(is_published)
    assert outcomes == {True, False}, "the moments are before and after the publication"
    with desk_process(home) as desk:  # what was not published is published by the next desk
        path = f"/desk/v1/submissions/{one.key}/publish"
        body = {"digest": one.digest}
        assert httpx.post(desk.base + path, json=body, headers=headers, timeout=60).is_success


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.002)


def test_a_desk_that_is_killed_between_a_release_and_its_line_appends_the_line_when_it_starts(
    site: DeskSite,
) -> None:
    """Its store is locked once it has begun to publish, so that it waits between the release and the line."""
    headers = {"authorization": f"Bearer {secret_of(site, 'wang', Action.PUBLISH)}"}
    one, acts = submit(site, 1), site.staff.acts
    path, body = f"/desk/v1/submissions/{one.key}/publish", {"digest": one.digest}
    with desk_process(site.settings.home) as desk, ThreadPoolExecutor() as threads:
        answer = threads.submit(httpx.post, desk.base + path, json=body, headers=headers, timeout=60)
        wait_for(lambda: bool(acts.all()))
        with site.staff.store.write():
            assert acts.all(), "it has not yet appended its line"
            wait_for(lambda: bool(site.log.queries.releases("fees")))
            desk.process.kill()
            assert isinstance(answer.exception(), httpx.TransportError)
    published = [event for event in site.staff.audit.events() if event.kind == "published"]
    assert published == []
    for _ in range(2):  # the second one has nothing to do
        with desk_process(site.settings.home):
            pass
    (line,) = [event for event in site.staff.audit.events() if event.kind == "published"]
    assert (line.actor, line.subject) == ("wang", "fees")
    own = {"submission": one.key, "digest": one.digest, "release": 1, "completed_afterwards": True}
    assert line.details.items() >= own.items()
    assert acts.all() == []
    check(site)


def test_a_desk_that_is_killed_while_it_takes_a_file_has_all_of_it_or_the_one_before(site: DeskSite) -> None:
    headers = {"authorization": f"Bearer {secret_of(site, 'zhang', Action.HAND_IN)}"}
    home, path, data = site.settings.home, "/desk/v1/drafts/fees/imports", {"part": PART}
    for version, moment in enumerate((60.0, *moments(4, 3.0))):
        lines = ["名称,标准", *(f"项目{n},{version}" for n in range(ROWS + version))]
        files = {"files": ("财政局.csv", "\n".join(lines).encode())}
        before = draft(site.log)
        with desk_process(home) as desk:
            send_and_kill(desk, moment, path, data=data, files=files, headers=headers)
        check(site)
        after = draft(site.log)
        assert after == before or [records for _, records in after] == [ROWS + version]
    assert [records for _, records in after] == [ROWS + version]  # the last one was answered
