"""The changes of a feed: the newest, or those of one archive, with the key of the previous archive.

An archive (RFC 5005, section 4) contains the changes of one block of the log that match the scope. A block is
up to :data:`publisher.log.queries.feed_changes.BLOCK` consecutive changes of one release. A release is
complete when it is published and is never edited, so an archive never gains or loses an entry. The feed ends
where an archive begins, so that no entry is in both.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import cache
from itertools import batched

import msgspec
from anyio import to_thread

from feeds.value_direction import Direction, directions_of_values
from publisher.log.clocks import micros, moment
from publisher.log.log import Log
from publisher.log.model import Change
from publisher.log.queries.feed_changes import BLOCK, Block
from publisher.views.syndication.scope import Scope
from schemas.definition.catalogue import Catalogue
from search.chinese import thesaurus
from search.contract import ENDED, FOREVER, Request, SavedSearch, SearchEngine
from search.query.field_filters import FilterFields, apply_filters

ENTRIES = 100
"""Minimum number of changes in a feed, if there are as many. It has less than a block more."""
_ENOUGH = ENTRIES + BLOCK
"""Number of changes with which a feed and the change before it are certainly complete."""
_CHUNK = 500
"""Changes that are read at once."""
_MAX_BLOCKS = 100
"""Maximum number of blocks scanned per request. The archives cover older changes."""
_BLOCKS_AT_ONCE = 10
"""Blocks of a large release that are searched together."""
_SPANS_AT_ONCE = 5000
"""Spans of one search: a cluster returns at most 10,000 documents."""
_MAX_HIT_CHANGES = 400
"""Maximum number of changes of one response of the search engine."""


class NoSuchArchiveError(ValueError):
    """No block of the log begins at the requested sequence."""


class Selection(msgspec.Struct, frozen=True):
    changes: tuple[Change, ...]
    """Newest first."""
    archive: int | None = None
    """Sequence of the first change of the archive's block; None for the newest changes."""
    previous: int | None = None
    """Sequence of the first change of the previous archive; None if there is none."""


class _Batch(msgspec.Struct, frozen=True):
    changes: list[Change]
    rest: int | None
    """Sequence before which changes were not scanned; None if the scan reached the beginning of the log."""


type CatalogueOf = Callable[[str, int], Catalogue]
"""The catalogue of a dataset's release."""


def directions_of_change(change: Change, catalogue_of: CatalogueOf) -> tuple[Direction, ...]:
    """List the directions of a change's charges and limits, by the catalogue of its release."""
    if change.kind not in ("changed", "renamed"):
        return ()
    catalogue = catalogue_of(change.dataset, change.release)
    return directions_of_values(catalogue, ((f.field, f.before, f.after) for f in change.fields))


def announces(scope: Scope, change: Change, catalogue_of: CatalogueOf) -> bool:
    """Report whether the kinds and the state of a scope admit the change.

    Its dataset, record and search are not checked.
    """
    view = scope.seen
    if change.cause != "source" or (view.as_of and change.effective_on > view.as_of):
        return False
    if view.known_at and change.published_at > view.known_at:
        return False
    if not scope.kinds or change.kind in scope.kinds:
        return True
    return not set(directions_of_change(change, catalogue_of)).isdisjoint(scope.kinds)


def select_from_log(log: Log, scope: Scope, archive: int | None = None) -> Selection:
    """Select the changes of a scope without search. Raises :class:`NoSuchArchiveError`."""
    if scope.record:
        return _select_of_record(log, scope, archive)
    if archive is None:
        return _select_newest_blocks(log, scope)
    block = _block(log, scope, archive)
    before = _select_newest(log, scope, block.first, 1)
    return _archive_selection(log, scope, _select_block(log, scope, block), block, before)


def _select_of_record(log: Log, scope: Scope, archive: int | None) -> Selection:
    """Select the changes of one record: all of them, so that there are no archives."""
    if archive is not None:
        raise NoSuchArchiveError(archive)
    changes = log.queries.history(scope.dataset or "", scope.record)
    catalogue_of = cache(log.queries.catalogue)
    return Selection(tuple(change for change in reversed(changes) if announces(scope, change, catalogue_of)))


async def select(
    log: Log, search: SearchEngine, fields: FilterFields, scope: Scope, archive: int | None = None
) -> Selection:
    """Select the changes of any scope. ``fields``: fields that the text may filter by (``部门:财政局``).

    Raises :class:`NoSuchArchiveError` and ``SearchError``.
    """
    if not scope.needs_search:
        return await to_thread.run_sync(select_from_log, log, scope, archive)
    change_search = await _search_changes(log, search, fields, scope)
    if archive is None:
        batch = await change_search.select_newest(None, _ENOUGH)
        return await to_thread.run_sync(lambda: _newest_selection(log, scope, batch, _last_block(log, batch)))
    block = await to_thread.run_sync(_block, log, scope, archive)
    changes = await change_search.select_block(block)
    before = await change_search.select_newest(block, 1)
    return await to_thread.run_sync(_archive_selection, log, scope, changes, block, before)


