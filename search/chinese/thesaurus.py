"""What search knows of the world: places, names that mean one body, wordings that mean one thing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from schemas.reference import administrative_divisions, government_bodies
from search.chinese.analyzer import Analyzer

_WORD = 6
"""Longer names are found by their characters; as words of the dictionary they would hide those inside."""

type Groups = Iterable[Iterable[str]]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words with their meanings, folded as texts are."""

    forms: Mapping[str, tuple[str, ...]]
    """Name → the other names of the same thing, but none that holds a shorter one: what to look for."""
    wordings: Mapping[str, tuple[str, ...]]
    """Name → all of the other names, the longest first: what to show of what was met."""
    bodies: Mapping[str, tuple[str, ...]]
    """Those names that are of bodies → the same without a head (发改委 → 发展改革, 发改)."""
    plain: frozenset[str]
    """Words of asking and grammar, which no hit must hold."""
    asking: frozenset[str]
    """Those among them that make a question."""
    implied: Mapping[str, tuple[str, ...]]
    """Word of a title → words of the texts behind it; for rank only."""
    legal: Mapping[str, tuple[str, ...]]
    """Everyday word → words of the law for the same thing or what comes of it; for rank only."""
    longest: int

    def names_in(self, folded: str, starts: Set[int]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Names in a text, the longest first, as (start, end, other names); none overlaps another.

        A name of two characters must begin and end where the text is cut (``starts``).
        """
        position = 0
        while position < len(folded):
            for end in range(min(len(folded), position + self.longest), position + 1, -1):
                name = folded[position:end]
                if name in self.forms and (end - position > 2 or {position, end} <= starts):
                    yield position, end, self.forms[name]
                    position = end
                    break
            else:
                position += 1

    def implied_by(self, folded: str) -> tuple[str, ...]:
        """Of several words that imply others the last counts: 对违反检查规定的处罚 is a 处罚."""
        found = max((word for word in self.implied if word in folded), key=folded.rfind, default=None)
        return self.implied[found] if found else ()

    def legal_for(self, folded: str, cut: Sequence[str]) -> tuple[str, ...]:
        """The law's words for everyday ones, those aside that were typed. A word of one character must be
        a word of the text (告 is none in 广告); of two that overlap the longer counts."""
        met = [word for word in self.legal if word in folded and (len(word) > 1 or word in cut)]
        kept = (word for word in met if not any(word != other and word in other for other in met))
        return tuple(dict.fromkeys(term for word in kept for term in self.legal[word] if term not in folded))


def build(
    groups: Groups,
    aliases: Mapping[str, Iterable[str]],
    stems: Mapping[str, tuple[str, ...]],
    plain: Iterable[str],
    asking: Iterable[str],
    implied: Mapping[str, Iterable[str]],
    legal: Mapping[str, Iterable[str]],
) -> Lexicon:
    """A lexicon of wordings that mean one thing and of other names of bodies, all folded already."""
    same: dict[str, set[str]] = {name: {name, *others} for name, others in aliases.items() if len(name) > 1}
    for group in groups:
        names = tuple(group)
        for name in names:
            same.setdefault(name, set()).update(names)
    asked = frozenset(asking)
    kept = {name: _apart(name, others) for name, others in same.items()}
    return Lexicon(
        forms=kept,
        wordings={n: tuple(sorted(all_ - {n}, key=lambda o: (-len(o), o))) for n, all_ in same.items()},
        bodies=stems,
        plain=asked.union(plain),
        asking=asked,
        implied={word: tuple(others) for word, others in implied.items()},
        legal={word: tuple(others) for word, others in legal.items()},
        longest=max(map(len, kept), default=0),
    )


def _apart(name: str, others: Iterable[str]) -> tuple[str, ...]:
    """Names that say more than ``name`` or than a shorter one of the others: a text that holds the longer
    (驾驶证 in 机动车驾驶证) holds the shorter, so only the shortest are asked for. One of two characters must
    be met as a whole word: 节能评估 does not hold 能评."""
    kept: list[str] = [name]
    for other in sorted(set(others), key=lambda n: (len(n), n)):
        if not any(shorter in other for shorter in kept if len(shorter) > 2):
            kept.append(other)
    return tuple(kept[1:])


@cache
def load(dictionary: tuple[str, ...] = ()) -> tuple[Analyzer, Lexicon]:
    """The analysis of the service: places and bodies of ``schemas``, wordings of this package."""
    places: set[str] = set()
    towns: set[str] = set()
    for code in administrative_divisions.codes():
        (places if len(code) <= 4 else towns).add(administrative_divisions.short_name(code) or "")
    same, plain = _read("synonyms.json"), _read("plain_words.json")
    known = [*government_bodies.names(), *(name for group in same["groups"] for name in group)]
    short = (name for name in known if len(name) <= _WORD)
    analyzer = Analyzer(places=places, towns=towns, dictionary=(*short, *dictionary))
    fold = analyzer.fold_text
    return analyzer, build(
        [[fold(name) for name in group] for group in same["groups"]],
        {
            fold(name): [*map(fold, government_bodies.aliases(name)), *_departments(name)]
            for name in government_bodies.names()
        },
        {fold(name): _stems(name) for name in government_bodies.names()},
        map(fold, plain["grammar"]),
        map(fold, plain["asking"]),
        same["implied"],
        _read("everyday_words.json")["words"],
    )


_HEADS = re.compile("(?:委员会|办公室|办公厅|总局|局|厅|部|委|办)$")
_DEPARTMENT = ("部门", "主管部门", "行政部门", "行政主管部门")
_TELLING = 6
"""Characters of a stem that says by itself who is meant: 住房城乡建设, but not 应急管理."""


def _stems(name: str) -> tuple[str, ...]:
    """A body and those before and after it without their heads, as the column 部门 of catalogues has them:
    发展改革, 教育."""
    stems = {_HEADS.sub("", one) for one in (name, *government_bodies.aliases(name))}
    return tuple(sorted(stem for stem in stems if len(stem) > 1))


def _departments(name: str) -> Iterator[str]:
    """How statutes speak of a body without its name: 住房城乡建设主管部门 for 住建局, 民政部门 for 民政局."""
    for stem in _stems(name):
        if len(stem) >= _TELLING:
            yield stem
        else:
            yield from (stem + department for department in _DEPARTMENT)


def _read(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(resources.files("search").joinpath("data", name).read_text("utf-8"))
    return loaded
