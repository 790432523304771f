"""The whole story in a browser without scripts: hand in, mend, submit, return, approve, publish."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from publisher.desk.accounts.roles import parse_grant
from publisher.log.model import Part
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.command import item, xlsx
from tests.support.desk import Browser, DeskSite, create_power_list, desk_site, forms

pytestmark = pytest.mark.slow

NAME = "shili-power-list"
PART = "应急管理局"
DRAFT = f"/drafts/{NAME}?part=%E5%BA%94%E6%80%A5%E7%AE%A1%E7%90%86%E5%B1%80"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADING = {"basis": "鞍政发〔2015〕34号", "effective_on": "2020-01-01", "secrecy_reviewed_by": "保密员"}


@pytest.fixture
def desk(tmp_path: Path, clock: Clock) -> Iterator[DeskSite]:
    with desk_site(tmp_path, sqlite.new(tmp_path / "qingdan.db"), clock) as desk:
        create_power_list(desk.log)
        for name, role in (("zhang", f"填报:{NAME}:{PART}"), ("li", f"审核:{NAME}"), ("wang", "发布")):
            desk.add(name, role)
        yield desk


def hand_in(browser: Browser, folder: Path, *rows: list[str], page: str = DRAFT) -> str:
    """Drop a workbook into the page → the page that follows."""
    file = xlsx(folder / "市应急管理局.xlsx", list(rows))
    files = {"files": (file.name, file.read_bytes(), XLSX)}
    answer = browser.send(page, f"/drafts/{NAME}/imports", files=files)
    return browser.see(page) if answer.status_code == 303 else answer.text


def submit(browser: Browser, **heading: str) -> str:
    """Submit the draft → the address of the submission."""
    answer = browser.send(DRAFT, f"/drafts/{NAME}/submissions", **{**HEADING, **heading})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


GOOD = [item(f"第{number}类经营许可") for number in range(10)]
BAD = [item("", kind="行政许可") if n % 2 else item(f"第{n}类经营许可", promised="尽快") for n in range(10)]


@pytest.mark.slow
def test_three_people_publish_what_was_shown(desk: DeskSite, tmp_path: Path) -> None:
    with desk.signed_in("zhang") as drafter, desk.signed_in("li") as reviewer, desk.signed_in("wang") as last:
        # Ten mistakes are named, each with its place; then the workbook is mended.
        html = hand_in(drafter, tmp_path, *BAD)
        assert "检查问题" in html
        assert html.count("✕ 错误") + html.count("！ 警告") >= 10
        html = hand_in(drafter, tmp_path, *GOOD)
        assert 'class="sign error"' not in html
        assert html.count("第9类经营许可</h3>") == 1
        # Submit, come back, submit again.
        address = submit(drafter)
        assert "示例市权责清单" in reviewer.see("/")
        html = reviewer.see(address)
        assert "第9类经营许可" in html
        assert "依据鞍政发〔2015〕34号成文于2015年，距今已超过20个工作日" in html
        returned = reviewer.send(address, f"{address}/return", reason="承诺时限请再核")
        assert returned.status_code == 303
        assert "承诺时限请再核" in drafter.see("/")
        hand_in(drafter, tmp_path, *GOOD[:9], item("第9类经营许可", promised="8个工作日"))
        address = submit(drafter)
        # The drafter sees no way to approve or publish, and the publisher none before the approval.
        for person in (drafter, last):
            assert not {f"{address}/approve", f"{address}/publish"} & set(forms(person.see(address)))
        assert reviewer.send(address, f"{address}/approve").status_code == 303
        published = last.send(address, f"{address}/publish")
        assert "已发布：第1次发布" in published.text
        assert len(desk.log.queries.releases(NAME)) == 1
        # An edit after the approval is refused.
        hand_in(drafter, tmp_path, *GOOD[:5])
        address = submit(drafter, note="五项取消")
        reviewer.send(address, f"{address}/approve")
        form = forms(last.see(address))[f"{address}/publish"]
        hand_in(drafter, tmp_path, *GOOD[:4])
        refused = last.client.post(form.action, data=form.fields)
        assert refused.status_code == 409
        assert "原审核已失效" in refused.text
        assert "本次提交已失效" in last.see(address)
    assert len(desk.log.queries.releases(NAME)) == 1
    kinds = [event.kind for event in desk.staff.audit.events()]
    assert {"imported", "submitted", "returned", "approved", "published"} <= set(kinds)
    assert desk.staff.audit.verify() == []


def test_a_part_s_clerk_reaches_that_part_only(desk: DeskSite, tmp_path: Path) -> None:
    with desk.signed_in("zhang") as browser:
        assert "民政局" not in browser.see(DRAFT)
        form = forms(browser.see(DRAFT))[f"/drafts/{NAME}/imports"]
        file = xlsx(tmp_path / "民政局.xlsx", GOOD)
        files = {"files": (file.name, file.read_bytes(), XLSX)}
        data = {**form.fields, "part": "民政局"}
        assert browser.client.post(form.action, data=data, files=files).status_code == 403
        assert browser.client.get("/drafts/fees").status_code == 403
    assert desk.log.drafts.get(NAME) is None


def test_what_is_no_workbook_is_refused_and_the_draft_stays(desk: DeskSite, tmp_path: Path) -> None:
    with desk.signed_in("zhang") as browser:
        hand_in(browser, tmp_path, *GOOD[:1])
        files = {"files": ("清单.xlsx", b"MZ\x90\x00 a program", XLSX)}
        answer = browser.send(DRAFT, f"/drafts/{NAME}/imports", files=files)
        assert answer.status_code == 409
        assert "清单.xlsx" in answer.text
        draft = desk.log.drafts.get(NAME)
        assert draft is not None
        assert draft.records == 1


def test_a_script_in_a_cell_is_text_on_the_page(desk: DeskSite, tmp_path: Path) -> None:
    with desk.signed_in("zhang") as browser:
        html = hand_in(browser, tmp_path, item("<script>alert(1)</script>许可"))
        assert "<script>" not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;许可" in html


def test_a_script_in_any_other_text_is_text_on_every_page(desk: DeskSite, tmp_path: Path) -> None:
    evil = '"><script>alert(1)</script>'
    part = f"{evil}局"
    desk.log.datasets.add_part(NAME, Part(part))
    desk.staff.accounts.add("sun", evil, [parse_grant(f"填报:{NAME}")])
    for name, role in (("an", "安全管理"), ("du", "督查")):
        desk.add(name, role)
    pages = [f"/drafts/{NAME}?part={quote(part)}", f"/drafts/{NAME}/sheet?part={quote(PART)}", "/"]
    with desk.signed_in("zhang") as drafter, desk.signed_in("li") as reviewer:
        file = xlsx(tmp_path / "市应急管理局.xlsx", GOOD)
        files = {"files": (f"{evil}.xlsx", file.read_bytes(), XLSX)}
        drafter.send(DRAFT, f"/drafts/{NAME}/imports", files=files)
        address = submit(drafter, basis=evil, note=evil, secrecy_reviewed_by=evil)
        for path in (address, f"/submissions?q={quote(evil)}", f"/accounts/{quote(evil)}"):
            assert "<script>alert" not in reviewer.client.get(path).text, path
        reviewer.send(address, f"{address}/return", reason=evil)
        pages_of_all = [drafter.see(path) for path in (DRAFT, address, *pages[1:])]
        assert sum("&lt;script&gt;alert(1)" in html for html in pages_of_all) == 2
        assert not [html for html in pages_of_all if "<script>alert" in html]
    for name, paths in (("an", ["/accounts", "/accounts/sun"]), ("du", ["/audit", *pages[:1]])):
        with desk.signed_in(name) as officer:
            for path in paths:
                html = officer.see(path)
                assert "<script>alert" not in html, path
                assert "script&gt;alert(1)" in html or path == "/audit", path