async def select_release(
    log: Log, search: SearchEngine, fields: FilterFields, scope: Scope, published_at: datetime
) -> Selection:
    """Select the changes in a scope of the release published at an instant. Raises ``SearchError``."""
    last = await to_thread.run_sync(log.feed_changes.last_sequence, published_at)
    block = await to_thread.run_sync(log.feed_changes.block, last) if last else None
    if last is None or block is None or scope.dataset not in (None, block.dataset):
        return Selection(())
    if scope.record:
        selection = await to_thread.run_sync(_select_of_record, log, scope, None)
        return Selection(tuple(c for c in selection.changes if c.published_at == published_at))
    changes: list[Change] = []
    change_search = await _search_changes(log, search, fields, scope)
    rest = await change_search.collect_release(block, last, changes, _ENOUGH)
    batch = _Batch(changes, rest)
    return await to_thread.run_sync(lambda: _newest_selection(log, scope, batch, _last_block(log, batch)))


def _select_newest_blocks(log: Log, scope: Scope) -> Selection:
    """Select the newest changes and the rest of the block in which they end; most blocks have no rest."""
    batch = _select_newest(log, scope, None, ENTRIES + 1)
    last = _last_block(log, batch)
    if last is not None and len(batch.changes) > ENTRIES and batch.changes[-1].sequence >= last.first:
        rest = _select_newest(log, scope, batch.changes[-1].sequence, BLOCK)
        batch = _Batch([*batch.changes, *rest.changes], rest.rest)
    return _newest_selection(log, scope, batch, last)


def _last_block(log: Log, batch: _Batch) -> Block | None:
    """Return the block in which the newest changes end; None if there are fewer than a feed shows."""
    changes = batch.changes[:ENTRIES]
    return log.feed_changes.block(changes[-1].sequence) if len(changes) == ENTRIES else None


