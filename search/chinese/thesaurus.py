"""Thesaurus: names of places, other names of bodies, synonyms, question words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from schemas.reference import administrative_divisions, government_bodies
from search.chinese.analyzer import Analyzer

_LONGEST_WORD = 6
"""Longest name, in characters, added to the dictionary. Longer ones would hide the words inside them and
match by their characters."""

type Groups = Iterable[Iterable[str]]


class Lexicon(msgspec.Struct, frozen=True):
    """Words and their synonyms, folded as texts are."""

    forms: Mapping[str, tuple[str, ...]]
    """Name → the other names to search for: those that do not contain a shorter one."""
    wordings: Mapping[str, tuple[str, ...]]
    """Name → all other names, longest first: those to highlight and explain."""
    bodies: Mapping[str, tuple[str, ...]]
    """Name of a body → its stems without the ending (发改委 → 发展改革, 发改)."""
    plain: frozenset[str]
    """Question and grammar words, which a hit need not contain."""
    asking: frozenset[str]
    """Those of them that mark a question."""
    generic: frozenset[str]
    """Words that items of every kind contain. A hit contains another word of the query too."""
    implied: Mapping[str, tuple[str, ...]]
    """Word of a title → words of the matching texts; used for ranking only."""
    legal: Mapping[str, tuple[str, ...]]
    """Everyday word → legal terms for the same or a resulting matter. They rank hits, and replace a word
    that occurs nowhere."""
    compounds: Mapping[str, tuple[str, ...]]
    """Everyday word of :attr:`legal` that consists of several words → these: 注册公司 → 注册, 公司."""
    longest: int

    def names_in(self, folded: str, boundaries: Set[int]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Yield the names in a text as (start, end, other names), longest first, without overlaps.

        A name of two characters must begin and end at a word boundary (``boundaries``).
        """
        position = 0
        while position < len(folded):
            for end in range(min(len(folded), position + self.longest), position + 1, -1):
                name = folded[position:end]
                if name in self.forms and (end - position > 2 or {position, end} <= boundaries):
                    yield position, end, self.forms[name]
                    position = end
                    break
            else:
                position += 1

    def implied_by(self, folded: str) -> tuple[str, ...]:
        """Return the words implied by the last implying word: 对违反检查规定的处罚 is a 处罚."""
        last_word = max((word for word in self.implied if word in folded), key=folded.rfind, default=None)
        return self.implied[last_word] if last_word else ()

    def legal_terms_for(self, folded: str, cut: Sequence[str]) -> tuple[str, ...]:
        """Return legal terms for the everyday words of a query, without those already typed.

        A word of one character must be a word of the text (告 is not one in 广告). Of two words that
        overlap the longer counts.
        """
        everyday = [word for word in self.legal if word in folded and (len(word) > 1 or word in cut)]
        longest = (
            word for word in everyday if not any(word != other and word in other for other in everyday)
        )
        return tuple(
            dict.fromkeys(term for word in longest for term in self.legal[word] if term not in folded)
        )

    def compounds_in(self, cut: Sequence[str]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Yield (words, legal terms) of each everyday compound whose words a query contains, also apart."""
        words = frozenset(cut)
        for compound, parts in self.compounds.items():
            if words.issuperset(parts):
                yield parts, self.legal[compound]


def build_lexicon(
    groups: Groups,
    aliases: Mapping[str, Iterable[str]],
    stems: Mapping[str, tuple[str, ...]],
    plain: Iterable[str],
    asking: Iterable[str],
    generic: Iterable[str],
    implied: Mapping[str, Iterable[str]],
    legal: Mapping[str, Iterable[str]],
    compounds: Mapping[str, tuple[str, ...]],
) -> Lexicon:
    """Build a lexicon from synonyms and other names of bodies, all of them already folded."""
    synonyms: dict[str, set[str]] = {
        name: {name, *others} for name, others in aliases.items() if len(name) > 1
    }
    for group in groups:
        names = tuple(group)
        for name in names:
            synonyms.setdefault(name, set()).update(names)
    question_words = frozenset(asking)
    forms = {name: _shortest_others(name, others) for name, others in synonyms.items()}
    return Lexicon(
        forms=forms,
        wordings={n: tuple(sorted(all_ - {n}, key=lambda o: (-len(o), o))) for n, all_ in synonyms.items()},
        bodies=stems,
        plain=question_words.union(plain),
        asking=question_words,
        generic=frozenset(generic),
        implied={word: tuple(others) for word, others in implied.items()},
        legal={word: tuple(others) for word, others in legal.items()},
        compounds=compounds,
        longest=max(map(len, forms), default=0),
    )


def _shortest_others(name: str, others: Iterable[str]) -> tuple[str, ...]:
    """Drop names that contain ``name`` or a shorter one of the others: a text that contains the longer
    (机动车驾驶证) contains the shorter (驾驶证), so only the shortest are searched. Names of two characters
    are not used for this, because they match whole words only: 节能评估 does not contain 能评."""
    shortest: list[str] = [name]
    for other in sorted(set(others), key=lambda n: (len(n), n)):
        if not any(shorter in other for shorter in shortest if len(shorter) > 2):
            shortest.append(other)
    return tuple(shortest[1:])


@cache
def load_language() -> tuple[Analyzer, Lexicon]:
    """Load the analyzer and the lexicon: places and bodies of ``schemas``, synonyms of this package."""
    places: set[str] = set()
    towns: set[str] = set()
    for code in administrative_divisions.list_codes():
        (places if len(code) <= 4 else towns).add(administrative_divisions.short_name_of(code) or "")
    synonyms, plain = _load_json("synonyms.json"), _load_json("plain_words.json")
    names = [*government_bodies.all_names(), *(name for group in synonyms["groups"] for name in group)]
    short = (name for name in names if len(name) <= _LONGEST_WORD)
    analyzer = Analyzer(places=places, towns=towns, dictionary=short)
    fold = analyzer.fold_text
    legal = _load_json("everyday_words.json")["words"]
    return analyzer, build_lexicon(
        [[fold(name) for name in group] for group in synonyms["groups"]],
        {
            fold(name): [*map(fold, government_bodies.list_other_names(name)), *_list_department_names(name)]
            for name in government_bodies.all_names()
        },
        {fold(name): _find_stems(name) for name in government_bodies.all_names()},
        map(fold, plain["grammar"]),
        map(fold, plain["asking"]),
        map(fold, plain["generic"]),
        synonyms["implied"],
        legal,
        {word: parts for word in legal if (parts := _find_compound(word, analyzer))},
    )


def _find_compound(word: str, analyzer: Analyzer) -> tuple[str, ...]:
    """Return the words that an everyday word consists of; () for one word, or if one has one character."""
    parts = tuple(analyzer.cut(word))
    return parts if len(parts) > 1 and all(len(part) > 1 for part in parts) else ()


_HEADS = re.compile("(?:委员会|办公室|办公厅|总局|局|厅|部|委|办)$")
_DEPARTMENT = ("部门", "主管部门", "行政部门", "行政主管部门")
_LONG_STEM = 6
"""Minimum characters of a stem that identifies a body by itself: 住房城乡建设, but not 应急管理."""


def _find_stems(name: str) -> tuple[str, ...]:
    """List the stems of a body and of those before and after it, as in the column 部门 of catalogues:
    发展改革, 教育."""
    stems = {_HEADS.sub("", body) for body in (name, *government_bodies.list_other_names(name))}
    return tuple(sorted(stem for stem in stems if len(stem) > 1))


def _list_department_names(name: str) -> Iterator[str]:
    """Yield the terms of statutes for a body: 住房城乡建设主管部门 for 住建局, 民政部门 for 民政局."""
    for stem in _find_stems(name):
        if len(stem) >= _LONG_STEM:
            yield stem
        else:
            yield from (stem + department for department in _DEPARTMENT)


def _load_json(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(resources.files("search").joinpath("data", name).read_text("utf-8"))
    return loaded
