"""The tantivy index: its fields, how a document is written, how what was asked becomes its queries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec
import tantivy
from tantivy import FieldType, Occur

from search.analysis import Analyzer, is_han
from search.engine import FOREVER, Document, Match, Request
from search.query import Query, Word
from search.ranking import Candidate, Statistics

FORMAT = 1
"""Changes when fields or tokens change; an index of another format must be rebuilt."""

JOINT = " ¶ "
"""A token between two texts of a document, so that no phrase runs across."""

_TIE_BITS = 42
TIER = 100_000.0
"""Added once to the score of a hit that holds all the words where the set is wider, twice for a 文号 that it
carries and twice more for its own; no sum of term scores comes near."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Document)
_folded = msgspec.msgpack.Decoder(list[tuple[float, str]])


def schema() -> tantivy.Schema:
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


def key(span: str) -> int:
    """64 bits of a span's id: finds its version without reading the stored document."""
    return int.from_bytes(hashlib.blake2b(span.encode(), digest_size=8).digest())


def order(day: int, number: int) -> int:
    """Date order with a stable tie-break: the day in the high bits, the span's key in the low."""
    return (max(day, 0) << _TIE_BITS) | (number >> (64 - _TIE_BITS))


def written(document: Document, analyzer: Analyzer) -> tantivy.Document:
    """A document as the index takes it."""
    texts = [(document.weights.get(name, 1.0), text) for name, text in document.texts.items()]
    title = max((weight for weight, text in texts if text == document.title), default=1.0)
    texts = [(title, document.title), *((w, text) for w, text in texts if text != document.title)]
    analysed = [analyzer.analyse(text) for _, text in texts]
    folded = [(weight, text) for (weight, _), (text, _) in zip(texts, analysed, strict=True)]
    cut = [tokens for _, tokens in analysed]
    made = tantivy.Document()
    made.add_text("span", document.span)
    made.add_text("grams", JOINT.join(t.grams for t in cut))
    made.add_text("chars", " ".join(t.chars for t in cut))
    made.add_text("words", " ".join(t.words for t in cut))
    made.add_text("title", cut[0].grams)
    for number in document.numbers:
        for form in number_forms(number):
            made.add_text("number", form)
    for form in number_forms(document.numbers[0]) if document.numbers else ():
        made.add_text("own_number", form)
    made.add_json("facets", {name: list(values) for name, values in document.facets.items()})
    made.add_integer("effective_from", document.effective_from)
    made.add_integer("effective_to", document.effective_to)
    made.add_integer("known_from", document.known_from)
    made.add_integer("known_to", document.known_to)
    identity = key(document.span)
    made.add_unsigned("order", order(document.date, identity))
    made.add_unsigned("version", document.version)
    made.add_unsigned("key", identity)
    made.add_unsigned("length", sum(len(text) for _, text in folded))
    made.add_bytes("document", _encoder.encode(document))
    made.add_bytes("folded", _encoder.encode(folded))
    return made


def number_forms(number: str) -> tuple[str, ...]:
    """A 文号 and what a person types of it who leaves the issuer out: 鞍政发〔2015〕34号, 〔2015〕34号."""
    start = number.find("〔")
    return (number, number[start:]) if start > 0 else (number,)