def _select_newest(log: Log, scope: Scope, before: int | None, limit: int) -> _Batch:
    changes: list[Change] = []
    catalogue_of = cache(log.queries.catalogue)
    for _ in range(_MAX_BLOCKS * BLOCK // _CHUNK):
        size = _CHUNK if scope.kinds else limit
        rows = log.queries.changes(
            dataset=scope.dataset,
            cause="source",
            kinds=scope.logged_kinds,
            view=scope.seen,
            before=before,
            limit=size,
            descending=True,
        )
        changes += [change for change in rows if announces(scope, change, catalogue_of)]
        before = rows[-1].sequence if rows else None
        if len(rows) < size:
            return _Batch(changes[:limit], None)
        if len(changes) >= limit:
            break
    return _Batch(changes[:limit], before)


def _select_block(log: Log, scope: Scope, block: Block, records: Collection[str] = ()) -> tuple[Change, ...]:
    """Select the changes of a block; with ``records``, of these only."""
    rows = log.queries.changes(
        dataset=block.dataset,
        cause="source",
        kinds=scope.logged_kinds,
        after=block.first - 1,
        before=block.end,
        limit=block.end - block.first,
        records=records,
    )
    catalogue_of = cache(log.queries.catalogue)
    return tuple(change for change in reversed(rows) if announces(scope, change, catalogue_of))


def _newest_selection(log: Log, scope: Scope, batch: _Batch, last: Block | None) -> Selection:
    """Select the newest changes and all others of the block in which they end, ``last``."""
    older = [change for change in batch.changes if last is not None and change.sequence < last.first]
    previous = _previous_archive(log, scope, batch, older)
    if previous is None:
        return Selection(tuple(batch.changes))
    changes = tuple(change for change in batch.changes if change.sequence >= previous.end)
    return Selection(changes, None, previous.first)


def _archive_selection(
    log: Log, scope: Scope, changes: tuple[Change, ...], block: Block, before: _Batch
) -> Selection:
    previous = _previous_archive(log, scope, before, before.changes)
    return Selection(changes, block.first, previous.first if previous else None)


def _previous_archive(log: Log, scope: Scope, batch: _Batch, older: Sequence[Change]) -> Block | None:
    """Return the archive of the next older change; without such a change, that of the end of the scan."""
    if not older and batch.rest:
        # The sequence before the rest may be of another dataset, or of a change that was lost.
        older = log.queries.changes(dataset=scope.dataset, before=batch.rest, limit=1, descending=True)
    return log.feed_changes.block(older[0].sequence) if older else None


def _block(log: Log, scope: Scope, archive: int) -> Block:
    block = log.feed_changes.block(archive)
    if block is None or block.first != archive or scope.dataset not in (None, block.dataset):
        raise NoSuchArchiveError(archive)
    return block


async def _search_changes(
    log: Log, search: SearchEngine, fields: FilterFields, scope: Scope
) -> _ChangeSearch:
    today = log.queries.validator()[1].toordinal()
    # A filter within the text (部门:财政局) may name a value of removed records only: their changes are in
    # the feed too.
    request = Request(scope.text, dict(scope.filters), statuses=("current", *ENDED), as_of=today)
    if scope.needs_search:
        language = await to_thread.run_sync(thesaurus.load_language)
        request = (await apply_filters(search, request, fields, *language)).request
    return _ChangeSearch(log, search, scope, request)


class _ChangeSearch:
    """The changes that a search matches: the record before or after the change contains all words."""

    def __init__(self, log: Log, search: SearchEngine, scope: Scope, request: Request) -> None:
        self._log, self._search, self._scope, self._request = log, search, scope, request
        self._blocks_left = _MAX_BLOCKS
        self._catalogue_of = cache(log.queries.catalogue)

    async def select_newest(self, before: Block | None, limit: int) -> _Batch:
        """Select the newest changes, or the newest that are older than a block."""
        known_at = self._scope.seen.known_at
        until = FOREVER if known_at is None else micros(known_at) + 1
        changes: list[Change] = []
        if before is not None:
            until = micros(before.published_at)
            rest = await self.collect_release(before, before.first - 1, changes, limit)
            if rest is not None:
                return _Batch(changes[:limit], rest)
        while True:
            hit_changes = await self._search.hit_changes(
                self._saved_search(before=until, limit=_MAX_HIT_CHANGES)
            )
            pairs = [(change.record, moment(change.at)) for change in hit_changes.changes]
            changes += await to_thread.run_sync(self._announced_changes, pairs)
            cut = hit_changes.unread_until
            if cut is None:
                return _Batch(changes[:limit], None)
            # A release that is too large for one response is scanned block by block.
            last = await to_thread.run_sync(self._log.feed_changes.last_sequence, moment(cut))
            if len(changes) >= limit or last is None:
                return _Batch(changes[:limit], last and last + 1)
            block = await to_thread.run_sync(self._log.feed_changes.block, last)
            rest = await self.collect_release(block, last, changes, limit) if block else None
            if rest is not None:
                return _Batch(changes[:limit], rest)
            until = cut

    async def collect_release(self, block: Block, last: int, changes: list[Change], limit: int) -> int | None:
        """Append changes of the release of ``block``, from ``last`` back to its beginning.

        Returns the sequence before which nothing was scanned; None: the release was scanned to its beginning.
        """
        while last >= block.release_start:
            if len(changes) >= limit or not self._blocks_left:
                return last + 1
            blocks = block.range_until(last, min(_BLOCKS_AT_ONCE, self._blocks_left))
            self._blocks_left -= -(-(blocks.end - blocks.first) // BLOCK)
            changes += await self.select_block(blocks)
            last = blocks.first - 1
        return None

    async def select_block(self, block: Block) -> tuple[Change, ...]:
        """Select the changes of a block, or of several blocks of one release."""
        if not self._scope.needs_search:
            return await to_thread.run_sync(_select_block, self._log, self._scope, block)
        at = micros(block.published_at)
        records: set[str] = set()
        all_spans = await to_thread.run_sync(self._log.feed_changes.touched_spans, block)
        for spans in batched(all_spans, _SPANS_AT_ONCE):
            saved_search = self._saved_search(after=at, before=at + 1, spans=spans, limit=len(spans) + 1)
            records |= {change.record for change in (await self._search.hit_changes(saved_search)).changes}
        if not records:
            return ()
        return await to_thread.run_sync(_select_block, self._log, self._scope, block, records)

    def _announced_changes(self, pairs: Sequence[tuple[str, datetime]]) -> list[Change]:
        changes = self._log.feed_changes.changes_by_releases(pairs)
        return [change for change in changes if announces(self._scope, change, self._catalogue_of)]

    def _saved_search(
        self, *, after: int = 0, before: int, limit: int, spans: tuple[str, ...] | None = None
    ) -> SavedSearch:
        request = self._request
        return SavedSearch(
            request.text,
            request.filters,
            request.excluded,
            after=after,
            before=before,
            spans=spans,
            limit=limit,
        )
