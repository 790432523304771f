"""Translation of conditions to Elasticsearch queries. The server never parses query text."""

from __future__ import annotations

from typing import Any

from search.query.conditions import (
    Among,
    Beginning,
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

type Clause = dict[str, Any]
"""A query of Elasticsearch as JSON."""

_NOTHING: Clause = {"match_none": {}}
_LONGEST_TERM = 32_766
"""Maximum bytes of a term in Lucene. A query for a longer term is an error on the server."""


def to_query(condition: Condition) -> Clause:
    match condition:
        case Term(field, token):
            return _write_term(field, token)
        case Beginning(field, start):
            return {"prefix": {field: {"value": start}}}
        case Phrase(grams):
            return _write_phrase(grams)
        case Between(field, low, high):
            bounds = {"gte": low, "lte": high}
            return {"range": {field: {name: value for name, value in bounds.items() if value is not None}}}
        case Among(field, values):
            return {"terms": {field: list(values)}}
        case Constant(part, score):
            return {"constant_score": {"filter": to_query(part), "boost": score}}
        case Some(()):
            return _NOTHING
        case _:
            return {"bool": _bool_clauses(condition)}


def _bool_clauses(condition: Every | Some | Except | Boosted | Ranked) -> Clause:
    """Build the clauses of a ``bool`` query, which can also carry a boost."""
    match condition:
        case Every(parts):
            return {"must": [to_query(part) for part in parts]}
        case Some(parts, least):
            return {"should": [to_query(part) for part in parts], "minimum_should_match": least}
        case Except(part, dropped):
            return {"must": [to_query(part)], "must_not": [to_query(dropped)]}
        case Boosted(part, factor):
            return {"must": [to_query(part)], "boost": factor}
        case Ranked(members, scoring):
            return {"filter": [to_query(members)], "should": [to_query(part) for part in scoring]}


def _write_term(field: str, token: str) -> Clause:
    # JSON cannot encode a lone surrogate; the replacement character occurs in no document.
    sendable = token.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if len(sendable.encode()) > _LONGEST_TERM:
        return _NOTHING
    return {"term": {field: {"value": sendable}}}


def _write_phrase(grams: tuple[tuple[int, str], ...]) -> Clause:
    """Match a phrase. Tokens contain no blanks, so the whitespace analyser splits them again."""
    first, last = grams[0][0], grams[-1][0]
    gaps = last - first + 1 - len(grams)
    text = " ".join(gram for _, gram in grams)
    if not gaps:
        return {"match_phrase": {"grams": text}}
    return {"intervals": {"grams": {"match": {"query": text, "ordered": True, "max_gaps": gaps}}}}
