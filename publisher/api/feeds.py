"""The feeds of the service: what changed, dataset by dataset or in all of them, from the log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Literal

from feeds.changes import ChangeItem, Difference
from feeds.model import Entry, Feed, Link
from feeds.render import atom, rss
from feeds.sentence import entry_of
from openapi.model import Operation, Parameter
from publisher.api import parameters, reading
from publisher.api.conditional import Validity
from publisher.api.described import AS_OF, KNOWN_AT, RELEASE
from publisher.api.parameters import Grammar
from publisher.api.problems import Fault
from publisher.api.routing import Call, Reply, Route, Service, route
from publisher.store.clocks import SHANGHAI, day_at, moment
from publisher.store.model import Change, Dataset, Release, Site, View
from publisher.store.store import Store
from schemas.catalogue import Catalogue

ENTRIES = 100
"""A feed tells the newest changes, up to this many; ``/v1/datasets/{dataset}/changes`` has all of them."""
ALL = "all"
"""In place of a dataset's name: the changes of every dataset."""

type Format = Literal["atom", "rss"]
_MEDIA: dict[Format, str] = {"atom": "application/atom+xml", "rss": "application/rss+xml"}

_VIEW = Grammar(names=reading.VIEW)
_CLOCKS = (
    replace(
        AS_OF,
        description="只要到那一天(北京时间)已经生效的变化; 默认连同将来生效的 / Only what had taken effect "
        "by that day (Asia/Shanghai); by default also what takes effect later",
    ),
    replace(KNOWN_AT, description="那一时刻的订阅: 只要其时已发布的 / The feed as it stood at that instant"),
    replace(
        RELEASE,
        description="某次发布时的订阅, 两个时点都固定; 不与 as_of、known_at 同用, 也不用于 all / The feed as "
        "of that release: pins both clocks, so it goes with neither as_of nor known_at, nor with all",
    ),
)
_NAME = Parameter(
    "dataset",
    "数据集的名称; `all` 为全部数据集 / Name of a dataset; `all` is every dataset",
    {"type": "string"},
    where="path",
    required=True,
    example="shili-fees",
)


@route(
    Operation(
        name="get_atom_feed",
        path="/feeds/{dataset}.atom",
        tag="订阅",
        summary="变化订阅(Atom)",
        description="最近的变化, 逐次发布, 新的在前, 至多 100 条; 解析改进不当作变化。\n\n"
        "The newest changes, release by release, at most 100; a better reading of ours is no change.",
        parameters=(_NAME, *_CLOCKS),
        problems=("no-such-dataset", "no-such-release"),
        media_type=f"{_MEDIA['atom']}; charset=utf-8",
    )
)
def get_atom_feed(service: Service, call: Call) -> Reply:
    return _reply(service, call, "atom")


@route(
    Operation(
        name="get_rss_feed",
        path="/feeds/{dataset}.rss",
        tag="订阅",
        summary="变化订阅(RSS)",
        description="与 Atom 内容相同, 格式为 RSS 2.0。\n\nThe entries of the Atom feed as RSS 2.0.",
        parameters=(_NAME, *_CLOCKS),
        problems=("no-such-dataset", "no-such-release"),
        media_type=f"{_MEDIA['rss']}; charset=utf-8",
    )
)
def get_rss_feed(service: Service, call: Call) -> Reply:
    return _reply(service, call, "rss")


ROUTES: dict[Format, Route] = {"atom": get_atom_feed, "rss": get_rss_feed}
"""By the suffix that asks for them."""


def _reply(service: Service, call: Call, form: Format) -> Reply:
    view = parameters.parse(call.query, _VIEW).view
    store = service.store
    asked = reading.dataset_name(call)
    name = None if asked == ALL else asked
    datasets = _datasets(store, name)
    reading.check_known(service, view)
    seen = view if view.release is None else _at_release(service, name, view)

    def build() -> bytes:
        feed = change_feed(store, name, form=form, seen=seen, query=reading.view_query(view))
        return atom(feed) if form == "atom" else rss(feed)

    # Names of datasets and parts are set by commands that make no release, so they count by themselves.
    # No feed is immutable: what is withdrawn or erased later leaves the feeds of every day.
    sequence, _ = store.validator(name)
    return Reply(Validity((sequence, datasets), _last_published(service, datasets)), build)


def _at_release(service: Service, name: str | None, view: View) -> View:
    if name is not None:
        return reading.both_clocks(service, name, view)
    raise parameters.invalid(
        [
            Fault(
                parameter="release",
                code="conflict",
                detail="发布的编号属于一个数据集, 不能用于全部数据集的订阅。",
                detail_en="The number of a release is one dataset's own; the feed of all has none.",
            )
        ]
    )


