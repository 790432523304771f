"""Choices of a clerk that the command line has as options: a share of a list, rows in error, later effect."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from tests.support.desk import Browser, DeskSite, approve_and_publish, forms
from tests.support.log import entry, release, stage, standards

pytestmark = pytest.mark.slow
PAGE = "/drafts/fees?part=财政局"
SECRECY = {"secrecy_reviewed_by": "保密员", "openness": "主动公开", "basis": "示财发〔2020〕1号"}


@pytest.fixture
def site(desk: DeskSite) -> DeskSite:
    release(desk.log, *(entry(f"项目{n}", "1") for n in range(10)), part="财政局")
    for name, role in (("zhang", "填报:fees:财政局"), ("li", "审核"), ("wang", "发布")):
        desk.add(name, role)
    return desk


def hand_in(browser: Browser, *rows: str, **typed: str) -> None:
    file = ("财政局.csv", "\n".join(("名称,标准,费率", *rows)).encode())
    answer = browser.send(PAGE, "/drafts/fees/imports", files={"files": file}, **typed)
    assert answer.status_code == 303


def test_a_file_with_a_share_of_the_records_removes_nothing(site: DeskSite) -> None:
    with site.signed_in("zhang") as browser:
        hand_in(browser, "项目1,2,")
        assert "9项将移出清单" in browser.see(PAGE)
        hand_in(browser, "项目1,2,", partial="true")
        assert "移出清单。" not in browser.see(PAGE)
        answer = browser.send(PAGE, "/drafts/fees/submissions", **SECRECY)
        address = answer.headers["location"]
    assert "已发布" in approve_and_publish(site, address)
    assert standards(site.log) == {f"项目{n}": "2" if n == 1 else "1" for n in range(10)}


def test_rows_in_error_are_left_out_by_choice_and_what_was_typed_stays(site: DeskSite) -> None:
    with site.signed_in("zhang") as browser:
        hand_in(browser, "项目1,2,", "项目2,2,很多", partial="true")
        assert "without_errors" not in forms(browser.see(PAGE))["/drafts/fees/submissions"].fields
        refused = browser.send(PAGE, "/drafts/fees/submissions", note="年中<调整>", **SECRECY)
        assert refused.status_code == 409
        assert "有1行数据有误" in refused.text
        form = forms(refused.text)["/drafts/fees/submissions"]
        assert (form.fields["note"], form.fields["secrecy_reviewed_by"]) == ("年中<调整>", "保密员")
        answer = browser.client.post(
            form.action, data={**form.fields, "without_errors": "1"}, follow_redirects=False
        )
        address = answer.headers["location"]
    with site.signed_in("li") as reviewer:
        html = reviewer.see(address)
        assert "略去，在发布中列明" in html
        assert "请改正，或略去这些行" not in html, "it was chosen"
        assert "1行数据有误，未发布" in reviewer.see(f"{address}/preview")
    assert "已发布" in approve_and_publish(site, address)
    assert {name for name, text in standards(site.log).items() if text == "2"} == {"项目1"}


def test_what_takes_effect_later_is_kept_or_replaced_by_choice(site: DeskSite) -> None:
    later = site.clock.now.date() + timedelta(days=90)
    release(site.log, *(entry(f"项目{n}", "3") for n in range(10)), part="财政局", on=later)
    with site.signed_in("zhang") as browser:
        hand_in(browser, *(f"项目{n},2," for n in range(10)))
        refused = browser.send(PAGE, "/drafts/fees/submissions", **SECRECY)
        assert refused.status_code == 409
        assert "请选择保留它，或以本次内容取代" in refused.text
        form = forms(refused.text)["/drafts/fees/submissions"]
        answer = browser.client.post(
            form.action, data={**form.fields, "on_conflict": "keep"}, follow_redirects=False
        )
        address = answer.headers["location"]
    with site.signed_in("li") as reviewer:
        assert "保留" in reviewer.see(address)
    assert "已发布" in approve_and_publish(site, address)
    assert set(standards(site.log).values()) == {"2"}
    assert site.log.queries.releases("fees")[-1].effective_on == date(2020, 1, 1)


def test_removals_by_what_replaces_a_later_list_are_shown_before_they_are_approved(site: DeskSite) -> None:
    """The draft is the list in force; a later one has an item more, which will not come into force."""
    later = site.clock.now.date() + timedelta(days=90)
    release(site.log, *(entry(f"项目{n}", "1") for n in range(11)), part="财政局", on=later)
    with site.signed_in("zhang") as browser:
        hand_in(browser, *(f"项目{n},1," for n in range(10)))
        typed = {**SECRECY, "on_conflict": "replace", "openness": "依申请公开"}
        refused = browser.send(PAGE, "/drafts/fees/submissions", **typed)
        assert refused.status_code == 409
        assert "请选择保留它，或以本次内容取代" not in refused.text
        assert "项目10" in see_previews(browser, refused.text)
        form = forms(refused.text)["/drafts/fees/submissions"]
        assert form.fields["on_conflict"] == "replace"
        fields = {**form.fields, "openness": "主动公开"}
        address = browser.client.post(form.action, data=fields, follow_redirects=False).headers["location"]
    with site.signed_in("li") as reviewer:
        html = reviewer.see(address)
        assert "条目无变化" not in html
        assert "请选择保留它，或以本次内容取代" not in html
        assert "项目10" in html
        preview = see_previews(reviewer, html)
        assert "项目10" in preview
        assert "发布后共 10项" in preview
    assert "已发布" in approve_and_publish(site, address)
    assert site.log.queries.releases("fees")[-1].counts == {"removed": 1, "records": 10}


def see_previews(browser: Browser, html: str) -> str:
    """Follow the links of a page to previews of the release and of a record → the words of both."""
    links = list(dict.fromkeys(re.findall(r'href="([^"]*/preview\?[^"]*)"', html)))
    assert len(links) == 2
    pages = (browser.see(link.replace("&amp;", "&")) for link in links)
    return " ".join(re.sub("<[^>]*>", " ", " ".join(pages)).split())


def test_what_a_draft_would_undo_is_said_to_the_clerk_and_to_the_reviewer(site: DeskSite) -> None:
    (record,) = site.log.queries.find_by_title("fees", "项目1")
    site.log.releases.correct("fees", {record.id: {**record.content, "standard": "9"}}, reason="误录")
    with site.signed_in("zhang") as browser, site.signed_in("li") as reviewer:
        hand_in(browser, *(f"项目{n},1," for n in range(10)))
        html = browser.see(PAGE)
        assert "请核对" in html
        assert "更正" in html
        address = browser.send(PAGE, "/drafts/fees/submissions", **SECRECY).headers["location"]
        assert "请核对" in reviewer.see(address)


def test_of_the_draft_of_another_part_nothing_is_said(site: DeskSite) -> None:
    release(site.log, entry("登记费", "1"), part="民政局")
    stage(site.log, entry("登记费", "5"), entry("登记费", "6"), part="民政局")
    with site.signed_in("zhang") as browser:
        hand_in(browser, "项目1,2,", partial="true")
        assert "登记费" not in browser.see(PAGE)


def test_what_is_wrong_with_another_part_hides_no_question_from_the_reviewer(site: DeskSite) -> None:
    stage(site.log, entry("登记费", "5"), entry("登记费", "6"), part="民政局")
    with site.signed_in("zhang") as browser, site.signed_in("li") as reviewer:
        hand_in(browser, "项目1,2,")
        typed = {**SECRECY, "note": "清理"}
        address = browser.send(PAGE, "/drafts/fees/submissions", **typed).headers["location"]
        assert "“财政局”的10项中有9项将移出清单" in reviewer.see(address)


def test_removals_are_counted_among_the_records_of_the_day_of_effect(desk: DeskSite) -> None:
    """A release that is in effect later adds records, of which few are removed then."""
    desk.add("zhang", "填报")
    release(desk.log, *(entry(f"项目{n}") for n in range(4)))
    release(desk.log, *(entry(f"项目{n}") for n in range(40)), on=date(2030, 1, 1))
    with desk.signed_in("zhang") as browser:
        hand_in(browser, *(f"项目{n},1," for n in range(36)))
        later = {**SECRECY, "effective_on": "2030-02-01"}
        assert browser.send(PAGE, "/drafts/fees/submissions", **later).status_code == 303


def test_a_role_for_a_part_that_was_renamed_reads_no_draft(site: DeskSite) -> None:
    stage(site.log, entry("登记费", "5"), part="民政局")
    site.log.datasets.rename_part("fees", "财政局", "财政和税务局")
    with site.signed_in("zhang") as browser:
        for path in (PAGE, "/drafts/fees"):
            assert "登记费" not in browser.see(path, status=403)


def test_a_draft_that_changes_nothing_is_not_submitted(site: DeskSite) -> None:
    with site.signed_in("zhang") as browser:
        hand_in(browser, "项目1,1,", partial="true")
        refused = browser.send(PAGE, "/drafts/fees/submissions", **SECRECY)
        assert refused.status_code == 409
        assert "没有可以发布的变化" in refused.text
    assert site.log.approvals.list() == []
