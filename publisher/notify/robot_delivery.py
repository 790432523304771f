"""Delivery of news to robots: within their limits a minute, and all that waits as one digest."""

from __future__ import annotations

from datetime import timedelta

from anyio import CapacityLimiter, to_thread

from publisher.log.log import Log
from publisher.log.outbox.outbox import PublishedRelease
from publisher.log.outbox.subscriptions import Delivery
from publisher.notify.news import NewsReader
from publisher.notify.robots import ROBOTS
from publisher.notify.webhook_sender import Sender
from publisher.views.syndication.feed import scope_title

_MINUTE = timedelta(minutes=1)
_PAUSE = timedelta(minutes=5)
"""Pause before the other deliveries of a failed digest are due again."""


class PostponedError(Exception):
    """The robot has had as many messages as it takes in a minute; its deliveries are due later."""


async def deliver(
    log: Log, reader: NewsReader, sender: Sender, delivery: Delivery, limiter: CapacityLimiter
) -> int | None:
    """Send a delivery, with all others that wait for the robot; return the HTTP status, or None if no change
    matches.

    Raises :class:`PostponedError`, ``DeliveryError``, ``SearchError``.
    """
    subscription, robot = delivery.subscription, ROBOTS[delivery.subscription.kind]
    now = sender.clock()
    accepted = await to_thread.run_sync(log.subscriptions.accepted_since, delivery, now - _MINUTE)
    if len(accepted) >= robot.per_minute:
        until = accepted[-robot.per_minute] + _MINUTE
        await to_thread.run_sync(log.subscriptions.postpone, (delivery,), until)
        raise PostponedError
    others = await to_thread.run_sync(log.subscriptions.claim_others, delivery)
    releases = [PublishedRelease(d.release, d.dataset, d.number, d.published_at) for d in (delivery, *others)]
    try:
        news = await reader.of_releases(subscription.scope, releases)
        status = None
        if news:
            title = await to_thread.run_sync(_title, log, subscription.scope)
            status = await to_thread.run_sync(
                sender.send_to_robot, subscription, title, news, limiter=limiter
            )
    except BaseException:
        log.subscriptions.postpone(others, sender.clock() + _PAUSE)
        raise
    for other in others:
        await to_thread.run_sync(_mark, log, other, bool(news))
    return status


def _mark(log: Log, delivery: Delivery, was_sent: bool) -> None:  # noqa: FBT001 - run_sync passes positions
    log.subscriptions.mark_delivered(delivery, answer=None, out_of_scope=not was_sent)


def _title(log: Log, scope: str) -> str:
    own, _ = log.datasets.site_details()
    subject = scope_title(log, scope)
    return f"{own.name}：{subject}" if own.name else subject
