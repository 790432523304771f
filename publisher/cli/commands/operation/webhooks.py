"""Commands about webhooks: subscriptions and their deliveries."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import click
from msgspec import structs

from publisher.cli.context import JSON, CommandContext, with_context
from publisher.cli.terminal import output
from publisher.cli.terminal.failures import CommandError

if TYPE_CHECKING:
    from publisher.log.log import Log
    from publisher.log.outbox.subscriptions import Delivery, Subscription
    from publisher.notify.webhook_sender import Sender

_STATES = {"pending": "待确认 pending", "active": "有效 active", "aside": "已搁置 set aside"}
_DELIVERIES = {
    "waiting": "待送 waiting",
    "done": "已送达 delivered",
    "nothing": "无相关变化 nothing to send",
    "failed": "未能送达 failed",
}


@click.group()
def webhooks() -> None:
    """推送回调：发布变化时推送的回调地址 / Webhooks: addresses that are notified of changes."""


@webhooks.command()
@click.argument("callback")
@click.option(
    "--feed",
    required=True,
    help="订阅源的地址，如 /feeds/all.atom / Address of a feed, such as /feeds/all.atom.",
)
@click.option(
    "--plain-http",
    is_flag=True,
    help="允许不加密的 http:// 回调地址 / Allow a callback over http://, which is not encrypted.",
)
@JSON
@with_context
def add(context: CommandContext, callback: str, feed: str, *, plain_http: bool, as_json: bool) -> None:
    """添加一个回调地址并请其确认 / Add a webhook and request its confirmation."""
    import msgspec

    scheme = callback.partition("://")[0].lower()
    if scheme == "http" and not plain_http:
        raise click.BadParameter(
            f"{callback!r} 不加密，途中可被窃听和改写；请用 https://，或加 --plain-http / "
            f"{callback!r} is not encrypted and can be read and changed on its way; use https://, or add "
            "--plain-http",
            param_hint="CALLBACK",
        )
    if scheme not in {"http", "https"}:
        raise click.BadParameter(f"{callback!r}: https://…", param_hint="CALLBACK")
    with context.log() as log:
        scope = parse_scope(context, log, feed)
        subscription = log.subscriptions.subscribe(callback, msgspec.json.encode(scope).decode())
        # Printed before the verification, because a receiver may need the secret to check its signature.
        if as_json:
            output.print_json(
                {
                    "id": subscription.id,
                    "callback": subscription.callback,
                    "feed": feed,
                    "secret": subscription.secret,
                }
            )
        else:
            output.print_message(
                "密钥只显示这一次，请交给接收方。", "The secret is shown this once; give it to the receiver."
            )
            output.print_pairs([("标识 id", subscription.id), ("密钥 secret", subscription.secret)])
        _verify_callback(context, log, subscription)
    output.print_message("回调地址已确认。", "The callback confirmed.")


@webhooks.command()
@click.argument("subscription")
@with_context
def confirm(context: CommandContext, subscription: str) -> None:
    """再次请求回调地址确认，并补送搁置的消息 / Request confirmation again; waiting messages are sent."""
    with context.log() as log:
        _verify_callback(context, log, log.subscriptions.get(subscription))
    output.print_message("已确认。", "Confirmed.")


@webhooks.command(name="list")
@JSON
@with_context
def list_(context: CommandContext, *, as_json: bool) -> None:
    """列出回调地址 / List the webhooks."""
    with context.log() as log:
        subscriptions = log.subscriptions.all()
    if as_json:
        output.print_json([asdict(replace(one, secret="")) for one in subscriptions])
        return
    rows = [[s.id, s.kind, s.callback, _feed_path(s), _STATES[s.state], s.reason] for s in subscriptions]
    output.print_table(
        ["标识 id", "种类 kind", "地址 callback", "订阅 feed", "状态 state", "原因 reason"], rows
    )


@webhooks.command()
@click.argument("subscription")
@with_context
def remove(context: CommandContext, subscription: str) -> None:
    """停止推送并删除该地址 / Delete a webhook and its delivery log."""
    with context.log() as log:
        log.subscriptions.unsubscribe(subscription)
    output.print_message("已删除。", "Deleted.")


@webhooks.command()
@click.argument("subscription", required=False)
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="条数上限 / How many."
)
@JSON
@with_context
def log(context: CommandContext, subscription: str | None, limit: int, *, as_json: bool) -> None:
    """送达记录，新的在前 / Deliveries, newest first."""
    with context.log() as log:
        if subscription is not None:
            log.subscriptions.get(subscription)
        deliveries = log.subscriptions.deliveries(subscription, limit=limit + 1)
    if len(deliveries) > limit:
        output.print_limit(limit)
    deliveries = deliveries[:limit]
    if as_json:
        output.print_json([_delivery_to_json(one) for one in deliveries])
        return
    rows = [
        [
            one.subscription.id,
            f"{one.dataset} {one.number}",
            _DELIVERIES[one.state],
            one.attempts,
            "" if one.answer is None else one.answer,
            "" if one.tried_at is None else one.tried_at.isoformat(timespec="seconds"),
            one.error,
        ]
        for one in deliveries
    ]
    output.print_table(
        [
            "标识 id",
            "发布 release",
            "状态 state",
            "次数 attempts",
            "返回 response",
            "时间 tried",
            "错误 error",
        ],
        rows,
    )


def _delivery_to_json(one: Delivery) -> dict[str, object]:
    properties = {k: v for k, v in structs.asdict(one).items() if k not in ("key", "subscription")}
    return {"subscription": one.subscription.id, **properties}


def parse_scope(context: CommandContext, log: Log, feed: str) -> object:
    """Return the scope of a feed's address. Raises ``CommandError('no-such-feed')``."""
    from publisher.views.api.routes import feeds
    from publisher.web.problems import ProblemError
    from publisher.web.service import create_service

    try:
        return feeds.parse_feed_address(create_service(context.settings, log, context.engine()), feed)
    except ProblemError as error:
        raise CommandError(
            "no-such-feed", f"不能订阅“{feed}”: {error.zh}", f"{feed} cannot be followed: {error.en}"
        ) from error


def _feed_path(subscription: Subscription) -> str:
    from publisher.notify.news import subscription_feed_path

    return subscription_feed_path(subscription.scope, "json") if subscription.scope else ""


def _verify_callback(context: CommandContext, log: Log, subscription: Subscription) -> None:
    """Verify a callback. Raises ``CommandError('not-confirmed')``; the subscription stays for a retry."""
    from publisher.notify.confirmation import confirm_subscription
    from publisher.notify.webhook_sender import DeliveryError

    try:
        confirm_subscription(log, _sender(context), subscription)
    except DeliveryError as error:
        raise CommandError(
            "not-confirmed",
            f"回调地址没有确认：{error}。改好后请运行 qingdan webhooks confirm {subscription.id}",
            f"The callback did not confirm: {error}. Then run qingdan webhooks confirm {subscription.id}",
        ) from error


def _sender(context: CommandContext) -> Sender:
    from publisher.notify.webhook_sender import create_sender

    return create_sender(context.settings)


COMMANDS: tuple[click.Command, ...] = (webhooks,)
