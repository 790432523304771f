"""New subscriptions: before news are sent a webhook repeats a challenge, and a robot takes a message."""

from __future__ import annotations

from urllib.parse import urlsplit

from publisher.log.log import Log
from publisher.log.model import LogError
from publisher.log.outbox.subscriptions import Subscription
from publisher.notify.news import subscription_feed_path
from publisher.notify.robots import ROBOTS
from publisher.notify.webhook_sender import DeliveryError, Sender
from publisher.views.syndication.feed import scope_title


def confirm_subscription(log: Log, sender: Sender, subscription: Subscription) -> None:
    """Confirm a subscription; a webhook is asked whether it agrees.

    Raises ``DeliveryError``; the subscription then stays for a retry.
    """
    if subscription.kind == "webhook":
        feed = log.datasets.site().base + subscription_feed_path(subscription.scope, "json")
        try:
            sender.verify_callback(subscription, {"feed": feed})
        except DeliveryError as error:
            log.subscriptions.mark_unconfirmed(subscription.id, str(error))
            raise
    log.subscriptions.confirm(subscription.id)


def add_robot(
    log: Log, sender: Sender, kind: str, address: str, scope: str, secret: str, id_: str = ""
) -> Subscription:
    """Add a robot, which takes a first message. Raises ``DeliveryError``; then it is not added.

    ``id_``: as of :meth:`.Subscriptions.subscribe`.
    """
    robot = log.subscriptions.add_robot(kind, address, scope, secret, id_)
    try:
        sender.send_to_robot(robot, f"已订阅 {scope_title(log, scope)}")
    except DeliveryError:
        log.subscriptions.unsubscribe(robot.id)
        raise
    return log.subscriptions.confirm(robot.id)


def require_address(kind: str, address: str, *, loopback: bool) -> None:
    """Raise ``LogError('bad-callback')`` for an address that is incomplete, plain, or not that of a robot.

    ``kind``: ``webhook`` or that of a robot. ``loopback``: http is allowed, for tests.
    """
    schemes = ("https", "http") if loopback else ("https",)
    try:
        parts = urlsplit(address)
        is_usable = parts.scheme in schemes and bool(parts.hostname)
    except ValueError:  # https://[::1
        is_usable = False
    if not is_usable:
        raise LogError(
            "bad-callback",
            "地址须是以 https:// 开头的完整网址。",
            "The address has to be complete and begin with https://.",
        )
    if kind != "webhook" and not (kind in ROBOTS and ROBOTS[kind].is_complete(address)):
        raise LogError(
            "bad-callback",
            "不是这种机器人的 Webhook 地址。",
            "It is not the webhook address of a robot of this kind.",
        )
