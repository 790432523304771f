"""The move of the inbox with its site to another database."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from sqlalchemy import func, select

from publisher.inbox import tables as t
from publisher.inbox.contact_seal import SealKeys
from publisher.inbox.database import InboxDatabase
from publisher.inbox.inbox import Inbox


def move_inbox(url: str, new_url: str, file: Path, keys: SealKeys) -> int:
    """Copy the inbox of the site at ``url`` to ``new_url``, receipts and sealed contacts included → requests.

    ``file``: the inbox of a SQLite site, which stays in the home whatever the name of the log's file.
    """
    if url.startswith("sqlite") and new_url.startswith("sqlite"):
        return 0
    inbox = Inbox.open(url, file, keys)
    if inbox is None:
        return 0
    inbox.close()
    with closing(InboxDatabase(url, file)) as old, closing(InboxDatabase(new_url, file)) as new:
        new.create_tables()
        old.copy_rows(new)
        with old.read() as source:
            return source.scalar(select(func.count()).select_from(t.request)) or 0
