"""Mapping of an index, derived from the fields of the catalogues, and encoding of documents."""

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
from search.contract import STATUS, Document
from search.elastic import stored_vectors
from search.elastic.stored_vectors import StoredVectors
from search.indexed_document import FORMAT, build_fields
from search.semantic.model import VERSION

_COMMON_FACETS = ("dataset", "body", "type", "division", "year", STATUS)
_LONGEST_VALUE = 8_000
"""Characters; Lucene limits a term to 32,766 bytes."""

_encoder = msgspec.json.Encoder()


def list_facet_fields() -> tuple[str, ...]:
    """List the facets of every shipped catalogue. Those of a site's own catalogues are added later."""
    catalogues = (file_loader.load_catalogue(name) for name in file_loader.list_names())
    catalogue_facets = {
        field.name
        for catalogue in catalogues
        for field in catalogue.fields
        if field.facet and not field.personal
    }
    return tuple(sorted(catalogue_facets.union(_COMMON_FACETS)))


def build_settings(*, shards: int, replicas: int) -> dict[str, Any]:
    return {
        "number_of_shards": shards,
        "number_of_replicas": replicas,
        # The default keeps soft-deleted documents for half a day; that history is not used.
        "soft_deletes.retention_lease.period": "5m",
        "max_result_window": 10_000,
    }


def build_mappings(facets: Iterable[str]) -> dict[str, Any]:
    """Build the mapping. Texts arrive as tokens, so the built-in whitespace analyser is enough."""
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
        "facets": {"type": "object", "dynamic": "strict", "properties": build_facet_mappings(facets)},
    }
    numbers = ("effective_from", "effective_to", "known_from", "known_to", "order", "version", "length")
    fields |= {name: {"type": "long"} for name in numbers}
    fields |= stored_vectors.build_mappings()
    return {
        "dynamic": "strict",
        # Tokens can be recomputed from the document, and a search reads all of the stored source.
        "_source": {"includes": ["document", "folded", "encoded"]},
        "properties": fields,
    }


def build_facet_mappings(names: Iterable[str]) -> dict[str, Any]:
    return {name: {"type": "keyword", "ignore_above": _LONGEST_VALUE} for name in names}


@cache
def compute_digest() -> str:
    """Hash everything that determines the content of an index: the searched fields of catalogues, the
    mapping, the model, the tokenizer's version and its additional words. An index with another hash is
    rebuilt."""
    analyzer, _ = thesaurus.load_language()
    tools = [f"{name} {metadata.version(name)}" for name in ("opencc", "rjieba")]
    words = sorted(analyzer.words_added), sorted(analyzer.places)
    field_tables = [
        _build_field_table(file_loader.load_catalogue(name)) for name in sorted(file_loader.list_names())
    ]
    fingerprint = json.dumps(
        [FORMAT, VERSION, tools, words, field_tables, build_mappings(())], sort_keys=True
    )
    return hashlib.sha256(fingerprint.encode()).hexdigest()[:16]


def _build_field_table(catalogue: Catalogue) -> list[object]:
    fields = [[f.name, f.searched, f.facet, f.format, f.personal] for f in catalogue.fields]
    return [catalogue.name, catalogue.body_field, catalogue.type_field, catalogue.date_field, fields]


def write_document_lines(
    document: Document, analyzer: Analyzer, vectors: StoredVectors | None = None
) -> tuple[bytes, bytes]:
    """Encode a document as two lines of a bulk request. Repeated or late writes have no effect."""
    indexed = build_fields(document, analyzer)
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
        "facets": indexed.facets,
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
    if vectors is not None:
        source |= stored_vectors.write_fields(vectors)
    return _encoder.encode(head), _encoder.encode(source)


def write_tombstone_lines(span: str, version: int) -> tuple[bytes, bytes]:
    """Encode a tombstone: the id of an erased span and a version above any written one, which blocks late
    writes."""
    head = {"index": {"_id": span, "version": version, "version_type": "external_gte"}}
    return _encoder.encode(head), _encoder.encode({"span": span, "version": version - 1})
