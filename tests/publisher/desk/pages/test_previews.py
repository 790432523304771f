"""What a draft would change: checks against other lists, counts, and previews of the public pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import quote

import pytest
from litestar.testing import TestClient

from publisher.app import create_app
from publisher.desk import work
from publisher.log.approvals.submission import PublicationRequest
from publisher.workflow.import_files import InputFile, import_files
from tests.publisher.desk.test_journey import DRAFT, NAME, PART, hand_in, submit
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.command import item, xlsx
from tests.support.desk import DeskSite, approve_and_publish, create_power_list, desk_site

pytestmark = pytest.mark.slow

SITE = "https://data.example.gov.cn"
GOOD = [item(f"第{number}类经营许可") for number in range(4)]
LONGER = item("第1类经营许可", promised="15个工作日", remark="<script>alert(1)</script>乙")
LENGTHENED = "“第1类经营许可”现列15个工作日，此前列10个工作日"


@pytest.fixture
def desk(tmp_path: Path, clock: Clock) -> Iterator[DeskSite]:
    with desk_site(tmp_path, sqlite.new(tmp_path / "qingdan.db"), clock) as desk:
        create_power_list(desk.log)
        for name, role in (
            ("zhang", f"填报:{NAME}:{PART}"),
            ("li", f"审核:{NAME}"),
            ("wang", f"发布:{NAME}"),
            ("sun", f"填报:{NAME}:民政局"),
        ):
            desk.add(name, role)
        yield desk


def publish_first(desk: DeskSite, folder: Path) -> str:
    """Publish the first list → the id of its second record."""
    with desk.signed_in("zhang") as clerk:
        hand_in(clerk, folder, *GOOD)
        assert "已发布" in approve_and_publish(desk, submit(clerk))
    (record,) = desk.log.queries.find_by_title(NAME, "第1类经营许可")
    return record.id


def section(html: str, identifier: str) -> str:
    (html_of_section,) = re.findall(
        rf'<section aria-labelledby="{identifier}">.*?</section>', html, re.DOTALL
    )
    return str(html_of_section)


def groups(html: str) -> list[str]:
    """Return the words of the head and of the fields of a record's page."""
    (head,) = re.findall(r'<article class="record">\s*<header>(.*?)</header>', html, re.DOTALL)
    fields = re.findall(r'<section class="group">(.*?)</section>', html, re.DOTALL)
    return [" ".join(re.sub("<[^>]*>", " ", one).split()) for one in (head, *fields)]


def test_checks_against_other_lists_are_told_to_clerk_and_reviewer(desk: DeskSite, tmp_path: Path) -> None:
    publish_first(desk, tmp_path)
    desk.clock.advance(days=1)
    with desk.signed_in("zhang") as clerk, desk.signed_in("sun") as other, desk.signed_in("li") as reviewer:
        hand_in(clerk, tmp_path, GOOD[0], LONGER, *GOOD[2:])
        changes = section(clerk.see(DRAFT), "changes")
        assert LENGTHENED in changes
        (link,) = re.findall(r'href="(/drafts/[^"]*/sheet\?[^"]*#r1)"', changes)
        assert '<tr id="r1">' in clerk.see(link.partition("#")[0].replace("&amp;", "&"))
        assert LENGTHENED in section(reviewer.see(submit(clerk, effective_on="2020-02-01")), "changes")
        # An import of another part shows the other part's.
        assert LENGTHENED not in other.see(f"/drafts/{NAME}")
        # Of two files with one name in a submission none is linked: it might be the wrong one.
        file = xlsx(tmp_path / "市应急管理局.xlsx", [item("殡葬服务许可")])
        import_files(desk.log, NAME, [InputFile(file.name, file.read_bytes())], part="民政局")
        request = PublicationRequest(kind="draft", effective_on=date(2020, 2, 1))
        both = desk.log.approvals.submit(NAME, request, drafter="zhang")
        changes = section(reviewer.see(f"/submissions/{both.key}"), "changes")
        assert LENGTHENED in changes
        assert "/sheet?" not in changes


