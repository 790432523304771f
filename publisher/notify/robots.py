"""Robots of 企业微信, 钉钉 and 飞书: news as a message in the group of a news desk.

Each service takes one JSON document by POST and says in its answer whether it took it. 钉钉 and 飞书 sign
with a secret; the address of 企业微信 has a key. The formats are those of their guides:
https://developer.work.weixin.qq.com/document/path/91770,
https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages and
https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from urllib.parse import parse_qsl, quote_plus, urlsplit

import msgspec

from publisher.notify.news import ReleaseNews

type RobotKind = Literal["wecom", "dingtalk", "feishu"]
type Compose = Callable[[str, Sequence[ReleaseNews], int], Any]

_WIDE = str.maketrans(
    {"[": "［", "]": "］", "(": "（", ")": "）", "<": "＜", ">": "＞", "*": "＊", "`": "＇"}
)
"""Signs of Markdown and of mentions (``<@all>``), which the services have no way to quote."""


class Robot(msgspec.Struct, frozen=True):
    """A service. ``per_minute``: messages that it takes of one robot. ``most_bytes``: of a text."""

    title: str
    per_minute: int
    most_bytes: int
    compose: Compose
    """(title, news, bytes) → the document."""
    sign: Callable[[str, Any, str, datetime], tuple[str, Any]]
    """(address, document, secret, time) → the address and the document, signed."""
    is_complete: Callable[[str], bool]
    """Tests whether an address contains the key of a robot."""
    code: str
    """Property of the answer that is 0 if the message was taken."""


def compose_markdown(title: str, news: Sequence[ReleaseNews], most_bytes: int) -> str:
    """Compose Markdown that fits; lines that do not fit are counted, with the address of their page."""
    lines: list[str] = [f"**{_plain(title)}**"]
    room = most_bytes - len(lines[0].encode()) - 400  # for the last line
    omitted, address = 0, ""
    for one in news:
        head = f"\n{_plain(one.title)}，[第{one.number}次发布（{one.day}）]({one.address})"
        for line, count in ((head, 0), *_markdown_lines(one)):
            room -= len(line.encode()) + 1
            if room < 0:
                omitted, address = omitted + count, address or one.address
            else:
                lines.append(line)
        listed = len(one.lines)
        if one.total > listed or one.is_partial:
            omitted, address = omitted + one.total - listed, address or one.address
    if address:
        lines.append(f"\n另有{omitted or '更多'}{'项' if omitted else ''}，见[发布内容]({address})")
    return "\n".join(lines)


def _markdown_lines(one: ReleaseNews) -> Iterator[tuple[str, int]]:
    for sentence, address in one.lines:
        yield f"- [{_plain(sentence)}]({address})", 1
    for ground in one.grounds:
        yield f"- 有内容已依法删除：{_plain(ground)}", 1


def _plain(text: str) -> str:
    return " ".join(text.split()).translate(_WIDE)


def _wecom(title: str, news: Sequence[ReleaseNews], most_bytes: int) -> Any:
    return {"msgtype": "markdown", "markdown": {"content": compose_markdown(title, news, most_bytes)}}


def _dingtalk(title: str, news: Sequence[ReleaseNews], most_bytes: int) -> Any:
    text = compose_markdown(title, news, most_bytes)
    return {"msgtype": "markdown", "markdown": {"title": _plain(title), "text": text}}


def _feishu(title: str, news: Sequence[ReleaseNews], most_bytes: int) -> Any:
    text = compose_markdown(title, news, most_bytes)
    element = {"tag": "markdown", "content": text}
    return {"msg_type": "interactive", "card": {"elements": [element]}}


def _sign_nothing(address: str, document: Any, _secret: str, _at: datetime) -> tuple[str, Any]:
    return address, document


def _sign_dingtalk(address: str, document: Any, secret: str, at: datetime) -> tuple[str, Any]:
    """Add the time in milliseconds and HMAC-SHA256 of ``time\\nsecret`` with the secret to the address."""
    if not secret:
        return address, document
    time = str(int(at.timestamp() * 1000))
    code = hmac.digest(secret.encode(), f"{time}\n{secret}".encode(), hashlib.sha256)
    return f"{address}&timestamp={time}&sign={quote_plus(base64.b64encode(code))}", document


def _sign_feishu(address: str, document: Any, secret: str, at: datetime) -> tuple[str, Any]:
    """Add the time in seconds and HMAC-SHA256 of nothing with ``time\\nsecret`` to the document."""
    if not secret:
        return address, document
    time = str(int(at.timestamp()))
    code = hmac.digest(f"{time}\n{secret}".encode(), b"", hashlib.sha256)
    return address, {"timestamp": time, "sign": base64.b64encode(code).decode(), **document}


def _has_parameter(name: str) -> Callable[[str], bool]:
    return lambda address: bool(dict(parse_qsl(urlsplit(address).query)).get(name))


def _has_hook(address: str) -> bool:
    return bool(urlsplit(address).path.partition("/hook/")[2])


ROBOTS: Mapping[str, Robot] = {
    "wecom": Robot("企业微信", 20, 4_096, _wecom, _sign_nothing, _has_parameter("key"), "errcode"),
    "dingtalk": Robot(
        "钉钉", 20, 18_000, _dingtalk, _sign_dingtalk, _has_parameter("access_token"), "errcode"
    ),
    "feishu": Robot("飞书", 100, 18_000, _feishu, _sign_feishu, _has_hook, "code"),
}
"""Kind of a subscription → its service. The limits are those of their guides in 2026."""
