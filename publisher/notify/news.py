"""News of releases for followers: the sentences of the feed, each with the address of its page.

News say no more than these pages: they are read from the log when they are sent, and what was withdrawn or
erased since is withheld in them as in the feed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
from anyio import to_thread

from publisher.log.clocks import day_at
from publisher.log.log import Log
from publisher.log.outbox.outbox import PublishedRelease
from publisher.views.syndication.entries import build_entries
from publisher.views.syndication.scope import Scope, decode_scope
from publisher.views.syndication.selection import Selection, select_release
from search.contract import SearchEngine
from search.query.field_filters import FilterFields

LINES = 30
"""Sentences of a release; its page has the others."""


class ReleaseNews(msgspec.Struct, frozen=True):
    """The changes of one release in a scope."""

    title: str
    """Title of the list."""
    number: int
    day: str
    """Day of the publication, as text."""
    address: str
    """Address of the release's page."""
    lines: tuple[tuple[str, str], ...]
    """(sentence, address of its page), at most :data:`LINES`."""
    total: int
    is_partial: bool
    """Whether there are more changes than ``total``."""
    grounds: tuple[str, ...] = ()
    """Grounds of erasures, of which a mail may say nothing else."""


@dataclass(slots=True)
class NewsReader:
    """Reads news, and keeps them while nothing is published: followers share scopes."""

    log: Log
    search: SearchEngine
    fields: Callable[[], FilterFields]
    """Returns the fields by which a search may currently filter."""
    _by_release: dict[tuple[str, int], ReleaseNews | None] = field(default_factory=dict, repr=False)
    sequence: int = -1
    """Sequence of the log that they were read from."""

    async def of_releases(self, scope: str, releases: Iterable[PublishedRelease]) -> Sequence[ReleaseNews]:
        """Read the news of releases in a scope (JSON). Raises ``SearchError``."""
        sequence = await to_thread.run_sync(self.log.queries.sequence)
        if sequence != self.sequence:  # a withdrawal or an erasure withholds what was read before
            self._by_release, self.sequence = {}, sequence
        news = []
        for release in releases:
            key = (scope, release.sequence)
            if key not in self._by_release:
                self._by_release[key] = await self._read(decode_scope(scope), release)
            one = self._by_release[key]
            if one is not None:
                news.append(one)
        return news

    async def _read(self, scope: Scope, release: PublishedRelease) -> ReleaseNews | None:
        if scope.dataset not in (None, release.dataset):
            return None
        fields = await to_thread.run_sync(self.fields)
        selection = await select_release(self.log, self.search, fields, scope, release.published_at)
        return await to_thread.run_sync(self._describe, scope, release, selection)

    def _describe(self, scope: Scope, release: PublishedRelease, selection: Selection) -> ReleaseNews | None:
        erasures = self.log.queries.erasures(release.dataset, release=release.number)
        grounds = tuple(one.ground for one in erasures if scope.covers_erasure(one.dataset, one.record))
        if not selection.changes and not grounds:
            return None
        dataset, base = self.log.datasets.get(release.dataset), self.log.datasets.site().base
        entries = build_entries(self.log, selection.changes, {dataset.name: dataset})
        return ReleaseNews(
            dataset.title,
            release.number,
            f"{day_at(release.published_at)}",
            f"{base}/datasets/{dataset.name}/releases/{release.number}",
            tuple((" ".join(one.title.split()), one.link) for one in entries[:LINES]),
            len(entries),
            selection.previous is not None,
            grounds,
        )


def subscription_feed_path(scope: str, form: str = "atom") -> str:
    """Return the path of the feed of a subscription's scope (JSON)."""
    return decode_scope(scope).path(form)
