"""Weights of the second stage, by the form of the query, with and without a model for meaning.

They were tuned by hill climbing on the three judged sets together; ``docs/search.md`` lists the gain of each.
"""

from __future__ import annotations

import msgspec
from msgspec import structs


class Weights(msgspec.Struct, frozen=True):
    """Weights of the features of a document's score."""

    grams_by_length: float
    """BM25 with k1 1.2, b 0.75; suits questions in plain language."""
    grams: float
    """BM25 with k1 0.3, b 0; suits long names of items."""
    chars_by_length: float
    chars: float
    passage: float
    """The best passage of about 120 characters."""
    passage_chars: float
    """Single characters in that passage. Anywhere in a long document they would match by chance."""
    lead: float
    """The first 60 characters."""
    legal: float
    """Legal terms for everyday words of the query: 出租人 for 房东."""
    words: float
    implied: float
    """Words of articles for a different word of a title: 罚款 for 处罚."""
    law: float
    below_law: float
    title_in_query: float
    """The query contains the title of the law."""
    subject: float
    """The query contains the subject of the law (商标 of 商标法)."""
    title: float
    """Overlap of query and title, in both directions."""
    length: float
    same_law: float
    """Number of candidates that are articles of the same law."""
    strict: float
    """The document contains all words of a question. (Otherwise such hits form their own tier.)"""
    similarity: float
    """Nearness by meaning, if a model is installed."""


NAME = Weights(
    grams_by_length=0.15,
    grams=0.5,
    chars_by_length=0.4,
    chars=0.4,
    passage=0.5,
    passage_chars=0.0,
    lead=0.0,
    legal=0.3,
    words=0.25,
    implied=0.15,
    law=0.0,
    below_law=-0.05,
    title_in_query=0.25,
    subject=0.1,
    title=0.5,
    length=-0.05,
    same_law=0.0,
    strict=0.0,
    similarity=0.0,
)
"""Weights for a name or a list of words."""

QUESTION = Weights(
    grams_by_length=0.4,
    grams=0.3,
    chars_by_length=0.2,
    chars=0.0,
    passage=0.5,
    passage_chars=0.8,
    lead=0.3,
    legal=1.0,
    words=0.25,
    implied=0.05,
    law=0.1,
    below_law=-0.05,
    title_in_query=0.25,
    subject=0.0,
    title=0.5,
    length=-0.05,
    same_law=0.04,
    strict=0.05,
    similarity=0.0,
)
"""Weights for a question in plain language."""

QUESTION_BY_MEANING = structs.replace(
    QUESTION,
    similarity=1.6,
    grams_by_length=0.25,
    chars_by_length=0.0,
    lead=0.1,
    legal=1.25,
    law=0.15,
    title_in_query=0.0,
    title=0.0,
    same_law=0.0,
    strict=0.0,
    implied=0.0,
)
"""The same with similarity, beside which many other features gain nothing."""

NAME_BY_MEANING = structs.replace(
    NAME,
    similarity=1.25,
    grams_by_length=0.0,
    chars_by_length=0.5,
    chars=0.3,
    legal=0.0,
    implied=0.12,
    law=0.05,
    subject=0.11,
    title_in_query=0.0,
)

LONG_NAME_BY_MEANING = structs.replace(NAME_BY_MEANING, length=0.0)
"""Weights for a name that says much: a short document is then no better than a long one."""

_LONGEST_SHORT_NAME = 9
"""Characters; a longer name says much."""


def choose_weights(text: str, *, asks: bool, by_meaning: bool) -> Weights:
    """Choose by the form of a query. ``text``: folded; ``asks``: it is a question in plain language."""
    if not by_meaning:
        return QUESTION if asks else NAME
    if asks:
        return QUESTION_BY_MEANING
    return LONG_NAME_BY_MEANING if len(text) > _LONGEST_SHORT_NAME else NAME_BY_MEANING
