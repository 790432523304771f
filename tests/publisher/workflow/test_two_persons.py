"""The two-person rule at every door: functions, commands, and a source that publishes by itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from publisher.harvest import all_sources
from publisher.harvest.report import SourceReport
from publisher.harvest.source_config import SourceSite
from publisher.log.approvals.submission import PublicationRequest
from publisher.log.evidence.crawled_pages import WARC
from publisher.log.log import Log
from publisher.log.model import Entry, LogError
from publisher.workflow.publish_draft import publish_draft
from schemas.definition.catalogue import Content
from tests.support.command import CommandResult, Home, item, xlsx
from tests.support.log import EARLY

NAME = "shili-power-list"
BASIS = "鞍政发〔2015〕34号"
PUBLISH = ("publish", NAME, "--effective-on", "2015-01-01", "--basis", BASIS, "--actor", "wang")
FIRST, SECOND = "危险化学品经营许可", "烟花爆竹经营许可"


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
    approve(site, PublicationRequest(kind="draft", basis=BASIS, effective_on=EARLY))
    site.ok(*PUBLISH)
    assert refused(site.run("withdraw", NAME, SECOND, "--reason", "误列", "--yes"))
    assert refused(site.run("correct", NAME, FIRST, "remark=无", "--reason", "更正", "--yes"))
    assert refused(site.run("rename", NAME, FIRST, "name=危化品经营许可", "--reason", "更名", "--yes"))
    assert len(releases(site)) == 1
    site.ok("withdraw", NAME, SECOND, "--reason", "误列", "--yes", "--emergency", "误列个人信息")
    assert len(releases(site)) == 2
    # Turned off, which is an entry of the log, one person is enough again.
    site.ok("dataset", "set", NAME, "--one-person")
    site.ok("correct", NAME, FIRST, "remark=无", "--reason", "更正", "--yes")
    site.ok("verify")


def publish_as_a_source(log: Log) -> SourceReport:
    """Stage what a source collects, and publish it as its run does at the end."""
    warc = log.evidence.put_source(b"a page", name="a.warc", media_type=WARC)
    content: Content = {
        "name": FIRST,
        "power_type": "行政许可",
        "basis": ["《安全生产法》"],
        "actor": "应急管理局",
    }
    entry = Entry(content=content, source_text=FIRST, locator={})
    log.drafts.stage(NAME, [entry], part="应急管理局", source=warc, parser_version="1")
    source = SourceSite(name="city", title="示例市人民政府", dataset=NAME, hosts=("127.0.0.1",), publish=True)
    report = SourceReport("city", source.title)
    all_sources._publish(log, source, report, EARLY)
    return report
