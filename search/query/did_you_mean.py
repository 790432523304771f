"""Corrections of a query (您要找的是不是): names for pinyin, initials, typos, homophones and contractions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice, pairwise

from rapidfuzz.distance import Levenshtein

from search.chinese.analyzer import Analyzer, is_han
from search.chinese.pinyin import split_tokens
from search.query.name_index import Names, contains_characters
from search.query.syntax import EITHER, NOT

_LETTERS = re.compile("[a-z]+")
_LATIN = re.compile("[a-z]")
_RUNS = re.compile("[a-z]+|[^a-z]+")
_SHORTEST_INITIALS = 3
_SHORTEST_TYPO = 4
"""Minimum characters of a typo. In a shorter text the remaining characters are too ambiguous."""

_TWO_TYPOS = 10
"""Minimum characters of a text in which two may be wrong."""

_GAP = 4
"""Maximum characters of a name that may be omitted between two typed ones."""

_FEWEST_PIECES = 3
"""Minimum pieces of a contraction. A name that contains both of two pieces may do so by chance."""

_MOST_PIECES = 10
"""Maximum pieces of a contraction. A longer text is a sentence."""

_MAX_COMPARED = 500
"""Maximum number of positions compared with the typed text; the most frequent names come first."""


def find_nearest_name(typed: str, names: Names) -> str | None:
    """Return the name, or part of a name, nearest to ``typed``; else ``typed`` with each of its
    blank-separated pieces corrected. None if a name contains it as it is, or nothing is similar."""
    pieces = typed.split()
    if not any(map(is_sign, pieces)) and (whole := _find_nearest(typed, names)):
        return whole
    corrected = [piece if is_sign(piece) else _find_nearest(piece, names) or piece for piece in pieces]
    return " ".join(corrected) if corrected != pieces and len(pieces) > 1 else None


def split_compounds(typed: str, analyzer: Analyzer) -> str | None:
    """Split compound words, 拖欠 工资 for 拖欠工资; None if there are none."""
    pieces = [piece if is_sign(piece) else analyzer.fold_text(piece) for piece in typed.split()]
    parts = [piece if is_sign(piece) else _split_words(piece, analyzer) for piece in pieces]
    return None if parts == pieces else " ".join(parts)


def _split_words(folded: str, analyzer: Analyzer) -> str:
    """Split compound words of a text; return it unchanged if it has none."""
    words = analyzer.cut(folded)
    parts = [part for word in words for part in split_compound(word, analyzer)]
    return folded if len(parts) == len(words) else " ".join(parts)


def split_compound(word: str, analyzer: Analyzer) -> Sequence[str]:
    """Return the smallest words that a compound word consists of, else the largest (民办 and 幼儿园, of which
    幼儿 is not a part by itself), else the word."""
    within = [part for part in analyzer.words(word) if part != word]
    smallest = [part for part in within if not any(o != part and o in part for o in within)]
    largest = [part for part in within if not any(o != part and part in o for o in within)]
    return next((parts for parts in (smallest, largest) if parts and "".join(parts) == word), [word])


def is_sign(piece: str) -> bool:
    """Report whether a piece is an operator: 或, or an exclusion."""
    return piece[0] in NOT or piece in EITHER


def _find_nearest(typed: str, names: Names) -> str | None:
    needle = names.normalise(typed)
    if len(needle) < 2 or next(names.keys.containing(needle), None) is not None:
        return None
    if _LETTERS.fullmatch(needle):
        return _match_pinyin(needle, names) or _match_initials(needle, names)
    if not any(map(is_han, needle)):
        return None
    if _LATIN.search(needle):
        return _match_pinyin(needle, names) or _match_mixed_pinyin(needle, names)
    return _match_homophone(needle, names) or _match_typo(needle, names) or _match_contraction(needle, names)


def _match_pinyin(typed: str, names: Names) -> str | None:
    """Match pinyin, also mixed with characters (危险huaxuepin), to the part of a name that reads so."""
    texts = (
        text for syllables in names.pinyin.sounds(typed) for text in _find_names_with_sound(syllables, names)
    )
    return next((text for text in texts if contains_characters(names.analyzer.fold_text(text), typed)), None)


def _match_mixed_pinyin(typed: str, names: Names) -> str | None:
    """Keep characters, and match each run of letters to the part of a name that reads so: 危险化学品xuke."""
    runs = (run if is_han(run) else _match_pinyin(run, names) for run in _RUNS.findall(typed))
    texts = [run or "" for run in runs]
    return "".join(texts) if all(texts) else None


def _find_names_with_sound(syllables: Sequence[str], names: Names) -> Iterator[str]:
    """Yield the part of a name with this reading: of the shortest name that begins with it, else of any."""
    sound = f" {' '.join(syllables)} "
    size = len(syllables)
    first = min(islice(names.sounds.starting_with(sound), _MAX_COMPARED), key=names.shortness, default=None)
    if first is not None and _is_part(first, 0, size, names):
        yield names.part_of_name(first, 0, size)
    places = (
        (number, names.sounds.line(number)[:place].count(" "))
        for number, place in islice(names.sounds.containing(sound), _MAX_COMPARED)
    )
    parts = ((n, start) for n, start in places if _is_part(n, start, start + size, names))
    yield from (names.part_of_name(number, start, start + size) for number, start in islice(parts, 1))


def _is_part(number: int, start: int, end: int, names: Names) -> bool:
    """Report whether a range is meaningful by itself. A short one must consist of whole words of the name
    (价销 is not one in 票价销售)."""
    if end - start >= _SHORTEST_TYPO:
        return True
    name = names.keys.line(number)
    places = list(accumulate(map(len, split_tokens(name)), initial=0))
    part = name[places[start] : places[end]]
    return {places[start], places[end]} <= names.analyzer.word_boundaries(
        name
    ) or part in names.analyzer.words(name)


def _match_initials(letters: str, names: Names) -> str | None:
    """Match initials to a whole name, since the matching part of it would not be recognisable."""
    if len(letters) < _SHORTEST_INITIALS:
        return None
    first = min(
        islice(names.initials.starting_with(letters), _MAX_COMPARED), key=names.shortness, default=None
    )
    if first is None:
        numbers = (number for number, _ in names.initials.containing(letters))
        first = min(islice(numbers, _MAX_COMPARED), key=names.shortness, default=None)
    return None if first is None else names.name(first).text


def _match_homophone(needle: str, names: Names) -> str | None:
    """Match a name with the same reading: 不动产登记 for 不动产等级. Short dictionary words (驾校) stay."""
    if len(needle) < _SHORTEST_TYPO and names.analyzer.has_word(needle):
        return None
    return next(_find_names_with_sound(names.pinyin.syllables(needle), names), None)


def _match_typo(needle: str, names: Names) -> str | None:
    """Match a range of a name with one character wrong, missing or extra; two in a long text.

    With k differences, at least one of k + 1 pieces of the typed text occurs unchanged.
    """
    if len(needle) < _SHORTEST_TYPO:
        return None
    allowed = 1 if len(needle) < _TWO_TYPOS else 2
    best, distance = "", allowed + 1
    for stretch in islice(_find_stretches(needle, allowed + 1, names), _MAX_COMPARED):
        edits = Levenshtein.distance(needle, stretch, score_cutoff=distance - 1)
        if edits < distance and _is_typo(needle, stretch, names):
            best, distance = stretch, edits
            if edits == 1:
                break
    return best or None


def _match_contraction(needle: str, names: Names) -> str | None:
    """Match a contraction: 地灾评估 for 地质灾害危险性评估. Characters that do not form a word may be
    separated in the name; words may not. At least one gap is needed."""
    pieces = [p for word in names.analyzer.cut(needle) for p in _split_unknown(word, names)]
    if len(needle) < _SHORTEST_TYPO or not _FEWEST_PIECES <= len(pieces) <= _MOST_PIECES:
        return None
    # A gap never contains the start of the next piece, so the expression does not backtrack.
    rest = "".join(f"[^\n{re.escape(piece[0])}]{{0,{_GAP}}}{re.escape(piece)}" for piece in pieces[1:])
    matches = islice(re.finditer(re.escape(pieces[0]) + rest, names.keys.text), _MAX_COMPARED)
    return min((stretch[0] for stretch in matches), key=len, default=None)


def _split_unknown(word: str, names: Names) -> Sequence[str]:
    return [word] if names.analyzer.has_word(word) else word


def _find_stretches(needle: str, pieces: int, names: Names) -> Iterator[str]:
    size = len(needle)
    cuts = [size * n // pieces for n in range(pieces + 1)]
    for start, end in pairwise(cuts):
        for number, place in names.keys.containing(needle[start:end]):
            line = names.keys.line(number)
            first = max(place - start, 0)
            for length in (size, size + 1, size - 1):
                yield line[first : first + length]
                if start and first:
                    yield line[first - 1 : first - 1 + length]


def _is_typo(needle: str, stretch: str, names: Names) -> bool:
    """Report whether the differences are plausible typos.

    A whole word or number is taken as intended: 盐城 is not a typo of 海城, nor 35号 of 34号. So only
    Han characters that are not part of a typed word may differ or be one too many, or one typed twice.
    """
    analyzer = names.analyzer
    lone = [len(piece) == 1 or not analyzer.has_word(piece) for piece in analyzer.cut(needle) for _ in piece]
    for step in Levenshtein.opcodes(needle, stretch):
        typed, meant = slice(step.src_start, step.src_end), slice(step.dest_start, step.dest_end)
        if step.tag != "equal" and not all(map(is_han, needle[typed] + stretch[meant])):
            return False
        beside = needle[max(typed.start - 1, 0) : typed.start] + needle[typed.stop : typed.stop + 1]
        twice = step.tag == "delete" and needle[typed][0] in beside
        if step.tag in ("replace", "delete") and not (twice or all(lone[typed])):
            return False
    return True
