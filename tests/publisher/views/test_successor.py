"""Pages, feeds and previews of a log that continues another: it skips the numbers of lost releases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from html import unescape
from pathlib import Path

import pytest

from publisher.desk.app import create_desk_app
from publisher.desk.desk import open_staff
from publisher.log.log import Log
from publisher.log.model import DraftEntry
from publisher.log.recovery import restoration
from publisher.settings import read_settings
from publisher.views.pages.release import MOST
from schemas.definition.catalogue import Content
from schemas.definition.file_loader import load_catalogue
from tests.publisher.views.pages.conftest import BROWSER, Page
from tests.support import sqlite
from tests.support.desk import DESK, DeskSite
from tests.support.site import BASE, FEES, PLAIN, START, Site, demo_dataset, publish, reopened, ticking_clock

pytestmark = pytest.mark.slow

HOME, LATER = f"/datasets/{FEES}", "later-fees"
NEW: list[Content] = [{"name": f"第{n}项收费", "department": "市财政局"} for n in range(MOST + 1)]


@pytest.fixture
def successor(tmp_path: Path) -> Iterator[Site]:
    """A site whose second release was lost. It has a first and a third, and a list that began later."""
    clock, home, folder = ticking_clock(START), tmp_path / "lost", tmp_path / "backups"
    lost = Log.open(sqlite.new(home / "qingdan.db"), sources=home / "sources", clock=clock)
    lost.datasets.init_site(BASE, "data.example.gov.cn,2016-01-04")
    lost.datasets.create(demo_dataset(FEES), load_catalogue("fees"))
    lost.keys.create()
    publish(lost, FEES, PLAIN, date(2015, 1, 1), "示财〔2015〕1号")
    lost.recovery.back_up(home, folder)
    publish(lost, FEES, PLAIN[:2], date(2015, 2, 1), "示财〔2015〕2号")
    note = lost.proofs.checkpoint() or ""
    lost.close()
    own = tmp_path / "own"
    restoration.restore(folder, url=f"sqlite:///{own}/qingdan.db", home=own, notes=[note], keys=home / "keys")
    with closing(Log.open(f"sqlite:///{own}/qingdan.db", sources=own / "sources", clock=clock)) as restored:
        restored.recovery.succeed("无人保存")
    with reopened(own, clock) as site:
        publish(site.log, FEES, [*PLAIN, *NEW], date(2015, 3, 1), "示财〔2015〕3号")
        site.log.datasets.create(demo_dataset(LATER, title="后来的清单"), load_catalogue("fees"))
        publish(site.log, LATER, NEW, date(2015, 4, 1), "示财〔2015〕4号")
        site.index()
        yield site


def visit(site: Site, address: str) -> Page:
    return Page(site.client.get(address, headers=BROWSER))


def test_a_release_leads_to_its_neighbours_and_not_to_the_lost_one(successor: Site) -> None:
    assert [one.number for one in successor.log.queries.releases(FEES)] == [1, 3]
    first, third = (visit(successor, f"{HOME}/releases/{number}") for number in (1, 3))
    assert [one["href"] for one in first.all("a", rel="next")] == [f"{HOME}/releases/3"]
    assert [one["href"] for one in third.all("a", rel="prev")] == [f"{HOME}/releases/1"]
    assert third.leading_to("/compare?") == [f"{HOME}/compare?from=1&to=3"] * 2, "the button, and all changes"
    assert not first.leading_to("/compare?")
    (later,) = successor.log.queries.releases(LATER)
    page = visit(successor, f"/datasets/{LATER}/releases/{later.number}")
    for shown in (first, third, page):
        for link in {one for one in shown.links if one.startswith("/datasets/")}:
            assert successor.client.get(link, headers=BROWSER).status_code == 200, link


def test_entries_of_a_feed_lead_to_comparisons_that_exist(successor: Site) -> None:
    links = {
        unescape(link).removeprefix(BASE)
        for name in (FEES, LATER)
        for link in re.findall(
            r'href="([^"]*/compare\?[^"]*)"', successor.client.get(f"/feeds/{name}.atom").text
        )
    }
    assert links == {f"{HOME}/compare?from=1&to=3", f"/v1{HOME}/compare?from=1&to=3"}
    assert {successor.client.get(link).status_code for link in links} == {200}


def test_a_list_that_began_after_the_succession_is_published_for_the_first_time(successor: Site) -> None:
    (later,) = successor.log.queries.releases(LATER)
    assert later.number > 1
    home = visit(successor, "/").text
    assert "首次公布2份清单 后来的清单 " in home
    assert "首次公布" in successor.client.get(f"/feeds/{LATER}.atom").text
    assert "首次公布" not in successor.client.get(f"/feeds/{FEES}.atom").text


def test_a_draft_and_its_preview_have_the_number_that_the_release_gets(
    tmp_path: Path, successor: Site
) -> None:
    """The next release would be the second: that number was used by the lost one."""
    log, clock = successor.log, successor.clock
    name = "next-fees"
    log.datasets.create(demo_dataset(name), load_catalogue("fees"))
    source = log.evidence.put_source(b"x", name="收费目录.csv", media_type="text/csv")
    log.drafts.stage(
        name, [DraftEntry(content=PLAIN[0], source_text="x")], part=None, source=source, parser_version="1"
    )
    (change,) = log.drafts.diff(name).added
    settings = read_settings(tmp_path / "own", {"QINGDAN_DESK_BASE": DESK})
    with closing(open_staff(settings, create=True, clock=clock)) as staff:
        desk = DeskSite(settings, log, staff, clock, create_desk_app(settings, log, staff, clock=clock))
        desk.add("zhang", f"填报:{name}")
        with desk.signed_in("zhang") as clerk:
            preview = clerk.see(f"/drafts/{name}/preview")
    release = log.releases.publish(name, effective_on=date(2016, 1, 1), basis="示财〔2016〕1号")
    assert release is not None
    assert release.number == change.release > 1
    assert f"第{release.number}次发布" in preview
    assert "第1次发布" not in preview
