"""Many folded texts in one row of characters, in which a term is found for all of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

type Integers = NDArray[np.intp]
type Booleans = NDArray[np.bool_]
type Floats = NDArray[np.float64]

_BETWEEN = "\n"
"""Between any two texts; no term holds it, so none is found across."""


class Found(NamedTuple):
    """Where some terms stand: term by term, each in order; one that overlaps itself is found each time."""

    many: int
    """Terms that were looked for."""
    numbers: Integers
    """The term at each place."""
    places: Integers
    """In characters from the beginning of the row."""
    parts: Integers
    """The text at each place."""
    owners: Integers
    """The document at each place."""


class Texts:
    """The texts of documents, of each document so many characters.

    Arrays have an item a document; those of what was found a row a term besides.
    """

    def __init__(self, documents: Sequence[Sequence[tuple[float, str]]], longest: int) -> None:
        """``documents``: of each one's (weight, text) the title first, as
        :attr:`search.indexed_document.Body.folded`.

        ``longest``: characters after which what follows of a document is left out.
        """
        whole = _lines(documents)
        if max(map(len, whole), default=0) > longest:
            documents = [list(_cut(document, longest)) for document in documents]
            whole = _lines(documents)
        self.whole = whole
        """Each document's, a line a text."""
        row = _BETWEEN.join(whole).encode("utf-32-le", "surrogatepass")
        self._row = np.frombuffer(row, np.uint32)
        self._chars: dict[str, Booleans] = {}
        self._owners: Integers = np.repeat(np.arange(len(documents)), [len(d) for d in documents])
        self._factors: Floats = np.sqrt(np.maximum([w for document in documents for w, _ in document], 1.0))
        self._ends: Integers = np.cumsum([len(text) + 1 for document in documents for _, text in document])
        self._titles: Integers = np.searchsorted(self._owners, np.arange(len(documents)))
        self.sizes: Integers = np.array([len(text) for text in whole])
        """In characters."""
        self.starts: Integers = np.cumsum(self.sizes + 1) - self.sizes - 1

    def find(self, terms: Sequence[str]) -> Found:
        """None of the terms is empty."""
        stand = [self._places(term) for term in terms]
        places = np.concatenate(stand) if stand else np.zeros(0, np.intp)
        parts = np.searchsorted(self._ends, places, side="right")
        numbers = np.repeat(np.arange(len(stand)), [len(found) for found in stand])
        return Found(len(stand), numbers, places, parts, self._owners[parts])

    def _places(self, term: str) -> Integers:
        last = max(0, len(self._row) - len(term) + 1)
        stands = self._stands(term[0])[:last]
        for place, char in enumerate(term[1:], 1):
            stands = stands & self._stands(char)[place : last + place]
        places: Integers = stands.nonzero()[0]
        return places

    def _stands(self, char: str) -> Booleans:
        """Where in the row a character stands; terms share most of theirs."""
        if char not in self._chars:
            self._chars[char] = self._row == ord(char)
        return self._chars[char]

    def count(self, found: Found) -> Integers:
        """How often each term stands in each document."""
        counts = np.bincount(self._cells(found), minlength=found.many * len(self.whole))
        return counts.reshape(found.many, len(self.whole))

    def weigh(self, found: Found) -> Floats:
        """:meth:`count` where once in a text of weight 9 is three times."""
        factors = self._factors[found.parts]
        counts = np.bincount(self._cells(found), factors, found.many * len(self.whole))
        return counts.reshape(found.many, len(self.whole))

    def held(self, found: Found, where: Booleans) -> Booleans:
        """Whether any of the places for which ``where`` is true is in the document."""
        held = np.zeros(found.many * len(self.whole), np.bool_)
        held[self._cells(found)[where]] = True
        return held.reshape(found.many, len(self.whole))

    def entitled(self, found: Found) -> Booleans:
        """Whether each term stands in the document's title."""
        return self.held(found, found.parts == self._titles[found.owners])

    def _cells(self, found: Found) -> Integers:
        return found.numbers * len(self.whole) + found.owners


def _lines(documents: Iterable[Iterable[tuple[float, str]]]) -> list[str]:
    return [_BETWEEN.join([text for _, text in document]) for document in documents]


def _cut(document: Iterable[tuple[float, str]], longest: int) -> Iterator[tuple[float, str]]:
    for weight, text in document:
        yield weight, text[:longest]
        longest -= len(text) + 1
        if longest <= 0:
            return