@dataclass(frozen=True)
class Reader:
    """One commit of an index, to ask."""

    schema: tantivy.Schema
    searcher: tantivy.Searcher
    documents: int
    average_length: float
    newest: int
    """The last instant at which anything began, or ceased (as by a withdrawal), to be known."""
    largest_version: int

    def document(self, address: tantivy.DocAddress) -> Document:
        return _decoder.decode(bytes(self.searcher.doc(address).get_first("document") or b""))

    def shown(self, address: tantivy.DocAddress) -> tuple[Document, dict[str, str]]:
        """A document and the folded form of each of its texts."""
        stored = self.searcher.doc(address)
        document = _decoder.decode(bytes(stored.get_first("document") or b""))
        folded = (text for _, text in _folded.decode(bytes(stored.get_first("folded") or b"")))
        texts = (document.title, *(t for t in document.texts.values() if t != document.title))
        return document, dict(zip(texts, folded, strict=True))

    def candidates(self, found: Sequence[tuple[float, tantivy.DocAddress]]) -> list[Candidate]:
        """What the second stage needs of what the first one found, by number in ``found``."""
        kept = (self.searcher.doc(address).get_first("folded") or b"" for _, address in found)
        keys = self.numbers("key", [address for _, address in found])
        return [
            Candidate(number, tie, int(score // TIER), _folded.decode(bytes(texts)))
            for number, ((score, _), tie, texts) in enumerate(zip(found, keys, kept, strict=True))
        ]

    def statistics(self) -> Statistics:
        return Statistics(self.documents, self.average_length, self.frequency)

    def everything(self) -> Iterator[Document]:
        found = self.searcher.search(tantivy.Query.all_query(), limit=max(self.documents, 1), count=False)
        return (self.document(address) for _, address in found.hits)

    def frequency(self, field: str, term: str) -> int:
        return self.searcher.doc_freq(field, term)

    def numbers(self, field: str, addresses: list[tantivy.DocAddress]) -> list[int]:
        return [int(v or 0) for v in self.searcher.fast_field_values(field, addresses)]

    def versions(self, spans: Sequence[str]) -> dict[int, int]:
        """Key → version of those spans that the index holds."""
        if not self.documents or not spans:
            return {}
        query = tantivy.Query.term_set_query(self.schema, "span", list(spans))
        found = [a for _, a in self.searcher.search(query, limit=len(spans) + 1, count=False).hits]
        return dict(zip(self.numbers("key", found), self.numbers("version", found), strict=True))


def reader(index: tantivy.Index) -> Reader:
    searcher = index.searcher()
    everything = tantivy.Query.all_query()
    asked = {"length": "avg", "known_from": "max", "version": "max"}
    facts = searcher.aggregate(everything, {name: {kind: {"field": name}} for name, kind in asked.items()})
    value = {name: facts[name]["value"] or 0 for name in asked}
    ended = tantivy.Query.range_query(index.schema, "known_to", FieldType.Integer, None, FOREVER - 1)
    ends = searcher.aggregate(ended, {"known_to": {"max": {"field": "known_to"}}})
    return Reader(
        schema=index.schema,
        searcher=searcher,
        documents=searcher.num_docs,
        average_length=value["length"] or 1.0,
        newest=int(max(value["known_from"], ends["known_to"]["value"] or 0)),
        largest_version=int(value["version"]),
    )


class Asked:
    """A request against one commit of the index: the sets of hits, and the query that ranks them."""

    def __init__(
        self, reader: Reader, analyzer: Analyzer, request: Request, query: Query, known_at: int
    ) -> None:
        self._reader = reader
        self._analyzer = analyzer
        self._query = query
        self._filters = self._filter(request, known_at)
        self._clauses = [self._clause(word) for word in query.words]

    def sets(self) -> list[Match]:
        """The sets that may be named, the narrowest first. One word makes one set."""
        sets: list[Match] = ["all", "most", "any"]
        return sets if len(self._clauses) > 2 else sets[:: 2 if len(self._clauses) == 2 else 3]

    def members(self, match: Match) -> tantivy.Query:
        """The documents that ``match`` names, without order."""
        if self._query.blank:
            return self._filters
        if not self._clauses:
            return tantivy.Query.empty_query()
        return _all([self._held(match), self._filters])

    def ranked(self, match: Match) -> tantivy.Query:
        """The same documents, scored: first those that hold all the words, then by their terms."""
        parts = [(Occur.Must, tantivy.Query.const_score_query(self.members(match), 0.0))]
        if match != "all":
            parts.append((Occur.Should, tantivy.Query.const_score_query(self._held("all"), TIER)))
        parts += [(Occur.Should, q) for q in self._scoring()]
        return tantivy.Query.boolean_query(parts)

    def before(self, match: Match, last: int, *, descending: bool) -> tantivy.Query:
        """Members from the order key ``last`` on, itself included."""
        low, high = (None, last) if descending else (last, None)
        onward = tantivy.Query.range_query(self._reader.schema, "order", FieldType.Unsigned, low, high)
        return _all([self.members(match), onward])

    def _held(self, match: Match) -> tantivy.Query:
        if match == "all":
            return _all(self._clauses)
        if match == "any":
            return _any(self._clauses)
        some = [(Occur.Should, c) for c in self._clauses]
        return tantivy.Query.boolean_query(some, minimum_number_should_match=most(len(self._clauses)))

    def _scoring(self) -> Iterable[tantivy.Query]:
        boost = tantivy.Query.boost_query
        for gram in self._query.grams:
            yield self._term("grams", gram)
            yield boost(self._term("title", gram), 0.3)
        for term in self._query.terms:
            yield boost(self._term("words", term), 0.3)
        for word in self._query.words:
            if word.kind == "number":
                yield tantivy.Query.const_score_query(self._term("number", word.text), 2 * TIER)
                yield tantivy.Query.const_score_query(self._term("own_number", word.text), 2 * TIER)
            for form in word.forms if word.kind != "number" else ():
                yield self._phrase(form)

    def _filter(self, request: Request, known_at: int) -> tantivy.Query:
        day = request.as_of
        parts = [
            self._range("effective_from", high=day),
            self._range("effective_to", low=day + 1),
            self._range("known_from", high=known_at),
            self._range("known_to", low=known_at + 1),
        ]
        for name, values in request.filters.items():
            # What is no text at all (half a surrogate pair, from a command line) is no value either.
            plain = [value.encode(errors="replace").decode() for value in values]
            parts.append(_any([self._term(f"facets.{name}", value) for value in plain]))
        return _all(parts)

    def _clause(self, word: Word) -> tantivy.Query:
        """Documents that hold a word, in one of the ways that count."""
        if word.kind == "number":
            return _any([self._term("number", word.text), self._run(word.forms)])
        ways = [self._phrase(form) for form in (*word.forms, *self._taiwan(word))]
        if word.kind == "word" and self._reader.frequency("words", word.text):
            return _any([self._term("words", word.text), *ways])
        return _any([self._phrase(word.text), *ways])

    def _taiwan(self, word: Word) -> tuple[str, ...]:
        """The mainland's wording, where it is much the commoner: 软体 (of animals) is rare, 软件 is meant."""
        if not word.taiwan:
            return ()
        typed, other = (self._reader.frequency("words", w) for w in (word.text, word.taiwan))
        return (word.taiwan,) if other > 10 * typed else ()

    def _phrase(self, text: str) -> tantivy.Query:
        """Documents that hold ``text`` as a run of characters; signs and spaces do not count."""
        if len(text) == 2 and text in self._analyzer.places:
            return self._term("words", text)
        return self._run(self._analyzer.grams(text))

    def _run(self, grams: Sequence[str]) -> tantivy.Query:
        """Grams side by side. A lone character is the beginning of another gram in a longer text (类 of
        a类 in a类许可), so it is asked of the characters."""
        lone = [g for g in grams if len(g) == 1 and is_han(g)]
        parts = [self._term("chars", g) for g in lone]
        placed: list[tuple[int, str]] = [(i, g) for i, g in enumerate(grams) if g not in lone]
        if len(placed) == 1:
            parts.append(self._term("grams", grams[placed[0][0]]))
        elif placed:
            parts.append(tantivy.Query.phrase_query(self._reader.schema, "grams", list(placed)))
        return _all(parts) if parts else tantivy.Query.empty_query()

    def _term(self, field: str, text: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._reader.schema, field, text)

    def _range(self, field: str, low: int | None = None, high: int | None = None) -> tantivy.Query:
        return tantivy.Query.range_query(self._reader.schema, field, FieldType.Integer, low, high)


def most(words: int) -> int:
    """How many of a query's words are most of them: two thirds, rounded up."""
    return -(-2 * words // 3)


def _all(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    return (
        queries[0] if len(queries) == 1 else tantivy.Query.boolean_query([(Occur.Must, q) for q in queries])
    )


def _any(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    return (
        queries[0] if len(queries) == 1 else tantivy.Query.boolean_query([(Occur.Should, q) for q in queries])
    )