def change_feed(store: Store, name: str | None, *, form: Format, seen: View, query: str) -> Feed:
    """The feed of one dataset, or of all where ``name`` is None.

    One entry for each change of a record, by the publisher's own text: a better reading of ours is
    announced to nobody. ``seen``: only what had taken effect by its day and was published by its instant;
    ``query`` is how that was asked for. Raises ``StoreError`` ``no-such-dataset``.
    """
    site = store.site()
    datasets = _datasets(store, name)
    entries = tuple(_entries(store, site, name, {d.name: d for d in datasets}, seen))
    slug = name or ALL
    other: Format = "rss" if form == "atom" else "atom"
    page = site.base + ("/" if name is None else f"/v1/datasets/{name}")
    alternate = Link(f"{site.base}/feeds/{slug}.{other}{query}", "alternate", _MEDIA[other])
    first = datasets[0] if name is not None else None
    return Feed(
        id=f"tag:{site.tag_authority}:feeds/{slug}{query}",
        title=(first.title if first else "全部数据集") + f"：变化{_until(seen)}",
        subtitle=(first.notice or first.description) if first else f"{site.base} 各数据集的变化",
        updated=_updated(entries, datasets),
        link=page,
        self_link=f"{site.base}/feeds/{slug}.{form}{query}",
        author=first.body if first else site.base,
        rights=first.licence if first else "",
        entries=entries,
        links=(alternate,),
    )


def _until(seen: View) -> str:
    """What a feed of a past state says of itself in its title."""
    day = seen.as_of and f"{seen.as_of.year}年{seen.as_of.month}月{seen.as_of.day}日已生效"
    instant = seen.known_at and f"{seen.known_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}（北京时间）已发布"
    told = "、".join(part for part in (day, instant) if part)
    return f"（截至{told}）" if told else ""


def _updated(entries: tuple[Entry, ...], datasets: tuple[Dataset, ...]) -> datetime:
    """Of the newest entry, else of the newest dataset: a feed without either is as old as time."""
    moments = [entry.updated for entry in entries] or [d.created_at for d in datasets if d.created_at]
    return max(moments, default=moment(0))


def _last_published(service: Service, datasets: tuple[Dataset, ...]) -> datetime | None:
    # Of the releases, not of the changes: an erasure takes words out of a feed and adds no entry.
    times = (service.published_at(d.name, service.store.validator(d.name)[0]) for d in datasets)
    return max((t for t in times if t is not None), default=None)


def _datasets(store: Store, name: str | None) -> tuple[Dataset, ...]:
    return store.datasets() if name is None else (store.dataset(name),)


def _entries(
    store: Store, site: Site, name: str | None, datasets: dict[str, Dataset], seen: View
) -> Iterator[Entry]:
    """Newest release first; within a release in the order of the list itself."""

    @cache
    def release(dataset: str, number: int) -> Release:
        return store.release(dataset, number)

    @cache
    def catalogue(dataset: str, number: int) -> Catalogue:
        return store.catalogue(dataset, number)

    newest = store.changes(dataset=name, cause="source", limit=ENTRIES, descending=True, seen=seen)
    for (dataset, number), changes in groupby(newest, key=lambda c: (c.dataset, c.release)):
        for change in reversed(list(changes)):
            item = change_item(
                change, site, datasets[dataset], release(dataset, number), catalogue(dataset, number)
            )
            yield entry_of(item, kind_scheme=f"{site.base}/kinds")


def change_item(
    change: Change, site: Site, dataset: Dataset, release: Release, catalogue: Catalogue
) -> ChangeItem:
    address = f"{site.base}/v1/datasets/{dataset.name}/records/{change.record}"
    before, after = change.before, change.after
    return ChangeItem(
        id=f"tag:{site.tag_authority}:{dataset.name}/{change.release}/{change.record}/{change.kind}",
        kind=change.kind,
        title=change.title,
        previous_title=catalogue.title_of(before) if before else "",
        link=address,
        catalogue=catalogue,
        actor=_actor(dataset, change.part),
        dataset_title=dataset.title,
        published_at=change.published_at,
        published_on=day_at(change.published_at),
        effective_on=change.effective_on,
        release=change.release,
        basis=release.basis,
        reason=change.reason,
        before=before,
        after=after,
        differences=tuple(Difference(f.field, f.before, f.after) for f in change.fields),
        hidden=_hidden(change),
        links=(Link(f"{address}/history", "related", "application/json", "沿革"),),
    )


def _hidden(change: Change) -> str:
    if change.erased:
        return "内容已依法清除。"
    if change.withdrawn and change.kind != "withdrawn":
        return "该条目其后已撤回，内容不再列出。"
    return ""


def _actor(dataset: Dataset, part: str | None) -> str:
    """The department in full: 财政局 of 示例市人民政府 is 示例市财政局."""
    if not part:
        return dataset.body
    place = dataset.body.removesuffix("人民政府")
    return part if place == dataset.body or part.startswith(place) else place + part
