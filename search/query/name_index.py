"""In-memory index of a site's names (titles, bodies, document numbers) for completion and correction.

Names are lines of a few long texts. An index from pairs of characters or syllables to line numbers selects
the few lines that are compared. The index is independent of the search engine.
"""

from __future__ import annotations

import operator
import re
from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from heapq import merge
from itertools import batched, chain, islice, pairwise
from typing import Literal

import msgspec

from search.chinese.analyzer import Analyzer, is_han, strip_invisible
from search.chinese.pinyin import Pinyin, split_tokens, strip_tones
from search.chinese.thesaurus import Lexicon

type NameKind = Literal["name", "body", "number"]

LONGEST = 200
"""Maximum characters of the typed text that are used; stored titles are not longer."""

_MAX_COMPARED = 500
"""Maximum number of names examined, including duplicates."""

_BATCH, _ITEMS_AT_ONCE = 1_000, 32
"""Names that are sorted, and names that are read, without a rest."""

_SIGNS = re.compile(r"[\W_]+")
_LETTERS = re.compile(r"[a-z]+")
_LATIN = re.compile("[a-z]")


class Name(msgspec.Struct, frozen=True):
    text: str
    kind: NameKind
    count: int
    """Number of records with this name."""


class _Units(msgspec.Struct, frozen=True):
    """Index keys of a line: its beginnings and its parts."""

    beginnings: Callable[[str], Sequence[str]]
    """Shortest first; a lookup uses the last one."""
    parts: Callable[[str], Sequence[str]]


def _character_pairs(text: str) -> list[str]:
    return list(map(operator.add, text, text[1:]))


def _first_syllable(sound: str) -> list[str]:
    syllable = sound.split(" ", 2)[1] if sound else ""
    return [syllable[:end] for end in range(1, len(syllable) + 1)]


CHARACTERS = _Units(lambda text: [text[:1], text[:2]] if len(text) > 1 else [text], _character_pairs)


def _syllable_pairs(sound: str) -> list[str]:
    whole = sound.split(" ")[1:-1]
    return [f"{one} {other}" for one, other in pairwise(whole)]


SYLLABLES = _Units(_first_syllable, _syllable_pairs)
"""Keys of texts such as `` wei xian ``. After the last blank there is no complete syllable yet."""


_NONE: array[int] = array("I")


class _Lines:
    """Lines of one long text, indexed by their beginnings and parts."""

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

    def starting_with(self, needle: str) -> Iterator[int]:
        """Yield the numbers of the lines that begin with ``needle``."""
        among = [self._first.get(self._units.beginnings(needle)[-1], _NONE)]
        among += [self._within.get(unit, _NONE) for unit in self._units.parts(needle)]
        for number in min(among, key=len):
            if self.text.startswith(needle, self._starts[number]):
                yield number

    def containing(self, needle: str) -> Iterator[tuple[int, int]]:
        """Yield (line number, position in the line) of the first ``needle`` of each line. Only lines with its
        rarest part are examined; for a character or syllable, which has no parts, the text is scanned."""
        units = self._units.parts(needle)
        starts, text = self._starts, self.text
        if needle and not units:
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


def _by_frequency(name: Name) -> tuple[int, int, str]:
    return -name.count, len(name.text), name.text


def _with_rests[T](items: Iterable[T], rest: Callable[[], None]) -> Iterator[T]:
    for number, item in enumerate(items):
        if number % _ITEMS_AT_ONCE == 0:
            rest()
        yield item


