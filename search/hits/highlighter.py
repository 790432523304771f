"""Highlights of matches in the original text, and excerpts around most of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property

from search.chinese.analyzer import Folded, is_han
from search.contract import HighlightedText
from search.query.parser import is_code

LENGTH = 120
"""Approximate characters of an excerpt."""

_LONGEST_WITH_SIGNS = 20
"""Maximum characters of a text that also matches with signs between its characters."""

_LEAD = 40
"""Characters before the first mark in which the start of its sentence is searched."""

CLOSE = 20
"""Characters around the end of an excerpt in which a better end is searched."""

_STOPS = frozenset("。；！？;!?\n\r ")
_BREAK = re.compile(r"(?<=[。；！？;!?，、：）》”」』\s])(?=\S)|(?<=\S)(?=[（《“「『])")
"""Positions where a text may be cut: after a sign or a blank, before an opening bracket or quote."""

_NUMERALS = "0-9零〇○一二三四五六七八九十百千"
_NUMBER = re.compile(f"[{_NUMERALS}]+号")
_INSIDE = re.compile(r"[0-9０-９A-Za-z〔〕\[\]%％.]+")
"""Part of a number or a Latin word, which is never cut."""

type Marks = list[tuple[int, int]]
type IsWord = Callable[[str, int, int], bool]
"""(folded text, start, end) → whether the range is a word of the text."""


class Marker:
    """Finds the texts of one query in many documents."""

    def __init__(
        self,
        texts: Iterable[str],
        weak: Iterable[str] = (),
        words: Collection[str] = (),
        is_word: IsWord = lambda *_: True,
    ) -> None:
        """``texts`` are folded. ``weak`` ones are marked only in a text without any of ``texts``. Those in
        ``words`` are marked only where ``is_word`` returns true."""
        self._strong = _compile_pattern(texts)
        self._weak_texts = tuple(weak)
        self._words = words
        self._is_word = is_word

    @cached_property
    def _weak(self) -> re.Pattern[str] | None:
        return _compile_pattern(self._weak_texts)  # seldom needed

    def whole(self, field: str, text: str, folded: Folded) -> HighlightedText:
        """Return the whole of ``text`` with its marks; used for titles."""
        return HighlightedText(field, text, tuple(self.find(folded)))

    def excerpt(self, field: str, text: str, folded: Folded) -> HighlightedText | None:
        """Return the passage of ``text`` with the most distinct marks; None if there are no marks."""
        marks = self.find(folded)
        if not marks:
            return None
        start, end = _find_best_passage(text, marks)
        shifted = [(max(s, start) - start, min(e, end) - start) for s, e in marks if s < end and e > start]
        return HighlightedText(field, text[start:end], tuple(shifted))

    def find(self, folded: Folded) -> Marks:
        """List the marks in the original text; touching ones are merged."""
        marks = list(self._find_strong(self._strong, folded.text)) if self._strong else []
        # Few texts contain any, and compiling a pattern takes longer than testing all of them.
        if not marks and any(text in folded.text for text in self._weak_texts) and (weak := self._weak):
            marks = [m.span() for m in weak.finditer(folded.text)]
        if folded.origin is not None:
            marks = [folded.original_range(*mark) for mark in marks]
        return _merge(marks) if len(marks) > 1 else marks

    def _find_strong(self, pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
        match = pattern.search(text)
        while match:
            start, end = match.span()
            if match[0] not in self._words or self._is_word(text, start, end):
                yield start, end
            else:  # 民政 of 人民政府: 政府, which overlaps it, may match
                end = start + 1
            match = pattern.search(text, end)


def _compile_pattern(texts: Iterable[str]) -> re.Pattern[str] | None:
    """Compile a pattern with the longest texts first, so that a word is marked before a part of it."""
    unique = sorted({t for t in texts if t}, key=lambda t: (-len(t), t))
    return re.compile("|".join(map(_compile_text_pattern, unique))) if unique else None


def _compile_text_pattern(text: str) -> str:
    """Build the pattern of one text. As in the index, Han characters also match with a sign or a blank
    between them: 简政放权、放管结合 for 简政放权放管结合."""
    if text.isascii():
        end = "[a-z0-9]*" if is_code(text) else "(?![a-z0-9])"
        return rf"(?<![a-z0-9]){re.escape(text)}{end}"
    before = f"(?<![{_NUMERALS}])" if _NUMBER.fullmatch(text) else ""  # 2号 is not in 12号
    if 2 < len(text) <= _LONGEST_WITH_SIGNS and is_han(text):
        return before + r"[\W_]?".join(text)
    return before + re.escape(text)


def _merge(marks: Iterable[tuple[int, int]]) -> Marks:
    merged: Marks = []
    for start, end in sorted(marks):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _find_best_passage(text: str, marks: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return the range of the best passage of about :data:`LENGTH` characters."""
    if len(text) <= LENGTH:
        return 0, len(text)
    first = marks[_find_richest_mark(text, marks)]
    latest = len(text) - LENGTH
    start = _find_excerpt_start(text, first[0])
    if start > latest:  # show the end of the text, from the first position for a cut
        start = next(_find_cut_positions(text, latest, start), latest)
    while text[start].isspace():
        start += 1
    end = max(start + LENGTH, first[1])
    return start, _find_excerpt_end(text, end, marks) if end + CLOSE < len(text) else len(text)


def _find_excerpt_start(text: str, mark: int) -> int:
    """Return the start of the sentence if it is near, else the start of a part of it."""
    nearest = max(mark - _LEAD, 0)
    for place in range(mark - 1, nearest - 1, -1):
        if text[place] in _STOPS:
            return place + 1
    return (
        0
        if not nearest
        else next(_find_cut_positions(text, nearest, mark), _find_word_end(text, mark - _LEAD // 2))
    )


def _find_excerpt_end(text: str, end: int, marks: Sequence[tuple[int, int]]) -> int:
    """Return the nearest position for a cut after ``end``, else before it, without cutting a mark."""
    end = next((stop for start, stop in marks if start < end < stop), end)
    last = max((stop for _, stop in marks if stop <= end), default=0)
    before = max(_find_cut_positions(text, max(end - CLOSE, last), end), default=0)
    return next(_find_cut_positions(text, end, end + CLOSE), 0) or before or _find_word_end(text, end)


def _find_cut_positions(text: str, low: int, high: int) -> Iterator[int]:
    return (match.start() for match in _BREAK.finditer(text, low, min(high + 1, len(text))))


def _find_word_end(text: str, place: int) -> int:
    """Return the end of the number or Latin word at a position, or the position itself."""
    inside = _INSIDE.match(text, place) if _INSIDE.match(text, place - 1) else None
    return inside.end() if inside and inside.end() - place < CLOSE else place


def _find_richest_mark(text: str, marks: Sequence[tuple[int, int]]) -> int:
    """Return the number of the mark that starts the passage with the most distinct marked characters."""
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
