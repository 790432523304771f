"""The command ``desk``: accounts, the audit log, and the desk as a process of its own."""

from __future__ import annotations

import json
import signal
import stat
import urllib.request

import pytest

from tests.publisher.cli.programs.test_serve import wait_for
from tests.support.command import Home
from tests.support.desk import link_in
from tests.support.servers.http_service import free_port


def test_accounts_are_added_by_invitation_and_listed(site: Home) -> None:
    site.init()
    assert "no-desk" in site.run("desk", "user", "list").err
    ran = site.ok("desk", "user", "add", "zhang", "--display", "张三", "--role", "填报:fees:民政局")
    assert link_in(ran.out).startswith("/invitation/")
    assert "“填报:fees:民政局”的数据集还不存在" in ran.err
    assert "roles-conflict" in site.run("desk", "user", "add", "li", "--role", "督查", "--role", "审核").err
    site.ok("desk", "user", "roles", "zhang", "--role", "审核", "--role", "填报:fees")
    assert link_in(site.ok("desk", "user", "invite", "zhang").out) != link_in(ran.out)
    site.ok("desk", "user", "disable", "zhang", "--yes")
    (account,) = site.ok("desk", "user", "list", "--json").json
    assert (account["name"], account["display"], account["is_ready"]) == ("zhang", "张三", False)
    assert account["roles"] == ["填报:fees", "审核"] or account["roles"] == ["审核", "填报:fees"]
    assert account["disabled_at"]
    assert "停用" in site.ok("desk", "user", "list").out


def test_the_audit_log_is_printed_and_verified(site: Home) -> None:
    site.init()
    site.ok("desk", "user", "add", "zhang", "--role", "填报")
    lines = [json.loads(line) for line in site.ok("desk", "audit").out.splitlines()]
    assert [line["kind"] for line in lines] == ["account-added"]
    assert "1" in site.ok("desk", "audit", "--verify").err
    key = site.home / "desk" / "desk.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700


def test_tokens_are_added_listed_and_revoked(site: Home) -> None:
    site.dataset("fees", "民政局")
    assert "还不" not in site.ok("desk", "user", "add", "zhang", "--role", "填报:fees:民政局").err
    ran = site.ok("desk", "user", "add", "li", "--role", "填报:fees:民政厅", "--role", "审核:fees")
    assert "“填报:fees:民政厅”的报送部门还不在清单里" in ran.err
    assert "审核" not in ran.err
    add = ("desk", "token", "add", "zhang", "--label", "办公系统", "--dataset", "fees")
    assert "token-beyond-account" in site.run(*add, "--action", "hand-in").err
    assert "no-such-part" in site.run(*add, "--action", "hand-in", "--part", "无此局").err
    part = ("--part", "民政局", "--days", 30)
    assert "token-beyond-account" in site.run(*add, "--action", "publish", *part).err
    ran = site.ok(*add, "--action", "hand-in", "--action", "read-draft", *part)
    assert ran.out.startswith("qingdan_")
    (token,) = site.ok("desk", "token", "list", "--json").json
    assert token["scope"] == {
        "number": 1,
        "dataset": "fees",
        "part": "民政局",
        "actions": ["read-draft", "hand-in"],
    }
    assert ran.out.strip() not in json.dumps(token)
    assert "fees:民政局" in site.ok("desk", "token", "list").out
    site.ok("desk", "token", "revoke", 1)
    assert "已停用" in site.ok("desk", "token", "list").out
    assert "no-such-token" in site.run("desk", "token", "revoke", 2).err


@pytest.mark.slow
def test_the_desk_is_a_process_of_its_own(site: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    site.init()
    site.ok("desk", "user", "add", "zhang", "--role", "填报")
    port = free_port()
    monkeypatch.setenv("QINGDAN_DESK_BASE", f"http://127.0.0.1:{port}")
    with site.spawn("desk", "--port", port) as process:
        try:
            wait_for(f"http://127.0.0.1:{port}/sign-in")
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
                assert answer.url.endswith("/sign-in?next=/")
        finally:
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
