"""您是不是要找: the name that was meant where letters, a wrong character or a contraction were typed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice, pairwise

from rapidfuzz.distance import Levenshtein

from search.chinese.analyzer import Analyzer, is_han
from search.chinese.pinyin import tokens_of
from search.query.name_index import Names, holds_all
from search.query.syntax import EITHER, NOT

_LETTERS = re.compile("[a-z]+")
_LATIN = re.compile("[a-z]")
_RUNS = re.compile("[a-z]+|[^a-z]+")
_SHORTEST_INITIALS = 3
_SHORTEST_SLIP = 4
"""Characters; of a shorter text one wrong character leaves too little to tell what was meant."""

_TWO_SLIPS = 10
"""Characters from which on two may be wrong."""

_GAP = 4
"""Characters that may be left out of a name between two that were typed."""

_FEWEST_PIECES = 3
"""Of a text in two pieces a name that holds both is no sign that it was meant."""

_TRIED = 500
"""Places that are compared with what was typed, of the most frequent names first."""


def near(typed: str, names: Names) -> str | None:
    """The name, or the part of one, that is nearest to ``typed``, else what is typed with such parts instead
    of those between its blanks; None where it stands in a name as it is, or nothing is near."""
    pieces = typed.split()
    if not any(map(_is_sign, pieces)) and (whole := _near(typed, names)):
        return whole
    mended = [piece if _is_sign(piece) else _near(piece, names) or piece for piece in pieces]
    return " ".join(mended) if mended != pieces and len(pieces) > 1 else None


def apart(typed: str, analyzer: Analyzer) -> str | None:
    """What is typed with its compound words in parts, 拖欠 工资 for 拖欠工资; None where it has none."""
    pieces = [piece if _is_sign(piece) else analyzer.fold_text(piece) for piece in typed.split()]
    parts = [piece if _is_sign(piece) else _in_parts(piece, analyzer) for piece in pieces]
    return None if parts == pieces else " ".join(parts)


def _in_parts(folded: str, analyzer: Analyzer) -> str:
    """As it is where none of its words is made of others."""
    words = analyzer.cut(folded)
    parts = [part for word in words for part in _parts(word, analyzer)]
    return folded if len(parts) == len(words) else " ".join(parts)


def _parts(word: str, analyzer: Analyzer) -> Sequence[str]:
    within = [part for part in analyzer.words(word) if part != word]
    smallest = [part for part in within if not any(o != part and o in part for o in within)]
    return smallest if "".join(smallest) == word else [word]


def _is_sign(piece: str) -> bool:
    """Whether it is no text alone, but an 或 or something to leave out."""
    return piece[0] in NOT or piece in EITHER


def _near(typed: str, names: Names) -> str | None:
    wanted = names.typed(typed)
    if len(wanted) < 2 or next(names.keys.holding(wanted), None) is not None:
        return None
    if _LETTERS.fullmatch(wanted):
        return _spelled(wanted, names) or _abbreviated(wanted, names)
    if not any(map(is_han, wanted)):
        return None
    if _LATIN.search(wanted):
        return _spelled(wanted, names) or _spelled_apart(wanted, names)
    return _sounding(wanted, names) or _slipped(wanted, names) or _contracted(wanted, names)


def _spelled(typed: str, names: Names) -> str | None:
    """Of letters that are pinyin, also among characters (危险huaxuepin), the part of a name that reads so."""
    found = (text for way in names.pinyin.sounds(typed) for text in _read_so(way, names))
    return next((text for text in found if holds_all(names.analyzer.fold_text(text), typed)), None)


def _spelled_apart(typed: str, names: Names) -> str | None:
    """Characters as typed, and of each run of letters the part of a name that reads so: 危险化学品xuke."""
    runs = (run if is_han(run) else _spelled(run, names) for run in _RUNS.findall(typed))
    found = [run or "" for run in runs]
    return "".join(found) if all(found) else None


def _read_so(syllables: Sequence[str], names: Names) -> Iterator[str]:
    """The part of a name that reads so: of one that begins with it, the shortest, else of any."""
    sound = f" {' '.join(syllables)} "
    size = len(syllables)
    first = min(islice(names.sounds.beginning(sound), _TRIED), key=names.shortness, default=None)
    if first is not None and _is_part(first, 0, size, names):
        yield names.stretch(first, 0, size)
    held = (
        (number, names.sounds.line(number)[:place].count(" "))
        for number, place in islice(names.sounds.holding(sound), _TRIED)
    )
    found = ((n, start) for n, start in held if _is_part(n, start, start + size, names))
    yield from (names.stretch(number, start, start + size) for number, start in islice(found, 1))


def _is_part(number: int, start: int, end: int, names: Names) -> bool:
    """Whether a stretch says something by itself: a short one must be words of the name, no pieces of two
    (票价销售 holds no 价销)."""
    if end - start >= _SHORTEST_SLIP:
        return True
    name = names.keys.line(number)
    places = list(accumulate(map(len, tokens_of(name)), initial=0))
    part = name[places[start] : places[end]]
    return {places[start], places[end]} <= names.analyzer.joints(name) or part in names.analyzer.words(name)


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
    """A name that reads the same: 不动产等级 for 不动产登记. A short word that there is was meant: 驾校."""
    if len(wanted) < _SHORTEST_SLIP and names.analyzer.knows(wanted):
        return None
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


def _contracted(wanted: str, names: Names) -> str | None:
    """What was typed in short: 地灾评估 for 地质灾害危险性评估. Characters that are no word by themselves may
    stand apart in the name; words may not, and something must."""
    pieces = [p for word in names.analyzer.cut(wanted) for p in _unknown_apart(word, names)]
    if len(wanted) < _SHORTEST_SLIP or not _FEWEST_PIECES <= len(pieces) <= _TWO_SLIPS:
        return None
    # No gap holds what comes behind it, so there is one way to fit and no trying back.
    rest = "".join(f"[^\n{re.escape(piece[0])}]{{0,{_GAP}}}{re.escape(piece)}" for piece in pieces[1:])
    found = islice(re.finditer(re.escape(pieces[0]) + rest, names.keys.text), _TRIED)
    return min((stretch[0] for stretch in found), key=len, default=None)


def _unknown_apart(word: str, names: Names) -> Sequence[str]:
    return [word] if names.analyzer.knows(word) else word


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
