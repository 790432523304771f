"""The feed of changes of the status of commitments: done, overdue, or undetermined again."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from feeds.feed import Category, Entry
from publisher.log.clocks import micros
from publisher.log.commitments.status_changes import StatusChange
from publisher.log.log import Log
from publisher.log.model import Site
from publisher.views.syndication.feed import render_site_feed
from publisher.views.syndication.scope import Form
from schemas.words import COMMITMENT_STATUSES

TITLE = "工作任务：状态变化"
ENTRIES = 100
"""Most entries."""


def render_commitment_feed(log: Log, form: Form, changes: Sequence[StatusChange], *, query: str) -> bytes:
    """Serialize changes, the newest first. ``query``: filters, with ``?`` or empty."""
    site = log.datasets.site()
    return render_site_feed(
        log,
        form,
        "commitments",
        [_entry(one, site) for one in changes[:ENTRIES]],
        query=query,
        title=TITLE,
        subtitle="依据佐证规则从已发布的内容推算；规则没有成立也没有逾期的，为无法判断",
    )


def _entry(change: StatusChange, site: Site) -> Entry:
    one, word = change.commitment, COMMITMENT_STATUSES[change.status].zh
    lead = str(one.content.get("lead", ""))
    message = f"{word}：{one.title}（自{change.since}起）"
    return Entry(
        id=f"tag:{site.tag_authority}:commitments/{one.id}/{change.status}/{micros(change.at)}",
        title=f"{word}：{one.title}",
        updated=change.at,
        published=change.at,
        link=f"{site.base}/commitments/{one.id}",
        summary=message,
        content_html=f"<p>{escape(message)}</p>",
        authors=(lead,) if lead else (),
        categories=(Category(change.status, f"tag:{site.tag_authority}:commitment", word),),
    )
