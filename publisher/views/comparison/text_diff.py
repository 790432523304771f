"""How two texts and two contents differ, for people and for programs: marks by character, JSON Patch, and
records that may be one under two names. Knows no database and no web."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import Indel

LONGEST = 4_000
"""Characters on either side, beyond what both begin and end with, that are told apart one by one; what is
longer is replaced whole. The cost grows with the product of both."""
_ISLAND = 2
"""So few equal characters between two edits are part of them: 的 in two unlike sentences says nothing."""


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
