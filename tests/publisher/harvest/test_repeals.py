"""Accepted repeals mark their documents, in any order and by any way of import."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

import pytest

from publisher.cli.terminal.exit_codes import Exit
from tests.publisher.harvest.conftest import DATASET, Collector, make_due
from tests.support.command import CommandResult
from tests.support.government import html, letter, listing, page
from tests.support.servers.loopback import Answer, WebRequest

TITLE = "鞍山市人民政府关于废止部分规范性文件的决定"
NUMBER = "鞍政发〔2016〕8号"
NOTICE = (
    f"<html><head><title>{TITLE}</title></head><body><h1>{TITLE}</h1><div class='TRS_Editor'><p>{NUMBER}</p>"
    "<p>根据《辽宁省规范性文件管理办法》（辽政发〔2010〕2号），决定废止下列文件：</p>"
    "<p>1.关于第1批清理行政审批事项的通知（鞍政发〔2015〕1号）</p>"
    f"<p>2.《{letter(3)[0]}》</p><p>二、修改的文件</p>"
    "<p>3.关于第2批清理行政审批事项的通知（鞍政发〔2015〕2号）</p>"
    "<p>鞍山市人民政府</p><p>2016年5月6日</p></div></body></html>"
)
DOCUMENTS = ("1", "2", "3")
MARKED = {
    "1": ("废止", NUMBER),
    "2": (None, None),  # only amended
    "3": ("废止", NUMBER),  # identified by its title
    "notice": (None, None),
}


class Clerk:
    """Clerk who brings documents and the notice in: from the site, or as files."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._listed: list[tuple[str, str, str]] = []

    def bring(self, names: Sequence[str], how: str) -> None:
        for name in names:
            if how == "collected":
                self._collector.web.answers[f"/d/{name}.html"] = html(self.text(name))
                self._listed.append((f"/d/{name}.html", self.title(name), "2015-04-01"))
            else:
                self.import_one(name)
        if how == "collected":
            self._collector.web.answers["/list.html"] = listing(self._listed)
            assert self._collector.collect()["read"] == len(names)

    def import_one(self, name: str, *more: object) -> CommandResult:
        file = self._collector.site.home.parent / f"{name}.html"
        file.write_text(self.text(name), encoding="utf-8")
        return self._collector.site.ok("import", file, "--dataset", DATASET, *more)

    def text(self, name: str) -> str:
        return NOTICE if name == "notice" else page(int(name))

    def title(self, name: str) -> str:
        return TITLE if name == "notice" else letter(int(name))[0]

    def accept(self) -> None:
        self._collector.site.run("draft", "accept", DATASET, "--all")

    def publish(self) -> None:
        self.accept()
        self._collector.publish()

    def record(self, name: str) -> dict[str, Any]:
        (one,) = self._collector.site.ok("show", DATASET, self.title(name), "--json").json
        return dict(one)

    def states(self) -> dict[str, tuple[Any, Any]]:
        states = {}
        for name in (*DOCUMENTS, "notice"):
            content = self.record(name)["content"]
            states[name] = (content.get("validity"), content.get("ended_by"))
        return states


@pytest.fixture
def clerk(collector: Collector) -> Clerk:
    return Clerk(collector)


def ways() -> Iterator[Any]:
    """Ways to bring both in. The ordinary run has half: any three of the four choices in each combination."""
    choices = product((False, True), repeat=4)
    for by_hand, notice_by_hand, notice_first, one_release in choices:
        odd = sum((by_hand, notice_by_hand, notice_first, one_release)) % 2
        yield pytest.param(
            "by hand" if by_hand else "collected",
            "by hand" if notice_by_hand else "collected",
            "notice" if notice_first else "documents",
            "one release" if one_release else "two releases",
            marks=[pytest.mark.soak] if odd else [],
        )


@pytest.mark.slow
@pytest.mark.parametrize(("documents", "notice", "first", "releases"), [*ways()])
def test_a_notice_marks_what_it_ends_and_not_what_it_amends(
    collector: Collector, clerk: Clerk, documents: str, notice: str, first: str, releases: str
) -> None:
    published_between = releases == "two releases"
    brought = [(DOCUMENTS, documents), (("notice",), notice)]
    for names, how in brought if first == "documents" else reversed(brought):
        clerk.bring(names, how)
        if published_between:
            clerk.publish()
    if not published_between:
        clerk.publish()
    assert clerk.states() == MARKED


