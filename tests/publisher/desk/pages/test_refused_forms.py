"""A refused form shows what was typed and chosen: each form of the desk, with one value that is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from tests.publisher.desk.pages.collected_site import DOCUMENTS, collected_desk
from tests.publisher.desk.pages.test_requests import InboxDesk, inbox_desk
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.command import item, xlsx
from tests.support.desk import POWER_LIST, Browser, DeskSite, create_power_list, desk_site, list_forms
from tests.support.log import entry, ids, release, stage

pytestmark = pytest.mark.slow
__all__ = ["inbox_desk"]  # a fixture

FORMS = {
    *("/accounts", "/accounts/*/roles", "/accounts/*/tokens", "/subscriptions", "/answers/*"),
    *(
        "/datasets",
        "/datasets/*",
        *(f"/datasets/*/parts{act}" for act in ("", "/rename", "/merge", "/close")),
    ),
    *("/documents/*/*/leave-out", "/documents/*/repeals", "/sources/dry-run", "/settings"),
    *("/drafts/*/imports", "/drafts/*/submissions", "/drafts/*/rows/*", "/drafts/*/proposals", "*/columns"),
    *("/records/*/*", "/releases/*/*", "/requests/*/accept", "/requests/*/reject"),
    *("/submissions/*/return", "/submissions/*/schedule"),
    *("/sign-in", "/invitation/*", "/password"),
}
"""Addresses of all forms with fields. Each has a case here, but: the form of the site refuses nothing, what
was accepted of a plan is in ``test_proposals.py``, and passwords are typed again."""
REVIEW = {
    "basis": "示财发〔2020〕9号",
    "openness": "依申请公开",
    "secrecy_reviewed_by": "保密员<甲>",
    "secrecy_reviewed_on": "2019-12-30",
}

FAR = "12026-12-01"
"""A day that a field of days accepts: somebody typed one digit of the year too many."""


def visible(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in fields.items() if name != "_csrf_token"}


def refuse(
    browser: Browser, page: str, action: str, *, form: Any = 0, files: Any = None, **typed: str
) -> str:
    """Send the form with what was typed; it is refused, and the forms of the answer are as they were sent.

    ``form``: of several with the address.
    """
    before = list_forms(browser.see(page))
    index = [n for n, one in enumerate(before) if one.action == action][form]
    sent = {**before[index].fields, **typed}
    answer = browser.client.post(action, data=sent, files=files, follow_redirects=False)
    assert answer.status_code == 409, answer.text
    after = list_forms(answer.text)
    assert [one.action for one in after] == [one.action for one in before]
    for n, one in enumerate(after):
        expected = sent if n == index else before[n].fields
        assert visible(one.fields) == visible(expected), one.action
    return answer.text


def test_every_form_is_known_here() -> None:
    sources = [one.read_text() for one in (resources.files("publisher.desk.pages") / "templates").iterdir()]
    actions = {
        re.sub(r"\{\{.*?\}\}", "*", action)
        for source in sources
        for action in re.findall(r'<form class="correction" method="post"[^>]*? action="([^"]+)"', source)
    }
    assert {action.replace("//", "/") for action in actions} | {"/settings"} == FORMS


def test_of_accounts_and_tokens(desk: DeskSite) -> None:
    desk.add("an", "安全管理")
    desk.add("li", "系统管理")
    with desk.signed_in("an") as browser:
        new = {"display": "王<五>", "role": "督查", "scope": "fees:财政局"}
        refuse(browser, "/accounts", "/accounts", name="Wang Wu", **new)
        refuse(browser, "/accounts", "/accounts", name="li", **new)
        new = {"name": "wang", "display": "王五", "role": "审核"}
        refuse(browser, "/accounts", "/accounts", **new, scope="fees:无此局")  # not “all lists” in its place
        grant = {"role": "安全管理", "scope": "fees:民政局"}
        refuse(browser, "/accounts/li", "/accounts/li/roles", form=1, **grant)
        token = {"scope": "fees:财政局", "action-hand-in": "1", "days": "30"}
        refuse(browser, "/accounts/li", "/accounts/li/tokens", label="财务<系统>", **token)
    assert [one.name for one in desk.staff.accounts.all()] == ["an", "li"]


def test_of_lists_parts_and_webhooks(desk: DeskSite) -> None:
    desk.add("xi", "系统管理")
    details = {"title": "另一清单", "title_en": "Another", "body": "示例市司法局", "division": "999999"}
    more = {
        "licence": "CC0-1.0",
        "contact": "a@b",
        "notice": "须知",
        "description": "一\n二\n",
        "two_persons": "1",
    }
    details |= {**more, "update_months": "6", "source_note": "来源"}
    path = "/datasets/fees"
    with desk.signed_in("xi") as browser:
        refuse(browser, "/datasets", "/datasets", name="other", catalogue="intermediary-services", **details)
        refuse(browser, path, path, **details)
        refuse(browser, path, f"{path}/parts", name="民政局", code="12")
        refuse(browser, path, f"{path}/parts/rename", part="民政局", name="财政局")
        refuse(browser, path, f"{path}/parts/merge", part="民政局", into="民政局")
        # It was closed meanwhile: the form does not fall back to the first part, which is another one.
        refuse(browser, path, f"{path}/parts/close", part="无此局")
        robot = {"kind": "dingtalk", "dataset": "fees", "secret": "SEC<1>"}
        refuse(browser, "/subscriptions", "/subscriptions", address="https://[::1/hook", **robot)


def test_of_a_draft_and_its_submission(desk: DeskSite) -> None:
    for name, role in (("zhang", "填报"), ("li", "审核"), ("wang", "发布")):
        desk.add(name, role)
    release(desk.log, entry("甲", "1"), part="财政局")
    desk.log.datasets.change("fees", two_persons=True)
    page = "/drafts/fees?part=财政局"
    with desk.signed_in("zhang") as browser:
        file = {"files": ("甲.pdf", b"%PDF-")}
        refuse(browser, page, "/drafts/fees/imports", files=file, partial="true")
        stage(desk.log, entry("甲", "2"), part="财政局")
        typed = {"effective_on": "2020-02-03", "note": "说明<一>", **REVIEW, "secrecy_reviewed_by": " "}
        refuse(browser, page, "/drafts/fees/submissions", **typed)
        for name in ("effective_on", "secrecy_reviewed_on"):
            refuse(browser, page, "/drafts/fees/submissions", **{**typed, **REVIEW, name: FAR})
        good = {**REVIEW, "openness": "主动公开"}
        address = browser.send(page, "/drafts/fees/submissions", **good).headers["location"]
    with desk.signed_in("li") as browser:
        refuse(browser, address, f"{address}/return", reason=" ")
        assert browser.send(address, f"{address}/approve").status_code == 303
    with desk.signed_in("wang") as browser:
        refuse(browser, address, f"{address}/schedule", publish_at="2001-01-01T00:00")
        refuse(browser, address, f"{address}/schedule", publish_at=f"{FAR}T00:00")


def test_of_a_record_and_of_a_release(desk: DeskSite) -> None:
    desk.add("zhang", "填报")
    release(desk.log, entry("甲", "1"), part="财政局")
    release(desk.log, entry("甲", "1"), entry("乙", "1"), part="财政局")
    record = f"/records/fees/{ids(desk.log)['甲']}"
    with desk.signed_in("zhang") as browser:
        texts = {"field-standard": "9\n十", "effective_on": "2020-03-04"}
        refuse(browser, record, record, kind="rename", reason=" ", **texts, **REVIEW)
        refuse(browser, record, record, form=1, reason=" ", **REVIEW)
        refuse(browser, "/releases/fees/2", "/releases/fees/2", reason=" ", **REVIEW)
        good = {"reason": "误录", **REVIEW}
        for name in ("effective_on", "secrecy_reviewed_on"):
            text = refuse(browser, record, record, kind="rename", **{**good, **texts, name: FAR})
            assert "日期“12026-12-01”无法识别" in text
        for form, path in ((1, record), (0, "/releases/fees/2")):
            refuse(browser, path, path, form=form, **{**good, "secrecy_reviewed_on": FAR})


def test_a_line_break_is_one_character_of_a_text(desk: DeskSite) -> None:
    """So the browser counts it, which sends two characters: the last lines were cut, or all was refused."""
    for name, role in (("zhang", "填报"), ("li", "审核")):
        desk.add(name, role)
    release(desk.log, entry("甲", "1"), part="财政局")
    desk.log.datasets.change("fees", two_persons=True)
    record = f"/records/fees/{ids(desk.log)['甲']}"
    reason = "理由\n" * 666 + "完"
    assert len(reason) == 1999
    with desk.signed_in("zhang") as browser:
        good = {**REVIEW, "openness": "主动公开"}
        answer = browser.send(
            record, record, **{"field-standard": "9"}, reason=reason.replace("\n", "\r\n"), **good
        )
        address = answer.headers["location"]
    assert desk.log.approvals.get(int(address.rpartition("/")[2])).request.note == reason
    with desk.signed_in("li") as browser:
        answer = browser.send(address, f"{address}/return", reason=reason.replace("\n", "\r\n"))
        assert answer.status_code == 303
    assert desk.log.approvals.get(int(address.rpartition("/")[2])).reason == reason


@pytest.fixture
def power_list(tmp_path: Path, clock: Clock) -> Iterator[DeskSite]:
    with desk_site(tmp_path, sqlite.new(tmp_path / "qingdan.db"), clock) as desk:
        create_power_list(desk.log)
        desk.add("zhang", f"填报:{POWER_LIST}:民政局")
        desk.add("zhao", f"填报:{POWER_LIST}:民政局")
        yield desk


def hand_in(browser: Browser, folder: Path, rows: Sequence[list[str]], **more: str) -> None:
    file = xlsx(folder / "民政局.xlsx", list(rows), **more)
    path = f"/drafts/{POWER_LIST}"
    answer = browser.send(
        f"{path}?part=民政局", f"{path}/imports", files={"files": (file.name, file.read_bytes())}
    )
    assert answer.status_code == 303, answer.text


def test_of_a_row_and_of_columns_whose_file_another_clerk_replaced(
    power_list: DeskSite, tmp_path: Path
) -> None:
    """The fields are those of the row as it is now, which may be another one; what was typed is beside."""
    path, query = f"/drafts/{POWER_LIST}", "?part=民政局"
    with power_list.signed_in("zhang") as browser, power_list.signed_in("zhao") as other:
        hand_in(browser, tmp_path, [item("甲许可", remark="限本市"), item("乙许可")], last_heading="项目名目")
        (row,) = [one for one in list_forms(browser.see(f"{path}/rows/0{query}")) if "/rows/" in one.action]
        (columns,) = [one for one in list_forms(browser.see(f"{path}/sheet{query}")) if "col" in one.action]
        other.send(f"{path}/rows/1{query}", f"{path}/rows/1", **{"field-name": "丙许可"})
        typed = {**row.fields, "field-name": "甲<经营>许可"}
        moved = browser.client.post(row.action, data=typed)
        assert moved.status_code == 409
        assert "您填写的是“甲&lt;经营&gt;许可”" in moved.text
        (again,) = [one for one in list_forms(moved.text) if "/rows/" in one.action]
        assert again.fields["field-name"] == "甲许可"
        typed = {**columns.fields, "field-1": "remark"}
        moved = browser.client.post(columns.action, data=typed)
        assert moved.status_code == 409
        (again,) = [one for one in list_forms(moved.text) if "col" in one.action]
        assert again.fields["field-1"] == "remark"


def test_of_collected_documents(tmp_path: Path, clock: Clock) -> None:
    with collected_desk(tmp_path, clock) as city:
        city.collect()
        city.desk.add("zhang", "填报")
        city.desk.add("xi", "系统管理")
        path = f"/documents/{DOCUMENTS}"
        with city.desk.signed_in("zhang") as browser:
            (one, *_) = re.findall(rf'href="({path}/[0-9a-f]+)"', browser.see(path))
            refuse(browser, one, f"{one}/leave-out", reason=" ")
            (box,) = set(re.findall(r'name="(repeal-[^"]+)"', browser.see(path)))
            refuse(browser, path, f"{path}/repeals", **{box: "on"}, reason=" ")
        with city.desk.signed_in("xi") as browser:
            source = {"name": "xian", "title": "示例<县>", "hosts": "a.example\nb.example", "publish": "true"}
            more = {"every": "3d", "recheck": "9d", "tables": "fees\nother", "pace": "very"}
            refuse(browser, "/sources", "/sources/dry-run", **source, **more, documents="[")


def test_of_requests_of_readers(inbox_desk: InboxDesk) -> None:
    _, page = inbox_desk.ask("甲", "9")
    with inbox_desk.site.signed_in("zhang") as browser:
        refuse(browser, page, f"{page}/accept", value="7", proof="另一<依据>", reason=" ", **REVIEW)
        review = {**REVIEW, "secrecy_reviewed_on": FAR}
        refuse(browser, page, f"{page}/accept", value="7", proof="另一<依据>", reason="误录", **review)
        refuse(browser, page, f"{page}/reject", reason=" ")
