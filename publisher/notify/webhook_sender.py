"""What leaves for subscribers: signed messages to webhooks, word to the hub, and asking a callback's consent.

Webhooks are Standard Webhooks (https://www.standardwebhooks.com): a message has an id that its repetitions
share, the time of sending, and an HMAC-SHA256 over both and the body. Callbacks are named by outsiders, so
they pass :mod:`publisher.ssrf_guard`; no redirect is followed. The hub is named by whoever runs the site.
"""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from typing import Any

import httpx
import msgspec
from standardwebhooks import Webhook

from publisher import ssrf_guard
from publisher.log.clocks import utc_now
from publisher.log.outbox.subscriptions import Subscription
from publisher.settings import Settings

_SECONDS = 15.0
"""For a whole exchange: a receiver answers at once and works later."""
_PLAIN = {"accept-encoding": "identity"}
_MOST = 4_096
"""Bytes of an answer that are read."""


class NotTakenError(Exception):
    """The other side did not take a message. ``answer``: its HTTP status, if it gave one."""

    def __init__(self, why: str, answer: int | None = None) -> None:
        super().__init__(why)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Sender:
    """``loopback``: callbacks may lie on this machine itself, for tests. Used by many threads at once."""

    agent: str
    clock: Callable[[], datetime]
    loopback: bool
    trust: ssl.SSLContext

    def send(self, subscription: Subscription, message: str, kind: str, data: Any, *, at: datetime) -> int:
        """A message of our own to a webhook → HTTP status. ``at``: when what it tells happened.

        Raises :class:`NotTakenError`.
        """
        return self._signed(subscription, message, kind, data, at)[0]

    def ask(self, subscription: Subscription, data: Mapping[str, Any]) -> None:
        """Ask a callback whether it wants to be told: it repeats a word that nobody else knows.

        Raises :class:`NotTakenError`.
        """
        word = secrets.token_urlsafe(24)
        message = f"verify_{subscription.id}_{secrets.token_hex(4)}"
        told = {"challenge": word, **data}
        status, body = self._signed(subscription, message, "subscription.verify", told, self.clock())
        try:
            answer = msgspec.json.decode(body)
        except msgspec.DecodeError:
            answer = None
        if not isinstance(answer, dict) or answer.get("challenge") != word:
            raise NotTakenError("未以 JSON 复述 challenge / did not repeat the challenge as JSON", status)

    def tell_hub(self, hub: str, topics: Sequence[str]) -> int:
        """Each topic has something new → the last HTTP status. Raises :class:`NotTakenError`."""
        status = 204
        with httpx.Client(timeout=_SECONDS, headers={"User-Agent": self.agent, **_PLAIN}) as client:
            for topic in topics:
                form = {"hub.mode": "publish", "hub.url": topic}
                status, _ = _taken(client, hub, data=form)
        return status

    def _signed(
        self, subscription: Subscription, message: str, kind: str, data: Any, at: datetime
    ) -> tuple[int, bytes]:
        body = msgspec.json.encode({"type": kind, "timestamp": at, "data": data}).decode()
        now = self.clock()
        headers = {
            "content-type": "application/json",
            **_PLAIN,
            "webhook-id": message,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(subscription.secret).sign(message, now, body),
        }
        made = ssrf_guard.client(
            hosts=None,
            loopback=self.loopback,
            seconds=_SECONDS,
            redirects=0,
            user_agent=self.agent,
            trust=self.trust,
        )
        with made as client:
            return _taken(client, subscription.callback, content=body.encode(), headers=headers)


def sender(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Sender:
    """As this program, with the machine's own list of trusted certificates."""
    agent = f"Qingdan/{metadata.version('qingdan')} (webhooks)"
    return Sender(agent, clock, loopback=settings.loopback, trust=ssl.create_default_context())


def _taken(client: httpx.Client, address: str, **given: Any) -> tuple[int, bytes]:
    """Status and the beginning of the answer. Raises :class:`NotTakenError`."""
    try:
        with client.stream("POST", address, **given) as answer:
            body = b""
            for piece in answer.iter_raw():  # unpacked it could be of any size
                body += piece
                if len(body) > _MOST:
                    break
    except ssrf_guard.RefusedError as error:
        raise NotTakenError(str(error)) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotTakenError(f"{type(error).__name__}: {error}") from error
    if not answer.is_success:
        raise NotTakenError(f"HTTP {answer.status_code}", answer.status_code)
    return answer.status_code, body[:_MOST]
