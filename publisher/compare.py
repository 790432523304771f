"""How two texts and two contents differ, for people and for programs: marks by character, JSON Patch, and
records that may be one under two names. Knows no database and no web."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rapidfuzz import fuzz
from rapidfuzz.distance import Indel

from publisher.store.comparing import Difference
from schemas.catalogue import Content

LONGEST = 4_000
"""Characters on either side, beyond what both begin and end with, that are told apart one by one; what is
longer is replaced whole. The cost grows with the product of both."""
_ISLAND = 2
"""So few equal characters between two edits are part of them: 的 in two unlike sentences says nothing."""

LIKELY = 0.6
"""Two records less alike than this are not suggested as one."""
MOST_COMPARED = 2_000
"""Removed, and added, records among which likely renames are looked for."""
_MOST_ALIKE_BY_TITLE = 10


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that both have, or only the later, or only the earlier."""

    op: Literal["equal", "insert", "delete"]
    text: str


def pieces(before: str, after: str) -> tuple[Piece, ...]:
    """``equal`` and ``delete`` joined are ``before``, ``equal`` and ``insert`` joined are ``after``.

    By code point, for Chinese has no spaces to tell words by.
    """
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    middle = [("", old, new)] if max(len(old), len(new)) > LONGEST else _edits(old, new)
    found = [("equal", before[:head])]
    for equal, gone, come in middle:
        found += [("equal", equal), ("delete", gone), ("insert", come)]
    found.append(("equal", before[len(before) - tail :] if tail else ""))
    return tuple(_joined(found))


def _common(a: str, b: str) -> int:
    """How many characters both begin with."""
    for n, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return n
    return min(len(a), len(b))


def _edits(old: str, new: str) -> list[tuple[str, str, str]]:
    """(equal before it, deleted, inserted), one after the other; the last may be equal only."""
    edits: list[tuple[str, str, str]] = []
    equal = gone = come = ""
    for op in Indel.opcodes(old, new):
        before, after = old[op.src_start : op.src_end], new[op.dest_start : op.dest_end]
        if op.tag != "equal":
            gone, come = gone + before, come + after
        elif (gone or come) and len(before) <= _ISLAND and op.src_end < len(old) and op.dest_end < len(new):
            gone, come = gone + before, come + before
        elif gone or come:
            edits.append((equal, gone, come))
            equal, gone, come = before, "", ""
        else:
            equal += before
    return [*edits, (equal, gone, come)]


def _joined(found: Iterable[tuple[str, str]]) -> Iterator[Piece]:
    """Without the empty, and neighbours of one kind as one."""
    kind, text = "equal", ""
    for op, more in found:
        if not more:
            continue
        if op == kind:
            text += more
            continue
        if text:
            yield _piece(kind, text)
        kind, text = op, more
    if text:
        yield _piece(kind, text)


def _piece(kind: str, text: str) -> Piece:
    op: Literal["equal", "insert", "delete"] = "equal"
    if kind != "equal":
        op = "insert" if kind == "insert" else "delete"
    return Piece(op, text)


def patch(record: str, before: Content | None, after: Content | None) -> list[dict[str, Any]]:
    """JSON Patch (RFC 6902) on an object of record id → content; joined, of a whole state."""
    root = f"/{_token(record)}"
    if before is None and after is None:
        return []
    if before is None:
        return [{"op": "add", "path": root, "value": after}]
    if after is None:
        return [{"op": "remove", "path": root}]
    operations: list[dict[str, Any]] = []
    for name in sorted({*before, *after}):
        path = f"{root}/{_token(name)}"
        if name not in after:
            operations.append({"op": "remove", "path": path})
        elif name not in before:
            operations.append({"op": "add", "path": path, "value": after[name]})
        elif before[name] != after[name]:
            operations.append({"op": "replace", "path": path, "value": after[name]})
    return operations


def _token(text: str) -> str:
    """A reference token of JSON Pointer (RFC 6901)."""
    return text.replace("~", "~0").replace("/", "~1")


@dataclass(frozen=True, slots=True)
class Likely:
    """A removed and an added record that may be one. A guess: nobody published it."""

    before: Difference
    after: Difference
    likeness: float
    """0 to 1."""


def likely_renames(differences: Sequence[Difference]) -> tuple[Likely, ...]:
    """The likeliest pairs first, each record in one at most.

    Only what shares a pair of characters in its title is held side by side; of each removed record the few
    nearest titles.
    """
    added = [d for d in differences if d.kind == "added"][:MOST_COMPARED]
    removed = [d for d in differences if d.kind == "removed"][:MOST_COMPARED]
    by_pair: dict[str, list[int]] = defaultdict(list)
    for n, one in enumerate(added):
        for pair in _pairs(one.title):
            by_pair[pair].append(n)
    found: list[Likely] = []
    for old in removed:
        shared: dict[int, int] = defaultdict(int)
        for pair in _pairs(old.title_before):
            for n in by_pair.get(pair, ()):
                shared[n] += 1
        nearest = sorted(shared, key=lambda n: (-shared[n], n))[:_MOST_ALIKE_BY_TITLE]
        found += [
            Likely(old, added[n], likeness) for n in nearest if (likeness := _alike(old, added[n])) >= LIKELY
        ]
    found = [one for one in found if one.likeness >= LIKELY]
    found.sort(key=lambda one: (-one.likeness, one.before.key, one.after.key))
    taken: set[int] = set()
    kept: list[Likely] = []
    for likely in found:
        if taken.isdisjoint((likely.before.key, likely.after.key)):
            taken |= {likely.before.key, likely.after.key}
            kept.append(likely)
    return tuple(kept)


def _pairs(title: str) -> set[str]:
    return {title[n : n + 2] for n in range(len(title) - 1)} or {title}


def _alike(old: Difference, new: Difference) -> float:
    """Half the title's likeness, half that of all else that both state."""
    title = fuzz.ratio(old.title_before, new.title) / 100
    names = sorted({*(old.before or {}), *(new.after or {})})
    shares = [_value_alike((old.before or {}).get(name), (new.after or {}).get(name)) for name in names]
    return round((title + sum(shares) / len(shares)) / 2, 2) if shares else round(title, 2)


def _value_alike(before: Any, after: Any) -> float:
    if before == after:
        return 1.0
    if isinstance(before, str) and isinstance(after, str):
        return fuzz.ratio(before[:LONGEST], after[:LONGEST]) / 100
    return 0.0
