"""The two-person rule at every door: desk, tokens, commands, and a source that publishes by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from litestar.testing import TestClient

from publisher.desk.accounts.roles import TOKEN_ACTIONS, Action
from publisher.desk.app import create_desk_app
from publisher.desk.desk import open_staff
from publisher.harvest import all_sources
from publisher.harvest.report import SourceReport
from publisher.harvest.source_config import SourceSite
from publisher.log.approvals.submission import PublicationRequest
from publisher.log.evidence.harvested_pages import WARC
from publisher.log.log import Log
from publisher.log.model import DraftEntry, LogError
from publisher.settings import read_settings
from publisher.workflow.publish_draft import publish_draft
from schemas.definition.catalogue import Content
from tests.support.clock import Clock
from tests.support.command import CommandResult, Home, item, xlsx
from tests.support.desk import DESK, DeskSite, forms
from tests.support.log import EARLY

NAME = "shili-power-list"
BASIS = "鞍政发〔2015〕34号"
PUBLISH = ("publish", NAME, "--effective-on", "2015-01-01", "--basis", BASIS, "--actor", "wang")
FIRST, SECOND, THIRD = "危险化学品经营许可", "烟花爆竹经营许可", "安全生产许可证核发"


def draft(site: Home, folder: Path, *names: str) -> None:
    site.ok("import", xlsx(folder / "市应急管理局.xlsx", [item(name) for name in names]), "--dataset", NAME)


def open_log(site: Home) -> Log:
    return Log.open(f"sqlite:///{site.home / 'qingdan.db'}", sources=site.home / "sources")


def approve(site: Home, request: PublicationRequest) -> None:
    log = open_log(site)
    one = log.approvals.submit(NAME, request, drafter="zhang")
    log.approvals.approve(one.key, digest=one.digest, reviewer="li")
    log.close()


def releases(site: Home) -> list[dict[str, object]]:
    return list(json.loads(site.ok("releases", NAME, "--json").out))


def refused(ran: CommandResult) -> bool:
    return ran.code == 1 and "approval-needed" in ran.err


@pytest.mark.slow
def test_no_door_publishes_without_an_approval(site: Home, tmp_path: Path) -> None:
    site.dataset(NAME, "应急管理局")
    site.ok("dataset", "set", NAME, "--two-persons")
    # A source with publish = true: its draft stays, and the report says why.
    log = open_log(site)
    report = publish_as_a_source(log)
    assert report.release is None
    assert "须经另一人审核" in report.findings[0].message_zh
    assert log.drafts.get(NAME) is not None
    # The function that the desk, the commands and the sources call.
    with pytest.raises(LogError) as error:
        publish_draft(log, NAME, effective_on=EARLY, basis=BASIS)
    assert error.value.code == "approval-needed"
    log.close()
    # Commands.
    draft(site, tmp_path, FIRST, SECOND)
    assert refused(site.run(*PUBLISH))
    assert releases(site) == []
    # Pages and tokens of the desk.
    publish_at_the_desk(site, ["应急管理局"])
    assert len(releases(site)) == 1
    # A command publishes what was approved.
    draft(site, tmp_path, FIRST, SECOND, THIRD)
    assert refused(site.run(*PUBLISH))
    approve(site, PublicationRequest(kind="draft", basis=BASIS, effective_on=EARLY))
    site.ok(*PUBLISH)
    assert refused(site.run("withdraw", NAME, SECOND, "--reason", "误列", "--yes"))
    assert refused(site.run("correct", NAME, FIRST, "remark=无", "--reason", "更正", "--yes"))
    assert refused(site.run("rename", NAME, FIRST, "name=危化品经营许可", "--reason", "更名", "--yes"))
    assert len(releases(site)) == 2
    site.ok("withdraw", NAME, SECOND, "--reason", "误列", "--yes", "--emergency", "误列个人信息")
    assert len(releases(site)) == 3
    # Turned off, which is an entry of the log, one person is enough again.
    site.ok("dataset", "set", NAME, "--one-person")
    site.ok("correct", NAME, FIRST, "remark=无", "--reason", "更正", "--yes")
    site.ok("verify")


@contextmanager
def open_desk(site: Home) -> Iterator[DeskSite]:
    """Open the desk of a site that commands made."""
    settings = read_settings(site.home, {"QINGDAN_DESK_BASE": DESK})
    clock = Clock(datetime(2026, 11, 29, 2, tzinfo=UTC))
    with closing(open_log(site)) as log, closing(open_staff(settings, create=True, clock=clock)) as staff:
        app = create_desk_app(settings, log, staff, clock=clock)
        yield DeskSite(settings, log, staff, clock, app)


def publish_at_the_desk(site: Home, drafts: Sequence[str]) -> None:
    """Publish what is drafted by pages and by a token; both are refused until somebody else approved."""
    heading = {"effective_on": "2015-01-01", "basis": BASIS, "parts": list(drafts)}
    heading |= {"secrecy_reviewed_by": "保密员", "secrecy_reviewed_on": "2014-12-30"}
    path = f"/desk/v1/drafts/{NAME}/submit"
    with open_desk(site) as desk:
        desk.add("zhang", "填报", "审核", "发布")
        for name, role in (("li", "审核"), ("wang", "发布")):
            desk.add(name, role)
        secrets = {
            name: desk.staff.tokens.add(name, "系统", dataset=NAME, part=None, actions=actions)[0]
            for name, actions in (("zhang", TOKEN_ACTIONS), ("wang", [Action.PUBLISH]))
        }
        program = TestClient(desk.app, base_url=DESK)
        own, other = ({"authorization": f"Bearer {secrets[name]}"} for name in ("zhang", "wang"))
        submitted = program.post(path, json=heading, headers=own)
        assert submitted.status_code == 201, submitted.text
        one = submitted.json()
        page, digest = f"/submissions/{one['key']}", {"digest": one["digest"]}
        for headers in (own, other):
            refused = program.post(f"/desk/v1{page}/publish", json=digest, headers=headers)
            assert refused.json()["code"] == "approval-needed"
        with desk.signed_in("zhang") as drafter, desk.signed_in("li") as reviewer:
            for action in ("approve", "publish"):  # who drafted is offered neither, and may do neither
                form = forms(drafter.see(page))["/sign-out"].fields | digest
                assert drafter.client.post(f"{page}/{action}", data=form).status_code == 409
            assert releases(site) == []
            assert reviewer.send(page, f"{page}/approve").status_code == 303
        assert program.post(f"/desk/v1{page}/publish", json=digest, headers=own).status_code == 409
        assert releases(site) == []
        assert program.post(f"/desk/v1{page}/publish", json=digest, headers=other).status_code == 200


def publish_as_a_source(log: Log) -> SourceReport:
    """Stage what a source collects, and publish it as its run does at the end."""
    warc = log.evidence.put_source(b"a page", name="a.warc", media_type=WARC)
    content: Content = {
        "name": FIRST,
        "power_type": "行政许可",
        "basis": ["《安全生产法》"],
        "actor": "应急管理局",
    }
    entry = DraftEntry(content=content, source_text=FIRST, locator={})
    log.drafts.stage(NAME, [entry], part="应急管理局", source=warc, parser_version="1")
    source = SourceSite(name="city", title="示例市人民政府", dataset=NAME, hosts=("127.0.0.1",), publish=True)
    report = SourceReport("city", source.title)
    all_sources._publish(log, source, report, EARLY, log.queries.catalogue(NAME))
    return report
