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
from publisher.harvest.source_config import read_sources
from publisher.log.approvals.submission import PublicationRequest
from tests.publisher.desk.pages.collected_site import (
    DOCUMENTS,
    SOURCE,
    collect_documents,
    create_documents,
    publish_documents,
    write_source,
)
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.desk import Browser, DeskSite, desk_site, sign_in
from tests.support.log import entry, release, stage
from tests.support.servers.http_service import address, loopback_socket, serving
from tests.support.servers.loopback import Loopback, loopback_server
from tests.system.contract.test_fuzz import HERE, fuzz

DOCUMENT = "/desk/v1/openapi.json"
PERSONS = "/(approve|return)$"
"""Paths that no program may use."""
COLLECTED = "/documents/|/repeals$|/sources"


@dataclass
class Fuzzer:
    """A desk over HTTP, with what a program and a reviewer send to be recognised."""

    site: DeskSite
    base: str
    record: str
    web: Loopback
    program: Sequence[str]
    collector: Sequence[str]
    """A program of the list of documents."""
    reviewer: Sequence[str]
    system: Sequence[str]

    def run(self, *options: str, who: Sequence[str]) -> int:
        of_documents = who in (self.collector, self.system)
        imports = self.site.log.drafts.get(DOCUMENTS)
        assert imports is not None
        hooks = {"SCHEMATHESIS_HOOKS": str(HERE / "desk_hooks.py"), "DESK_RECORD": self.record}
        hooks |= {"DESK_PERSON": "one" if who in (self.reviewer, self.system) else ""}
        hooks |= {"DESK_DATASET": DOCUMENTS if of_documents else "fees", "DESK_SITE": self.web.base}
        hooks |= {"DESK_TOKEN": imports.imports[-1].token, "DESK_SOURCE": SOURCE}
        return fuzz(self.base, DOCUMENT, *options, *who, config="desk.toml", **hooks)

    def check(self) -> None:
        """Nothing that was sent broke the audit log, or published what nobody approved."""
        assert self.site.staff.audit.verify() == []
        assert len(self.site.log.queries.releases("fees")) == 1
        names = [dataset.name for dataset in self.site.log.datasets.all()]
        assert SOURCE in read_sources(self.site.settings.home, names)


def header(name: str, value: str) -> list[str]:
    return ["--header", f"{name}: {value}"]


def serve_and_sign_in(site: DeskSite, base: str, web: Loopback) -> Fuzzer:
    for name, roles in (("zhang", ["填报", "发布"]), ("li", ["审核"]), ("xi", ["系统管理"])):
        site.add(name, *roles)
    release(site.log, entry("甲"), part="财政局")
    stage(site.log, entry("乙"), part="财政局")
    site.log.datasets.change("fees", two_persons=True)
    request = PublicationRequest(kind="draft", effective_on=site.clock.now.date(), parts=("财政局",))
    for drafter in ("wu", "zhao", "qian"):
        site.log.approvals.submit("fees", request, drafter=drafter)
    (record,) = site.log.queries.find_by_title("fees", "甲")
    publish_documents(web)
    create_documents(site.log)
    write_source(site.settings.home, web)
    collect_documents(site.log, site.settings, site.clock)
    program, collector = (add_token(site, dataset) for dataset in ("fees", DOCUMENTS))
    reviewer, system = (person(site, base, name) for name in ("li", "xi"))
    return Fuzzer(site, base, record.id, web, program, collector, reviewer, system)


def add_token(site: DeskSite, dataset: str) -> list[str]:
    secret, _ = site.staff.tokens.add("zhang", dataset, dataset=dataset, part=None, actions=TOKEN_ACTIONS)
    return header("Authorization", f"Bearer {secret}")


def person(site: DeskSite, base: str, name: str) -> list[str]:
    """Sign in → headers of a browser's requests."""
    with httpx.Client(base_url=base) as client:
        sign_in(Browser(client), name, site.code(name))
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        return [*header("Cookie", cookies), *header("x-csrftoken", client.cookies["form"])]


@pytest.fixture
def fuzzer(tmp_path: Path, clock: Clock) -> Iterator[Fuzzer]:
    """Serve a desk with a release, a draft and submissions."""
    bound = loopback_socket()
    base, url = address(bound), sqlite.new(tmp_path / "qingdan.db")
    with (
        loopback_server() as web,
        desk_site(tmp_path, url, clock, QINGDAN_DESK_BASE=base, QINGDAN_LOOPBACK="1") as site,
        serving(create_desk_app(site.settings, site.log, site.staff, clock=clock), bound),
    ):
        yield serve_and_sign_in(site, base, web)


@pytest.mark.slow
def test_schemathesis_finds_nothing_in_some_hundred_cases(fuzzer: Fuzzer) -> None:
    few = ("--max-examples", "12", "--seed", "2015")
    generated = fuzzer.run(*few, "--exclude-path-regex", f"{PERSONS}|{COLLECTED}", who=fuzzer.program)
    generated += fuzzer.run(*few, "--include-path-regex", PERSONS, who=fuzzer.reviewer)
    generated += fuzzer.run(*few, "--include-path-regex", COLLECTED, who=fuzzer.collector)
    generated += fuzzer.run(*few, "--include-path-regex", "/sources", who=fuzzer.system)
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
        (COLLECTED, fuzzer.collector),
        ("/sources", fuzzer.system),
    ]
    with ThreadPoolExecutor() as threads:
        generated = list(
            threads.map(lambda run: fuzzer.run(*many, "--include-path-regex", run[0], who=run[1]), runs)
        )
    print(generated)
    assert sum(generated) >= 5_000
    fuzzer.check()
