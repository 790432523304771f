"""Robots and followers on the terminal, and mails of a site that is served."""

from __future__ import annotations

import json
import re
import signal
import time
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from publisher.inbox.form_limits import MIN_SECONDS
from tests.support.command import Home, item, xlsx
from tests.support.servers.http_service import free_port
from tests.support.servers.loopback import Answer, loopback_server
from tests.support.servers.mail import mail_server

TAKEN = Answer(b'{"errcode":0,"errmsg":"ok"}')


@pytest.fixture
def site(tmp_path: Path) -> Home:
    return Home(tmp_path / "site")


def published(site: Home, tmp_path: Path, *names: str) -> None:
    file = xlsx(tmp_path / f"{names[-1]}.xlsx", [item(name) for name in names])
    site.ok("import", file, "--dataset", "shili-power-list")
    site.ok("publish", "shili-power-list", "--effective-on", "2016-01-01", "--basis", "鞍政发〔2016〕1号")


def test_a_robot_is_added_when_its_service_took_a_message(
    site: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QINGDAN_LOOPBACK", "1")
    site.dataset()
    with loopback_server() as server:
        address = f"{server.base}/cgi-bin/webhook/send?key=k"
        path = "/cgi-bin/webhook/send?key=k"
        server.answers[path] = Answer(b'{"errcode":93000,"errmsg":"invalid webhook url"}')
        refused = site.run("robots", "add", "wecom", address, "--feed", "/feeds/all.atom")
        assert refused.code == 1
        assert "93000" in refused.err
        assert site.ok("webhooks", "list", "--json").json == []
        server.answers[path] = TAKEN
        site.ok("robots", "add", "wecom", address, "--feed", "/feeds/all.atom")
        (robot,) = site.ok("webhooks", "list", "--json").json
        assert (robot["kind"], robot["state"], robot["secret"]) == ("wecom", "active", "")
        assert "已订阅" in json.loads(server.requests[-1].body)["markdown"]["content"]
        wrong = site.run("robots", "add", "dingtalk", address, "--feed", "/feeds/all.atom")
        assert wrong.code == 2


@pytest.mark.slow
def test_a_reader_follows_a_site_that_is_served_and_leaves(
    site: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mail_server() as postbox:
        monkeypatch.setenv("QINGDAN_MAIL", "news@example.gov.cn")
        monkeypatch.setenv("QINGDAN_SMTP", postbox.address)
        site.dataset()
        site.ok("corrections", "key")
        port = free_port()
        serve = site.spawn("serve", "--work", "--port", port)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
                page = ask_until(lambda: client.get("/follow").text, 'type="email"')
                token = re.search(r'name="token" value="([^"]+)"', page)
                assert token
                time.sleep(MIN_SECONDS + 1)
                form = {
                    "token": token[1],
                    "feed": "/feeds/all.atom",
                    "email": "a@b.example",
                    "pace": "at-once",
                }
                headers = {"content-type": "application/x-www-form-urlencoded"}
                answer = client.post("/follow", content=urlencode(form), headers=headers)
                assert answer.status_code == 303, answer.text
                confirm = ask_until(lambda: "".join(mail.text for mail in postbox.mails), "/follow/confirm")
                path = re.search(r"/follow/confirm\?\S+", confirm)
                assert path
                assert client.post(path[0], content="", headers=headers).status_code == 200
                ask_until(lambda: site.ok("followers", "list", "--json").out, '"active"')
                assert "a@b.example" not in site.ok("followers", "list").out
                assert site.ok("status", "--json").json["followers"] == {"active": 1}
                assert "有效 active 1" in site.ok("status").out
                published(site, tmp_path, "烟花爆竹经营许可")
                news = ask_until(lambda: postbox.mails[-1].text, "烟花爆竹经营许可")
                leave = re.search(r"/follow/leave\?\S+", news)
                assert leave
                one_click = {"List-Unsubscribe": "One-Click"}
                assert client.post(leave[0], data=one_click).status_code == 200
                ask_until(lambda: site.ok("followers", "list", "--json").out, "[]")
            serve.send_signal(signal.SIGINT)
            _, err = serve.communicate(timeout=30)
            assert serve.returncode == 0, err
        finally:
            serve.kill()


def ask_until(ask: object, part: str) -> str:
    """Ask until the answer has a part; the run ends otherwise."""
    assert callable(ask)
    for _ in range(600):
        try:
            text = str(ask())
        except httpx.TransportError:
            text = ""
        if part in text:
            return text
        time.sleep(0.1)
    raise AssertionError(part)
