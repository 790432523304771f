"""Names that a site knows (titles, bodies, document numbers): completed while typing, and mended.

Names are lines of a few long texts; numbers of the lines that hold a pair of characters or a syllable lead to
the few that are compared. It knows no engine, so it is the same beside each of them.
"""

from __future__ import annotations

import operator
import re
from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise
from typing import Literal

from search.chinese.analyzer import Analyzer, is_han, visible
from search.chinese.pinyin import Pinyin, tokens_of, toneless
from search.chinese.thesaurus import Lexicon

type Kind = Literal["name", "body", "number"]

LONGEST = 200
"""Characters of what is typed that are looked at; stored titles are no longer."""

_TRIED = 500
"""Names that are looked at, of which some are met twice."""

_SIGNS = re.compile(r"[\W_]+")
_LETTERS = re.compile(r"[a-z]+")
_LATIN = re.compile("[a-z]")


@dataclass(frozen=True, slots=True)
class Name:
    text: str
    kind: Kind
    count: int
    """Records that carry it."""


@dataclass(frozen=True, slots=True)
class _Units:
    """What lines are found by: beginnings, by which those are kept that begin so, and parts."""

    beginnings: Callable[[str], Sequence[str]]
    """The longest last, which is the one that is asked by."""
    parts: Callable[[str], Sequence[str]]


def _pairs(text: str) -> list[str]:
    return list(map(operator.add, text, text[1:]))


def _first_syllable(sound: str) -> list[str]:
    syllable = sound.split(" ", 2)[1] if sound else ""
    return [syllable[:end] for end in range(1, len(syllable) + 1)]


CHARACTERS = _Units(lambda text: [text[:1], text[:2]] if len(text) > 1 else [text], _pairs)


def _neighbours(sound: str) -> list[str]:
    whole = sound.split(" ")[1:-1]
    return [f"{one} {other}" for one, other in pairwise(whole)]


SYLLABLES = _Units(_first_syllable, _neighbours)
"""Of texts such as `` wei xian ``; what follows the last blank is no whole syllable yet."""


_NONE: array[int] = array("I")


class _Lines:
    """Lines of one long text, each found by what it begins with or is made of."""

    def __init__(self, lines: Iterable[str], units: _Units) -> None:
        self._units = units
        self._starts = array("I", [0])
        self._first: defaultdict[str, array[int]] = defaultdict(lambda: array("I"))
        self._within: defaultdict[str, array[int]] = defaultdict(lambda: array("I"))
        parts = []
        size = 0
        for number, line in enumerate(lines):
            for unit in units.beginnings(line):
                self._first[unit].append(number)
            for unit in set(units.parts(line)):
                self._within[unit].append(number)
            parts.append(f"{line}\n")
            size += len(line) + 1
            self._starts.append(size)
        self.text = "".join(parts)

    def line(self, number: int) -> str:
        return self.text[self._starts[number] : self._starts[number + 1] - 1]

    def beginning(self, needle: str) -> Iterator[int]:
        """Numbers of the lines that begin with ``needle``."""
        among = [self._first.get(self._units.beginnings(needle)[-1], _NONE)]
        among += [self._within.get(unit, _NONE) for unit in self._units.parts(needle)]
        for number in min(among, key=len):
            if self.text.startswith(needle, self._starts[number]):
                yield number

    def holding(self, needle: str) -> Iterator[tuple[int, int]]:
        """(number of the line, place in the line) of each line's first ``needle``, looked for among the
        lines that hold its rarest part. For a single character, which has no part, the text is scanned."""
        units = self._units.parts(needle)
        starts, text = self._starts, self.text
        if len(needle) == 1 and not units:
            at = text.find(needle)
            while at >= 0:
                number = bisect_right(starts, at) - 1
                yield number, at - starts[number]
                at = text.find(needle, starts[number + 1])
            return
        if not units or any(unit not in self._within for unit in units):
            return
        for number in min((self._within[unit] for unit in units), key=len):
            at = text.find(needle, starts[number], starts[number + 1])
            if at >= 0:
                yield number, at - starts[number]


