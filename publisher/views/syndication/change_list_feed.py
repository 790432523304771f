"""The feed of a filtered list of changes: the newest ones."""

from __future__ import annotations

from collections.abc import Sequence

from publisher.log.log import Log
from publisher.log.model import Change
from publisher.views.syndication.entries import build_entries
from publisher.views.syndication.feed import render_site_feed
from publisher.views.syndication.scope import Form

ENTRIES = 100
"""Most entries. The list of changes has all."""


def render_change_list_feed(log: Log, form: Form, changes: Sequence[Change], *, query: str) -> bytes:
    """Serialize changes, newest first. ``query``: the filters of the list, with its ``?`` or empty."""
    details, _ = log.datasets.site_details()
    return render_site_feed(
        log,
        form,
        "changes",
        build_entries(log, changes, {dataset.name: dataset for dataset in log.datasets.all()}),
        query=query,
        title="全部清单：变化" if not query else "符合条件的变化",
        subtitle=f"{details.name or log.datasets.site().base} 各清单的变化",
    )
