"""The feed of a filtered list of changes: the newest ones."""

from __future__ import annotations

from collections.abc import Sequence

from feeds.feed import Feed, Link
from publisher.log.log import Log
from publisher.log.model import Change
from publisher.views.syndication.entries import build_entries
from publisher.views.syndication.feed import ICON, render, site_author
from publisher.views.syndication.scope import FORMS, Form

ENTRIES = 100
"""Most entries. The list of changes has all."""


def render_change_list(log: Log, form: Form, changes: Sequence[Change], *, query: str) -> bytes:
    """Serialize changes, newest first. ``query``: the filters of the list, with its ``?`` or empty."""
    site = log.datasets.site()
    own, _ = log.datasets.site_details()
    entries = build_entries(log, changes, {dataset.name: dataset for dataset in log.datasets.all()})
    feed = Feed(
        id=f"tag:{site.tag_authority}:changes{query}",
        title="全部清单：变化" if not query else "符合条件的变化",
        subtitle=f"{own.name or site.base} 各清单的变化",
        updated=max((one.updated_at for one in entries), default=log.datasets.site_created_at()),
        link=f"{site.base}/changes{query}",
        self_link=f"{site.base}/changes.{form}{query}",
        author=site_author(site, own),
        author_link=f"{site.base}/",
        icon=site.base + ICON,
        entries=entries,
        links=tuple(
            Link(f"{site.base}/changes.{other}{query}", "alternate", media)
            for other, media in FORMS.items()
            if other != form
        ),
    )
    return render(feed, form)
