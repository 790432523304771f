"""The feed of effects: what was repealed, amended, cancelled and delegated, as the newest records say."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from feeds.feed import Category, Entry
from publisher.log.graph.passage_query import PublishedEffect
from publisher.log.log import Log
from publisher.log.model import Site
from publisher.views.syndication.feed import render_site_feed
from publisher.views.syndication.scope import Form
from schemas.words import EFFECTS

TITLE = "法规文件的废止、修订和取消"
ENTRIES = 100
"""Most entries. The list of effects has all."""


def render_effect_feed(log: Log, form: Form, effects: Sequence[PublishedEffect], *, query: str) -> bytes:
    """Serialize effects, those that were published last first. ``query``: filters, with ``?`` or empty."""
    site = log.datasets.site()
    # A document that names one work twice has one effect on it: two entries of one id are no feed (RFC 4287).
    entries = {entry.id: entry for entry in (_entry(one, site) for one in effects)}
    return render_site_feed(
        log,
        form,
        "effects",
        list(entries.values())[:ENTRIES],
        query=query,
        title=TITLE,
        subtitle="各清单的条目写明的废止、修订、取消、下放、解读和实施，逐字引用原文",
        link=f"{site.base}/works",
    )


def _entry(effect: PublishedEffect, site: Site) -> Entry:
    passage, word = effect.passage, EFFECTS[effect.kind].zh
    concerned = f"《{effect.target}》" if effect.target else passage.title
    day = f"，自{effect.day}起" if effect.day else ""
    message = f"{effect.source}{word}{concerned}{day}"
    place = f"{passage.record}/{passage.revision[:20]}/{effect.kind}/{effect.target or ''}"
    return Entry(
        id=f"tag:{site.tag_authority}:effects/{quote(place)}",
        title=message,
        updated=passage.known_from,
        published=passage.known_from,
        link=f"{site.base}/works/{quote(effect.source)}",
        summary=f"{message}。原文：{passage.text}",
        content_html=f"<p>{escape(message)}。</p><p><q>{escape(passage.text)}</q></p>",
        authors=(passage.part,) if passage.part else (),
        categories=(Category(effect.kind, f"tag:{site.tag_authority}:effect", word),),
    )
