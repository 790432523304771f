"""Subscribers told of every release: what is due is sent, tried again ever later, given up in the end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import anyio
import msgspec
from anyio import to_thread

from feeds.json_feed import json_feed
from publisher.announcing.feed import feed
from publisher.announcing.scope import Scope
from publisher.announcing.selection import of_release
from publisher.announcing.sending import NotTakenError, Sender
from publisher.announcing.topics import topics
from publisher.store.store import Store
from publisher.store.subscribing import Delivery
from search.engine import SearchEngine
from search.fields import Fields

RETRIES = (
    *(timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2)),
    *(timedelta(hours=5), timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=24)),
)
"""After the first attempt, as Standard Webhooks advises: three days, then the subscriber is set aside."""
_AT_ONCE = 8
"""Subscribers that are told at the same time: a slow one does not hold up the others."""
_TAKEN = 32
_GONE = 410

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Teller:
    store: Store
    search: SearchEngine
    fields: Callable[[], Fields]
    """What the text of a search may filter by at the moment."""
    sender: Sender

    async def run(self, *, stop: anyio.Event, poll: float = 0.3) -> None:
        """Until ``stop``. A failure of ours is logged and tried again."""
        while not stop.is_set():
            told = 0
            try:
                told = await self.tell()
            except Exception:
                log.exception("subscribers could not be told")
            if not told:
                with anyio.move_on_after(poll):
                    await stop.wait()

    async def tell(self) -> int:
        """Send what is due now → how many deliveries were tried."""
        due = await to_thread.run_sync(self.store.take_deliveries, _TAKEN)
        limiter = anyio.CapacityLimiter(_AT_ONCE)
        of_each: dict[int, list[Delivery]] = {}
        for delivery in due:
            of_each.setdefault(delivery.subscription.key, []).append(delivery)
        async with anyio.create_task_group() as group:
            for deliveries in of_each.values():
                group.start_soon(self._tell, deliveries, limiter)
        return len(due)

    async def _tell(self, deliveries: list[Delivery], limiter: anyio.CapacityLimiter) -> None:
        """One subscriber, in the order of the releases."""
        for delivery in deliveries:
            async with limiter:
                await self._try(delivery)

    async def _try(self, delivery: Delivery) -> None:
        try:
            answer = await self._sent(delivery)
        except NotTakenError as error:
            await to_thread.run_sync(self._not_taken, delivery, error)
        except Exception as error:  # a fault of ours must not cost the subscriber its message
            log.exception("delivery %s", delivery.key)
            await to_thread.run_sync(self._not_taken, delivery, NotTakenError(repr(error)))
        else:
            await to_thread.run_sync(
                lambda: self.store.delivered(delivery, answer=answer, nothing=answer is None)
            )

    async def _sent(self, delivery: Delivery) -> int | None:
        """HTTP status, or None where the release told nothing that is subscribed to."""
        to = delivery.subscription
        if to.kind == "hub":
            told = await to_thread.run_sync(topics, self.store, delivery.dataset, delivery.number)
            return await to_thread.run_sync(self.sender.tell_hub, to.callback, told) if told else None
        scope = msgspec.json.decode(to.scope, type=Scope)
        fields = await to_thread.run_sync(self.fields)
        chosen = await of_release(self.store, self.search, fields, scope, delivery.published_at)
        if not chosen.changes:
            return None
        data = {
            "dataset": delivery.dataset,
            "release": delivery.number,
            "feed": await to_thread.run_sync(
                lambda: msgspec.Raw(json_feed(feed(self.store, scope, chosen, "json")))
            ),
        }
        return await to_thread.run_sync(self._send, delivery, data)

    def _send(self, delivery: Delivery, data: Any) -> int:
        to = delivery.subscription
        message = f"msg_{to.id}_{delivery.release}"
        return self.sender.send(to, message, "changes.published", data, at=delivery.published_at)

    def _not_taken(self, delivery: Delivery, error: NotTakenError) -> None:
        hub = delivery.subscription.kind == "hub"
        tried = delivery.attempts + 1
        tried = min(tried, len(RETRIES)) if hub else tried
        again = RETRIES[tried - 1] if tried <= len(RETRIES) and error.answer != _GONE else None
        if again is None:
            log.warning("subscription %s is set aside: %s", delivery.subscription.id, error)
        self.store.not_delivered(delivery, answer=error.answer, error=str(error), again=again)
