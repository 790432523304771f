"""Tantivy index: schema, encoding of documents, reader, translation of conditions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import tantivy
from tantivy import FieldType, Occur

from search.contract import FOREVER, Document
from search.embedded.analysis_processes import AnalysedDocument
from search.indexed_document import StoredDocument, stored_texts, tie_break
from search.query.conditions import (
    TIER,
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
from search.ranking.reranker import Candidate, Statistics
from search.semantic.vector_file import Comparison

_MAX_CACHED_TERMS = 200_000
"""Maximum number of cached frequencies, about 150 bytes each."""

_encoder = msgspec.msgpack.Encoder()
_document_decoder = msgspec.msgpack.Decoder(Document)
_stored_decoder = msgspec.msgpack.Decoder(StoredDocument)
_texts_decoder = msgspec.msgpack.Decoder(list[tuple[float, str]])


def build_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("span", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("number", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("own_number", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("grams", tokenizer_name="whitespace", index_option="position")
    builder.add_text_field("chars", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("words", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("title", tokenizer_name="whitespace", index_option="freq")
    builder.add_json_field("facets", fast=True, tokenizer_name="raw", index_option="basic")
    for name in ("effective_from", "effective_to", "known_from", "known_to"):
        builder.add_integer_field(name, fast=True)
    for name in ("order", "version", "key", "length"):
        builder.add_unsigned_field(name, fast=True)
    builder.add_bytes_field("document", stored=True)
    builder.add_bytes_field("folded", stored=True)
    return builder.build()


def build_document(analysed: AnalysedDocument) -> tantivy.Document:
    """Encode a document for the index."""
    document, indexed = analysed.document, analysed.fields
    fields = tantivy.Document()
    fields.add_text("span", document.span)
    for stream in ("grams", "chars", "words", "title"):
        fields.add_text(stream, getattr(indexed, stream))
    for number in indexed.numbers:
        fields.add_text("number", number)
    for number in indexed.own_numbers:
        fields.add_text("own_number", number)
    fields.add_json("facets", {name: list(values) for name, values in indexed.facets.items()})
    for name in ("effective_from", "effective_to", "known_from", "known_to"):
        fields.add_integer(name, getattr(document, name))
    fields.add_unsigned("version", document.version)
    for name in ("order", "key", "length"):
        fields.add_unsigned(name, getattr(indexed, name))
    fields.add_bytes("document", analysed.encoded)
    fields.add_bytes("folded", _encoder.encode(indexed.folded))
    return fields


class Reader(msgspec.Struct, frozen=True):
    """Reader of one commit of an index."""

    schema: tantivy.Schema
    searcher: tantivy.Searcher
    documents: int
    average_length: float
    newest: int
    """The last instant at which a document began or ceased (for example by a withdrawal) to be known."""
    largest_version: int
    replaced: bool
    """Whether segments still contain replaced documents."""
    _frequencies: dict[tuple[str, str], int] = msgspec.field(default_factory=dict)

    def document(self, address: tantivy.DocAddress) -> Document:
        return _document_decoder.decode(bytes(self.searcher.doc(address).get_first("document") or b""))

    def stored_document(self, address: tantivy.DocAddress) -> tuple[StoredDocument, dict[str, str]]:
        """Return a stored document and the folded form of each of its texts."""
        stored = self.searcher.doc(address)
        document = _stored_decoder.decode(bytes(stored.get_first("document") or b""))
        folded = (text for _, text in _texts_decoder.decode(bytes(stored.get_first("folded") or b"")))
        return document, dict(zip(stored_texts(document), folded, strict=True))

    def candidates(
        self, hits: Sequence[tuple[float, tantivy.DocAddress]], comparison: Comparison | None
    ) -> list[Candidate]:
        """Convert hits of the first stage to candidates, numbered by their position in ``hits``."""
        addresses = [address for _, address in hits]
        keys, orders = self.integers("key", addresses), self.integers("order", addresses)
        return [
            Candidate(
                number=number,
                tie=tie_break(order),
                tier=int(score // TIER),
                texts=_texts_decoder.decode(bytes(self.searcher.doc(address).get_first("folded") or b"")),
                similarity=None if comparison is None else comparison.similarity(key),
            )
            for number, ((score, address), key, order) in enumerate(zip(hits, keys, orders, strict=True))
        ]

    def statistics(self) -> Statistics:
        return Statistics(self.documents, self.average_length, self.frequency)

    def iterate_documents(self) -> Iterator[Document]:
        matches = self.searcher.search(tantivy.Query.all_query(), limit=max(self.documents, 1), count=False)
        return (self.document(address) for _, address in matches.hits)

    def addresses(self, query: tantivy.Query, most: int) -> dict[int, tantivy.DocAddress]:
        """Return key → address of the documents that a query matches, which are at most ``most``."""
        hits = self.searcher.search(query, limit=max(most, 1), count=False).hits
        addresses = [address for _, address in hits]
        return dict(zip(self.integers("key", addresses), addresses, strict=True))

    def iterate_versions(self) -> Iterator[tuple[tantivy.DocAddress, int, int]]:
        """Yield the address, the key of the span and the version of every document."""
        everything = tantivy.Query.all_query()
        hits = self.searcher.search(everything, limit=max(self.documents, 1), count=False).hits
        addresses = [address for _, address in hits]
        return zip(
            addresses, self.integers("key", addresses), self.integers("version", addresses), strict=True
        )

    def frequency(self, stream: str, term: str) -> int:
        """Count the documents with a term. The term's own statistics include replaced documents until a
        merge, and a release may replace all."""
        if not self.replaced:
            return self.searcher.doc_freq(stream, term)
        if (stream, term) not in self._frequencies:
            query = tantivy.Query.term_query(self.schema, stream, term, index_option="basic")
            if len(self._frequencies) >= _MAX_CACHED_TERMS:  # anybody can search for words that occur nowhere
                self._frequencies.clear()
            count = self.searcher.search(query, limit=1, count=True).count  # type: ignore[attr-defined]  # no stub
            self._frequencies[stream, term] = int(count or 0)
        return self._frequencies[stream, term]

    def integers(self, field: str, addresses: list[tantivy.DocAddress]) -> list[int]:
        return [int(v or 0) for v in self.searcher.fast_field_values(field, addresses)]

    def versions(self, spans: Sequence[str]) -> dict[int, int]:
        """Return key → version of those spans that the index contains."""
        if not self.documents or not spans:
            return {}
        query = to_query(self.schema, Among("span", tuple(spans)))
        addresses = [a for _, a in self.searcher.search(query, limit=len(spans) + 1, count=False).hits]
        return dict(zip(self.integers("key", addresses), self.integers("version", addresses), strict=True))


def open_reader(index: tantivy.Index, *, replaced: bool) -> Reader:
    searcher = index.searcher()
    everything = tantivy.Query.all_query()
    metrics = {"length": "avg", "known_from": "max", "version": "max"}
    facts = searcher.aggregate(everything, {name: {kind: {"field": name}} for name, kind in metrics.items()})
    value = {name: facts[name]["value"] or 0 for name in metrics}
    ended = tantivy.Query.range_query(index.schema, "known_to", FieldType.Integer, None, FOREVER - 1)
    ends = searcher.aggregate(ended, {"known_to": {"max": {"field": "known_to"}}})
    return Reader(
        schema=index.schema,
        searcher=searcher,
        documents=searcher.num_docs,
        average_length=value["length"] or 1.0,
        newest=int(max(value["known_from"], ends["known_to"]["value"] or 0)),
        largest_version=int(value["version"]),
        replaced=replaced,
    )


def to_query(schema: tantivy.Schema, condition: Condition) -> tantivy.Query:
    """Translate a condition to a tantivy query."""
    match condition:
        case Term(field, token):
            return tantivy.Query.term_query(schema, field, token)
        case Beginning(field, start):
            return tantivy.Query.regex_query(schema, field, f"{start}.*")
        case Phrase(grams):
            placed: list[str | tuple[int, str]] = list(grams)
            return tantivy.Query.phrase_query(schema, "grams", placed)
        case Between(field, low, high):
            kind = FieldType.Unsigned if field == "order" else FieldType.Integer
            return tantivy.Query.range_query(schema, field, kind, low, high)
        case Among(field, values):
            # A set of terms takes three times as long as the terms.
            terms = [(Occur.Should, tantivy.Query.term_query(schema, field, value)) for value in values]
            return tantivy.Query.const_score_query(tantivy.Query.boolean_query(terms), 1.0)
        case Boosted(part, factor):
            return tantivy.Query.boost_query(to_query(schema, part), factor)
        case Constant(part, score):
            return tantivy.Query.const_score_query(to_query(schema, part), score)
        case Some(()):
            return tantivy.Query.empty_query()
        case Some(parts, least):
            clauses = [(Occur.Should, to_query(schema, part)) for part in parts]
            return tantivy.Query.boolean_query(clauses, minimum_number_should_match=least)
        case _:
            return tantivy.Query.boolean_query(list(_build_clauses(schema, condition)))


def _build_clauses(
    schema: tantivy.Schema, condition: Every | Except | Ranked
) -> Iterator[tuple[Occur, tantivy.Query]]:
    match condition:
        case Every(parts):
            yield from ((Occur.Must, to_query(schema, part)) for part in parts)
        case Except(part, dropped):
            yield Occur.Must, to_query(schema, part)
            yield Occur.MustNot, to_query(schema, dropped)
        case Ranked(members, scoring):
            yield Occur.Must, tantivy.Query.const_score_query(to_query(schema, members), 0.0)
            yield from ((Occur.Should, to_query(schema, part)) for part in scoring)
