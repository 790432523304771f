"""Commands about subscriptions by e-mail. None prints an address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from publisher.cli.context import JSON, CommandContext, with_context
from publisher.cli.terminal import output
from publisher.cli.terminal.exit_codes import Exit
from publisher.cli.terminal.failures import CommandError

if TYPE_CHECKING:
    from publisher.inbox.follower import FollowerState
    from publisher.inbox.followers import Followers

_STATES = {
    "new": "待寄确认信 new",
    "asked": "待确认 asked",
    "active": "有效 active",
    "aside": "已搁置 set aside",
}


@click.group()
def followers() -> None:
    """邮件订阅 / Subscriptions by e-mail."""


@followers.command("list")
@JSON
@with_context
def list_(context: CommandContext, *, as_json: bool) -> None:
    """列出邮件订阅，不显示邮箱地址 / List them, without addresses."""
    from publisher.notify.news import subscription_feed_path

    with _followers(context) as store:
        rows = store.all()
    if as_json:
        output.print_json(
            [
                {
                    "id": one.id,
                    "feed": subscription_feed_path(one.scope),
                    "pace": one.pace,
                    "state": one.state,
                    "since": one.since,
                    "attempts": one.attempts,
                    "error": one.error,
                }
                for one in rows
            ]
        )
        return
    output.print_table(
        ["标识 id", "订阅 feed", "多久 pace", "状态 state", "自 since", "错误 error"],
        [
            [o.id, subscription_feed_path(o.scope), o.pace, _STATES[o.state], f"{o.since:%Y-%m-%d}", o.error]
            for o in rows
        ],
    )


@followers.command()
@click.argument("follower")
@with_context
def remove(context: CommandContext, follower: str) -> None:
    """删除一个邮件订阅及其邮箱地址 / Delete one with its address."""
    with _followers(context) as store:
        if not store.remove(follower):
            raise CommandError(
                "no-such-subscription",
                f"没有订阅“{follower}”。",
                f"There is no subscription {follower!r}.",
                exit_code=Exit.NOT_FOUND,
            )
    output.print_message("已删除。", "Deleted.")


def count_followers(context: CommandContext) -> Mapping[FollowerState, int] | None:
    """Count subscriptions by state; None without an inbox."""
    from publisher.inbox.followers import open_followers

    settings = context.settings
    with open_followers(settings.database, settings.inbox, context.seal_keys()) as store:
        return None if store is None else store.counts()


def print_followers(counts: Mapping[FollowerState, int] | None) -> None:
    if counts is not None:
        texts = [f"{_STATES[state]} {count}" for state, count in counts.items() if count]
        output.print_pairs([("邮件订阅 followers by e-mail", "，".join(texts) or "无 none")])


@contextmanager
def _followers(context: CommandContext) -> Iterator[Followers]:
    from publisher.inbox.followers import open_followers

    with context.log(read_only=True):  # there has to be a site
        settings = context.settings
        with open_followers(settings.database, settings.inbox, context.seal_keys()) as store:
            if store is None:
                raise CommandError(
                    "no-inbox",
                    "没有收件箱。请先运行 qingdan corrections key。",
                    "There is no inbox. Create it with qingdan corrections key.",
                    exit_code=Exit.NOT_FOUND,
                )
            yield store


COMMANDS: tuple[click.Command, ...] = (followers,)
