"""A document as every engine indexes it: tokens, keys and folded texts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

import msgspec

from search.chinese.analyzer import Analyzer
from search.contract import STATUS, Document, Status

FORMAT = 7
"""Format version of fields and tokens. An index of another format must be rebuilt."""

JOINT = " ¶ "
"""Token between two texts of a document, so that no phrase matches across them."""

_PARTS = re.compile(r"(?P<before>[^〔〕]*)(?P<year>〔[0-9]{4}〕)(?P<after>[^〔〕]*?)(?P<number>[0-9]+号)")
_LAST = re.compile("[0-9]+号$")
_TIE_BITS = 42


class IndexedFields(msgspec.Struct, frozen=True, array_like=True):
    """Indexed fields of a document. Token streams are joined by spaces."""

    grams: str
    chars: str
    words: str
    title: str
    numbers: tuple[str, ...]
    own_numbers: tuple[str, ...]
    facets: dict[str, tuple[str, ...]]
    """Those of the document, and its ``status``."""
    folded: list[tuple[float, str]]
    """(weight, folded text), the title first."""
    key: int
    order: int
    length: int


def build_fields(document: Document, analyzer: Analyzer) -> IndexedFields:
    texts = [(document.weights.get(name, 1.0), text) for name, text in document.texts.items()]
    title = max((weight for weight, text in texts if text == document.title), default=1.0)
    texts = [(title, document.title), *((w, text) for w, text in texts if text != document.title)]
    analysed = [analyzer.analyse(text) for _, text in texts]
    folded = [(weight, text) for (weight, _), (text, _) in zip(texts, analysed, strict=True)]
    streams = [tokens for _, tokens in analysed]
    key = span_key(document.span)
    return IndexedFields(
        grams=JOINT.join(t.grams for t in streams),
        chars=" ".join(t.chars for t in streams),
        words=" ".join(t.words for t in streams),
        title=streams[0].grams,
        numbers=tuple(form for number in document.numbers for form in list_number_forms(number)),
        own_numbers=tuple(f for n in document.numbers[: document.own_numbers] for f in list_number_forms(n)),
        facets={**document.facets, STATUS: (document.status,)},
        folded=folded,
        key=key,
        order=date_order(document.date, key),
        length=sum(len(text) for _, text in folded),
    )


class StoredDocument(msgspec.Struct, frozen=True, gc=False):
    """The part of a stored :class:`Document` that a hit displays. Decoding skips the rest."""

    span: str
    dataset: str
    record: str
    revision: str
    title: str
    texts: Mapping[str, str]
    numbers: tuple[str, ...]
    own_numbers: int = 1
    status: Status = "current"


def stored_texts(document: StoredDocument) -> tuple[str, ...]:
    """List the original texts in the order of :attr:`IndexedFields.folded`."""
    return (document.title, *(t for t in document.texts.values() if t != document.title))


def span_key(span: str) -> int:
    """Hash a span's id to 64 bits, which find its version without reading the stored document."""
    return int.from_bytes(hashlib.blake2b(span.encode(), digest_size=8).digest())


def date_order(day: int, key: int) -> int:
    """Combine the day (high bits) and the span's key (low bits) into a date order with a stable tie-break."""
    return (max(day, 0) << _TIE_BITS) | (key >> (64 - _TIE_BITS))


def tie_break(order: int) -> int:
    """Return the part of :func:`date_order` that is the span's key, to order documents of equal score."""
    return order & ((1 << _TIE_BITS) - 1)


def list_number_forms(number: str) -> tuple[str, ...]:
    """List a 文号 and the parts of it that people type: 鞍政发〔2015〕34号, 〔2015〕34号, 34号, 〔2015〕.

    Until the 1990s the year often came first: 〔1992〕价费字198号 equals 价费字〔1992〕198号.
    """
    parts = _PARTS.fullmatch(number)
    if parts is None:
        last = _LAST.search(number)
        return (number, last[0]) if last and last[0] != number else (number,)
    issuer, year, last_part = parts["before"] or parts["after"], parts["year"], parts["number"]
    orders = (f"{issuer}{year}{last_part}", f"{year}{issuer}{last_part}") if issuer else ()
    return tuple(dict.fromkeys((number, *orders, f"{year}{last_part}", last_part, year)))
