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
from publisher.log.log import Log
from publisher.log.outbox.subscriptions import Delivery
from publisher.notify.webhook_sender import NotTakenError, Sender
from publisher.views.syndication.feed import feed
from publisher.views.syndication.hub_topics import topics
from publisher.views.syndication.scope import Scope
from publisher.views.syndication.selection import of_release
from search.contract import SearchEngine
from search.query.field_filters import FilterFields

RETRIES = (
    *(timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2)),
    *(timedelta(hours=5), timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=24)),
)
"""After the first attempt, as Standard Webhooks advises: three days, then the subscriber is set aside."""
_AT_ONCE = 16
"""Subscribers that are told at the same time: a slow one does not hold up the others."""
_GONE = 410

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Teller:
    log: Log
    search: SearchEngine
    fields: Callable[[], FilterFields]
    """What the text of a search may filter by at the moment."""
    sender: Sender

    async def run(self, *, stop: anyio.Event, poll: float = 0.1) -> None:
        """Until ``stop``. A failure of ours is logged and tried again."""
        busy: set[int] = set()
        limiter = anyio.CapacityLimiter(_AT_ONCE)
        async with anyio.create_task_group() as group:
            while not stop.is_set():
                due = await self._due(busy)
                for delivery in due:
                    busy.add(delivery.subscription.key)
                    group.start_soon(self._try, delivery, limiter, busy)
                if not due:
                    with anyio.move_on_after(poll):
                        await stop.wait()
            group.cancel_scope.cancel()

    async def tell(self) -> int:
        """Send what is due now, and no more → how many deliveries were tried."""
        tried = 0
        limiter = anyio.CapacityLimiter(_AT_ONCE)
        while due := await to_thread.run_sync(self.log.subscriptions.take_deliveries, _AT_ONCE):
            tried += len(due)
            async with anyio.create_task_group() as group:
                for delivery in due:
                    group.start_soon(self._try, delivery, limiter, set[int]())
        return tried

    async def _due(self, busy: set[int]) -> tuple[Delivery, ...]:
        """No more than are sent at once: what waited here would outlive its lease."""
        if len(busy) >= _AT_ONCE:
            return ()
        try:
            return await to_thread.run_sync(
                self.log.subscriptions.take_deliveries, _AT_ONCE - len(busy), frozenset(busy)
            )
        except Exception:
            logger.exception("subscribers could not be told")
            return ()

    async def _try(self, delivery: Delivery, limiter: anyio.CapacityLimiter, busy: set[int]) -> None:
        """One delivery, whatever happens; then its subscriber is not ``busy`` any more."""
        try:
            answer = await self._sent(delivery, limiter)
            await to_thread.run_sync(self._taken, delivery, answer)
        except NotTakenError as error:
            await self._not_taken(delivery, error)
        except Exception as error:  # a fault of ours must not cost the subscriber its message
            logger.exception("delivery %s", delivery.key)
            await self._not_taken(delivery, NotTakenError(repr(error)))
        finally:
            busy.discard(delivery.subscription.key)

    async def _sent(self, delivery: Delivery, limiter: anyio.CapacityLimiter) -> int | None:
        """HTTP status, or None where the release told nothing that is subscribed to.

        Sending has threads of its own, so that slow subscribers never take those that answer readers.
        """
        to = delivery.subscription
        if to.kind == "hub":
            told = await to_thread.run_sync(topics, self.log, delivery.dataset, delivery.number)
            if not told:
                return None
            return await to_thread.run_sync(self.sender.tell_hub, to.callback, told, limiter=limiter)
        scope = msgspec.json.decode(to.scope, type=Scope)
        fields = await to_thread.run_sync(self.fields)
        chosen = await of_release(self.log, self.search, fields, scope, delivery.published_at)
        if not chosen.changes:
            return None
        data = {
            "dataset": delivery.dataset,
            "release": delivery.number,
            "feed": await to_thread.run_sync(
                lambda: msgspec.Raw(json_feed(feed(self.log, scope, chosen, "json")))
            ),
        }
        return await to_thread.run_sync(self._send, delivery, data, limiter=limiter)

    def _send(self, delivery: Delivery, data: Any) -> int:
        to = delivery.subscription
        message = f"msg_{to.id}_{delivery.release}"
        return self.sender.send(to, message, "changes.published", data, at=delivery.published_at)

    def _taken(self, delivery: Delivery, answer: int | None) -> None:
        self.log.subscriptions.mark_delivered(delivery, answer=answer, nothing=answer is None)

    async def _not_taken(self, delivery: Delivery, error: NotTakenError) -> None:
        try:
            await to_thread.run_sync(self._note, delivery, error)
        except Exception:  # its lease ends, and it is tried again
            logger.exception("delivery %s", delivery.key)

    def _note(self, delivery: Delivery, error: NotTakenError) -> None:
        hub = delivery.subscription.kind == "hub"
        tried = min(delivery.attempts + 1, len(RETRIES)) if hub else delivery.attempts + 1
        gone = error.answer == _GONE and not hub
        again = RETRIES[tried - 1] if tried <= len(RETRIES) and not gone else None
        aside = self.log.subscriptions.mark_undelivered(
            delivery, answer=error.answer, error=str(error), again=again, gone=gone
        )
        if aside:
            logger.warning("subscription %s is set aside: %s", delivery.subscription.id, error)
