"""Bodies of government: a short name and its full one, and what a body was called before or after.

``data/bodies.json`` lists, for each body: the stem of its full name (发展和改革), the heads that it has
from county to nation (局, 厅, 部, 委员会 …), the short stems (发改), and the stems of the bodies that were
renamed to it or merged into it. A name of the day stays a name of the day: :func:`canonical` never
turns 工商局 into 市场监督管理局; :func:`successors` and :func:`aliases` tell that they belong together.
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
    """Writings that no rule makes: 教委."""


class _Entry(_Stem, frozen=True, forbid_unknown_fields=True):
    former: tuple[_Stem, ...] = ()


class _Index(msgspec.Struct, frozen=True):
    full: Mapping[str, str]
    """Every writing → the full name, both without a place."""
    writings: Mapping[str, tuple[str, ...]]
    """Full name → its writings, itself among them."""
    later: Mapping[str, tuple[str, ...]]
    earlier: Mapping[str, tuple[str, ...]]


def canonical(name: str) -> str:
    """The full name: 鞍山市发改委 → 鞍山市发展和改革委员会. An unknown name is only folded."""
    place, short = _split(name)
    return place + _index().full.get(short, short)


def successors(name: str) -> tuple[str, ...]:
    """The bodies that took its work over: 鞍山市工商局 → 鞍山市市场监督管理局. Empty where it keeps it."""
    place, short = _split(name)
    index = _index()
    return tuple(place + later for later in index.later.get(index.full.get(short, short), ()))


def aliases(name: str) -> tuple[str, ...]:
    """Every other writing of the body and of the bodies before and after it, with the same place, sorted."""
    place, short = _split(name)
    index = _index()
    full = index.full.get(short)
    if full is None:
        return ()
    related = (full, *index.later.get(full, ()), *index.earlier.get(full, ()))
    found = {place + writing for one in related for writing in index.writings[one]}
    return tuple(sorted(found - {place + short}))


@cache
def names() -> frozenset[str]:
    """Every writing of every body, without places: words for a dictionary."""
    return frozenset(_index().full)


def _split(name: str) -> tuple[str, str]:
    """The place in front of a body, and the body; no place where what stands in front is none."""
    text = "".join(fold(name).split())
    known = _index().full
    for start in range(len(text) - 1):
        if text[start:] in known and _is_place(text[:start]):
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
    for name, known in writings.items():
        # A full name is never a short one of another body; of two that share a short one the first has it.
        full.update({w: name for w in known if w == name or (w not in writings and w not in full)})
    return _Index(
        full,
        _turned(full.items()),
        _sorted(later),
        _turned((before, name) for before, after in later.items() for name in after),
    )


def _turned(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    table: defaultdict[str, set[str]] = defaultdict(set)
    for value, key in pairs:
        table[key].add(value)
    return _sorted(table)


def _heads_after(entry: _Entry, head: str) -> set[str]:
    """A 局 became a 局; where the successor is foremost a 委员会 (卫生局 → 卫生健康委员会), that too."""
    same = {head} & set(entry.heads)
    return same | {entry.heads[0]} if not same or entry.heads[0] == "委员会" else same


def _writings(body: _Stem, head: str) -> set[str]:
    brief = _SHORT_HEADS.get(head, head)
    made = {body.stem + head, body.stem + brief, *(short + brief for short in body.short)}
    made |= {short + head for short in body.short if len(short) > 3}
    return made | {writing for writing in body.also if writing.endswith((head, brief))}


def _sorted(table: Mapping[str, set[str]]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(sorted(values)) for key, values in table.items()}
