"""A feed of the log, whole: what it is called, its entries and its links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from feeds.feed import Entry, Feed, Link
from publisher.log.clocks import SHANGHAI, moment
from publisher.log.log import Log
from publisher.log.model import Dataset, View
from publisher.views.syndication.entries import entries
from publisher.views.syndication.formats import FORMATS
from publisher.views.syndication.scope import FORMS, TERMS, Form, Scope
from publisher.views.syndication.selection import Selection
from schemas.reference import administrative_divisions


def rendered(feed: Feed, form: Form) -> bytes:
    return FORMATS[form].render(feed)


def datasets_of(log: Log, scope: Scope) -> tuple[Dataset, ...]:
    """Raises ``LogError('no-such-dataset')``."""
    return log.datasets.all() if scope.dataset is None else (log.datasets.get(scope.dataset),)


def feed(
    log: Log,
    scope: Scope,
    selection: Selection,
    form: Form,
    *,
    named: Mapping[str, str] | None = None,
    hub: str = "",
) -> Feed:
    """``named``: titles of the facets that the scope filters by. ``hub``: the WebSub hub, if any."""
    site, datasets = log.datasets.site(), datasets_of(log, scope)
    told = entries(log, selection.changes, {d.name: d for d in datasets})
    only = datasets[0] if scope.dataset is not None else None
    return Feed(
        # An archive is a part of the feed and has its id, as in the examples of RFC 5005 (section 4).
        id=f"tag:{site.tag_authority}:feeds/{scope.slug}{scope.query()}",
        title=title(scope, only, named or {}),
        subtitle=(only.notice or only.description) if only else f"{site.base} 各清单的变化",
        updated=_updated(told, datasets),
        link=site.base + ("/" if only is None else f"/datasets/{only.name}"),
        self_link=site.base + address(scope, form, selection.archive),
        author=only.body if only else site.base,
        rights=only.licence if only else "",
        entries=told,
        links=tuple(links(site.base, scope, form, selection.archive, selection.previous, hub=hub)),
        archive=selection.archive is not None,
    )


def address(scope: Scope, form: Form, archive: int | None) -> str:
    """Path of the feed, or of one of its archives."""
    return scope.path(form) if archive is None else scope.path(form, archive=str(archive))


def links(
    base: str, scope: Scope, form: Form, archive: int | None, previous: int | None, *, hub: str = ""
) -> Iterator[Link]:
    """Other formats, and the way through the archives (RFC 5005); ``previous``: the archive before this."""
    for other, media in FORMS.items():
        if other != form:
            yield Link(base + address(scope, other, archive), "alternate", media)
    media = FORMS[form]
    if archive is not None:
        yield Link(base + scope.path(form), "current", media)
    elif hub and scope.told:
        yield Link(hub, "hub")
    if previous is not None:
        yield Link(base + address(scope, form, previous), "prev-archive", media)


def title(scope: Scope, only: Dataset | None, named: Mapping[str, str]) -> str:
    """“示例市收费目录：移出清单、撤回公布”，“搜索“食品经营”（部门：市场监管局）：变化”."""
    kinds = "、".join(TERMS[term] for term in scope.kinds) or "变化"
    until = _until(scope.seen)
    if not scope.searched:
        return f"{only.title if only else '全部清单'}：{kinds}{until}"
    filters = "；".join(f"{named.get(name, name)}：{_values(name, values)}" for name, values in scope.filters)
    told = f"搜索“{scope.text}”" if scope.text else "关注"
    return f"{told}{f'（{filters}）' if filters else ''}：{kinds}{until}"


def _values(name: str, values: tuple[str, ...]) -> str:
    return "、".join(administrative_divisions.path(v) or v if name == "division" else v for v in values)


def _until(seen: View) -> str:
    """What a feed of a past state says of itself."""
    day = seen.as_of and f"{seen.as_of.year}年{seen.as_of.month}月{seen.as_of.day}日已生效"
    instant = seen.known_at and f"{seen.known_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}（北京时间）已发布"
    told = "、".join(part for part in (day, instant) if part)
    return f"（截至{told}）" if told else ""


def _updated(told: tuple[Entry, ...], datasets: tuple[Dataset, ...]) -> datetime:
    """Of the newest entry, else of the first dataset: a feed without either is as old as time."""
    if told:
        return max(entry.updated for entry in told)
    return min((d.created_at for d in datasets if d.created_at), default=moment(0))