class Names:
    """The names of one state of the site."""

    def __init__(self, names: Iterable[Name], analyzer: Analyzer, lexicon: Lexicon, pinyin: Pinyin) -> None:
        """The most frequent, then the shortest, are offered first."""
        known = sorted(names, key=lambda n: (-n.count, len(n.text), n.text))
        self.analyzer = analyzer
        self._lexicon = lexicon
        self.pinyin = pinyin
        self._kinds = [name.kind for name in known]
        self._counts = array("I", (name.count for name in known))
        self._texts = [name.text for name in known]
        keys = [key(analyzer.fold_text(text)) for text in self._texts]
        self.keys = _Lines(keys, CHARACTERS)
        sounds = [f" {' '.join(pinyin.read(k))} " if k else "" for k in keys]
        self.sounds = _Lines(sounds, SYLLABLES)
        self._terms = {
            name: short
            for name, others in lexicon.forms.items()
            if name not in lexicon.bodies and len(short := min((name, *others), key=len)) < len(name)
        }
        self.initials = _Lines(map(self._initials, keys, sounds), CHARACTERS)

    def __len__(self) -> int:
        return len(self._texts)

    def name(self, number: int) -> Name:
        return Name(self._texts[number], self._kinds[number], self._counts[number])

    def shortness(self, number: int) -> tuple[int, int]:
        """The shortest name first, then the most frequent."""
        return len(self._texts[number]), number

    def _initials(self, name: str, sound: str) -> str:
        """First letters; also those of the name with its terms in short (危化品 for 危险化学品)."""
        first = "".join(syllable[0] for syllable in sound.split())
        short = self.shortened(name)
        return first if short == name else f"{first} {''.join(r[0] for r in self.pinyin.read(short))}"

    def shortened(self, folded: str) -> str:
        """The text with each term in its shortest wording."""
        for term, short in self._terms.items():
            if term in folded:
                folded = folded.replace(term, short)
        return folded

    def typed(self, text: str) -> str:
        """What was typed as names are compared, pinyin without its tones."""
        return key(toneless(self.analyzer.fold_text(visible(text[:LONGEST]))))

    def completing(self, typed: str, limit: int) -> list[Name]:
        """Names for what was typed so far: those that begin with it, those that hold it, other names of a
        body, what it may be the pinyin or the first letters of, then those that hold each of its words."""
        wanted = self.typed(typed)
        if not wanted:
            return []
        found: Iterator[int] = islice(chain(self._completing(wanted), self._holding_each(typed)), _TRIED)
        if len(wanted) == 2 and self.analyzer.knows(wanted):  # 民政 is none of the words of 人民政府
            found = (number for number in found if not self._crossed(wanted, number))
        return [self.name(number) for number in islice(dict.fromkeys(found), limit)]

    def _crossed(self, word: str, number: int) -> bool:
        """Whether a name holds the characters of a word across the joint of two others, or inside one."""
        line = self.keys.line(number)
        if word not in line or word in self.analyzer.words(line):
            return False
        joints = self.analyzer.joints(line)  # what begins with a word may be the beginning of it: 马鞍
        return not any(line.startswith(word, start) for start in joints)

    def _holding_each(self, typed: str) -> Iterator[int]:
        """Names that hold everything between the blanks of what was typed."""
        pieces = [piece for part in typed[:LONGEST].split() if (piece := self.typed(part))]
        if len(pieces) > 1:
            for number, _ in self.keys.holding(max(pieces, key=len)):
                if all(piece in self.keys.line(number) for piece in pieces):
                    yield number

    def _completing(self, wanted: str) -> Iterator[int]:
        yield from self.keys.beginning(wanted)
        yield from (number for number, _ in self.keys.holding(wanted))
        for other in self._lexicon.forms.get(wanted, ()):
            yield from (number for number, _ in self.keys.holding(key(other)))
        if _LETTERS.fullmatch(wanted):
            sounds = [f" {' '.join(way)}" for way in self.pinyin.divided(wanted, open_end=True)]
            for sound in sounds:
                yield from self.sounds.beginning(sound)
            yield from self.initials.beginning(wanted)
            for sound in sounds:
                yield from (number for number, _ in self.sounds.holding(sound))
            yield from (number for number, _ in self.initials.holding(wanted))
        elif _LATIN.search(wanted):
            for way in self.pinyin.sounds(wanted, open_end=True):
                found = (number for number, _ in self.sounds.holding(f" {' '.join(way)}"))
                yield from (number for number in found if holds_all(self.keys.line(number), wanted))

    def stretch(self, number: int, start: int, end: int) -> str:
        """A name from its token ``start`` up to ``end``; the whole of it as it is written."""
        tokens = tokens_of(self.keys.line(number))
        whole = start == 0 and end >= len(tokens)
        return self._texts[number] if whole else "".join(tokens[start:end])


def holds_all(name: str, wanted: str) -> bool:
    """Whether every Chinese character of ``wanted`` stands in a name."""
    return all(char in name for char in wanted if is_han(char))


def key(folded: str) -> str:
    """A folded text without signs and spaces: 鞍政发〔2015〕34号 and 鞍政发2015 34号 are the same."""
    return _SIGNS.sub("", folded)
