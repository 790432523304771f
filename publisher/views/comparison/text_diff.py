"""Differences of two texts by character."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec
from rapidfuzz.distance import Indel

LONGEST = 4_000
"""Most characters on either side, between common start and end, that are compared one by one. Longer texts
are replaced as a whole, because the time grows with the product of both lengths."""
_TOO_SHORT = 2
"""Equal text of at most so many characters between two edits belongs to the edits, for example a 的."""


class Piece(msgspec.Struct, frozen=True):
    """A piece of text that is in both texts, or only in the later or the earlier one."""

    op: Literal["equal", "insert", "delete"]
    text: str


def pieces(before: str, after: str) -> tuple[Piece, ...]:
    """Compare two texts. ``equal`` and ``delete`` pieces form ``before``, ``equal`` and ``insert`` ``after``.

    The unit is the code point, because Chinese does not separate words.
    """
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    middle = [("", old, new)] if max(len(old), len(new)) > LONGEST else _edits(old, new)
    edits = [("equal", before[:head])]
    for equal, deleted, inserted in middle:
        edits += [("equal", equal), ("delete", deleted), ("insert", inserted)]
    edits.append(("equal", before[len(before) - tail :] if tail else ""))
    return tuple(_join_edits(edits))


def _common(a: str, b: str) -> int:
    """Count the characters of the common start."""
    for n, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return n
    return min(len(a), len(b))


def _edits(old: str, new: str) -> list[tuple[str, str, str]]:
    """List (equal text before, deleted, inserted); the last can be equal text only."""
    edits: list[tuple[str, str, str]] = []
    equal = deleted = inserted = ""
    for op in Indel.opcodes(old, new):
        before, after = old[op.src_start : op.src_end], new[op.dest_start : op.dest_end]
        if op.tag != "equal":
            deleted, inserted = deleted + before, inserted + after
        elif (
            (deleted or inserted)
            and len(before) <= _TOO_SHORT
            and op.src_end < len(old)
            and op.dest_end < len(new)
        ):
            deleted, inserted = deleted + before, inserted + before
        elif deleted or inserted:
            edits.append((equal, deleted, inserted))
            equal, deleted, inserted = before, "", ""
        else:
            equal += before
    return [*edits, (equal, deleted, inserted)]


def _join_edits(edits: Iterable[tuple[str, str]]) -> Iterator[Piece]:
    """Skip empty pieces, and join neighbours of one kind."""
    kind, text = "equal", ""
    for op, more in edits:
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
