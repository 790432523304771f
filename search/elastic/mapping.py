"""The one strict mapping of an index, from the field table of the catalogues, and what is written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from typing import Any

import msgspec

from schemas.definition import file_loader
from schemas.definition.catalogue import Catalogue
from search.chinese import thesaurus
from search.chinese.analyzer import Analyzer
from search.contract import Document
from search.indexed_document import FORMAT, body

_EVERY = ("dataset", "body", "type", "division", "year")
_LONGEST_VALUE = 8_000
"""Characters; Lucene takes no term of more than 32,766 bytes."""

_encoder = msgspec.json.Encoder()


def facet_fields() -> tuple[str, ...]:
    """Facets of every catalogue that is shipped; a site's own catalogues add theirs when they come."""
    known = (file_loader.load(name) for name in file_loader.names())
    own = {field.name for one in known for field in one.fields if field.facet and not field.personal}
    return tuple(sorted(own.union(_EVERY)))


def settings(*, shards: int, replicas: int) -> dict[str, Any]:
    return {
        "number_of_shards": shards,
        "number_of_replicas": replicas,
        # Soft-deleted documents are kept for half a day otherwise; nothing here reads that history.
        "soft_deletes.retention_lease.period": "5m",
        "max_result_window": 10_000,
    }


def mappings(facets: Iterable[str]) -> dict[str, Any]:
    """Streams of tokens come cut; only the whitespace analyser, which every server has, is needed."""
    stream = {"type": "text", "analyzer": "whitespace", "index_options": "freqs"}
    exact = {"type": "keyword", "doc_values": False}
    fields: dict[str, Any] = {
        "span": {"type": "keyword"},
        "grams": stream | {"index_options": "positions"},
        "chars": stream,
        "words": stream,
        "title": stream,
        "number": exact,
        "own_number": exact,
        "document": {"type": "object", "enabled": False},
        "folded": {"type": "object", "enabled": False},
        "facets": {"type": "object", "dynamic": "strict", "properties": facet_mappings(facets)},
    }
    numbers = ("effective_from", "effective_to", "known_from", "known_to", "order", "version", "length")
    fields |= {name: {"type": "long"} for name in numbers}
    return {
        "dynamic": "strict",
        # Tokens are made anew from the document, and a search is given whole what is stored.
        "_source": {"includes": ["document", "folded"]},
        "properties": fields,
    }


def facet_mappings(names: Iterable[str]) -> dict[str, Any]:
    return {name: {"type": "keyword", "ignore_above": _LONGEST_VALUE} for name in names}


@cache
def digest(dictionary: tuple[str, ...]) -> str:
    """What an index must have been made with to be read by this version: what a catalogue's fields are to
    search, the mapping, what cuts texts and the words that it keeps whole."""
    analyzer, _ = thesaurus.load(dictionary)
    tools = [f"{name} {metadata.version(name)}" for name in ("opencc", "rjieba")]
    words = sorted(analyzer.words_added), sorted(analyzer.places)
    shown = [_field_table(file_loader.load(name)) for name in sorted(file_loader.names())]
    made = json.dumps([FORMAT, tools, words, shown, mappings(())], sort_keys=True)
    return hashlib.sha256(made.encode()).hexdigest()[:16]


def _field_table(known: Catalogue) -> list[object]:
    fields = [[f.name, f.searched, f.facet, f.format, f.personal] for f in known.fields]
    return [known.name, known.body_field, known.type_field, known.date_field, fields]


def written(document: Document, analyzer: Analyzer) -> tuple[bytes, bytes]:
    """A document as two lines of a bulk request. Writing it twice, or late, changes nothing."""
    indexed = body(document, analyzer)
    head = {
        "index": {"_id": document.span, "version": document.version, "version_type": "external_gte"},
    }
    source = {
        "span": document.span,
        "grams": indexed.grams,
        "chars": indexed.chars,
        "words": indexed.words,
        "title": indexed.title,
        "number": indexed.numbers,
        "own_number": indexed.own_numbers,
        "facets": document.facets,
        "effective_from": document.effective_from,
        "effective_to": document.effective_to,
        "known_from": document.known_from,
        "known_to": document.known_to,
        "order": indexed.order,
        "version": document.version,
        "length": indexed.length,
        "document": document,
        "folded": {"texts": indexed.folded},
    }
    return _encoder.encode(head), _encoder.encode(source)


def erased(span: str, version: int) -> tuple[bytes, bytes]:
    """What keeps an erased span from coming back: its id and a version past any that was written."""
    head = {"index": {"_id": span, "version": version, "version_type": "external_gte"}}
    return _encoder.encode(head), _encoder.encode({"span": span, "version": version - 1})
