"""Government bodies: short and full names, predecessors and successors.

``data/bodies.json`` lists for each body the stem of its full name (发展和改革), its endings from county to
nation (局, 厅, 部, 委员会 …), its short stems (发改), and the stems of the bodies that were renamed to it or
merged into it. :func:`list_other_names` connects a body with those before and after it: 工商局 with
市场监督管理局.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

import msgspec

from schemas.normalise import fold
from schemas.reference import administrative_divisions
from schemas.reference.citations.text_signs import simplify

_SHORT_HEADS: Mapping[str, str] = {"委员会": "委", "办公室": "办", "办公厅": "办"}
_PLACES_WITHOUT_NAME = frozenset(
    {"", "国家", "中华人民共和国", "中华人民共和国国家", *"省市县区州盟旗", "自治区", "自治州", "地区"}
)


class _Stem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    stem: str
    """The full name without its ending: 发展和改革."""
    heads: tuple[str, ...]
    """Endings of the name (委员会, 局 …), the main one first."""
    short: tuple[str, ...] = ()
    """Short stems: 发改."""
    also: tuple[str, ...] = ()
    """Forms that no rule derives: 教委."""


class _Body(_Stem, frozen=True, forbid_unknown_fields=True):
    former: tuple[_Stem, ...] = ()
    """Names of bodies that were renamed to it or merged into it."""


_decode_bodies = msgspec.json.Decoder(list[_Body]).decode


class _Index(msgspec.Struct, frozen=True):
    full: Mapping[str, str]
    """Each form of a name → the full name, both without a place."""
    forms: Mapping[str, tuple[str, ...]]
    """Full name → its forms, including itself."""
    successors: Mapping[str, tuple[str, ...]]
    predecessors: Mapping[str, tuple[str, ...]]


def list_other_names(name: str) -> tuple[str, ...]:
    """List all other names of the body, its predecessors and successors, with the same place, sorted."""
    place, short = _split_place(name)
    index = _load_index()
    full = index.full.get(short)
    if full is None:
        return ()
    related = (full, *index.successors.get(full, ()), *index.predecessors.get(full, ()))
    names_of_body = {place + form for body in related for form in index.forms[body]}
    return tuple(sorted(names_of_body - {place + short}))


@cache
def all_names() -> frozenset[str]:
    """Return all forms of all bodies, without places, as words for a dictionary."""
    return frozenset(_load_index().full)


def is_name(text: str) -> bool:
    """Test for a name of a body, with or without its place."""
    return _split_place(text)[1] in _load_index().full


def _split_place(name: str) -> tuple[str, str]:
    """Split a name into place and body; the place is empty if the text before the body is not a place."""
    text = simplify("".join(fold(name).split()))
    full_names = _load_index().full
    for start in range(len(text) - 1):
        if text[start:] in full_names and _is_place(text[:start]):
            return text[:start], text[start:]
    return "", text


def _is_place(text: str) -> bool:
    return (
        text in _PLACES_WITHOUT_NAME
        or bool(administrative_divisions.find_codes(text))
        or bool(administrative_divisions.find_codes(text.removesuffix("人民政府")))
    )


@cache
def _load_index() -> _Index:
    bodies = _decode_bodies((files("schemas") / "data" / "bodies.json").read_bytes())
    forms: defaultdict[str, set[str]] = defaultdict(set)
    successors: defaultdict[str, set[str]] = defaultdict(set)
    current = {body.stem + head for body in bodies for head in body.heads}
    for body in bodies:
        for stem in (body, *body.former):
            for head in stem.heads:
                forms[stem.stem + head] |= _list_forms(stem, head)
        for former in body.former:
            for head in former.heads:
                if former.stem + head not in current:
                    successors[former.stem + head] |= {body.stem + h for h in _successor_heads(body, head)}
    full: dict[str, str] = {}
    for name, forms_of_name in forms.items():
        # A full name is never a short name of another body. A shared short name belongs to the first body.
        full.update({f: name for f in forms_of_name if f == name or (f not in forms and f not in full)})
    return _Index(
        full,
        _group_by_second(full.items()),
        _sort_values(successors),
        _group_by_second((before, name) for before, after in successors.items() for name in after),
    )


def _group_by_second(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    table: defaultdict[str, set[str]] = defaultdict(set)
    for value, key in pairs:
        table[key].add(value)
    return _sort_values(table)


def _successor_heads(body: _Body, head: str) -> set[str]:
    """Return the endings of the successor: a 局 became a 局, and also a 委员会 if that is its main ending.

    卫生局 became 卫生健康委员会.
    """
    shared = {head} & set(body.heads)
    return shared | {body.heads[0]} if not shared or body.heads[0] == "委员会" else shared


def _list_forms(body: _Stem, head: str) -> set[str]:
    brief = _SHORT_HEADS.get(head, head)
    forms = {body.stem + head, body.stem + brief, *(short + brief for short in body.short)}
    # Only a longer short stem goes with the full ending: 发展改革委员会, but 发改 only with 委.
    forms |= {short + head for short in body.short if len(short) > 3}
    return forms | {form for form in body.also if form.endswith((head, brief))}


def _sort_values(table: Mapping[str, set[str]]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(sorted(values)) for key, values in table.items()}
