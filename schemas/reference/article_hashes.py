"""Hashes of a statute's articles: a quoted text is found in its article without the text of the statute.

An entry is ``第六十条=Ab3d.x9Yq2Z``: the article, 24 bits of the hash of its whole text, and 18 bits of that
of each of its clauses, by which a part of it is found. Entries are in the order of the statute, with ``;``
between them. Texts are compared by letters and digits alone (:func:`fold_text`).

In a statute of 100 articles and 800 clauses, 1 in 330 of the clauses that it does not contain has the hash of
one that it contains. Two such clauses point to the same article in 1 of some 10 million cases.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

import msgspec

SHORTEST_CLAUSE = 8
"""Letters of a clause that has a hash: shorter ones, such as 有下列行为之一的, occur in many articles."""
_CLAUSE_END = re.compile(r"[，,。；;：:！!？?\n]")
_NO_LETTERS = re.compile(r"[\W_]+")
_TEXT_LENGTH, _CLAUSE_LENGTH = 4, 3
"""Characters of a hash in base64, of 6 bits each."""
_ENTRY = re.compile(r"(?P<article>[^=;]+)=(?P<text>[\w-]{4})(?:\.(?P<clauses>[\w-]*))?")


def fold_text(text: str) -> str:
    """Keep the letters and digits of a text, in one width."""
    return _NO_LETTERS.sub("", unicodedata.normalize("NFKC", text))


def clauses_of(text: str) -> list[str]:
    """List the folded clauses of a text that are long enough to identify an article."""
    clauses = _CLAUSE_END.split(unicodedata.normalize("NFKC", text))
    return [folded for one in clauses if len(folded := _NO_LETTERS.sub("", one)) >= SHORTEST_CLAUSE]


def hash_text(folded: str) -> str:
    return _hash(folded)[:_TEXT_LENGTH]


def hash_clause(folded: str) -> str:
    return _hash(folded)[:_CLAUSE_LENGTH]


def _hash(folded: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(folded.encode()).digest()[:6]).decode()


def encode_articles(articles: Iterable[tuple[str, str]], *, by_clause: bool = True) -> str:
    """Encode (article, text) of a statute. Without ``by_clause`` only whole articles can be found."""
    return ";".join(f"{article}={_encode_text(text, by_clause=by_clause)}" for article, text in articles)


def _encode_text(text: str, *, by_clause: bool) -> str:
    whole = hash_text(fold_text(text))
    clauses = "".join(hash_clause(clause) for clause in clauses_of(text)) if by_clause else ""
    return f"{whole}.{clauses}" if clauses else whole


class HashedText(msgspec.Struct, frozen=True):
    """A text to look up: hash of all of it, and hash and letters of each clause."""

    whole: str
    clauses: tuple[tuple[str, int], ...]

    @property
    def letters(self) -> int:
        return sum(length for _, length in self.clauses)


@lru_cache(maxsize=1024)
def hash_quotation(text: str) -> HashedText:
    """Hash a quoted text. Rows of a department often quote the same text, hence the cache."""
    clauses = tuple((hash_clause(clause), len(clause)) for clause in clauses_of(text))
    return HashedText(hash_text(fold_text(text)), clauses)


class HashedArticle(msgspec.Struct, frozen=True):
    """An article. ``start`` and ``end`` are the position of its number in the encoded text."""

    number: str
    start: int
    end: int


class Match(msgspec.Struct, frozen=True):
    """An article, and how many clauses and letters of a text it contains."""

    article: str
    clauses: int
    letters: int


class ArticleIndex(msgspec.Struct, frozen=True):
    """Articles by the hashes of their texts and clauses."""

    articles: Mapping[str, HashedArticle]
    by_text: Mapping[str, frozenset[str]]
    by_clause: Mapping[str, frozenset[str]]

    def find(self, text: HashedText) -> list[Match]:
        """List the articles that contain clauses of a text, those with most letters first."""
        lengths: dict[str, list[int]] = {}
        for clause, length in text.clauses:
            for number in self.by_clause.get(clause, ()):
                lengths.setdefault(number, []).append(length)
        matches = [Match(number, len(own), sum(own)) for number, own in lengths.items()]
        return sorted(matches, key=lambda match: match.letters, reverse=True)


@lru_cache(maxsize=512)
def index_articles(encoded: str) -> ArticleIndex:
    """Index an encoded statute. Text that is not an entry is skipped."""
    articles: dict[str, HashedArticle] = {}
    by_text: dict[str, set[str]] = {}
    by_clause: dict[str, set[str]] = {}
    for match in _ENTRY.finditer(encoded):
        number = match["article"]
        articles.setdefault(number, HashedArticle(number, *match.span("article")))
        by_text.setdefault(match["text"], set()).add(number)
        for clause in _split(match["clauses"] or ""):
            by_clause.setdefault(clause, set()).add(number)
    return ArticleIndex(articles, _freeze(by_text), _freeze(by_clause))


def _split(clauses: str) -> Iterator[str]:
    return (clauses[at : at + _CLAUSE_LENGTH] for at in range(0, len(clauses), _CLAUSE_LENGTH))


def _freeze(index: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    return {key: frozenset(numbers) for key, numbers in index.items()}
