"""schemathesis sends valid and invalid requests to the desk, and finds no failure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from publisher.desk.accounts.roles import TOKEN_ACTIONS
from publisher.desk.app import create_desk_app
from publisher.log.approvals.submission import PublicationRequest
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.desk import Browser, DeskSite, desk_site, sign_in
from tests.support.log import entry, release, stage
from tests.support.servers.http_service import address, loopback_socket, serving
from tests.system.contract.test_fuzz import HERE, fuzz

DOCUMENT = "/desk/v1/openapi.json"
PERSONS = "/(approve|return)$"
"""Paths that no program may use."""


@dataclass
class Fuzzer:
    """A desk over HTTP, with what a program and a reviewer send to be recognised."""

    site: DeskSite
    base: str
    record: str
    program: Sequence[str]
    reviewer: Sequence[str]

    def run(self, *options: str, who: Sequence[str]) -> int:
        hooks = {"SCHEMATHESIS_HOOKS": str(HERE / "desk_hooks.py"), "DESK_RECORD": self.record}
        hooks["DESK_PERSON"] = "li" if who is self.reviewer else ""
        return fuzz(self.base, DOCUMENT, *options, *who, config="desk.toml", **hooks)

    def check(self) -> None:
        """Nothing that was sent broke the audit log, or published what nobody approved."""
        assert self.site.people.audit.verify() == []
        assert len(self.site.log.queries.releases("fees")) == 1


def header(name: str, value: str) -> list[str]:
    return ["--header", f"{name}: {value}"]


def serve_and_sign_in(site: DeskSite, base: str) -> Fuzzer:
    for name, roles in (("zhang", ["填报", "发布"]), ("li", ["审核"])):
        site.add(name, *roles)
    release(site.log, entry("甲"), part="财政局")
    stage(site.log, entry("乙"), part="财政局")
    site.log.datasets.change("fees", two_persons=True)
    request = PublicationRequest(kind="draft", effective_on=site.clock.now.date(), parts=("财政局",))
    for drafter in ("wu", "zhao", "qian"):
        site.log.approvals.submit("fees", request, drafter=drafter)
    (record,) = site.log.queries.find_by_title("fees", "甲")
    secret, _ = site.people.tokens.add("zhang", "fuzz", dataset="fees", part=None, actions=TOKEN_ACTIONS)
    with httpx.Client(base_url=base) as client:
        sign_in(Browser(client), "li", site.code("li"))
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        reviewer = [*header("Cookie", cookies), *header("x-csrftoken", client.cookies["form"])]
    return Fuzzer(site, base, record.id, header("Authorization", f"Bearer {secret}"), reviewer)


@pytest.fixture
def fuzzer(tmp_path: Path, clock: Clock) -> Iterator[Fuzzer]:
    """Serve a desk with a release, a draft and submissions."""
    bound = loopback_socket()
    base, url = address(bound), sqlite.new(tmp_path / "qingdan.db")
    with (
        desk_site(tmp_path, url, clock, QINGDAN_DESK_BASE=base) as site,
        serving(create_desk_app(site.settings, site.log, site.people, clock=clock), bound),
    ):
        yield serve_and_sign_in(site, base)


@pytest.mark.slow
def test_schemathesis_finds_nothing_in_some_hundred_cases(fuzzer: Fuzzer) -> None:
    few = ("--max-examples", "12", "--seed", "2015")
    generated = fuzzer.run(*few, "--exclude-path-regex", PERSONS, who=fuzzer.program)
    generated += fuzzer.run(*few, "--include-path-regex", PERSONS, who=fuzzer.reviewer)
    assert generated > 300
    fuzzer.check()


@pytest.mark.slow
@pytest.mark.soak
def test_schemathesis_finds_nothing_in_five_thousand_cases(fuzzer: Fuzzer) -> None:
    many = ("--max-examples", "420")
    runs = [
        ("/drafts/", fuzzer.program),
        ("/records/|/releases/|/submissions$|/publish$|}$", fuzzer.program),
        (PERSONS, fuzzer.reviewer),
    ]
    with ThreadPoolExecutor() as threads:
        generated = list(
            threads.map(lambda run: fuzzer.run(*many, "--include-path-regex", run[0], who=run[1]), runs)
        )
    print(generated)
    assert sum(generated) >= 5_000
    fuzzer.check()
