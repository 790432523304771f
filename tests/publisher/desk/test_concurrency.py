"""Approvals and publications at the same time: exactly one release, and two approvals count once."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx
import pytest

from publisher.desk.app import create_desk_app
from publisher.log.approvals.submission import PublicationRequest, Submission
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.desk import Browser, DeskSite, desk_site, sign_in
from tests.support.log import entry, release, stage
from tests.support.servers.http_service import address, loopback_socket, serving

PEOPLE = {"zhang": "填报", "li": "审核", "zhao": "审核", "wang": "发布", "wu": "发布"}
THREADS = 16


@dataclass
class Crowd:
    """A desk over HTTP, and a client for each person."""

    site: DeskSite
    clients: dict[str, httpx.Client]

    def act(self, name: str, action: str, one: Submission) -> str:
        """Send one decision → its outcome: the state, the release, or the code of the refusal."""
        answer = self.clients[name].post(
            f"/desk/v1/submissions/{one.key}/{action}", json={"digest": one.digest}
        )
        body = answer.json()
        return str(body.get("code") or body.get("state") or f"release {body['release']}")

    def decide(self, one: Submission, count: int) -> Counter[str]:
        """Let two reviewers and two publishers send so many decisions at once, in any order."""
        acts = [("li", "approve"), ("zhao", "approve"), ("wang", "publish"), ("wu", "publish")] * (count // 4)
        random.Random(2015).shuffle(acts)
        with ThreadPoolExecutor(THREADS) as threads:
            return Counter(threads.map(lambda act: self.act(act[0], act[1], one), acts))


@contextmanager
def crowd(tmp_path: Path, clock: Clock, *, two_persons: bool) -> Iterator[Crowd]:
    bound = loopback_socket()
    base, url = address(bound), sqlite.new(tmp_path / "qingdan.db")
    with (
        desk_site(tmp_path, url, clock, QINGDAN_DESK_BASE=base) as site,
        serving(create_desk_app(site.settings, site.log, site.staff, clock=clock), bound),
    ):
        clients = {}
        for name, role in PEOPLE.items():
            site.add(name, role)
            client = clients[name] = httpx.Client(base_url=base, timeout=120)
            sign_in(Browser(client), name, site.code(name))
            client.headers["x-csrftoken"] = client.cookies["form"]
        release(site.log, entry("甲"), part="财政局")
        site.log.datasets.change("fees", two_persons=two_persons)
        try:
            yield Crowd(site, clients)
        finally:
            for client in clients.values():
                client.close()


def submissions(site: DeskSite) -> Iterator[Submission]:
    """Submit a draft, and then a correction of what is published."""
    stage(site.log, entry("甲"), entry("乙"), part="财政局")
    draft = PublicationRequest(kind="draft", effective_on=date(2020, 1, 1), parts=("财政局",))
    yield site.log.approvals.submit("fees", draft, drafter="zhang")
    (record,) = site.log.queries.find_by_title("fees", "甲")
    content = {**record.content, "standard": "9"}
    correction = PublicationRequest(kind="correct", note="误录", records={record.id: content})
    yield site.log.approvals.submit("fees", correction, drafter="zhang")


def check(tmp_path: Path, clock: Clock, *, count: int, two_persons: bool) -> None:
    with crowd(tmp_path, clock, two_persons=two_persons) as desk:
        for number, one in enumerate(submissions(desk.site), start=2):
            outcomes = desk.decide(one, count)
            assert outcomes.total() == count
            assert [name for name in outcomes if name.startswith("release")] == [f"release {number}"]
            assert outcomes[f"release {number}"] == 1, outcomes
            expected = {"approved", "submission-decided", "approval-needed", "no-draft", "nothing-changes"}
            assert set(outcomes) <= {*expected, f"release {number}"}, outcomes
            assert len(desk.site.log.queries.releases("fees")) == number
            settled = desk.site.log.approvals.get(one.key)
            assert settled.state == "published"
            events = [e for e in desk.site.staff.audit.events(limit=5000) if e.kind == "published"]
            assert len(events) == number - 1
        assert desk.site.staff.audit.verify() == []


@pytest.mark.slow
@pytest.mark.parametrize("two_persons", [True, False])
def test_of_a_hundred_decisions_at_once_one_publishes(
    tmp_path: Path, clock: Clock, *, two_persons: bool
) -> None:
    check(tmp_path, clock, count=100, two_persons=two_persons)


@pytest.mark.slow
@pytest.mark.soak
def test_of_a_thousand_decisions_at_once_one_publishes(tmp_path: Path, clock: Clock) -> None:
    check(tmp_path, clock, count=1000, two_persons=True)
