"""A site with a subscriber on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest
from msgspec import structs

from publisher import settings
from publisher.log.outbox.subscriptions import Delivery, Subscription
from publisher.notify.delivery import Notifier
from publisher.notify.webhook_sender import Sender, create_sender
from publisher.views.syndication import scope as scopes
from search.query.field_filters import FilterFields
from tests.publisher.notify.job import deliver_due
from tests.publisher.views.syndication.conftest import FIRST, Service, open_service
from tests.support.servers.loopback import Answer, Loopback, WebRequest, loopback_server


def confirming(request: WebRequest, _write: Callable[[bytes], None]) -> Answer:
    """Callback that confirms its subscription and accepts every message."""
    data = msgspec.json.decode(request.body)["data"]
    return Answer(msgspec.json.encode({"challenge": data["challenge"]}) if "challenge" in data else b"")


@dataclass
class Desk:
    """A news desk: its server, the site that notifies it, and the worker that sends."""

    site: Service
    server: Loopback
    sender: Sender
    environ: Mapping[str, str]
    """Settings of the site."""

    def subscribe(self, path: str = "/hook", **parameters: Any) -> Subscription:
        subscription = self.site.log.subscriptions.subscribe(
            f"{self.server.base}{path}", msgspec.json.encode(scopes.make_scope(**parameters)).decode()
        )
        self.sender.verify_callback(subscription, {})
        return self.site.log.subscriptions.confirm(subscription.id)

    def deliver(self) -> int:
        """Run the worker once, as after a publication."""
        self.site.index()
        notifier = Notifier(self.site.log, self.site.engine, FilterFields, self.sender)
        return anyio.run(deliver_due, notifier)

    def advance(self, by: timedelta) -> None:
        self.site.clock.now += by

    def messages(self, path: str = "/hook") -> list[WebRequest]:
        """Messages without the request for confirmation."""
        return [one for one in self.server.requests if one.path == path and b'"challenge"' not in one.body]

    def log(self) -> tuple[Delivery, ...]:
        return self.site.log.subscriptions.deliveries()


@contextmanager
def open_desk(home: Path, **environ: str) -> Iterator[Desk]:
    place = settings.read_settings(home, {"QINGDAN_LOOPBACK": "1"})
    with open_service(home, **environ) as site, loopback_server() as server:
        site.clock.now = datetime.now(UTC)
        server.answers["/hook"] = confirming
        made_by = structs.replace(create_sender(place), clock=lambda: datetime.now(UTC))
        desk = Desk(site, server, made_by, environ)
        site.publish(FIRST[:1])
        desk.deliver()
        yield desk


@pytest.fixture
def desk(tmp_path: Path, database: str) -> Iterator[Desk]:
    with open_desk(tmp_path, QINGDAN_DATABASE=database) as desk:
        yield desk