def test_a_preview_is_the_page_that_is_published(desk: DeskSite, tmp_path: Path) -> None:
    record = publish_first(desk, tmp_path)
    desk.clock.advance(days=1)
    with desk.signed_in("zhang") as clerk, desk.signed_in("li") as reviewer:
        hand_in(clerk, tmp_path, GOOD[0], LONGER, *GOOD[2:])
        address = submit(clerk, effective_on="2020-02-01")
        of_draft = clerk.see(f"{DRAFT.replace('?', '/preview?')}&record={record}")
        of_submission = reviewer.see(f"{address}/preview?record={record}")
    desk.clock.advance(days=32)
    assert "已发布" in approve_and_publish(desk, address)
    with TestClient(create_app(desk.settings, log=desk.log, clock=desk.clock)) as public:
        published = public.get(f"/datasets/{NAME}/records/{record}").text
    # The steps of limits are derived from what is published.
    as_published = [one for one in groups(published) if not one.startswith("承诺办结时限的变化")]
    assert groups(of_submission) == as_published
    assert groups(of_draft)[1:] == as_published[1:], "its day of effect is not chosen yet"
    assert "15个工作日" in published
    for html in (of_draft, of_submission):
        assert "预览，尚未发布" in html
        assert "<script>alert" not in html
        assert "第2次发布" in html
        assert 'name="robots" content="noindex"' in html


def test_links_of_a_preview_lead_to_previews_and_to_the_public_site(desk: DeskSite, tmp_path: Path) -> None:
    record = publish_first(desk, tmp_path)
    with desk.signed_in("zhang") as clerk:
        hand_in(clerk, tmp_path, GOOD[0], LONGER, item("新的许可"))
        html = clerk.see(DRAFT.replace("?", "/preview?"))
        (preview,) = re.findall(r'<section class="preview".*</section>', html, re.DOTALL)
        addresses = set(re.findall(r'(?:href|src|action)="([^"]*)"', preview))
        own = {one for one in addresses if not one.startswith(f"{SITE}/")}
        assert len(own) == 4, "a record that is added, one that changes, two that are removed"
        assert f"/drafts/{NAME}/preview?part={quote(PART)}&amp;record={record}" in own
        titles = [clerk.see(address.replace("&amp;", "&")) for address in own]
        assert sum("已移出清单" in title for title in titles) == 2
        for kind in ("新增", "调整", "移出清单"):
            assert kind in preview


def test_an_amendment_has_a_preview(desk: DeskSite, tmp_path: Path) -> None:
    record = publish_first(desk, tmp_path)
    with desk.signed_in("zhang") as clerk, desk.signed_in("li") as reviewer:
        page = f"/records/{NAME}/{record}"
        typed = {"field-promised_limit": "4个工作日", "reason": "误录", "secrecy_reviewed_by": "保密员"}
        address = clerk.send(page, page, kind="correct", **typed).headers["location"]
        html = reviewer.see(f"{address}/preview?record={record}")
        assert "4个工作日" in html
        assert "误录" in html
        assert "第2次发布" in html
        assert "2020年1月1日" in groups(html)[0], "a correction holds since the record does"
        assert "更正" in reviewer.see(f"{address}/preview")


def test_previews_are_for_who_may_read_the_draft(desk: DeskSite, tmp_path: Path) -> None:
    with desk.signed_in("zhang") as clerk, desk.signed_in("sun") as other, desk.browser() as nobody:
        hand_in(clerk, tmp_path, *GOOD)
        address = submit(clerk)
        path = DRAFT.replace("?", "/preview?")
        other.see(path, status=403)
        other.see(f"/drafts/{NAME}/preview", status=403)
        other.see(f"{address}/preview", status=404)
        assert nobody.client.get(path, follow_redirects=False).status_code == 303
        clerk.see(f"{path}&record=unknown", status=404)
        hand_in(clerk, tmp_path, *GOOD[:1])
        clerk.see(f"{address}/preview", status=409)
    with TestClient(create_app(desk.settings, log=desk.log, clock=desk.clock)) as public:
        assert public.get(path).status_code == 404
        assert public.get(f"{address}/preview").status_code == 404


def test_a_part_s_changes_are_counted_and_listed_beside_many_of_another(
    desk: DeskSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "MOST_CHANGES", 3)
    with desk.signed_in("zhang") as clerk, desk.signed_in("sun") as other:
        hand_in(clerk, tmp_path, *GOOD)
        page = f"/drafts/{NAME}?part={quote('民政局')}"
        hand_in(other, tmp_path, item("收养登记"), page=page)
        changes = section(other.see(page), "changes")
        assert "收养登记" in changes
        assert "第1类经营许可" not in changes
        changes = section(clerk.see(DRAFT), "changes")
        assert "以下只列出其中3项" in changes
        assert re.search(r'<span class="kind added">新增</span> 4项', changes)
