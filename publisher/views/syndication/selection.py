"""Which changes a feed holds: the newest, or those of one archive, and where the archive before begins.

An archive (RFC 5005, section 4) holds what a scope finds among the changes of one block of the log: up to
:data:`publisher.log.queries.feed_changes.BLOCK` neighbours of one release. A release is complete when it is
published and never edited, so an archive never gains or loses an entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from anyio import to_thread

from feeds.fee_direction import charges_of_values
from publisher.log.clocks import micros, moment
from publisher.log.log import Log
from publisher.log.model import Change
from publisher.log.queries.feed_changes import BLOCK, Block
from publisher.views.syndication.scope import Scope
from search.chinese import thesaurus
from search.contract import FOREVER, Request, SavedSearch, SearchEngine
from search.query.field_filters import FilterFields, apply_filters

ENTRIES = 100
"""A feed tells the newest changes, up to this many; its archives have all of them."""
_SCANNED = 20
"""Blocks that are looked through for one answer; what is older is left to the archives."""
_TOUCHES = 400


class NoSuchArchiveError(ValueError):
    """No block of the log begins there."""


@dataclass(frozen=True, slots=True)
class Selection:
    changes: tuple[Change, ...]
    """The newest first."""
    archive: int | None = None
    """Sequence of the change that its own block begins with; None for the newest changes."""
    previous: int | None = None
    """The same of the archive before; None where nothing is older."""


@dataclass(frozen=True, slots=True)
class _Found:
    changes: list[Change]
    rest: int | None
    """The sequence before which nobody looked; None at the beginning of the log."""


def tells(scope: Scope, change: Change) -> bool:
    """Whether a feed of this scope announces the change; whether search finds it is not asked here."""
    view = scope.seen
    if change.cause != "source" or (view.as_of and change.effective_on > view.as_of):
        return False
    if view.known_at and change.published_at > view.known_at:
        return False
    if not scope.kinds or change.kind in scope.kinds:
        return True
    raised = change.kind in ("changed", "renamed")
    return raised and not set(charges_of_values((f.before, f.after) for f in change.fields)).isdisjoint(
        scope.kinds
    )


def plain(log: Log, scope: Scope, archive: int | None = None) -> Selection:
    """Of a scope that needs no search. Raises :class:`NoSuchArchiveError`."""
    if archive is None:
        return _selection(log, _newest(log, scope, None, ENTRIES + 1))
    block = _block(log, scope, archive)
    before = _newest(log, scope, block.first, 1)
    return _archived(log, _of_block(log, scope, block), block, before)


async def searched(
    log: Log, search: SearchEngine, fields: FilterFields, scope: Scope, archive: int | None = None
) -> Selection:
    """Of any scope. ``fields``: what its text may filter by (``部门:财政局``).

    Raises :class:`NoSuchArchiveError` and ``SearchError``.
    """
    if not scope.searched:
        return await to_thread.run_sync(plain, log, scope, archive)
    looking = await _looking(log, search, fields, scope)
    if archive is None:
        found = await looking.newest(None, ENTRIES + 1)
        return await to_thread.run_sync(_selection, log, found)
    block = await to_thread.run_sync(_block, log, scope, archive)
    changes = await looking.of_block(block)
    before = await looking.newest(block, 1)
    return await to_thread.run_sync(_archived, log, changes, block, before)


async def of_release(
    log: Log, search: SearchEngine, fields: FilterFields, scope: Scope, published_at: datetime
) -> Selection:
    """What the release of an instant told of a scope. Raises ``SearchError``."""
    last = await to_thread.run_sync(log.feed_changes.last_sequence, published_at)
    block = await to_thread.run_sync(log.feed_changes.block, last) if last else None
    if last is None or block is None or scope.dataset not in (None, block.dataset):
        return Selection(())
    found: list[Change] = []
    looking = await _looking(log, search, fields, scope)
    rest = await looking.release(block.beginning, last, found, ENTRIES + 1)
    return await to_thread.run_sync(_selection, log, _Found(found, rest))


def _newest(log: Log, scope: Scope, before: int | None, limit: int) -> _Found:
    found: list[Change] = []
    for _ in range(_SCANNED):
        size = BLOCK if scope.kinds else limit
        batch = log.queries.changes(
            dataset=scope.dataset,
            cause="source",
            kinds=scope.logged,
            view=scope.seen,
            before=before,
            limit=size,
            descending=True,
        )
        found += [change for change in batch if tells(scope, change)]
        before = batch[-1].sequence if batch else None
        if len(batch) < size:
            return _Found(found[:limit], None)
        if len(found) >= limit:
            break
    return _Found(found[:limit], before)


def _of_block(log: Log, scope: Scope, block: Block) -> tuple[Change, ...]:
    found = log.queries.changes(
        dataset=block.dataset, cause="source", after=block.first - 1, before=block.end, limit=BLOCK
    )
    return tuple(change for change in reversed(found) if tells(scope, change))


def _selection(log: Log, found: _Found) -> Selection:
    changes = tuple(found.changes[:ENTRIES])
    return Selection(changes, None, _previous(log, found, found.changes[ENTRIES:]))


def _archived(log: Log, changes: tuple[Change, ...], block: Block, before: _Found) -> Selection:
    return Selection(changes, block.first, _previous(log, before, before.changes))


def _previous(log: Log, found: _Found, older: Sequence[Change]) -> int | None:
    """The archive of the next change that is not shown; where none was met, that of where looking ended."""
    sequence = older[0].sequence if older else (found.rest - 1 if found.rest else None)
    block = log.feed_changes.block(sequence) if sequence else None
    return block.first if block else None


def _block(log: Log, scope: Scope, archive: int) -> Block:
    block = log.feed_changes.block(archive)
    if block is None or block.first != archive or scope.dataset not in (None, block.dataset):
        raise NoSuchArchiveError(archive)
    return block


async def _looking(log: Log, search: SearchEngine, fields: FilterFields, scope: Scope) -> _Looking:
    today = log.queries.validator()[1].toordinal()
    request = Request(scope.text, dict(scope.filters), as_of=today)
    if scope.searched:
        language = await to_thread.run_sync(thesaurus.load)
        request = (await apply_filters(search, request, fields, *language)).request
    return _Looking(log, search, scope, request)


class _Looking:
    """The changes that a search finds: whose record held all its words before or after."""

    def __init__(self, log: Log, search: SearchEngine, scope: Scope, request: Request) -> None:
        self._log, self._search, self._scope, self._request = log, search, scope, request
        self._left = _SCANNED

    async def newest(self, before: Block | None, limit: int) -> _Found:
        """What is older than a block, or the newest of all."""
        known = self._scope.seen.known_at
        until = FOREVER if known is None else micros(known) + 1
        found: list[Change] = []
        if before is not None:
            until = micros(before.published_at)
            rest = await self.release(before.beginning, before.first - 1, found, limit)
            if rest is not None:
                return _Found(found[:limit], rest)
        while True:
            touches = await self._search.hit_changes(self._followed(before=until, limit=_TOUCHES))
            pairs = [(touch.record, moment(touch.at)) for touch in touches.changes]
            found += self._told(await to_thread.run_sync(self._log.feed_changes.changes_of_touches, pairs))
            cut = touches.unread_until
            if cut is None:
                return _Found(found[:limit], None)
            # A release too large for one answer is gone through block by block.
            last = await to_thread.run_sync(self._log.feed_changes.last_sequence, moment(cut))
            if len(found) >= limit or last is None:
                return _Found(found[:limit], last and last + 1)
            block = await to_thread.run_sync(self._log.feed_changes.block, last)
            rest = await self.release(block.beginning, last, found, limit) if block else None
            if rest is not None:
                return _Found(found[:limit], rest)
            until = cut

    async def release(self, beginning: int, last: int, found: list[Change], limit: int) -> int | None:
        """Into ``found``, from ``last`` back to the beginning → where it stopped before that, if it did."""
        while last >= beginning:
            if len(found) >= limit or not self._left:
                return last + 1
            self._left -= 1
            block = await to_thread.run_sync(self._log.feed_changes.block, last)
            if block is None:
                return None
            found += await self.of_block(block)
            last = block.first - 1
        return None

    async def of_block(self, block: Block) -> tuple[Change, ...]:
        if not self._scope.searched:
            return await to_thread.run_sync(_of_block, self._log, self._scope, block)
        at = micros(block.published_at)
        spans = await to_thread.run_sync(self._log.feed_changes.touched_spans, block)
        followed = self._followed(after=at, before=at + 1, spans=spans, limit=len(spans) + 1)
        touched = {touch.record for touch in (await self._search.hit_changes(followed)).changes}
        changes = await to_thread.run_sync(_of_block, self._log, self._scope, block)
        return tuple(change for change in changes if change.record in touched)

    def _told(self, changes: Iterable[Change]) -> list[Change]:
        return [change for change in changes if tells(self._scope, change)]

    def _followed(
        self, *, after: int = 0, before: int, limit: int, spans: tuple[str, ...] | None = None
    ) -> SavedSearch:
        asked = self._request
        return SavedSearch(
            asked.text,
            asked.filters,
            asked.excluded,
            after=after,
            before=before,
            spans=spans,
            limit=limit,
        )
