"""您是不是要找: the name that was meant where letters or a wrong character were typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, pairwise

from rapidfuzz.distance import Levenshtein

from search.analysis import is_han
from search.names import LONGEST, Names, key

_LETTERS = re.compile(r"[a-z]+")
_SHORTEST_INITIALS = 3
_SHORTEST_SLIP = 4
"""Characters; of a shorter text one wrong character leaves too little to tell what was meant."""

_TWO_SLIPS = 10
"""Characters from which on two may be wrong."""

_TRIED = 500
"""Places that are compared with what was typed, of the most frequent names first."""


def near(typed: str, names: Names) -> str | None:
    """The name, or the part of one, that is nearest to ``typed``; None where it stands in a name as it is,
    or nothing is near."""
    wanted = key(names.analyzer.fold_text(typed[:LONGEST]))
    if len(wanted) < 2 or next(names.keys.holding(wanted), None) is not None:
        return None
    if _LETTERS.fullmatch(wanted):
        return _spelled(wanted, names) or _abbreviated(wanted, names)
    if not any(map(is_han, wanted)):
        return None
    return _sounding(wanted, names) or _slipped(wanted, names)


def _spelled(letters: str, names: Names) -> str | None:
    """Of letters that are pinyin, the part of a name that reads so."""
    return next(
        (text for way in names.pinyin.divided(letters) for text in _read_so(way, names)),
        None,
    )


def _read_so(syllables: list[str], names: Names) -> Iterator[str]:
    """The part of a name that reads so: of one that begins with it, the shortest, else of any."""
    sound = f" {' '.join(syllables)} "
    first = min(islice(names.sounds.beginning(sound), _TRIED), key=names.shortness, default=None)
    if first is not None:
        yield names.stretch(first, 0, len(syllables))
    for number, place in islice(names.sounds.holding(sound), 1):
        start = names.sounds.line(number)[:place].count(" ")
        yield names.stretch(number, start, start + len(syllables))


def _abbreviated(letters: str, names: Names) -> str | None:
    """Of first letters, the whole name: which part of it they are would not be seen."""
    if len(letters) < _SHORTEST_INITIALS:
        return None
    first = min(islice(names.initials.beginning(letters), _TRIED), key=names.shortness, default=None)
    if first is None:
        held = (number for number, _ in names.initials.holding(letters))
        first = min(islice(held, _TRIED), key=names.shortness, default=None)
    return None if first is None else names.name(first).text


def _sounding(wanted: str, names: Names) -> str | None:
    """A name that reads the same: 不动产等级 for 不动产登记."""
    return next(_read_so(names.pinyin.read(wanted), names), None)


def _slipped(wanted: str, names: Names) -> str | None:
    """A stretch of a name with one character else, too many or too few; of a long text, two.

    Of one that differs in k characters, one of k + 1 pieces stands there as it was typed.
    """
    if len(wanted) < _SHORTEST_SLIP:
        return None
    allowed = 1 if len(wanted) < _TWO_SLIPS else 2
    best, distance = "", allowed + 1
    for stretch in islice(_stretches(wanted, allowed + 1, names), _TRIED):
        found = Levenshtein.distance(wanted, stretch, score_cutoff=distance - 1)
        if found < distance and _is_slip(wanted, stretch, names):
            best, distance = stretch, found
            if found == 1:
                break
    return best or None


def _stretches(wanted: str, pieces: int, names: Names) -> Iterator[str]:
    size = len(wanted)
    cuts = [size * n // pieces for n in range(pieces + 1)]
    for start, end in pairwise(cuts):
        for number, place in names.keys.holding(wanted[start:end]):
            line = names.keys.line(number)
            first = max(place - start, 0)
            for length in (size, size + 1, size - 1):
                yield line[first : first + length]
                if start and first:
                    yield line[first - 1 : first - 1 + length]


def _is_slip(wanted: str, stretch: str, names: Names) -> bool:
    """A whole word that was typed is meant, a number too: 盐城 is no slip of 海城, 35号 none of 34号.

    So what differs must be a lone character among the words typed, and Chinese.
    """
    analyzer = names.analyzer
    lone = [len(piece) == 1 or not analyzer.knows(piece) for piece in analyzer.cut(wanted) for _ in piece]
    for step in Levenshtein.opcodes(wanted, stretch):
        typed, meant = slice(step.src_start, step.src_end), slice(step.dest_start, step.dest_end)
        if step.tag != "equal" and not all(map(is_han, wanted[typed] + stretch[meant])):
            return False
        if step.tag == "replace" and not all(lone[typed]):
            return False
    return True