class Names:
    """All names of one state of the site."""

    def __init__(
        self,
        names: Iterable[Name],
        analyzer: Analyzer,
        lexicon: Lexicon,
        pinyin: Pinyin,
        rest: Callable[[], None] = lambda: None,
    ) -> None:
        """Sort the names: the most frequent first, then the shortest.

        ``rest`` is called after every piece of work, of less than a millisecond: it may wait, so that other
        threads get the interpreter.
        """
        with_rests = partial(_with_rests, rest=rest)
        # In batches, because one sort of all names would hold the interpreter for a quarter of a second.
        batches = [sorted(batch, key=_by_frequency) for batch in batched(with_rests(names), _BATCH)]
        by_frequency = list(with_rests(merge(*batches, key=_by_frequency)))
        self.analyzer = analyzer
        self._lexicon = lexicon
        self.pinyin = pinyin
        self._kinds = [name.kind for name in by_frequency]
        self._counts = array("I", (name.count for name in by_frequency))
        self._texts = [name.text for name in by_frequency]
        keys = [comparison_key(analyzer.fold_text(text)) for text in with_rests(self._texts)]
        self.keys = _Lines(with_rests(keys), CHARACTERS)
        sounds = [f" {' '.join(pinyin.syllables(k))} " if k else "" for k in with_rests(keys)]
        self.sounds = _Lines(with_rests(sounds), SYLLABLES)
        self._terms = {
            name: short
            for name, others in lexicon.forms.items()
            if name not in lexicon.bodies and len(short := min((name, *others), key=len)) < len(name)
        }
        self.initials = _Lines(with_rests(map(self._initials, keys, sounds)), CHARACTERS)

    def __len__(self) -> int:
        return len(self._texts)

    def name(self, number: int) -> Name:
        return Name(self._texts[number], self._kinds[number], self._counts[number])

    def shortness(self, number: int) -> tuple[int, int]:
        """Return a sort key: the shortest name first, then the most frequent."""
        return len(self._texts[number]), number

    def _initials(self, name: str, sound: str) -> str:
        """Return the initials of a name, and those of its shortened form (危化品 for 危险化学品)."""
        first = "".join(syllable[0] for syllable in sound.split())
        short = self.shortened(name)
        return first if short == name else f"{first} {''.join(r[0] for r in self.pinyin.syllables(short))}"

    def shortened(self, folded: str) -> str:
        """Replace each term of the text by its shortest synonym."""
        for term, short in self._terms.items():
            if term in folded:
                folded = folded.replace(term, short)
        return folded

    def normalise(self, text: str) -> str:
        """Normalise typed text as names are compared, removing tones of pinyin."""
        return comparison_key(strip_tones(self.analyzer.fold_text(strip_invisible(text[:LONGEST]))))

    def complete(self, typed: str, limit: int) -> list[Name]:
        """Complete partial input: names that begin with it, contain it, contain another name of that body,
        match it as pinyin or initials, and last those that contain each of its words."""
        needle = self.normalise(typed)
        if not needle:
            return []
        numbers: Iterator[int] = islice(
            chain(self._complete_key(needle), self._containing_each(typed)), _MAX_COMPARED
        )
        if len(needle) == 2 and self.analyzer.has_word(needle):  # 民政 is not a word of 人民政府
            numbers = (number for number in numbers if not self._is_across_words(needle, number))
        return [self.name(number) for number in islice(dict.fromkeys(numbers), limit)]

    def _is_across_words(self, word: str, number: int) -> bool:
        """Report whether a name contains a word only across the boundary of two others, or inside one."""
        line = self.keys.line(number)
        if word not in line or word in self.analyzer.words(line):
            return False
        joints = self.analyzer.word_boundaries(line)
        # At a boundary, the input may be an incomplete word: 马鞍.
        return not any(line.startswith(word, start) for start in joints)

    def _containing_each(self, typed: str) -> Iterator[int]:
        """Yield the names that contain every blank-separated piece of the typed text."""
        pieces = [piece for part in typed[:LONGEST].split() if (piece := self.normalise(part))]
        if len(pieces) > 1:
            for number, _ in self.keys.containing(max(pieces, key=len)):
                if all(piece in self.keys.line(number) for piece in pieces):
                    yield number

    def _complete_key(self, needle: str) -> Iterator[int]:
        yield from self.keys.starting_with(needle)
        yield from (number for number, _ in self.keys.containing(needle))
        for other in self._list_synonymous(needle):
            yield from (number for number, _ in self.keys.containing(other))
        if _LETTERS.fullmatch(needle):
            sounds = [f" {' '.join(syllables)}" for syllables in self.pinyin.divide(needle, open_end=True)]
            for sound in sounds:
                yield from self.sounds.starting_with(sound)
            yield from self.initials.starting_with(needle)
            for sound in sounds:
                if sound.count(" ") > 1:  # one syllable is inside many names
                    yield from (number for number, _ in self.sounds.containing(sound))
            yield from (number for number, _ in self.initials.containing(needle))
        elif _LATIN.search(needle):
            for syllables in self.pinyin.sounds(needle, open_end=True):
                numbers = (number for number, _ in self.sounds.containing(f" {' '.join(syllables)}"))
                yield from (
                    number for number in numbers if contains_characters(self.keys.line(number), needle)
                )

    def _list_synonymous(self, needle: str) -> Iterator[str]:
        """Yield the typed text with another name for one of its terms: 危险化学品经营 for 危化品经营."""
        for start, end, others in self._lexicon.names_in(needle, self.analyzer.word_boundaries(needle)):
            for other in others:
                yield f"{needle[:start]}{comparison_key(other)}{needle[end:]}"

    def part_of_name(self, number: int, start: int, end: int) -> str:
        """Return tokens ``start`` to ``end`` of a name; a whole name in its original spelling."""
        tokens = split_tokens(self.keys.line(number))
        whole = start == 0 and end >= len(tokens)
        return self._texts[number] if whole else "".join(tokens[start:end])


def contains_characters(name: str, characters: str) -> bool:
    """Report whether a name contains every Han character of ``characters``."""
    return all(char in name for char in characters if is_han(char))


def comparison_key(folded: str) -> str:
    """Remove signs and spaces from a folded text: 鞍政发〔2015〕34号 and 鞍政发2015 34号 become equal."""
    return _SIGNS.sub("", folded)
