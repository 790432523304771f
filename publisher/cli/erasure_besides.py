"""Erasure of what inbox and desk have about erased records."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from publisher.cli.context import CommandContext


def erase_besides(context: CommandContext, records: Sequence[tuple[str, str]]) -> None:
    """Delete all of it, as in a restored site. Raises ``LogError('erasure-incomplete')``."""
    requests = list_requests(context, records)
    erase_corrections(context, records)
    erase_at_desk(context, requests)


def list_requests(context: CommandContext, records: Sequence[tuple[str, str]]) -> Sequence[str]:
    """List the corrections that readers asked for about records (dataset, id), by their ids."""
    inbox, about = context.inbox(), set(records)
    if inbox is None:
        return ()
    with closing(inbox):
        return [one.id for one in inbox.list() if (one.dataset, one.record) in about]


def erase_corrections(context: CommandContext, records: Sequence[tuple[str, str]]) -> None:
    """Delete the corrections about erased records. Raises ``LogError('erasure-incomplete')``."""
    inbox = context.inbox()
    if inbox is not None:
        with closing(inbox):
            inbox.erase(records)


def erase_at_desk(context: CommandContext, requests: Sequence[str] = ()) -> None:
    """Delete what the desk has that may quote what was erased: stored answers, and proofs of ``requests``.

    Raises ``LogError('erasure-incomplete')``.
    """
    from publisher.desk.accounts.store import DeskStore
    from publisher.log.model import LogError

    try:
        store = DeskStore.open(context.settings.database, context.settings.desk)
    except LogError as error:
        if error.code != "no-desk":
            raise
        return
    with closing(store):
        store.erase_quotations(requests)
