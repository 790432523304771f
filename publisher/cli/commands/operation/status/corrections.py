"""The inbox of corrections in the commands ``init`` and ``status``."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from publisher.cli.context import CommandContext
from publisher.cli.terminal import output


def create_inbox(context: CommandContext) -> bool:
    """Turn corrections on → False if the database's role may not create a schema."""
    from sqlalchemy.exc import ProgrammingError

    from publisher.inbox.inbox import Inbox

    settings = context.settings
    try:
        Inbox.create(settings.database, settings.inbox, context.seal_keys())
    except ProgrammingError:
        return False
    return True


def print_form(*, is_on: bool) -> None:
    """Print whether the pages of a new site have the form."""
    if is_on:
        output.print_message(
            "各条目的页面上有“我要纠错”，请定期运行 qingdan corrections list；QINGDAN_CORRECTIONS=0 关闭。",
            "The page of each record has a form for corrections: run qingdan corrections list regularly, or "
            "turn it off with QINGDAN_CORRECTIONS=0.",
        )
    else:
        output.print_message(
            "数据库角色无权建立收件箱，“我要纠错”未启用（qingdan corrections key）。",
            "The role may not create the inbox of corrections, so they are off (qingdan corrections key).",
        )


def count_corrections(context: CommandContext) -> Mapping[str, Any] | None:
    """Count corrections that wait for a clerk, and since when the oldest does; None without an inbox."""
    inbox = context.inbox()
    if inbox is None:
        return None
    with closing(inbox):
        waiting, oldest = inbox.waiting()
    return {"open": waiting, "oldest": oldest and oldest.isoformat()}


def print_corrections(corrections: Mapping[str, Any] | None) -> None:
    """Print what :func:`count_corrections` returns."""
    if corrections is not None:
        since = f"，最早 oldest {corrections['oldest'][:10]}" if corrections["oldest"] else ""
        output.print_pairs([("待处理的纠错 open corrections", f"{corrections['open']}{since}")])
