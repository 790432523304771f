"""Commands for webhooks, and the delivery of a publication by ``serve``."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from tests.publisher.notify.conftest import confirming
from tests.support.command import Home, item, xlsx
from tests.support.servers.http_service import free_port
from tests.support.servers.loopback import Answer, WebRequest, Write, loopback_server


@pytest.fixture
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QINGDAN_LOOPBACK", "1")


def published(site: Home, tmp_path: Path, *names: str) -> None:
    file = xlsx(tmp_path / f"{names[-1]}.xlsx", [item(name) for name in names])
    site.ok("import", file, "--dataset", "shili-power-list")
    site.ok("publish", "shili-power-list", "--effective-on", "2016-01-01", "--basis", "鞍政发〔2016〕1号")


@pytest.mark.usefixtures("loopback")
def test_a_desk_is_subscribed_listed_set_right_and_removed(site: Home) -> None:
    site.dataset()
    with loopback_server() as server:
        server.answers["/hook"] = Answer(status=404)
        callback = f"{server.base}/hook"
        refused = site.run(
            "webhooks",
            "add",
            callback,
            "--plain-http",
            "--feed",
            "/feeds/shili-power-list.atom?change=removed",
        )
        assert refused.code == 1
        assert "HTTP 404" in refused.err
        (webhook,) = site.ok("webhooks", "list", "--json").json
        assert (webhook["state"], webhook["callback"], webhook["secret"]) == ("pending", callback, "")
        server.answers["/hook"] = confirming
        site.ok("webhooks", "confirm", webhook["id"])
        assert "/feeds/shili-power-list.json?change=removed" in site.ok("webhooks", "list").out
        assert site.ok("webhooks", "log", webhook["id"], "--json").json == []
        site.ok("webhooks", "remove", webhook["id"])
        assert site.ok("webhooks", "list", "--json").json == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("add", "https://desk.example/hook", "--feed", "/feeds/no-such.atom"), 3),
        (("add", "https://desk.example/hook", "--feed", "/feeds/all.atom?change=cancelled"), 1),
        (("add", "https://desk.example/hook", "--feed", "/v1/search?q=x"), 1),
        (("add", "ftp://desk.example/hook", "--feed", "/feeds/all.atom"), 2),
        (("add", "http://127.0.0.1:1/hook", "--plain-http", "--feed", "/feeds/all.atom"), 1),
        (("add", "http://desk.example/hook", "--feed", "/feeds/all.atom"), 2),
        (("add", "HTTP://desk.example/hook", "--feed", "/feeds/all.atom"), 2),
        (("confirm", "nobody"), 3),
        (("remove", "nobody"), 3),
        (("log", "nobody"), 3),
    ],
)
def test_what_cannot_be_subscribed_is_refused(site: Home, arguments: tuple[str, ...], code: int) -> None:
    site.dataset()
    assert site.run("webhooks", *arguments).code == code


@pytest.mark.usefixtures("loopback")
@pytest.mark.slow
def test_a_publication_reaches_the_desk_while_the_site_is_served(site: Home, tmp_path: Path) -> None:
    site.dataset()
    arrived = threading.Event()

    def hook(request: WebRequest, write: Write) -> Answer:
        answer = confirming(request, write)
        if b'"changes.published"' in request.body:
            arrived.set()
        return answer

    with loopback_server() as server:
        server.answers["/hook"] = hook
        port = free_port()
        subscription = site.ok(
            "webhooks", "add", f"{server.base}/hook", "--plain-http", "--feed", "/feeds/all.atom", "--json"
        ).json
        serve = site.spawn("serve", "--work", "--port", port)
        try:
            published(site, tmp_path, "烟花爆竹经营许可")
            assert arrived.wait(60)
            serve.send_signal(signal.SIGINT)
            _, err = serve.communicate(timeout=30)
            assert serve.returncode == 0, err
        finally:
            serve.kill()
        (message,) = [one for one in server.requests if b'"changes.published"' in one.body]
        payload = Webhook(subscription["secret"]).verify(message.body, dict(message.headers))
        assert payload["data"]["feed"]["items"][0]["title"].endswith("首次公布权责事项：烟花爆竹经营许可")
        (line,) = site.ok("webhooks", "log", "--json").json
        assert (line["subscription"], line["state"], line["answer"]) == (subscription["id"], "done", 200)
