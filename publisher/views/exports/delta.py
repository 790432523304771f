"""What leads from one state to another, as JSON Lines: applied to the one's lines it gives the other's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from publisher.log.log import Log
from publisher.log.model import View
from publisher.log.queries.whole_state import Stated
from publisher.views.exports import csv_and_json


def write_delta(path: Path, log: Log, dataset: str, before: View, after: View) -> None:
    """``{"op": "put", "record": …}`` and ``{"op": "remove", "id": …}``; a record as in the JSON Lines file.

    Memory grows with what differs, not with what stays. What was erased since is in neither state.
    """
    with path.open("wb") as file:
        for old, new in _pairs(
            log.queries.whole_state(dataset, before), log.queries.whole_state(dataset, after)
        ):
            if new is None and old is not None:
                file.write(b'{"op":"remove","id":%b}\n' % msgspec.json.encode(old.id))
            elif new is not None and new != old:
                file.write(b'{"op":"put","record":%b}\n' % csv_and_json.line(new))


def _pairs(
    before: Iterator[Stated], after: Iterator[Stated]
) -> Iterator[tuple[Stated | None, Stated | None]]:
    """Both states side by side. They come in one order, so a record waits only while others were removed."""
    olds: dict[str, Stated] = {}
    news: dict[str, Stated] = {}
    while True:
        old, new = next(before, None), next(after, None)
        if old is None and new is None:
            break
        if old is not None and new is not None and old.id == new.id:
            yield old, new
            continue
        yield from _matched(old, news, olds, old_first=True)
        yield from _matched(new, olds, news, old_first=False)
    yield from ((old, None) for old in olds.values())
    yield from ((None, new) for new in news.values())


def _matched(
    one: Stated | None, others: dict[str, Stated], mine: dict[str, Stated], *, old_first: bool
) -> Iterator[tuple[Stated | None, Stated | None]]:
    if one is None:
        return
    other = others.pop(one.id, None)
    if other is None:
        mine[one.id] = one
    else:
        yield (one, other) if old_first else (other, one)


def apply(records: Mapping[str, object], lines: Iterator[bytes]) -> dict[str, object]:
    """A state (id → record) after a delta: what a mirror does with one."""
    state = dict(records)
    for line in lines:
        step = msgspec.json.decode(line)
        if step["op"] == "remove":
            state.pop(step["id"], None)
        else:
            state[step["record"]["id"]] = step["record"]
    return state
