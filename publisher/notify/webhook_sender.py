"""Sender of signed webhook messages, hub notifications and verification requests.

Webhooks follow Standard Webhooks (https://www.standardwebhooks.com): a message has an id, which retries
repeat, the time of sending, and an HMAC-SHA256 over both and the body. Callbacks come from outsiders, so
they pass :mod:`publisher.ssrf_guard`; redirects are not followed. The operator of the site
chooses the hub, so requests to it are not guarded.
"""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from importlib import metadata
from typing import Any

import httpx
import msgspec
from standardwebhooks import Webhook

from publisher import ssrf_guard
from publisher.log.clocks import utc_now
from publisher.log.outbox.subscriptions import Subscription
from publisher.notify.news import ReleaseNews
from publisher.notify.robots import ROBOTS
from publisher.settings import Settings

_SECONDS = 15.0
"""Seconds for a whole exchange with a callback; for each step of one with the hub.

Receivers should answer before they process a message."""
_UNCOMPRESSED = {"accept-encoding": "identity"}
_MOST_BYTES = 4_096
"""Bytes of a response that are read."""


class DeliveryError(Exception):
    """The receiver did not accept a message. ``status``: its HTTP status, if it responded."""

    def __init__(self, why: str, status: int | None = None) -> None:
        super().__init__(why)
        self.status = status


class Sender(msgspec.Struct, frozen=True):
    """Thread-safe sender. ``loopback``: allow callbacks on this machine, for tests."""

    agent: str
    clock: Callable[[], datetime]
    loopback: bool
    trust: ssl.SSLContext

    def send(self, subscription: Subscription, message_id: str, kind: str, data: Any, *, at: datetime) -> int:
        """Send a message to a webhook and return the HTTP status. ``at``: time of the reported event.

        Raises :class:`DeliveryError`.
        """
        return self._send_signed(subscription, message_id, kind, data, at)[0]

    def verify_callback(self, subscription: Subscription, data: Mapping[str, Any]) -> None:
        """Verify that a callback agrees to a subscription: it must repeat a random challenge.

        Raises :class:`DeliveryError`.
        """
        challenge = secrets.token_urlsafe(24)
        message_id = f"verify_{subscription.id}_{secrets.token_hex(4)}"
        payload = {"challenge": challenge, **data}
        status, body = self._send_signed(
            subscription, message_id, "subscription.verify", payload, self.clock()
        )
        if _decode_object(body).get("challenge") != challenge:
            raise DeliveryError("未以 JSON 复述 challenge / did not repeat the challenge as JSON", status)

    def send_to_robot(self, subscription: Subscription, title: str, news: Sequence[ReleaseNews] = ()) -> int:
        """Send news to the robot of a group; return the HTTP status. Raises :class:`DeliveryError`.

        These services answer 200 to what they refuse, and say so in a property.
        """
        robot = ROBOTS[subscription.kind]
        document = robot.compose(title, news, robot.most_bytes)
        address, signed = robot.sign(subscription.callback, document, subscription.secret, self.clock())
        headers = {"content-type": "application/json", **_UNCOMPRESSED}
        with self._guarded() as client:
            status, body = _post(client, address, content=msgspec.json.encode(signed), headers=headers)
        if _decode_object(body).get(robot.code) != 0:
            why = body[:200].decode(errors="replace")
            raise DeliveryError(f"{robot.title}没有接受消息 / the message was not taken: {why}", status)
        return status

    def notify_hub(self, hub: str, topics: Sequence[str]) -> int:
        """Notify the hub of changed topics; return the last HTTP status. Raises :class:`DeliveryError`."""
        status = 204
        with httpx.Client(timeout=_SECONDS, headers={"User-Agent": self.agent, **_UNCOMPRESSED}) as client:
            for topic in topics:
                form = {"hub.mode": "publish", "hub.url": topic}
                status, _ = _post(client, hub, data=form)
        return status

    def _send_signed(
        self, subscription: Subscription, message_id: str, kind: str, data: Any, at: datetime
    ) -> tuple[int, bytes]:
        """Send a message; return the status and the beginning of the body. Raises :class:`DeliveryError`."""
        body = msgspec.json.encode({"type": kind, "timestamp": at, "data": data}).decode()
        now = self.clock()
        headers = {
            "content-type": "application/json",
            **_UNCOMPRESSED,
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(subscription.secret).sign(message_id, now, body),
        }
        with self._guarded() as client:
            return _post(client, subscription.callback, content=body.encode(), headers=headers)

    def _guarded(self) -> httpx.Client:
        return ssrf_guard.create_client(
            hosts=None,
            loopback=self.loopback,
            seconds=_SECONDS,
            redirects=0,
            user_agent=self.agent,
            trust=self.trust,
        )


def create_sender(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Sender:
    """Create a sender with this program's user agent and the machine's trusted certificates."""
    agent = f"Qingdan/{metadata.version('qingdan')} (webhooks)"
    return Sender(agent, clock, loopback=settings.loopback, trust=ssl.create_default_context())


def _decode_object(body: bytes) -> Mapping[str, Any]:
    """Decode a JSON object; empty for a body that is none."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}


def _post(client: httpx.Client, address: str, **arguments: Any) -> tuple[int, bytes]:
    """Post a request; return the status and the beginning of the body. Raises :class:`DeliveryError`."""
    try:
        with client.stream("POST", address, **arguments) as response:
            body = b""
            for piece in response.iter_raw():  # not decompressed, which could be of any size
                body += piece
                if len(body) > _MOST_BYTES:
                    break
    except ssrf_guard.RefusedError as error:
        raise DeliveryError(str(error)) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DeliveryError(f"{type(error).__name__}: {error}") from error
    if not response.is_success:
        raise DeliveryError(f"HTTP {response.status_code}", response.status_code)
    return response.status_code, body[:_MOST_BYTES]
