"""Entries of a feed, built from changes of the log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cache
from itertools import groupby

from msgspec import structs

from feeds.change import ChangeItem, Difference
from feeds.change_sentence import build_entry
from feeds.feed import Entry, Link
from publisher.log.clocks import day_at
from publisher.log.log import Log
from publisher.log.model import Change, Dataset, Release, Site
from publisher.log.queries.feed_changes import LastEvent
from schemas.definition.catalogue import Catalogue


def build_entries(log: Log, changes: Sequence[Change], datasets: Mapping[str, Dataset]) -> tuple[Entry, ...]:
    """Build one entry per change, newest release first; within a release in the order of the list.

    ``changes``: newest first. An entry reports later corrections and withdrawals of its change.
    """
    return tuple(_entries(log, changes, datasets))


def _entries(log: Log, changes: Sequence[Change], datasets: Mapping[str, Dataset]) -> Iterator[Entry]:
    site = log.datasets.site()
    events, origins, initial_changes, following = (
        log.feed_changes.last_events(changes),
        log.feed_changes.origins(changes),
        log.feed_changes.initial_changes(changes),
        log.feed_changes.count_following(changes),
    )

    @cache
    def release(dataset: str, number: int) -> Release:
        return log.queries.release(dataset, number)

    @cache
    def catalogue(dataset: str, number: int) -> Catalogue:
        return log.queries.catalogue(dataset, number)

    for (name, number), group in groupby(changes, key=lambda c: (c.dataset, c.release)):
        context = release(name, number), catalogue(name, number)
        for change in reversed(list(group)):
            sequence = change.sequence
            item = change_item(change, site, datasets[name], *context, first=sequence in initial_changes)
            item = _add_follow_ups(item, events.get(sequence), origins.get(sequence))
            yield _order(build_entry(item, base=site.base), sequence, following[sequence])


def _order(entry: Entry, sequence: int, following: int) -> Entry:
    """Give entries of one instant different times, microseconds apart, in the order of the list.

    Readers sort by time, and the feed validator of the W3C warns of two entries with the same ``updated``.
    Entries that an amendment updates get times in the second before its own, newer changes later ones.
    ``following``: number of changes after this one in its release.
    """
    later = timedelta(microseconds=following)
    if entry.updated == entry.published:
        return structs.replace(entry, published_offset=later, updated_offset=later)
    earlier = timedelta(microseconds=sequence % 1_000_000) - timedelta(seconds=1)
    earliest = entry.written_published + later - entry.updated + timedelta(microseconds=1)
    return structs.replace(entry, published_offset=later, updated_offset=max(earlier, earliest))


def _add_follow_ups(item: ChangeItem, event: LastEvent | None, origin: str | None) -> ChangeItem:
    """Add the last event and the address of the source, if there are any."""
    if event is not None:
        item = structs.replace(item, updated=event.at, corrected=event.corrected)
    if origin is not None and not item.hidden:
        item = structs.replace(item, links=(*item.links, Link(origin, "via", "", "来源")))
    return item


def change_item(
    change: Change,
    site: Site,
    dataset: Dataset,
    release: Release,
    catalogue: Catalogue,
    *,
    first: bool,
) -> ChangeItem:
    """Build the feed's form of a change.

    ``first``: the list, or the part's share of it, was published for the first time.
    """
    home = f"/datasets/{dataset.name}"
    return ChangeItem(
        id=f"tag:{site.tag_authority}:{dataset.name}/{change.release}/{change.record}/{change.kind}",
        kind=change.kind,
        title=change.title,
        previous_title=catalogue.title_of(change.before) if change.before else "",
        link=f"{site.base}{home}/records/{change.record}",
        catalogue=catalogue,
        responsible_body=responsible_body(dataset, change.part),
        dataset=dataset.name,
        dataset_title=dataset.title,
        division=dataset.division,
        published_at=change.published_at,
        published_on=day_at(change.published_at),
        effective_on=change.effective_on,
        release=change.release,
        first=first,
        basis=release.basis,
        reason=change.reason,
        before=change.before,
        after=change.after,
        differences=tuple(Difference(f.field, f.before, f.after) for f in change.fields),
        hidden=hidden_note(change),
        links=tuple(_links(change, release.previous_number, site.base, home)),
    )


def _links(change: Change, previous: int | None, base: str, home: str) -> Iterator[Link]:
    """Yield links to the record as JSON, its history, and the comparison with the release before.

    ``previous``: the number of that release, None if there is none.
    """
    record = f"{base}/v1{home}/records/{change.record}"
    yield Link(record, "alternate", "application/json")
    yield Link(f"{record}/history", "related", "application/json", "历次变化")
    if previous is not None:
        states = f"{home}/compare?from={previous}&to={change.release}"
        yield Link(base + states, "related", "text/html", "与上一次发布比较")
        yield Link(f"{base}/v1{states}", "related", "application/json", "与上一次发布比较")


def hidden_note(change: Change) -> str:
    """Return why the contents of a change are not shown; empty: they are."""
    if change.erased:
        return "内容已依法删除。"
    if change.withdrawn and change.kind != "withdrawn":
        return "该条目其后已撤回公布，内容不再列出。"
    return ""


def responsible_body(dataset: Dataset, part: str | None) -> str:
    """Return the full name of the department: 财政局 of 示例市人民政府 is 示例市财政局."""
    if not part:
        return dataset.body
    place = dataset.body.removesuffix("人民政府")
    return part if place == dataset.body or part.startswith(place) else place + part
