"""The page on how to follow: a feed as people read it, its addresses, and the form of the e-mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import parse_qsl

import msgspec
from litestar.concurrency import sync_to_thread

from feeds.feed import Entry
from publisher.inbox.follower import MAX_ADDRESS, UNCONFIRMED_DAYS
from publisher.log.model import LogError
from publisher.views.api.routes.feeds import parse_feed_address
from publisher.views.api.search_scope import make_search_scope
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.views.syndication import selection
from publisher.views.syndication.entries import build_entries
from publisher.views.syndication.feed import feed_title, record_title, scope_datasets
from publisher.views.syndication.formats import FEED_FORMATS
from publisher.views.syndication.scope import Scope, make_scope
from publisher.views.syndication.selection import Selection
from publisher.web.conditional_requests import Validity
from publisher.web.problems import Fault, ProblemError
from publisher.web.query_parameters import Grammar, bad_value
from publisher.web.route import AsyncReply, Reply
from schemas.words import PACE_WORDS

PATH, SENT = "/follow", "/follow/sent"
_GRAMMAR = Grammar(filters={"feed": "string"})
_ENTRIES = 20


class FollowedFeed(msgspec.Struct, frozen=True):
    """A feed that a page offers to follow."""

    scope: Scope
    title: str
    news: Sequence[tuple[str, str, datetime]]
    """(sentence, address, time) of the newest entries."""

    @property
    def address(self) -> str:
        return self.scope.path("atom")


async def follow(press: Press, visit: Visit) -> AsyncReply:
    """Render the page of the feed at the address ``feed``, by default of every change.

    Raises ``invalid-parameters`` for an address of no feed, ``SearchError``.
    """
    visit.parse_query(_GRAMMAR)
    feed = await read_feed(visit, "".join(visit.values("feed")[:1]))

    async def build() -> bytes:
        return await sync_to_thread(render, press, visit, feed, {}, ())

    return AsyncReply(Validity(()), build, HEADERS)


async def read_feed(visit: Visit, address: str) -> FollowedFeed:
    """Read the feed at an address. Raises as :func:`follow`."""
    service = visit.service
    scope = await sync_to_thread(parse_scope, visit, address)
    fields = await sync_to_thread(lambda: make_search_scope(service.log).fields())
    selected = await selection.select(service.log, service.search, fields, scope)
    return await sync_to_thread(_describe, visit, scope, selected)


def parse_scope(visit: Visit, address: str) -> Scope:
    """Parse the address of a feed; empty: of every change. Raises ``invalid-parameters``."""
    try:
        return parse_feed_address(visit.service, address) if address else make_scope()
    except (ProblemError, LogError) as error:
        raise bad_value("feed", f"没有这个订阅源：{address}。", f"There is no feed {address}.") from error


def _describe(visit: Visit, scope: Scope, selected: Selection) -> FollowedFeed:
    log = visit.service.log
    datasets = scope_datasets(log, scope)
    entries: Sequence[Entry] = build_entries(
        log, selected.changes[:_ENTRIES], {dataset.name: dataset for dataset in datasets}
    )
    title = feed_title(
        scope,
        datasets[0] if scope.dataset is not None else None,
        make_search_scope(log).facets if scope.needs_search else {},
        record_title(log, scope),
    )
    news = [(entry.title, entry.link, entry.updated) for entry in entries]
    return FollowedFeed(scope, title, news)


def render(
    press: Press, visit: Visit, feed: FollowedFeed, filled: Mapping[str, str], faults: Sequence[Fault]
) -> bytes:
    """Render the page, with what a reader wrote in the form and what is wrong with it."""
    mail = visit.service.mail
    is_open = mail is not None and mail.is_on()
    title = visit.t(f"订阅：{feed.title}", f"Follow: {feed.title}")
    description = visit.t(
        "用阅读器或邮件订阅清单的变化：新增、调整、移出、更正和撤回公布，发布后即可收到。",
        "Follow changes of the lists with a feed reader or by e-mail.",
    )
    return press.page(
        "follow.html",
        visit,
        Head(title, description, indexable=not visit.pairs, scope=feed.scope, feeds_title=feed.title),
        feed=feed,
        addresses=[
            (one.title, visit.link(*_split(feed.scope.path(form)))) for form, one in FEED_FORMATS.items()
        ],
        whole=visit.service.link(feed.address),
        token=mail.tokens.issue(PATH) if mail is not None and is_open else "",
        paces=PACE_WORDS,
        filled=filled,
        faults=faults,
        longest=MAX_ADDRESS,
    )


def _split(address: str) -> tuple[str, Sequence[tuple[str, str]]]:
    path, _, query = address.partition("?")
    return path, parse_qsl(query, keep_blank_values=True)


def sent(press: Press, visit: Visit) -> Reply:
    """Render the page after the form. It does not reveal whether the address follows already."""
    visit.refuse_parameters()
    head = Head(visit.t("请查收确认邮件", "Look for the mail"), indexable=False)
    return Reply(
        Validity(()), lambda: press.page("follow_sent.html", visit, head, days=UNCONFIRMED_DAYS), HEADERS
    )
