"""A feed of the log: its title, entries and links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from feeds.feed import Entry, Erasure, Feed, Link
from publisher.log.clocks import SHANGHAI
from publisher.log.descriptions import SiteDetails
from publisher.log.log import Log
from publisher.log.model import Change, Dataset, LogError, Site, View
from publisher.views.syndication.entries import build_entries
from publisher.views.syndication.formats import FEED_FORMATS
from publisher.views.syndication.scope import TERMS, Form, Scope, decode_scope
from publisher.views.syndication.selection import ENTRIES, Selection
from schemas.reference import administrative_divisions

ICON = "/icon.png"
"""Address of the square image that represents the site in feed readers."""


def render(feed: Feed, form: Form) -> bytes:
    """Serialize a feed as Atom, RSS or JSON Feed."""
    return FEED_FORMATS[form].render(feed)


def scope_datasets(log: Log, scope: Scope) -> tuple[Dataset, ...]:
    """Return the datasets that a scope covers. Raises ``LogError('no-such-dataset')``."""
    return log.datasets.all() if scope.dataset is None else (log.datasets.get(scope.dataset),)


def build_feed(
    log: Log,
    scope: Scope,
    selection: Selection,
    form: Form,
    *,
    facet_titles: Mapping[str, str] | None = None,
    hub: str = "",
    address: str = "",
) -> Feed:
    """Build the feed of a selection.

    ``facet_titles``: titles of the facets that the scope filters by. ``hub``: the WebSub hub, if any.
    ``address``: the one that was requested, which may be another spelling of the scope's.
    """
    site, datasets = log.datasets.site(), scope_datasets(log, scope)
    feed_entries = build_entries(log, selection.changes, {d.name: d for d in datasets})
    details, _ = log.datasets.site_details()
    only = datasets[0] if scope.dataset is not None else None
    erasures = () if selection.archive is not None else list_erasures(log, scope)
    is_topic = bool(hub) and scope.sent_to_hub  # subscribers of the hub need the one address that it knows
    own_address = site.base + feed_path(scope, form, selection.archive)
    return Feed(
        # An archive is a part of the feed and has its id, as in the examples of RFC 5005 (section 4).
        id=f"tag:{site.tag_authority}:feeds/{scope.slug}{scope.query()}",
        title=feed_title(scope, only, facet_titles or {}, record_title(log, scope)),
        subtitle=(only.notice or only.description) if only else f"{details.name or site.base} 各清单的变化",
        updated=_updated(log, feed_entries, erasures, datasets),
        link=site.base + ("/" if only is None else f"/datasets/{only.name}"),
        self_link=own_address if is_topic or not address else address,
        author=only.body if only else site_author(site, details),
        author_link="" if only else f"{site.base}/",
        publisher=details.owner or details.name,
        icon=site.base + ICON,
        rights=only.licence if only else "",
        entries=feed_entries,
        links=tuple(feed_links(site.base, scope, form, selection.archive, selection.previous, hub=hub)),
        erasures=erasures,
        checkpoint=_newest_checkpoint(log, selection.changes),
        archive=selection.archive is not None,
    )


def render_site_feed(
    log: Log,
    form: Form,
    path: str,
    entries: Sequence[Entry],
    *,
    query: str,
    title: str,
    subtitle: str,
    link: str = "",
) -> bytes:
    """Serialize the feed of a list of the whole site, such as ``/changes``.

    ``path``: of the list, without ``/``. ``query``: its filters, with the ``?`` or empty. ``link``: address
    of the page, if it is not that of the list.
    """
    site = log.datasets.site()
    details, _ = log.datasets.site_details()
    addresses = {one: f"{site.base}/{path}.{one}{query}" for one in FEED_FORMATS}
    feed = Feed(
        id=f"tag:{site.tag_authority}:{path}{query}",
        title=title,
        subtitle=subtitle,
        updated=max((one.written_updated for one in entries), default=log.datasets.site_created_at()),
        link=link or f"{site.base}/{path}{query}",
        self_link=addresses[form],
        author=site_author(site, details),
        author_link=f"{site.base}/",
        publisher=details.owner or details.name,
        icon=site.base + ICON,
        entries=tuple(entries),
        links=tuple(
            Link(address, "alternate", FEED_FORMATS[one].media_type)
            for one, address in addresses.items()
            if one != form
        ),
    )
    return render(feed, form)


def site_author(site: Site, details: SiteDetails) -> str:
    """Return the author of feeds of several datasets: the body responsible for the site, if it is stated."""
    return details.owner or details.name or site.base


def _newest_checkpoint(log: Log, changes: Sequence[Change]) -> str:
    """Return the first checkpoint that covers the release of the newest entry; empty: not yet signed."""
    if not changes:
        return ""
    newest = max(changes, key=lambda change: change.sequence)
    first = log.proofs.first_checkpoint(log.queries.release(newest.dataset, newest.release).entry)
    return first.note if first else ""


def list_erasures(log: Log, scope: Scope) -> tuple[Erasure, ...]:
    """List the newest erasures in a scope."""
    erasures = log.queries.erasures(scope.dataset, limit=None if scope.record else ENTRIES)
    return tuple(
        Erasure(e.dataset, e.record, e.release, e.erased_at, e.ground)
        for e in erasures
        if scope.covers_erasure(e.dataset, e.record)
    )


def feed_path(scope: Scope, form: Form, archive: int | None) -> str:
    """Return the path of the feed, or of one of its archives."""
    return scope.path(form) if archive is None else scope.path(form, archive=str(archive))


def feed_links(
    base: str, scope: Scope, form: Form, archive: int | None, previous: int | None, *, hub: str = ""
) -> Iterator[Link]:
    """Yield links to the other formats and to the archives (RFC 5005).

    ``previous``: the archive before this one.
    """
    for other, feed_format in FEED_FORMATS.items():
        if other != form:
            yield Link(base + feed_path(scope, other, archive), "alternate", feed_format.media_type)
    media = FEED_FORMATS[form].media_type
    if archive is not None:
        yield Link(base + scope.path(form), "current", media)
    elif hub and scope.sent_to_hub:
        yield Link(hub, "hub")
    if previous is not None:
        yield Link(base + feed_path(scope, form, previous), "prev-archive", media)


def record_title(log: Log, scope: Scope) -> str:
    """Return the title of the scope's only record; empty if there is none, or it was erased."""
    history = log.queries.history(scope.dataset or "", scope.record) if scope.record else ()
    return history[-1].title if history and not history[-1].erased else ""


