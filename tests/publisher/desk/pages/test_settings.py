"""The pages of 系统管理 and of keys do what the commands do, and the audit log says who did it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.publisher.notify.conftest import confirming
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.desk import Browser, DeskSite, desk_site, forms
from tests.support.log import entry, release
from tests.support.servers.loopback import Answer, loopback_server

pytestmark = pytest.mark.slow
DETAILS = {
    "title": "示例市证明事项清单",
    "body": "示例市司法局",
    "licence": "CC0-1.0",
    "contact": "a@b.example",
}


@pytest.fixture
def system(desk: DeskSite) -> Iterator[Browser]:
    """A browser of 系统管理."""
    desk.add("xi", "系统管理")
    with desk.signed_in("xi") as browser:
        yield browser


def test_a_list_is_created_changed_and_put_under_the_rule(desk: DeskSite, system: Browser) -> None:
    new = {**DETAILS, "name": "certificates", "catalogue": "intermediary-services"}
    for wrong in (
        {"name": "Nicht gut"},
        {"name": "fees"},
        {"division": "999999"},
        {"catalogue": "none"},
        {"body": ""},
    ):
        refused = system.send("/datasets", "/datasets", **{**new, **wrong})
        assert refused.status_code == 409, wrong
        assert 'value="示例市证明事项清单"' in refused.text
    answer = system.send("/datasets", "/datasets", **new)
    assert answer.headers["location"] == "/datasets/certificates"
    assert "示例市证明事项清单" in system.see("/datasets")
    path = "/datasets/certificates"
    size = desk.log.proofs.size()
    assert system.send(path, path, two_persons="1", division="210300").status_code == 303
    assert "qingdan reindex" in system.see(path)  # nobody else says so
    one = desk.log.datasets.get("certificates")
    assert (one.two_persons, one.division, one.title) == (True, "210300", "示例市证明事项清单")
    assert desk.log.proofs.size() == size + 1
    system.send(path, path)  # nothing changes: no entry, no line
    assert desk.log.proofs.size() == size + 1
    fields = forms(system.see(path))[path].fields
    fields.pop("two_persons")  # the box is not ticked
    assert system.client.post(path, data=fields, follow_redirects=False).status_code == 303
    assert not desk.log.datasets.get("certificates").two_persons
    assert system.send(path, path, title=" ").status_code == 409
    assert desk.acts("dataset-added") == [("xi", "certificates")]
    assert len(desk.acts("dataset-changed")) == 2


def test_a_form_of_before_undoes_no_change_of_another_person(desk: DeskSite, system: Browser) -> None:
    path = "/datasets/fees"
    old, old_site = forms(system.see(path))[path].fields, forms(system.see("/settings"))["/settings"].fields
    desk.log.datasets.change("fees", two_persons=True, contact="b@c.example", notice="须知")
    desk.log.datasets.change_site(contact="b@c.example", owner="示例市政府办")
    refused = system.client.post(path, data={**old, "title": " "}, follow_redirects=False)
    assert forms(refused.text)[path].fields["shown"] == old["shown"]
    sent = {**old, "title": "示例收费清单", "notice": "另一须知"}
    assert system.client.post(path, data=sent, follow_redirects=False).status_code == 303
    one = desk.log.datasets.get("fees")
    assert (one.title, one.two_persons, one.contact) == ("示例收费清单", True, "b@c.example")
    assert one.notice == "另一须知"
    for shown in ("", "{", "[]", '{"title":' * 2000):  # of a program: each detail is that of the form
        sent = {**sent, "shown": shown, "notice": f"须知{shown[:9]}"}
        assert system.client.post(path, data=sent, follow_redirects=False).status_code == 303
        one = desk.log.datasets.get("fees")
        assert (one.notice, one.contact) == (f"须知{shown[:9]}", old["contact"])
    sent = {**old_site, "operator": "示例市数据局", "owner": "示例市"}
    assert system.client.post("/settings", data=sent, follow_redirects=False).status_code == 303
    site, _ = desk.log.datasets.site_details()
    assert (site.operator, site.contact, site.owner) == ("示例市数据局", "b@c.example", "示例市")


def test_parts_are_added_renamed_merged_and_closed(desk: DeskSite, system: Browser) -> None:
    path = "/datasets/fees"
    assert system.send(path, f"{path}/parts", name="文旅局", code="12").status_code == 303
    assert system.send(path, f"{path}/parts", name="文旅局").status_code == 409
    assert system.send(path, f"{path}/parts", name=" ").status_code == 409
    assert system.send(path, f"{path}/parts/rename", part="文旅局", name="文化和旅游局").status_code == 303
    assert system.send(path, f"{path}/parts/merge", part="文化和旅游局", into="财政局").status_code == 303
    assert system.send(path, f"{path}/parts/close", part="民政局").status_code == 303
    assert system.send(path, f"{path}/parts/close", part="无此局").status_code == 409
    parts = {part.name: part for part in desk.log.datasets.get("fees").parts}
    assert parts["民政局"].valid_to is not None
    assert desk.acts("dataset-changed") == [("xi", "fees")] * 4
    assert not desk.log.integrity.verify().problems
    assert system.client.get("/datasets/none").status_code == 404


def test_an_administrator_of_one_list_changes_no_other_and_an_auditor_none(desk: DeskSite) -> None:
    for name, role in (("xi", "系统管理:fees"), ("du", "督查")):
        desk.add(name, role)
    release(desk.log, entry("证照费"), part="财政局")
    with desk.signed_in("xi") as browser:
        assert browser.send("/datasets/fees", "/datasets/fees", notice="请以公报为准").status_code == 303
        token = forms(browser.see("/datasets"))["/sign-out"].fields
        new = {**DETAILS, **token, "name": "other", "catalogue": "intermediary-services"}
        assert browser.client.post("/datasets", data=new).status_code == 403
    with desk.signed_in("du") as browser:
        for path in ("/datasets", "/datasets/fees", "/subscriptions", "/settings", "/keys"):
            assert set(forms(browser.see(path))) <= {"/sign-out", "/settings"}, path
        token = forms(browser.see("/datasets"))["/sign-out"].fields
        for path in ("/datasets/fees", "/datasets/fees/parts", "/subscriptions", "/keys", "/settings"):
            assert browser.client.post(path, data=token).status_code == 403, path
    assert len(desk.log.datasets.all()) == 1


def test_the_key_is_made_and_replaced_by_the_security_officer(desk: DeskSite) -> None:
    desk.add("an", "安全管理")
    with desk.signed_in("an") as browser:
        assert "还没有密钥" in browser.see("/keys")
        for _ in range(2):
            assert browser.send("/keys", "/keys").status_code == 303
        page = browser.see("/keys")
    old, new = desk.log.keys.all()
    assert str(old.key).replace("+", "&#43;") in page or str(old.key) in page
    assert (new.lost, desk.log.keys.has_file(new.key)) == (False, True)
    assert [one.details["key"] for one in desk.staff.audit.events() if one.kind == "key-changed"] == [
        str(new.key),
        str(old.key),
    ]


@pytest.fixture
def loopback(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[DeskSite]:
    """A desk that may call addresses of this machine."""
    home = tmp_path_factory.mktemp("home")
    with desk_site(home, sqlite.new(home / "qingdan.db"), clock, QINGDAN_LOOPBACK="1") as desk:
        desk.add("xi", "系统管理")
        yield desk


def test_a_webhook_confirms_and_its_secret_is_shown_once(loopback: DeskSite) -> None:
    path = "/subscriptions"
    with loopback.signed_in("xi") as browser, loopback_server() as server:
        server.answers["/hook"] = Answer(status=404)
        answer = browser.send(path, path, kind="webhook", address=f"{server.base}/hook", dataset="fees")
        (secret,) = re.findall(r"whsec_[\w+/=]+", answer.text)
        assert "HTTP 404" in answer.text
        (one,) = loopback.log.subscriptions.all()
        assert (one.state, one.secret, '"dataset":"fees"' in one.scope) == ("pending", secret, True)
        page = browser.see(path)
        assert secret not in page
        assert "待确认" in page
        server.answers["/hook"] = confirming
        assert browser.send(path, f"{path}/{one.id}/confirm").status_code == 303
        assert loopback.log.subscriptions.get(one.id).state == "active"
        assert browser.send(path, f"{path}/{one.id}/remove").status_code == 303
        assert (
            browser.client.post(f"{path}/{one.id}/remove", data=forms(page)["/sign-out"].fields).status_code
            == 404
        )
    assert loopback.log.subscriptions.all() == ()
    lines = [one.details for one in loopback.staff.audit.events() if one.kind == "subscription-changed"]
    assert [line["act"] for line in lines] == ["removed", "confirmed", "added"]


def test_a_robot_takes_a_message_before_it_is_added(loopback: DeskSite) -> None:
    path = "/subscriptions"
    with loopback.signed_in("xi") as browser, loopback_server() as server:
        robot = "/cgi-bin/webhook/send?key=693axxx6-7aoc"
        address = server.base + robot
        server.answers[robot] = Answer(b'{"errcode": 93000, "errmsg": "invalid"}')
        assert browser.send(path, path, kind="wecom", address=address).status_code == 409
        assert loopback.log.subscriptions.all() == ()
        server.answers[robot] = Answer(b'{"errcode": 0}')
        assert browser.send(path, path, kind="wecom", address=address).status_code == 303
        page = browser.see(path)
        assert "企业微信" in page
        assert "693axxx6" not in page  # the key of the robot
    assert "693axxx6" not in "".join(loopback.staff.audit.lines())


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("webhook", "http://example.gov.cn/hook"),
        ("webhook", "javascript:alert(1)"),
        ("webhook", ""),
        ("webhook", "https://[::1"),
        ("feishu", "https://[::1/hook/x"),
        ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"),
        ("院长", "https://example.gov.cn/hook"),
    ],
)
def test_an_address_that_is_none_is_refused(desk: DeskSite, system: Browser, kind: str, address: str) -> None:
    refused = system.send("/subscriptions", "/subscriptions", kind=kind, address=address)
    assert refused.status_code == 409
    assert desk.log.subscriptions.all() == ()
