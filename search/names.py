"""Names that a site knows (titles, bodies, document numbers): completed while typing, and mended.

Everything is found by scanning a few long texts, one line a name: 150,000 names take some 30 MB, and a
scan of all of them a few milliseconds. It knows no engine, so it is the same beside each of them.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from search.analysis import Analyzer
from search.lexicon import Lexicon
from search.pinyin import Pinyin, tokens_of

type Kind = Literal["name", "body", "number"]

LONGEST = 200
"""Characters of what is typed that are looked at; stored titles are no longer."""

_SIGNS = re.compile(r"[\W_]+")
_LETTERS = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class Name:
    text: str
    kind: Kind
    count: int
    """Records that carry it."""


class _Lines:
    """Lines of one long text, each found again by a place in it."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._starts = array("L")
        parts = ["\n"]
        size = 1
        for line in lines:
            self._starts.append(size)
            parts.append(f"{line}\n")
            size += len(line) + 1
        self.text = "".join(parts)

    def __len__(self) -> int:
        return len(self._starts)

    def line(self, number: int) -> str:
        start = self._starts[number]
        return self.text[start : self.text.index("\n", start)]

    def holding(self, needle: str) -> Iterator[tuple[int, int]]:
        """(number of the line, place in the line) of each line's first ``needle``; a newline in front asks
        for lines that begin with it."""
        at = self.text.find(needle)
        while at >= 0:
            number = bisect_right(self._starts, at + needle.startswith("\n")) - 1
            yield number, max(at - self._starts[number], 0)
            at = self.text.find(needle, self.text.index("\n", at + 1))


class Names:
    """The names of one state of the site."""

    def __init__(self, names: Iterable[Name], analyzer: Analyzer, lexicon: Lexicon, pinyin: Pinyin) -> None:
        """The most frequent, then the shortest, are offered first."""
        known = sorted(names, key=lambda n: (-n.count, len(n.text), n.text))
        self.analyzer = analyzer
        self._lexicon = lexicon
        self.pinyin = pinyin
        self._kinds = [name.kind for name in known]
        self._counts = array("L", (name.count for name in known))
        self._shown = _Lines(name.text.replace("\n", " ") for name in known)
        keys = [key(analyzer.fold_text(name.text)) for name in known]
        self.keys = _Lines(keys)
        readings = [pinyin.read(k) for k in keys]
        self.sounds = _Lines(f" {' '.join(r)} " for r in readings)
        self.initials = _Lines(map(self._initials, keys, readings))

    def __len__(self) -> int:
        return len(self._shown)

    def name(self, number: int) -> Name:
        return Name(self._shown.line(number), self._kinds[number], self._counts[number])

    def _initials(self, name: str, reading: list[str]) -> str:
        """First letters; also those of the name with its terms in short (危化品 for 危险化学品)."""
        first = "".join(r[0] for r in reading)
        short = self.shortened(name)
        return first if short == name else f"{first} {''.join(r[0] for r in self.pinyin.read(short))}"

    def shortened(self, folded: str) -> str:
        """The text with each term in its shortest wording."""
        found = []
        position = 0
        for start, end, others in self._lexicon.names_in(folded, set()):
            shortest = min((folded[start:end], *others), key=len)
            found += [folded[position:start], shortest]
            position = end
        return "".join([*found, folded[position:]])

    def completing(self, typed: str, limit: int) -> list[Name]:
        """Names for what was typed so far: those that begin with it, those that hold it, other names of a
        body, then what it may be the pinyin or the first letters of."""
        wanted = key(self.analyzer.fold_text(typed[:LONGEST]))
        if not wanted:
            return []
        found: dict[int, None] = {}
        for lines, needle in self._needles(wanted):
            for number, _ in lines.holding(needle):
                found[number] = None
                if len(found) >= limit:
                    return [self.name(n) for n in found]
        return [self.name(n) for n in found]

    def _needles(self, wanted: str) -> Iterator[tuple[_Lines, str]]:
        yield self.keys, f"\n{wanted}"
        yield self.keys, wanted
        for other in self._lexicon.forms.get(wanted, ()):
            yield self.keys, key(other)
        if _LETTERS.fullmatch(wanted):
            ways = self.pinyin.divided(wanted, open_end=True)
            for start in "\n", "":
                for way in ways:
                    yield self.sounds, f"{start} {' '.join(way)}"
            for start in "\n", "":
                yield self.initials, start + wanted

    def stretch(self, number: int, start: int, end: int) -> str:
        """A name from its token ``start`` up to ``end``; the whole of it as it is written."""
        tokens = tokens_of(self.keys.line(number))
        whole = start == 0 and end >= len(tokens)
        return self._shown.line(number) if whole else "".join(tokens[start:end])


def key(folded: str) -> str:
    """A folded text without signs and spaces: 鞍政发〔2015〕34号 and 鞍政发2015 34号 are the same."""
    return _SIGNS.sub("", folded)
