"""A condition as Elasticsearch's query. Only built-in kinds of query, and no text is ever parsed there."""

from __future__ import annotations

from typing import Any

from search.query.conditions import (
    Among,
    Between,
    Boosted,
    Condition,
    Constant,
    Every,
    Except,
    Phrase,
    Ranked,
    Some,
    Term,
)

type Query = dict[str, Any]

_NOTHING: Query = {"match_none": {}}
_LONGEST_TERM = 32_766
"""Bytes; Lucene holds no longer term, and a query for one is an error there."""


def spelled(condition: Condition) -> Query:
    match condition:
        case Term(field, token):
            return _term(field, token)
        case Phrase(grams):
            return _phrase(grams)
        case Between(field, low, high):
            bounds = {"gte": low, "lte": high}
            return {"range": {field: {name: value for name, value in bounds.items() if value is not None}}}
        case Among(field, values):
            return {"terms": {field: list(values)}}
        case Constant(part, score):
            return {"constant_score": {"filter": spelled(part), "boost": score}}
        case Some(()):
            return _NOTHING
        case _:
            return {"bool": _joined(condition)}


def _joined(condition: Every | Some | Except | Boosted | Ranked) -> Query:
    """What a ``bool`` says. It takes a boost for whatever stands in it."""
    match condition:
        case Every(parts):
            return {"must": [spelled(part) for part in parts]}
        case Some(parts, least):
            return {"should": [spelled(part) for part in parts], "minimum_should_match": least}
        case Except(part, dropped):
            return {"must": [spelled(part)], "must_not": [spelled(dropped)]}
        case Boosted(part, factor):
            return {"must": [spelled(part)], "boost": factor}
        case Ranked(members, scoring):
            return {"filter": [spelled(members)], "should": [spelled(part) for part in scoring]}


def _term(field: str, token: str) -> Query:
    # JSON cannot carry half of a surrogate pair; the sign that replaces it stands in no document.
    sendable = token.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if len(sendable.encode()) > _LONGEST_TERM:
        return _NOTHING
    return {"term": {field: {"value": sendable}}}


def _phrase(grams: tuple[tuple[int, str], ...]) -> Query:
    """Tokens hold no blank, so the whitespace analyser takes them apart where they were joined."""
    first, last = grams[0][0], grams[-1][0]
    gaps = last - first + 1 - len(grams)
    text = " ".join(gram for _, gram in grams)
    if not gaps:
        return {"match_phrase": {"grams": text}}
    return {"intervals": {"grams": {"match": {"query": text, "ordered": True, "max_gaps": gaps}}}}
