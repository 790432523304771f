"""The pages of the three officers: accounts and tokens, the audit log, and what the site says of itself."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator

import pytest

from publisher.desk.accounts.roles import Action, Role
from tests.support.desk import GOOD_PASSWORD, Browser, DeskSite, code_at, forms, sign_in
from tests.support.log import entry, release


@pytest.fixture
def officer(desk: DeskSite) -> Iterator[Browser]:
    """A browser of 安全管理."""
    desk.add("an", "安全管理")
    with desk.signed_in("an") as browser:
        yield browser


def add_account(browser: Browser, name: str, role: str, scope: str = "") -> str:
    """Add an account by the page → the path of its invitation."""
    answer = browser.send("/accounts", "/accounts", name=name, display="张三", role=role, scope=scope)
    assert answer.status_code == 200, answer.text
    (path,) = re.findall(r"http://[^/]+(/invitation/[\w-]+)", answer.text)
    return str(path)


def test_an_officer_invites_and_the_person_signs_in(desk: DeskSite, officer: Browser) -> None:
    path = add_account(officer, "zhang", "填报", "fees:财政局")
    assert path not in officer.see("/accounts")
    with desk.browser() as browser:
        secret = forms(browser.see(path))[path].fields["secret"]
        typed = {"password": GOOD_PASSWORD, "again": GOOD_PASSWORD, "secret": secret}
        browser.send(path, path, **typed, code=code_at(secret, desk.clock.now))
        assert "填报" in browser.see("/")
    page = officer.see("/accounts")
    assert "填报:fees:财政局" in page
    assert "张三" in page
    (event,) = [event for event in desk.staff.audit.events() if event.kind == "account-added"][:1]
    assert (event.actor, event.subject) == ("an", "zhang")
    assert event.address


@pytest.mark.slow
def test_roles_are_added_and_taken_away_and_no_forbidden_pair(desk: DeskSite, officer: Browser) -> None:
    desk.add("zhang", "填报:fees")
    path = "/accounts/zhang"
    assert officer.send(path, f"{path}/roles", role="审核", scope="").status_code == 303
    assert [str(grant) for grant in desk.staff.accounts.get("zhang").grants] == ["填报:fees", "审核"]
    refused = officer.send(path, f"{path}/roles", role="督查", scope="")
    assert refused.status_code == 409
    assert "不能同时担任" in refused.text
    for role, scope in (("院长", ""), ("填报", "none"), ("填报", "fees:无此局")):
        assert officer.send(path, f"{path}/roles", role=role, scope=scope).status_code == 409
    officer.send(path, f"{path}/roles", role="审核", remove="填报:fees")
    assert [str(grant) for grant in desk.staff.accounts.get("zhang").grants] == ["审核"]
    with desk.signed_in("zhang") as browser:
        assert browser.client.get("/drafts/fees/imports").status_code in (403, 404, 405)


def test_nobody_gives_himself_a_role_or_disables_himself(desk: DeskSite, officer: Browser) -> None:
    path = "/accounts/an"
    assert not {f"{path}/roles", f"{path}/disable"} & set(forms(officer.see(path)))
    token = forms(officer.see("/accounts"))["/accounts"].fields["_csrf_token"]
    data = {"_csrf_token": token, "role": "发布", "scope": "", "remove": ""}
    for act in ("roles", "disable"):
        refused = officer.client.post(f"{path}/{act}", data=data)
        assert refused.status_code == 409, act
    assert desk.staff.accounts.get("an").roles == (Role.SECURITY,)
    assert desk.staff.accounts.get("an").disabled_at is None


@pytest.mark.slow
def test_a_lost_telephone_and_an_account_that_ends(desk: DeskSite, officer: Browser) -> None:
    desk.add("zhang", "填报")
    path = "/accounts/zhang"
    with desk.signed_in("zhang") as browser:
        answer = officer.send(path, f"{path}/invitation")
        assert "/invitation/" in answer.text
        assert browser.client.get("/", follow_redirects=False).status_code == 303
    assert officer.send(path, f"{path}/disable").status_code == 303
    assert "停用" in officer.see(path)
    assert f"{path}/roles" not in forms(officer.see(path))
    kinds = [event.kind for event in desk.staff.audit.events()]
    assert {"invited", "account-disabled"} <= set(kinds)


@pytest.mark.slow
def test_a_token_is_added_shown_once_used_and_revoked(desk: DeskSite, officer: Browser) -> None:
    desk.add("zhang", "填报:fees:财政局")
    path = "/accounts/zhang"
    typed = {"label": "办公系统", "days": "30", "action-hand-in": "1", "action-read-draft": "1"}
    scopes = (("fees", "不能超出账号的权限"), ("", "不能"), ("fees:民政局", "不能超出"))
    for scope, code in (*scopes, ("fees:无此局", "没有报送部门")):
        refused = officer.send(path, f"{path}/tokens", scope=scope, **typed)
        assert refused.status_code == 409, scope
        assert code in refused.text
    for wrong in ({"days": "0"}, {"days": "x"}, {"label": " "}):
        refused = officer.send(path, f"{path}/tokens", **{**typed, "scope": "fees:财政局", **wrong})
        assert refused.status_code == 409, wrong
    answer = officer.send(path, f"{path}/tokens", scope="fees:财政局", **typed)
    (secret,) = re.findall(r"qingdan_[\w-]+", answer.text)
    assert secret not in officer.see(path)
    with desk.browser() as program:
        headers = {"authorization": f"Bearer {secret}"}
        assert program.client.get("/desk/v1/drafts/fees", headers=headers).status_code == 200
        (token,) = desk.staff.tokens.all()
        assert token.scope.actions == (Action.READ_DRAFT, Action.HAND_IN)
        assert token.made_by == "an"
        assert "办公系统" in officer.see("/accounts")
        assert officer.send(path, f"/tokens/{token.number}/revoke").status_code == 303
        assert program.client.get("/desk/v1/drafts/fees", headers=headers).status_code == 401
    assert "已停用" in officer.see(path)
    token_of_form = forms(officer.see(path))[f"{path}/tokens"].fields
    for number in (7, 2**70):
        assert officer.client.post(f"/tokens/{number}/revoke", data=token_of_form).status_code == 404


@pytest.mark.slow
def test_an_auditor_reads_all_of_it_and_changes_nothing(desk: DeskSite) -> None:
    for name, role in (("zhang", "填报"), ("du", "督查")):
        desk.add(name, role)
    for number in range(150):
        desk.staff.accounts.append_audit_line("sign-out", actor="zhang", subject=f"<b>{number}</b>")
    with desk.signed_in("du") as browser:
        page = browser.see("/audit")
        assert "<b>" not in page
        assert html.escape("<b>149</b>") in page
        assert html.escape("<b>0</b>") not in page
        (earlier,) = re.findall(r'href="(/audit\?before=\d+)"', page)
        assert html.escape("<b>20</b>") in browser.see(earlier)
        assert "哈希链无误" in browser.see("/audit?verify=1")
        browser.see(f"/audit?before={2**70}")
        for path in ("/accounts", "/accounts/zhang"):
            assert not [action for action in forms(browser.see(path)) if action != "/sign-out"]
        token = forms(browser.see("/audit"))["/sign-out"].fields["_csrf_token"]
        for path in (
            "/accounts/zhang/disable",
            "/accounts/zhang/invitation",
            "/tokens/1/revoke",
            "/settings",
        ):
            assert browser.client.post(path, data={"_csrf_token": token}).status_code == 403
        export = browser.client.get("/audit/export")
    lines = [json.loads(line) for line in export.text.splitlines()]
    assert [line["number"] for line in lines] == list(range(1, desk.staff.audit.head().size + 1))
    assert (lines[-1]["kind"], lines[-1]["actor"]) == ("audit-exported", "du")
    assert lines[-1]["details"]["lines"] == len(lines) - 1
    assert "attachment" in export.headers["content-disposition"]


@pytest.mark.slow
def test_the_name_of_the_site_is_changed_as_an_entry_of_the_log(desk: DeskSite) -> None:
    desk.add("xi", "系统管理")
    with desk.signed_in("xi") as browser:
        answer = browser.send("/settings", "/settings", name="示例市人民政府清单公开", icp="示ICP备1号")
        assert answer.status_code == 303
        page = browser.see("/settings")
        assert "示例市人民政府清单公开 工作台" in page
        assert browser.send("/settings", "/settings", name="示" * 501).status_code == 400
        browser.send("/settings", "/settings")  # nothing changes: no line
    details, changed_at = desk.log.datasets.site_details()
    assert (details.name, details.icp) == ("示例市人民政府清单公开", "示ICP备1号")
    assert changed_at is not None
    events = [event for event in desk.staff.audit.events() if event.kind == "site-changed"]
    assert [event.actor for event in events] == ["xi"]


@pytest.mark.slow
def test_a_clerk_has_none_of_these_pages(desk: DeskSite) -> None:
    desk.add("zhang", "填报", "审核", "发布")
    with desk.signed_in("zhang") as browser:
        links = browser.see("/")
        for path in ("/accounts", "/audit", "/audit/export", "/settings"):
            assert f'href="{path}"' not in links
            assert browser.client.get(path).status_code == 403


@pytest.mark.slow
def test_a_promised_rhythm_gives_deadlines_and_what_is_overdue_stands_out(desk: DeskSite) -> None:
    release(desk.log, entry("甲"), part="财政局")
    for name, role in (("xi", "系统管理"), ("zhang", "填报:fees:财政局")):
        desk.add(name, role)
    page = "/datasets/fees"
    with desk.signed_in("xi") as officer, desk.signed_in("zhang") as clerk:
        assert "更新期限" not in clerk.see("/")
        assert officer.send(page, page, update_months="1").status_code == 303
        assert desk.log.datasets.get("fees").update_months == 1
        html = clerk.see("/")
        assert "2020-02-01" in html
        assert "已逾期" not in html
        for text in ("quarterly", "121", "999"):  # the command takes up to 120
            assert officer.send(page, page, update_months=text).status_code == 400
    desk.clock.advance(days=40)
    with desk.signed_in("xi") as officer, desk.signed_in("zhang") as clerk:
        assert "已逾期" in clerk.see("/")
        assert officer.send(page, page, update_months="").status_code == 303
        assert desk.log.datasets.get("fees").update_months is None
        assert "更新期限" not in clerk.see("/")
    assert desk.log.integrity.verify().ok


@pytest.mark.slow
def test_who_failed_to_sign_in_is_not_the_command_line(desk: DeskSite) -> None:
    desk.add("du", "督查")
    with desk.browser() as stranger:
        assert sign_in(stranger, "du", "000000").status_code == 403
    with desk.signed_in("du") as browser:
        lines = re.findall(r'<td translate="no">([a-z-]+)</td><td>(.*?)</td>', browser.see("/audit"))
    actors = {kind: re.sub(r"<[^>]+>", "", actor) for kind, actor in lines}
    assert (actors["sign-in"], actors["sign-in-failed"], actors["account-added"]) == (
        "du",
        "未登录",
        "命令行",
    )
