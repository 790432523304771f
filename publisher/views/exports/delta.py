"""Deltas between two states, as JSON Lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from publisher.log.log import Log
from publisher.log.model import View
from publisher.log.queries.whole_state import StateRow
from publisher.views.exports import csv_and_json


def write_delta(path: Path, log: Log, dataset: str, before: View, after: View) -> None:
    """Write ``{"op": "put", "record": …}`` and ``{"op": "remove", "id": …}``; records as in JSON Lines files.

    Memory grows with the number of differences only. A record of the first state that was erased since is
    removed, because a file that somebody downloaded before still has it.
    """
    with path.open("wb") as file:
        for old, new in _pairs(
            log.queries.whole_state(dataset, before), log.queries.whole_state(dataset, after)
        ):
            if new is None and old is not None:
                file.write(_removal(old.id))
            elif new is not None and new != old:
                file.write(b'{"op":"put","record":%b}\n' % csv_and_json.encode_line(new))
        file.writelines(map(_removal, log.queries.erased_ids(dataset, before)))


def _removal(record: str) -> bytes:
    return b'{"op":"remove","id":%b}\n' % msgspec.json.encode(record)


def _pairs(
    before: Iterator[StateRow], after: Iterator[StateRow]
) -> Iterator[tuple[StateRow | None, StateRow | None]]:
    """Pair the records of both states. Both have the same order, so few records wait for a counterpart."""
    olds: dict[str, StateRow] = {}
    news: dict[str, StateRow] = {}
    while True:
        old, new = next(before, None), next(after, None)
        if old is None and new is None:
            break
        if old is not None and new is not None and old.id == new.id:
            yield old, new
            continue
        yield from _pair_or_wait(old, news, olds, old_first=True)
        yield from _pair_or_wait(new, olds, news, old_first=False)
    yield from ((old, None) for old in olds.values())
    yield from ((None, new) for new in news.values())


def _pair_or_wait(
    state: StateRow | None, others: dict[str, StateRow], waiting: dict[str, StateRow], *, old_first: bool
) -> Iterator[tuple[StateRow | None, StateRow | None]]:
    """Yield the pair if its counterpart waits among ``others``; otherwise add the record to ``waiting``."""
    if state is None:
        return
    counterpart = others.pop(state.id, None)
    if counterpart is None:
        waiting[state.id] = state
    else:
        yield (state, counterpart) if old_first else (counterpart, state)
