"""Delivery of releases to subscribers, with retries at growing intervals."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import anyio
import msgspec
from anyio import to_thread

from feeds.json_feed import json_feed
from publisher.failure_lines import log_failure
from publisher.log.log import Log
from publisher.log.outbox.subscriptions import Delivery
from publisher.notify import robot_delivery
from publisher.notify.news import NewsReader
from publisher.notify.robot_delivery import PostponedError
from publisher.notify.robots import ROBOTS
from publisher.notify.webhook_sender import DeliveryError, Sender
from publisher.views.syndication.feed import build_feed
from publisher.views.syndication.hub_topics import hub_topics
from publisher.views.syndication.scope import Scope, decode_scope
from publisher.views.syndication.selection import select_release
from search.contract import SearchEngine
from search.query.field_filters import FilterFields

RETRIES = (
    *(timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2)),
    *(timedelta(hours=5), timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=24)),
)
"""Delays after the first attempt, as Standard Webhooks advises; then the subscriber is set aside."""
_MOST_CONCURRENT = 16
"""Concurrent deliveries, so that a slow subscriber does not delay the others."""
_STATUS_GONE = 410
_LONGEST_PAUSE = 10.0
"""Seconds between two looks for due deliveries while the database is away."""

logger = logging.getLogger(__name__)


class Notifier(msgspec.Struct, frozen=True):
    """Sends the deliveries of webhooks, robots and the hub, and records their results."""

    log: Log
    search: SearchEngine
    fields: Callable[[], FilterFields]
    """Returns the fields by which a search may currently filter."""
    sender: Sender

    async def run(self, *, stop: anyio.Event, poll: float = 0.1) -> None:
        """Deliver until ``stop``; look for due deliveries every ``poll`` seconds.

        Internal errors are logged, and retried after growing pauses.
        """
        pause = poll
        busy: set[int] = set()  # keys of subscriptions with a delivery under way
        limiter = anyio.CapacityLimiter(_MOST_CONCURRENT)
        async with anyio.create_task_group() as group:
            while not stop.is_set():
                due = await self._claim_due(busy)
                pause = min(pause * 2, _LONGEST_PAUSE) if due is None else poll
                for delivery in due or ():
                    busy.add(delivery.subscription.key)
                    group.start_soon(self._try, delivery, limiter, busy)
                if not due:
                    with anyio.move_on_after(pause):
                        await stop.wait()
            group.cancel_scope.cancel()

    async def _claim_due(self, busy: set[int]) -> tuple[Delivery, ...] | None:
        """Claim only as many deliveries as can be sent at once, because the lease of others would expire.

        → None: that failed, and was logged.
        """
        if len(busy) >= _MOST_CONCURRENT:
            return ()
        try:
            return await to_thread.run_sync(
                self.log.subscriptions.claim_deliveries, _MOST_CONCURRENT - len(busy), frozenset(busy)
            )
        except Exception as error:  # noqa: BLE001 - deliveries must not end silently
            log_failure(logger, "due deliveries could not be claimed", error)
            return None

    async def _try(self, delivery: Delivery, limiter: anyio.CapacityLimiter, busy: set[int]) -> None:
        """Try one delivery and record its result; then remove its subscriber from ``busy``."""
        try:
            status = await self._deliver(delivery, limiter)
            await to_thread.run_sync(self._record_success, delivery, status)
        except PostponedError:
            pass
        except DeliveryError as error:
            await self._record_failure(delivery, error)
        except Exception as error:  # noqa: BLE001 - an internal error must not lose the message
            log_failure(logger, f"delivery {delivery.key}", error)
            await self._record_failure(delivery, DeliveryError(repr(error)))
        finally:
            busy.discard(delivery.subscription.key)

    async def _deliver(self, delivery: Delivery, limiter: anyio.CapacityLimiter) -> int | None:
        """Send a delivery; return the HTTP status, or None if no change matches the subscription.

        Sending uses its own threads, so that slow subscribers cannot block those of requests.
        """
        subscription = delivery.subscription
        if subscription.kind in ROBOTS:
            return await robot_delivery.deliver(self.log, self._news(), self.sender, delivery, limiter)
        if subscription.kind == "hub":
            topics = await to_thread.run_sync(hub_topics, self.log, delivery.dataset, delivery.number)
            if not topics:
                return None
            return await to_thread.run_sync(
                self.sender.notify_hub, subscription.callback, topics, limiter=limiter
            )
        scope = decode_scope(subscription.scope)
        fields = await to_thread.run_sync(self.fields)
        selection = await select_release(self.log, self.search, fields, scope, delivery.published_at)
        erasures = await to_thread.run_sync(self._list_erasures, delivery, scope)
        if not selection.changes and not erasures:
            return None
        data = {
            "dataset": delivery.dataset,
            "release": delivery.number,
            "checkpoint": await to_thread.run_sync(self.log.proofs.checkpoint),
            "erasures": erasures,
            "feed": await to_thread.run_sync(
                lambda: msgspec.Raw(json_feed(build_feed(self.log, scope, selection, "json")))
            ),
        }
        return await to_thread.run_sync(self._send, delivery, data, limiter=limiter)

    def _news(self) -> NewsReader:
        return NewsReader(self.log, self.search, self.fields)

    def _list_erasures(self, delivery: Delivery, scope: Scope) -> list[dict[str, Any]]:
        """List the records in the scope that the release erased."""
        return [
            {"record": e.record, "erased_at": e.erased_at, "ground": e.ground}
            for e in self.log.queries.erasures(delivery.dataset, release=delivery.number)
            if scope.covers_erasure(e.dataset, e.record)
        ]

    def _send(self, delivery: Delivery, data: Any) -> int:
        subscription = delivery.subscription
        message_id = f"msg_{subscription.id}_{delivery.release}"  # the same for every attempt
        return self.sender.send(subscription, message_id, "changes.published", data, at=delivery.published_at)

    def _record_success(self, delivery: Delivery, status: int | None) -> None:
        self.log.subscriptions.mark_delivered(delivery, answer=status, out_of_scope=status is None)

    async def _record_failure(self, delivery: Delivery, error: DeliveryError) -> None:
        try:
            await to_thread.run_sync(self._mark_failed, delivery, error)
        except Exception as failure:  # noqa: BLE001 - it is retried after its lease has expired
            log_failure(logger, f"delivery {delivery.key}", failure)

    def _mark_failed(self, delivery: Delivery, error: DeliveryError) -> None:
        hub = delivery.subscription.kind == "hub"
        attempts = min(delivery.attempts + 1, len(RETRIES)) if hub else delivery.attempts + 1
        is_gone = error.status == _STATUS_GONE and not hub
        delay = RETRIES[attempts - 1] if attempts <= len(RETRIES) and not is_gone else None
        is_set_aside = self.log.subscriptions.mark_undelivered(
            delivery, answer=error.status, error=str(error), retry_after=delay, subscriber_gone=is_gone
        )
        if is_set_aside:
            logger.warning("subscription %s is set aside: %s", delivery.subscription.id, error)