def scope_title(log: Log, scope: str) -> str:
    """Return the title of what a subscription follows, such as “示例市收费目录：变化”. ``scope``: JSON."""
    decoded = decode_scope(scope)
    try:
        only = None if decoded.dataset is None else log.datasets.get(decoded.dataset)
        return feed_title(decoded, only, {}, record_title(log, decoded))
    except LogError:  # the dataset, or the record, is not here any more
        return decoded.path("atom")


def feed_title(scope: Scope, only: Dataset | None, facet_titles: Mapping[str, str], record: str = "") -> str:
    """Compose a title such as “示例市收费目录：移出清单、撤回公布”. ``record``: title of the only one."""
    kinds = "、".join(TERMS[term] for term in scope.kinds) or "变化"
    titles, until = facet_titles, _until(scope.seen)
    if not scope.needs_search:
        subject = f"{only.title if only else '全部清单'}{f'“{record}”' if record else ''}"
        return f"{subject}：{kinds}{until}"
    filters = "；".join(
        f"{titles.get(name, name)}：{_values(name, values)}" for name, values in scope.filters
    )
    subject = f"搜索“{scope.text}”" if scope.text else "关注"
    return f"{subject}{f'（{filters}）' if filters else ''}：{kinds}{until}"


def _values(name: str, values: tuple[str, ...]) -> str:
    return "、".join(
        administrative_divisions.full_name_of(v) or v if name == "division" else v for v in values
    )


def _until(view: View) -> str:
    """Return the suffix for the title of a feed of a past state."""
    day = view.as_of and f"{view.as_of.year}年{view.as_of.month}月{view.as_of.day}日已生效"
    instant = view.known_at and f"{view.known_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}（北京时间）已发布"
    limits = "、".join(part for part in (day, instant) if part)
    return f"（截至{limits}）" if limits else ""


def _updated(
    log: Log, feed_entries: tuple[Entry, ...], erasures: tuple[Erasure, ...], datasets: tuple[Dataset, ...]
) -> datetime:
    """Return the instant of the newest entry or erasure, else of the first dataset, else of the site."""
    instants = [entry.written_updated for entry in feed_entries] + [erasure.erased_at for erasure in erasures]
    instants = [max(instants)] if instants else [d.created_at for d in datasets if d.created_at]
    return min(instants) if instants else log.datasets.site_created_at()
