"""Marks what was met, in the original text, and cuts the passage that shows most of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property

from search.chinese.analyzer import Folded, is_han
from search.contract import Marked

LENGTH = 120
"""Characters of an excerpt, about."""

_SIGNED = 20
"""Characters of a text that is looked for with signs in between."""

_LEAD = 40
"""Characters before the first mark in which a sentence may begin that is shown from its beginning."""

CLOSE = 20
"""Characters within which a better place is looked for than the one where an excerpt would end."""

_STOPS = frozenset("。；！？;!?\n\r ")
_BREAK = re.compile(r"(?<=[。；！？;!?，、：）》”」』\s])(?=\S)|(?<=\S)(?=[（《“「『])")
"""Where a text may be cut: behind a sign or a blank, before what opens."""

_INSIDE = re.compile(r"[0-9０-９A-Za-z〔〕\[\]%％.]+")
"""A number or a Latin word, which is never cut."""

type Spans = list[tuple[int, int]]
type Stands = Callable[[str, int, int], bool]
"""Whether the stretch of a folded text is a word of it."""


class Marker:
    """Finds the wanted texts of one query in many documents."""

    def __init__(
        self,
        wanted: Iterable[str],
        weak: Iterable[str] = (),
        words: Collection[str] = (),
        stands: Stands = lambda *_: True,
    ) -> None:
        """``wanted`` are folded texts. ``weak`` ones are marked only in a text that holds none of them.
        Those that are ``words`` are marked where they stand as such."""
        self._wanted = _pattern(wanted)
        self._weak_texts = tuple(weak)
        self._words = words
        self._stands = stands

    @cached_property
    def _weak(self) -> re.Pattern[str] | None:
        return _pattern(self._weak_texts)  # seldom looked for

    def whole(self, field: str, text: str, folded: Folded) -> Marked:
        """All of ``text``, marked: for titles."""
        return Marked(field, text, tuple(self.find(folded)))

    def excerpt(self, field: str, text: str, folded: Folded) -> Marked | None:
        """The passage of ``text`` with the most different marks; None where nothing is marked."""
        marks = self.find(folded)
        if not marks:
            return None
        start, end = _passage(text, marks)
        shown = [(max(s, start) - start, min(e, end) - start) for s, e in marks if s < end and e > start]
        return Marked(field, text[start:end], tuple(shown))

    def find(self, folded: Folded) -> Spans:
        """Marks in the original text, merged where they touch."""
        found = list(self._met(self._wanted, folded.text)) if self._wanted else []
        # Few texts hold any, and a pattern takes longer to compile than all of them to be looked at.
        if not found and any(text in folded.text for text in self._weak_texts) and (weak := self._weak):
            found = [m.span() for m in weak.finditer(folded.text)]
        if folded.origin is not None:
            found = [folded.span(*span) for span in found]
        return _merged(found) if len(found) > 1 else found

    def _met(self, wanted: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
        found = wanted.search(text)
        while found:
            start, end = found.span()
            if found[0] not in self._words or self._stands(text, start, end):
                yield start, end
            else:  # 民政 of 人民政府, of which 政府 may be wanted too
                end = start + 1
            found = wanted.search(text, end)


def _pattern(texts: Iterable[str]) -> re.Pattern[str] | None:
    """Longest first, so that a whole word is marked before a part of it."""
    unique = sorted({t for t in texts if t}, key=lambda t: (-len(t), t))
    return re.compile("|".join(map(_spelled, unique))) if unique else None


def _spelled(text: str) -> str:
    """A run of Chinese characters is also met with a sign or a blank between two of them, as the index meets
    it: 简政放权、放管结合 for 简政放权放管结合."""
    if text.isascii():
        return rf"(?<![a-z0-9]){re.escape(text)}(?![a-z0-9])"
    if 2 < len(text) <= _SIGNED and is_han(text):
        return r"[\W_]?".join(text)
    return re.escape(text)


def _merged(spans: Iterable[tuple[int, int]]) -> Spans:
    merged: Spans = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _passage(text: str, marks: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Begin and end of the best stretch of some :data:`LENGTH` characters."""
    if len(text) <= LENGTH:
        return 0, len(text)
    first = marks[_richest(text, marks)]
    latest = len(text) - LENGTH
    start = _begin(text, first[0])
    if start > latest:  # the end of the text is shown, from the first good place on
        start = next(_breaks(text, latest, start), latest)
    while text[start].isspace():
        start += 1
    end = max(start + LENGTH, first[1])
    return start, _end(text, end, marks) if end + CLOSE < len(text) else len(text)


def _begin(text: str, mark: int) -> int:
    """From the beginning of the sentence, where it is near, else of a part of it."""
    nearest = max(mark - _LEAD, 0)
    for place in range(mark - 1, nearest - 1, -1):
        if text[place] in _STOPS:
            return place + 1
    return 0 if not nearest else next(_breaks(text, nearest, mark), _whole(text, mark - _LEAD // 2))


def _end(text: str, end: int, marks: Sequence[tuple[int, int]]) -> int:
    """The nearest good place behind ``end``, else before it; no mark is cut."""
    end = next((stop for start, stop in marks if start < end < stop), end)
    last = max((stop for _, stop in marks if stop <= end), default=0)
    before = max(_breaks(text, max(end - CLOSE, last), end), default=0)
    return next(_breaks(text, end, end + CLOSE), 0) or before or _whole(text, end)


def _breaks(text: str, low: int, high: int) -> Iterator[int]:
    return (found.start() for found in _BREAK.finditer(text, low, min(high + 1, len(text))))


def _whole(text: str, place: int) -> int:
    """Behind the number or the Latin word that stands there."""
    inside = _INSIDE.match(text, place) if _INSIDE.match(text, place - 1) else None
    return inside.end() if inside and inside.end() - place < CLOSE else place


def _richest(text: str, marks: Sequence[tuple[int, int]]) -> int:
    """Number of the mark at which the stretch with most different marked characters begins."""
    if marks[-1][1] <= marks[0][0] + LENGTH:
        return 0
    best, best_value = 0, -1
    last = 0
    counts: dict[str, int] = {}
    for first, (start, _) in enumerate(marks):
        while last < len(marks) and marks[last][1] <= start + LENGTH:
            word = text[slice(*marks[last])]
            counts[word] = counts.get(word, 0) + 1
            last += 1
        value = sum(map(len, counts))
        if value > best_value:
            best, best_value = first, value
        if last > first:
            word = text[slice(*marks[first])]
            counts[word] -= 1
            if not counts[word]:
                del counts[word]
        else:
            last = first + 1
    return best
