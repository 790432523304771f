"""Collected documents at the desk: each beside its page, left out or published by two persons; repeals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.desk.acts import complete_acts
from publisher.desk.documents import is_about
from publisher.ingest.findings.kind import Finding
from schemas.definition.catalogue import Field
from tests.publisher.desk.pages.collected_site import (
    DOCUMENTS,
    NOTICE,
    CollectedDesk,
    collected_desk,
    write_source,
)
from tests.support.clock import Clock
from tests.support.command import item, xlsx
from tests.support.desk import POWER_LIST, Browser, create_power_list, forms
from tests.support.government import html, letter, listing, page
from tests.support.log import catalogue, field
from tests.support.servers.loopback import Answer

pytestmark = pytest.mark.slow
ADDRESS = f"/documents/{DOCUMENTS}"
SECRECY = {"secrecy_reviewed_by": "保密员", "basis": "示政发〔2016〕1号"}


@pytest.fixture
def city(tmp_path: Path, clock: Clock) -> Iterator[CollectedDesk]:
    with collected_desk(tmp_path, clock) as city:
        assert city.collect().read == 3
        for name, role in (("zhang", "填报"), ("li", "审核"), ("wang", "发布"), ("du", "督查")):
            city.desk.add(name, f"{role}:{DOCUMENTS}" if role != "督查" else role)
        yield city


def addresses(browser: Browser) -> dict[str, str]:
    """Title of each collected document → its address."""
    found = re.findall(rf'<a href="({ADDRESS}/[0-9a-f]+)">([^<]+)</a>', browser.see(ADDRESS))
    return {title: address for address, title in found}


def test_a_document_stands_beside_its_page_line_by_line(city: CollectedDesk) -> None:
    with city.desk.signed_in("li") as browser:
        assert f'href="{ADDRESS}"' in browser.see("/documents")
        pages = addresses(browser)
        assert set(pages) == {letter(1)[0], letter(2)[0], NOTICE}
        good = browser.see(pages[letter(1)[0]])
        line = re.search(r'发文字号[^<]*<a href="#(line-\d+)">', good)
        assert line is not None
        (text,) = re.findall(rf'<tr id="{line[1]}">.*?</tr>', good)
        assert "鞍政发〔2015〕1号" in text
        assert "发文字号" in text, "the line names the field"
        assert f"{city.web.base}/d/1.html" in good
        wrong = browser.see(pages[letter(2)[0]])
        assert "检查问题" in wrong
        assert "leave-out" not in forms(wrong), "who reviews changes nothing"
        assert set(forms(good)) == {"/sign-out"}


@pytest.mark.parametrize(
    ("column", "about_day", "about_other"),
    [("施行日期", False, True), ("A 施行日期", False, True), ("日期", True, False), (None, False, False)],
)
def test_a_finding_is_about_one_field(column: str | None, about_day: bool, about_other: bool) -> None:
    finding = Finding("bad-date", "error", "1.html", "", "", column=column)
    day, other = (parse_field(title) for title in ("日期", "施行日期"))
    assert is_about(finding, day, "") is about_day
    assert is_about(finding, other, "A7") is about_other


def parse_field(title: str) -> Field:
    (one,) = [one for one in catalogue(fields=[field("day", title)]).fields if one.name == "day"]
    return one


def test_hostile_text_of_a_page_is_shown_as_text(city: CollectedDesk) -> None:
    title = "关于&lt;b&gt;规范&lt;/b&gt;的通知"
    hostile = page(4, extra="<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>").replace(letter(4)[0], title)
    city.web.answers["/d/4.html"] = html(hostile)
    city.web.answers["/list.html"] = listing([("/d/4.html", "关于规范工作的通知", "2016-05-06")])
    assert city.collect().read == 1
    with city.desk.signed_in("zhang") as browser:
        (address,) = [path for title, path in addresses(browser).items() if "规范&lt;" in title]
        shown = browser.see(address)
    assert "&lt;script&gt;alert(1)" in shown
    assert "<script>" not in shown
    assert "<b>" not in shown


def test_one_is_left_out_with_its_reason_and_the_others_are_published_by_two(city: CollectedDesk) -> None:
    desk = city.desk
    with desk.signed_in("zhang") as browser:
        address = addresses(browser)[letter(2)[0]]
        assert browser.send(address, f"{address}/leave-out", reason=" ").status_code == 409
        answer = browser.send(address, f"{address}/leave-out", reason="识读有误")
        assert (answer.status_code, answer.headers["location"]) == (303, ADDRESS)
        assert browser.client.get(address).status_code == 409, "it is gone"
        assert set(addresses(browser)) == {letter(1)[0], NOTICE}
        draft = browser.see(f"/drafts/{DOCUMENTS}")
        assert "采集的文件 2" in draft
        assert "✕ 错误" not in draft
        submitted = browser.send(
            f"/drafts/{DOCUMENTS}", f"/drafts/{DOCUMENTS}/submissions", effective_on="2020-01-02", **SECRECY
        )
        assert submitted.status_code == 303, submitted.text
    path = submitted.headers["location"]
    with desk.signed_in("li") as browser:
        assert f'<a href="{ADDRESS}">采集的文件 2</a>' in browser.see(path)
        assert browser.send(path, f"{path}/approve").status_code == 303
    with desk.signed_in("wang") as browser:
        assert "第1次发布" in browser.send(path, f"{path}/publish").text
    (release,) = desk.log.queries.releases(DOCUMENTS)
    assert release.counts["records"] == 2
    assert desk.acts("document-left-out") == [("zhang", DOCUMENTS)]
    (event,) = [one for one in desk.staff.audit.events() if one.kind == "document-left-out"]
    assert event.details["reason"] == "识读有误"
    assert event.details["address"] == f"{city.web.base}/d/2.html"


def test_a_repeal_is_refused_with_a_reason_then_accepted_and_published_alone(city: CollectedDesk) -> None:
    desk, path = city.desk, f"{ADDRESS}/repeals"
    with desk.signed_in("zhang") as browser:
        shown = browser.see(ADDRESS)
        (box,) = re.findall(r'name="(repeal-[0-9a-f]{32})"', shown)
        assert "鞍政发〔2015〕1号" in shown
        assert "待确认" in shown
        assert browser.send(ADDRESS, path, decision="accept").status_code == 409, "nothing is ticked"
        ticked = {box: "on"}
        assert browser.send(ADDRESS, path, decision="refuse", **ticked).status_code == 409, "no reason"
        moved = browser.send(ADDRESS, path, decision="accept", **{"repeal-0": "on"})
        assert "内容与所看的不同" in moved.text
        assert [one.state for one in desk.log.drafts.repeals(DOCUMENTS)] == ["proposed"]
        refused = browser.send(ADDRESS, path, decision="refuse", reason="仅部分条款", **ticked)
        assert refused.status_code == 303
        assert [one.state for one in desk.log.drafts.repeals(DOCUMENTS)] == ["refused"]
        assert browser.send(ADDRESS, path, decision="accept", **ticked).status_code == 303
    (proposal,) = desk.log.drafts.repeals(DOCUMENTS)
    assert proposal.state == "accepted"
    details = [one.details for one in desk.staff.audit.events() if one.kind == "repeals-decided"]
    assert [(one["accepted"], one["reason"]) for one in details] == [(True, ""), (False, "仅部分条款")]


@pytest.mark.parametrize("accept", [True, False])
def test_a_desk_that_was_killed_after_a_decision_has_its_line(city: CollectedDesk, accept: bool) -> None:
    desk = city.desk
    (repeal,) = desk.log.drafts.repeals(DOCUMENTS)
    details = {"accepted": accept, "documents": [repeal.title], "reason": "仅部分条款"}
    event = {"actor": "zhang", "subject": DOCUMENTS, "address": "", "details": details}
    killed = desk.staff.acts.begin("repeals-decided", event, desk.log.proofs.size())
    complete_acts(desk.app.state.desk)
    assert desk.staff.audit.events_after(killed.lines) == []
    desk.log.drafts.decide_repeals(DOCUMENTS, [repeal.record], accept=accept)
    complete_acts(desk.app.state.desk)
    (line,) = desk.staff.audit.events_after(killed.lines)
    assert line.details == {**details, "completed_afterwards": True}


def test_accepted_repeals_of_published_documents_are_a_draft_to_submit(city: CollectedDesk) -> None:
    desk = city.desk
    desk.log.datasets.change(DOCUMENTS, two_persons=False)
    desk.log.releases.publish(DOCUMENTS, effective_on=desk.clock.now.date(), without_errors=True)
    assert desk.log.drafts.get(DOCUMENTS) is None
    with desk.signed_in("zhang") as browser:
        (box,) = re.findall(r'name="(repeal-[0-9a-f]{32})"', browser.see(ADDRESS))
        browser.send(ADDRESS, f"{ADDRESS}/repeals", decision="accept", **{box: "on"})
        draft = browser.see(f"/drafts/{DOCUMENTS}")
        assert re.search("已采用的废止 *1", draft)
        submitted = browser.send(
            f"/drafts/{DOCUMENTS}",
            f"/drafts/{DOCUMENTS}/submissions",
            effective_on=f"{desk.clock.now.date()}",
            **SECRECY,
        )
        assert submitted.status_code == 303, re.findall("alert.*", submitted.text)
    path = submitted.headers["location"]
    with desk.signed_in("li") as browser:
        browser.send(path, f"{path}/approve")
    with desk.signed_in("wang") as browser:
        assert "第2次发布" in browser.send(path, f"{path}/publish").text
    (ended,) = desk.log.queries.find_by_title(DOCUMENTS, letter(1)[0])
    assert ended.content["validity"] == "废止"


def test_who_may_not_is_refused(city: CollectedDesk) -> None:
    desk = city.desk
    desk.add("an", "安全管理")
    desk.add("qian", "填报:fees")
    with desk.signed_in("du") as browser:
        assert set(forms(browser.see("/documents"))) == {"/sign-out"}
        address = addresses(browser)[letter(1)[0]]
        for path in (ADDRESS, address):
            assert set(forms(browser.see(path))) == {"/sign-out"}
        token = forms(browser.see("/documents"))["/sign-out"].fields
        for path in (f"{ADDRESS}/repeals", f"{address}/leave-out"):
            assert browser.client.post(path, data=token).status_code == 403
    for name in ("an", "qian"):
        with desk.signed_in(name) as browser:
            assert browser.client.get(ADDRESS).status_code == 403
            assert browser.client.get(address).status_code == 403
    assert len(desk.log.drafts.get(DOCUMENTS).imports) == 3  # type: ignore[union-attr]
    with desk.signed_in("zhang") as browser:
        assert browser.client.post(f"{address}/leave-out", data={"reason": "x"}).status_code == 403, "CSRF"
        assert browser.client.get("/documents/none").status_code == 403, (
            "a role for one list reaches no other"
        )


def test_an_attached_workbook_is_a_sheet_like_one_that_was_handed_in(
    city: CollectedDesk, tmp_path: Path
) -> None:
    desk, web, part = city.desk, city.web, "应急管理局"
    create_power_list(desk.log)
    book = xlsx(tmp_path / "book.xlsx", [item("危险化学品经营许可", promised="尽快")]).read_bytes()
    web.answers["/files/1.xlsx"] = Answer(book)
    link = f"<p><a href='/files/1.xlsx'>附件：{part}权责清单.xlsx</a></p>"
    web.answers["/d/4.html"] = html(page(4, extra=link))
    web.answers["/list.html"] = listing([("/d/4.html", letter(4)[0], "2016-05-06")])
    write_source(desk.settings.home, web, f"tables = ['{POWER_LIST}']")
    assert city.collect().tables == 1
    desk.add("qian", f"填报:{POWER_LIST}")
    with desk.signed_in("qian") as browser:
        draft = browser.see(f"/drafts/{POWER_LIST}?part={part}")
        (address,) = re.findall(r'href="(/drafts/[^"]+/sheet[^"]+file=\w+)"', draft)
        assert "承诺办结时限" in browser.see(address.replace("&amp;", "&"))
        row = address.replace("&amp;", "&").replace("/sheet?", "/rows/0?")
        assert "尽快" in browser.see(row)
        mended = browser.send(row, f"/drafts/{POWER_LIST}/rows/0", **{"field-promised_limit": "5个工作日"})
        assert mended.status_code == 303, mended.text
        assert "✕ 错误" not in browser.see(f"/drafts/{POWER_LIST}?part={part}")
        annotated = browser.client.get(address.replace("&amp;", "&").replace("/sheet?", "/annotated?"))
        assert annotated.status_code == 200
