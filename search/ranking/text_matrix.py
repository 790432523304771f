"""Many folded texts joined in one array of characters, in which a term is searched once for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

type Integers = NDArray[np.intp]
type Booleans = NDArray[np.bool_]
type Floats = NDArray[np.float64]

_BETWEEN = "\n"
"""Separator of texts. No term contains it, so none matches across texts."""


class Occurrences(NamedTuple):
    """Occurrences of terms, term by term and in order of position. Overlapping occurrences all count."""

    terms: int
    """Number of terms searched."""
    numbers: Integers
    """The term of each occurrence."""
    places: Integers
    """Position of each occurrence, in characters from the start of the array."""
    parts: Integers
    """The text of each occurrence."""
    owners: Integers
    """The document of each occurrence."""

    def where(self, chosen: Booleans) -> Occurrences:
        """Return those occurrences for which ``chosen`` is true."""
        return Occurrences(
            self.terms, self.numbers[chosen], self.places[chosen], self.parts[chosen], self.owners[chosen]
        )


class Texts:
    """The texts of documents, each document cut to a maximum length.

    Arrays have one column for each document; those of occurrences also have one row for each term.
    """

    def __init__(self, documents: Sequence[Sequence[tuple[float, str]]], longest: int) -> None:
        """``documents``: for each one its (weight, text), the title first, as in
        :attr:`search.indexed_document.IndexedFields.folded`.

        ``longest``: maximum characters of a document; the rest is dropped.
        """
        whole = _split_lines(documents)
        if max(map(len, whole), default=0) > longest:
            documents = [list(_cut(document, longest)) for document in documents]
            whole = _split_lines(documents)
        self.whole = whole
        """The text of each document, one line for each of its texts."""
        row = _BETWEEN.join(whole).encode("utf-32-le", "surrogatepass")
        self._row = np.frombuffer(row, np.uint32)
        self._chars: dict[str, Booleans] = {}
        self._owners: Integers = np.repeat(np.arange(len(documents)), [len(d) for d in documents])
        self._factors: Floats = np.sqrt(np.maximum([w for document in documents for w, _ in document], 1.0))
        self._ends: Integers = np.cumsum([len(text) + 1 for document in documents for _, text in document])
        self._titles: Integers = np.searchsorted(self._owners, np.arange(len(documents)))
        self.sizes: Integers = np.array([len(text) for text in whole])
        """Size of each document, in characters."""
        self.starts: Integers = np.cumsum(self.sizes + 1) - self.sizes - 1

    def find(self, terms: Sequence[str]) -> Occurrences:
        """Find all occurrences of terms, none of which may be empty."""
        places_of_terms = [self._places(term) for term in terms]
        places = np.concatenate(places_of_terms) if places_of_terms else np.zeros(0, np.intp)
        parts = np.searchsorted(self._ends, places, side="right")
        numbers = np.repeat(
            np.arange(len(places_of_terms)), [len(places_of_term) for places_of_term in places_of_terms]
        )
        return Occurrences(len(places_of_terms), numbers, places, parts, self._owners[parts])

    def _places(self, term: str) -> Integers:
        last = max(0, len(self._row) - len(term) + 1)
        matches = self._char_places(term[0])[:last]
        for place, char in enumerate(term[1:], 1):
            matches = matches & self._char_places(char)[place : last + place]
        places: Integers = matches.nonzero()[0]
        return places

    def _char_places(self, char: str) -> Booleans:
        """Mark the positions of a character. The cache helps because terms share most characters."""
        if char not in self._chars:
            self._chars[char] = self._row == ord(char)
        return self._chars[char]

    def count(self, occurrences: Occurrences) -> Integers:
        """Count the occurrences of each term in each document."""
        counts = np.bincount(self._cells(occurrences), minlength=occurrences.terms * len(self.whole))
        return counts.reshape(occurrences.terms, len(self.whole))

    def weigh(self, occurrences: Occurrences) -> Floats:
        """Count as :meth:`count`, times the root of the text's weight: one in a text of weight 9 is three."""
        factors = self._factors[occurrences.parts]
        counts = np.bincount(self._cells(occurrences), factors, occurrences.terms * len(self.whole))
        return counts.reshape(occurrences.terms, len(self.whole))

    def contains(self, occurrences: Occurrences, where: Booleans) -> Booleans:
        """Report whether each document has an occurrence of each term for which ``where`` is true."""
        flags = np.zeros(occurrences.terms * len(self.whole), np.bool_)
        flags[self._cells(occurrences)[where]] = True
        return flags.reshape(occurrences.terms, len(self.whole))

    def title_contains(self, occurrences: Occurrences) -> Booleans:
        """Report whether the title of each document contains each term."""
        return self.contains(occurrences, self.is_in_title(occurrences))

    def is_in_title(self, occurrences: Occurrences) -> Booleans:
        in_title: Booleans = occurrences.parts == self._titles[occurrences.owners]
        return in_title

    def _cells(self, occurrences: Occurrences) -> Integers:
        return occurrences.numbers * len(self.whole) + occurrences.owners


def _split_lines(documents: Iterable[Iterable[tuple[float, str]]]) -> list[str]:
    return [_BETWEEN.join([text for _, text in document]) for document in documents]


def _cut(document: Iterable[tuple[float, str]], longest: int) -> Iterator[tuple[float, str]]:
    for weight, text in document:
        yield weight, text[:longest]
        longest -= len(text) + 1
        if longest <= 0:
            return