@pytest.mark.slow
def test_a_marked_document_names_the_file_that_it_was_read_from_and_its_release_is_the_notices(
    collector: Collector, clerk: Clerk
) -> None:
    clerk.bring(DOCUMENTS, "collected")
    clerk.publish()
    clerk.bring(["notice"], "by hand")
    clerk.publish()
    with collector.served() as client:
        record = client.get(f"/v1/datasets/{DATASET}/records/{clerk.record('1')['id']}").json()
        changes = client.get(f"/v1/datasets/{DATASET}/changes?release=2").json()["changes"]
        by_name = client.get(f"/v1/datasets/{DATASET}/records", params={"ends": "鞍政发〔2015〕1号"}).json()
    assert [one["url"] for one in record["sources"]] == [f"{collector.web.base}/d/1.html"]
    assert record["sources"][0]["detected_by"] == "ending"
    assert record["excerpts"]["number"] == "鞍政发〔2015〕1号"
    assert sorted((one["kind"], one["cause"], one["title"]) for one in changes) == sorted(
        [("changed", "source", letter(n)[0]) for n in (1, 3)] + [("added", "source", TITLE)]
    )
    assert [one["title"] for one in by_name["records"]] == [TITLE]


@pytest.mark.slow
def test_a_preview_shows_what_a_notice_would_mark_and_stores_nothing(
    collector: Collector, clerk: Clerk
) -> None:
    clerk.bring(DOCUMENTS, "by hand")
    clerk.publish()
    for way in (("--dry-run",), ()):
        report = clerk.import_one("notice", "--json", *way).json
        assert (report["changes"]["added"], report["marked"], report["proposed_repeals"]) == (1, 0, 2)
    assert "有2份文件可能已废止" in clerk.import_one("notice").out
    proposals = collector.site.ok("draft", "repeals", DATASET, "--json").json
    assert [(one["title"], one["sentence"]) for one in proposals] == [
        (letter(1)[0], "1.关于第1批清理行政审批事项的通知（鞍政发〔2015〕1号）"),
        (letter(3)[0], f"2.《{letter(3)[0]}》"),
    ]
    assert "待确认" in collector.site.ok("draft", "repeals", DATASET).out
    clerk.accept()
    assert "另有2份已发布的文件将标明废止" in clerk.import_one("notice").out
    diff = collector.site.run("draft", "diff", DATASET, "--json").json
    assert sorted(one["title"] for one in diff["changed"]) == [letter(n)[0] for n in (1, 3)]
    assert len(collector.site.ok("draft", "show", DATASET, "--json").json["imports"]) == 1
    collector.site.ok("draft", "discard", DATASET)
    clerk.bring(["2"], "by hand")
    assert collector.site.run("draft", "diff", DATASET, "--json").json["changed"] == []


@pytest.mark.slow
def test_a_document_that_is_read_again_stays_marked_and_is_no_change(
    collector: Collector, clerk: Clerk
) -> None:
    clerk.bring([*DOCUMENTS, "notice"], "by hand")
    clerk.publish()
    report = clerk.import_one("1", "--json").json
    assert report["changes"] == {"added": 0, "changed": 0, "removed": 0, "unchanged": 1}


@pytest.mark.slow
def test_a_mark_that_was_corrected_by_hand_is_not_set_again_by_other_documents(
    collector: Collector, clerk: Clerk
) -> None:
    clerk.bring([*DOCUMENTS, "notice"], "by hand")
    clerk.publish()
    emptied = ("validity=", "ended_by=")
    collector.site.ok("correct", DATASET, letter(1)[0], *emptied, "--reason", "误标", "--yes")
    clerk.bring(["9"], "by hand")
    clerk.publish()
    assert clerk.states() == {**MARKED, "1": (None, None)}


@pytest.mark.slow
def test_a_source_that_publishes_by_itself_only_proposes(collector: Collector, clerk: Clerk) -> None:
    clerk.bring(DOCUMENTS, "by hand")
    clerk.publish()
    collector.write(collector.source(publish=True))
    clerk.bring(["notice"], "collected")
    assert clerk.states() == dict.fromkeys(MARKED, (None, None))
    clerk.publish()
    assert clerk.states() == MARKED
    missing = collector.site.run("draft", "accept", DATASET, "--all")
    assert missing.code == Exit.NOT_FOUND
    assert "no-such-repeal" in missing.err


@pytest.mark.slow
def test_a_run_killed_once_the_notice_is_read_has_marked_what_it_ends(
    collector: Collector, clerk: Clerk
) -> None:
    web = collector.web
    clerk.bring(DOCUMENTS, "collected")
    clerk.publish()
    link = "<p><a href='/d/list.docx'>附件：目录.docx</a></p>"
    web.answers["/d/r.html"] = html(NOTICE.replace("</div>", f"{link}</div>"))
    web.answers["/list.html"] = listing([("/d/r.html", TITLE, "2016-05-06")])
    runs: list[subprocess.Popen[str]] = []

    def killing(_request: WebRequest, _write: Callable[[bytes], None]) -> Answer:
        runs[0].kill()
        runs[0].wait()
        return Answer()

    web.answers["/d/list.docx"] = killing  # requested after the notice is read and before the run ends
    runs.append(collector.site.spawn("--home", collector.site.home, "collect", "--json"))
    runs[0].communicate(timeout=60)
    assert runs[0].returncode == -signal.SIGKILL
    clerk.publish()
    assert clerk.states() == MARKED
    web.answers["/d/list.docx"] = Answer(status=404)
    make_due(collector)
    collector.collect()
    assert collector.draft() == []
