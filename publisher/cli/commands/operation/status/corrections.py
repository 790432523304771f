"""The part of ``qingdan status`` about corrections that readers ask for."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from publisher.cli.context import CommandContext
from publisher.cli.terminal import output


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
