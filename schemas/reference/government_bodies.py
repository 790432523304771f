"""Government bodies: short and full names, predecessors and successors.

``data/bodies.json`` lists for each body the stem of its full name (发展和改革), its endings from county to
nation (局, 厅, 部, 委员会 …), its short stems (发改), and the stems of the bodies that were renamed to it or
merged into it. Historical names are kept: :func:`canonical` never turns 工商局 into 市场监督管理局;
:func:`successors` and :func:`aliases` connect them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

import msgspec

from schemas.normalise import fold
from schemas.reference import administrative_divisions

_SHORT_HEADS: Mapping[str, str] = {"委员会": "委", "办公室": "办", "办公厅": "办"}
_LEVELS = frozenset(
    {"", "国家", "中华人民共和国", "中华人民共和国国家", *"省市县区州盟旗", "自治区", "自治州", "地区"}
)


class _Stem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    stem: str
    heads: tuple[str, ...]
    short: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    """Forms that no rule derives: 教委."""


class _Entry(_Stem, frozen=True, forbid_unknown_fields=True):
    former: tuple[_Stem, ...] = ()


class _Index(msgspec.Struct, frozen=True):
    full: Mapping[str, str]
    """Every form → the full name, both without a place."""
    writings: Mapping[str, tuple[str, ...]]
    """Full name → its forms, including itself."""
    later: Mapping[str, tuple[str, ...]]
    earlier: Mapping[str, tuple[str, ...]]


def canonical(name: str) -> str:
    """Return the full name: 鞍山市发改委 → 鞍山市发展和改革委员会. An unknown name is only folded."""
    place, short = _split_place(name)
    return place + _index().full.get(short, short)


def successors(name: str) -> tuple[str, ...]:
    """List the bodies that took over its functions: 鞍山市工商局 → 鞍山市市场监督管理局. Empty if none."""
    place, short = _split_place(name)
    index = _index()
    return tuple(place + later for later in index.later.get(index.full.get(short, short), ()))


def aliases(name: str) -> tuple[str, ...]:
    """List all other names of the body, its predecessors and successors, with the same place, sorted."""
    place, short = _split_place(name)
    index = _index()
    full = index.full.get(short)
    if full is None:
        return ()
    related = (full, *index.later.get(full, ()), *index.earlier.get(full, ()))
    names_of_body = {place + writing for one in related for writing in index.writings[one]}
    return tuple(sorted(names_of_body - {place + short}))


@cache
def names() -> frozenset[str]:
    """Return all forms of all bodies, without places, as words for a dictionary."""
    return frozenset(_index().full)


def _split_place(name: str) -> tuple[str, str]:
    """Split a name into place and body; the place is empty if the text before the body is not a place."""
    text = "".join(fold(name).split())
    full_names = _index().full
    for start in range(len(text) - 1):
        if text[start:] in full_names and _is_place(text[:start]):
            return text[:start], text[start:]
    return "", text


def _is_place(text: str) -> bool:
    return (
        text in _LEVELS
        or bool(administrative_divisions.find(text))
        or bool(administrative_divisions.find(text.removesuffix("人民政府")))
    )


@cache
def _index() -> _Index:
    data = (files("schemas") / "data" / "bodies.json").read_bytes()
    writings: defaultdict[str, set[str]] = defaultdict(set)
    later: defaultdict[str, set[str]] = defaultdict(set)
    entries = msgspec.json.decode(data, type=list[_Entry])
    current = {entry.stem + head for entry in entries for head in entry.heads}
    for entry in entries:
        for one in (entry, *entry.former):
            for head in one.heads:
                writings[one.stem + head] |= _writings(one, head)
        for former in entry.former:
            for head in former.heads:
                if former.stem + head not in current:
                    later[former.stem + head] |= {entry.stem + after for after in _heads_after(entry, head)}
    full: dict[str, str] = {}
    for name, writings_of_body in writings.items():
        # A full name is never a short name of another body. A shared short name belongs to the first body.
        full.update({w: name for w in writings_of_body if w == name or (w not in writings and w not in full)})
    return _Index(
        full,
        _invert(full.items()),
        _sort_values(later),
        _invert((before, name) for before, after in later.items() for name in after),
    )


def _invert(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    table: defaultdict[str, set[str]] = defaultdict(set)
    for value, key in pairs:
        table[key].add(value)
    return _sort_values(table)


def _heads_after(entry: _Entry, head: str) -> set[str]:
    """Return the successor's endings: a 局 became a 局, and also a 委员会 if that is the successor's main
    ending (卫生局 → 卫生健康委员会)."""
    shared = {head} & set(entry.heads)
    return shared | {entry.heads[0]} if not shared or entry.heads[0] == "委员会" else shared


def _writings(body: _Stem, head: str) -> set[str]:
    brief = _SHORT_HEADS.get(head, head)
    writings = {body.stem + head, body.stem + brief, *(short + brief for short in body.short)}
    writings |= {short + head for short in body.short if len(short) > 3}
    return writings | {writing for writing in body.also if writing.endswith((head, brief))}


def _sort_values(table: Mapping[str, set[str]]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(sorted(values)) for key, values in table.items()}
