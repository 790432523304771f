"""Robots of groups, against servers that check what each service checks, and answer as it answers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from msgspec import structs

from publisher.cli.commands.operation import robots as command
from publisher.notify.news import ReleaseNews
from publisher.notify.robots import ROBOTS, compose_markdown
from publisher.notify.webhook_sender import DeliveryError
from publisher.views.syndication import scope as scopes
from tests.publisher.notify.conftest import Desk
from tests.publisher.views.syndication.conftest import FIRST, SECOND
from tests.support.servers.loopback import Answer, WebRequest
from tests.support.site import BASE, FEES

SECRET = "SECa1b2c3"


class Group:
    """A group with its robot: it takes what the service would take."""

    def __init__(self, kind: str, clock: Callable[[], datetime]) -> None:
        self.kind, self.clock = kind, clock
        self.texts: list[str] = []
        self.refusals: list[str] = []

    def __call__(self, request: WebRequest, _write: Callable[[bytes], None]) -> Answer:
        document = json.loads(request.body)
        fault = getattr(self, f"_{self.kind}")(request, document)
        if fault:
            self.refusals.append(fault)
            return Answer(json.dumps({"errcode": 310000, "code": 19021, "errmsg": fault}).encode())
        return Answer(b'{"errcode":0,"code":0,"errmsg":"ok"}')

    def _wecom(self, request: WebRequest, document: Any) -> str:
        if parse_qs(urlsplit(request.path).query).get("key") != ["k-1"]:
            return "invalid webhook url"
        content = document["markdown"]["content"]
        if document["msgtype"] != "markdown" or len(content.encode()) > 4096:
            return "content exceed max length"
        self.texts.append(content)
        return ""

    def _dingtalk(self, request: WebRequest, document: Any) -> str:
        query = parse_qs(urlsplit(request.path).query)
        time = query.get("timestamp", ["0"])[0]
        signed = hmac.new(SECRET.encode(), f"{time}\n{SECRET}".encode(), hashlib.sha256).digest()
        if query.get("access_token") != ["t-1"] or query.get("sign") != [base64.b64encode(signed).decode()]:
            return "sign not match"
        if abs(int(time) / 1000 - self.clock().timestamp()) > 3600:
            return "timestamp is too old"
        assert document["markdown"]["title"]
        self.texts.append(document["markdown"]["text"])
        return ""

    def _feishu(self, request: WebRequest, document: Any) -> str:
        time = document.get("timestamp", "0")
        signed = hmac.new(f"{time}\n{SECRET}".encode(), digestmod=hashlib.sha256).digest()
        if document.get("sign") != base64.b64encode(signed).decode():
            return "sign match fail or timestamp is not within one hour from current time"
        assert document["msg_type"] == "interactive"
        self.texts.append(document["card"]["elements"][0]["content"])
        return ""


PATHS = {
    "wecom": "/cgi-bin/webhook/send?key=k-1",
    "dingtalk": "/robot/send?access_token=t-1",
    "feishu": "/open-apis/bot/v2/hook/h-1",
}


def add(desk: Desk, kind: Any, secret: str = SECRET) -> Group:
    group = Group(kind, desk.sender.clock)
    answers = desk.server.answers

    class Answers(dict[str, Any]):
        """The address of 钉钉 is signed anew each time."""

        def get(self, path: str, default: Any = None) -> Any:
            return group if path.startswith(PATHS[kind]) else answers.get(path, default)

    desk.server.answers = Answers()
    scope = msgspec.json.encode(scopes.make_scope(dataset=FEES)).decode()
    robot = desk.site.log.subscriptions.add_robot(kind, desk.server.base + PATHS[kind], scope, secret)
    desk.site.log.subscriptions.confirm(robot.id)
    return group


def test_the_command_knows_every_robot() -> None:
    assert {kind: robot.title for kind, robot in ROBOTS.items()} == command._KINDS


@pytest.mark.slow
@pytest.mark.parametrize("kind", ROBOTS)
def test_each_robot_gets_the_sentences_with_their_pages_as_its_service_wants_them(
    desk: Desk, kind: str
) -> None:
    group = add(desk, kind)
    desk.site.publish(SECOND)
    assert desk.deliver() == 1
    (text,) = group.texts
    for entry in desk.site.feed().entries[:2]:
        assert f"({entry.link})" in text
    assert "居民生活污水处理费" in text
    assert group.refusals == []
    (record,) = desk.site.log.queries.find_by_title(FEES, "遗体整容")
    desk.site.clock.advance(hours=1)
    desk.site.log.releases.withdraw(FEES, [record.id], reason="误列")
    desk.deliver()
    assert "撤回" in group.texts[-1]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["dingtalk", "feishu"])
def test_a_wrong_secret_is_a_failure_that_is_tried_again(desk: Desk, kind: str) -> None:
    group = add(desk, kind, secret="another")
    desk.site.publish(SECOND)
    desk.deliver()
    assert group.texts == []
    (failed,) = [one for one in desk.log() if one.subscription.kind == kind]
    assert (failed.state, failed.attempts, failed.answer) == ("waiting", 1, 200)
    assert "sign" in failed.error


@pytest.mark.slow
def test_what_waits_for_a_robot_is_one_digest(desk: Desk) -> None:
    group = add(desk, "wecom")
    for contents in (SECOND, FIRST, SECOND):
        desk.site.publish(contents)
    assert desk.deliver() == 1
    (digest,) = group.texts
    assert digest.count("次发布（") == 3
    assert {one.state for one in desk.log() if one.subscription.kind == "wecom"} == {"done"}
    assert desk.deliver() == 0


@pytest.mark.slow
def test_the_limit_a_minute_is_kept_and_the_rest_comes_later(desk: Desk) -> None:
    desk.sender = structs.replace(desk.sender, clock=desk.site.clock)
    group = add(desk, "dingtalk")
    limit = ROBOTS["dingtalk"].per_minute
    for n in range(limit + 2):
        desk.advance(timedelta(seconds=1) - timedelta(days=1))  # publishing takes a day
        desk.site.publish((SECOND, FIRST)[n % 2], date(2027, 1, 1))
        desk.deliver()
    assert len(group.texts) == limit
    waiting = [one for one in desk.log() if one.state == "waiting"]
    assert len(waiting) == 2
    assert {one.attempts for one in waiting} == {0}
    desk.advance(timedelta(minutes=2))
    desk.deliver()
    assert len(group.texts) == limit + 1
    assert group.texts[-1].count("次发布（") == 2


def test_a_long_release_fits_with_its_number_and_its_page() -> None:
    lines = tuple(
        (f"示例市财政局新增收费项目：{n}号收费", f"{BASE}/datasets/x/records/{n}") for n in range(30)
    )
    news = [
        ReleaseNews("示例市收费目录", 2, "2026-11-29", f"{BASE}/datasets/x/releases/2", lines, 400, False)
    ]
    text = compose_markdown("示例市收费目录：变化", news, 2048)
    assert len(text.encode()) <= 2048
    shown = text.count("\n- ")
    assert 0 < shown < 30
    assert text.endswith(f"另有{400 - shown}项，见[发布内容]({BASE}/datasets/x/releases/2)")


def test_a_title_cannot_mention_everybody_or_link_elsewhere() -> None:
    line = ("新增：<@all> [点这里](https://evil.example) **重要**", f"{BASE}/x")
    news = [ReleaseNews("清单", 1, "2026-11-29", f"{BASE}/r", (line,), 1, is_partial=False)]
    text = compose_markdown("清单", news, 4096)
    assert "<@" not in text
    assert "](https://evil" not in text


def test_an_answer_that_is_no_json_is_a_failure(desk: Desk) -> None:
    scope = msgspec.json.encode(scopes.make_scope()).decode()
    address = desk.server.base + PATHS["feishu"]
    robot = desk.site.log.subscriptions.add_robot("feishu", address, scope, "")
    desk.server.answers[PATHS["feishu"]] = Answer(b"<html>")
    with pytest.raises(DeliveryError, match="飞书没有接受消息"):
        desk.sender.send_to_robot(robot, "甲")
