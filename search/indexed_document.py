"""A document as every engine indexes it: its tokens, its keys, its folded texts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from search.chinese.analyzer import Analyzer
from search.contract import Document

FORMAT = 2
"""Changes when fields or tokens change; an index of another format must be rebuilt."""

JOINT = " ¶ "
"""A token between two texts of a document, so that no phrase runs across."""

_PARTS = re.compile(r"(?P<before>[^〔〕]*)(?P<year>〔[0-9]{4}〕)(?P<after>[^〔〕]*?)(?P<number>[0-9]+号)")
_LAST = re.compile("[0-9]+号$")
_TIE_BITS = 42


@dataclass(frozen=True, slots=True)
class Body:
    """Streams of tokens are joined by spaces."""

    grams: str
    chars: str
    words: str
    title: str
    numbers: tuple[str, ...]
    own_numbers: tuple[str, ...]
    folded: list[tuple[float, str]]
    """(weight, folded text), the title first."""
    key: int
    order: int
    length: int


def body(document: Document, analyzer: Analyzer) -> Body:
    texts = [(document.weights.get(name, 1.0), text) for name, text in document.texts.items()]
    title = max((weight for weight, text in texts if text == document.title), default=1.0)
    texts = [(title, document.title), *((w, text) for w, text in texts if text != document.title)]
    analysed = [analyzer.analyse(text) for _, text in texts]
    folded = [(weight, text) for (weight, _), (text, _) in zip(texts, analysed, strict=True)]
    cut = [tokens for _, tokens in analysed]
    identity = key(document.span)
    return Body(
        grams=JOINT.join(t.grams for t in cut),
        chars=" ".join(t.chars for t in cut),
        words=" ".join(t.words for t in cut),
        title=cut[0].grams,
        numbers=tuple(form for number in document.numbers for form in number_forms(number)),
        own_numbers=tuple(f for n in document.numbers[: document.own_numbers] for f in number_forms(n)),
        folded=folded,
        key=identity,
        order=order(document.date, identity),
        length=sum(len(text) for _, text in folded),
    )


class Shown(msgspec.Struct, frozen=True, gc=False):
    """What of a :class:`Document` is shown of a hit; the rest is passed over."""

    span: str
    dataset: str
    record: str
    revision: str
    title: str
    texts: Mapping[str, str]
    numbers: tuple[str, ...]
    own_numbers: int = 1


def shown_texts(document: Shown) -> tuple[str, ...]:
    """The texts that :attr:`Body.folded` holds, in its order."""
    return (document.title, *(t for t in document.texts.values() if t != document.title))


def key(span: str) -> int:
    """64 bits of a span's id: finds its version without reading the stored document."""
    return int.from_bytes(hashlib.blake2b(span.encode(), digest_size=8).digest())


def order(day: int, number: int) -> int:
    """Date order with a stable tie-break: the day in the high bits, the span's key in the low."""
    return (max(day, 0) << _TIE_BITS) | (number >> (64 - _TIE_BITS))


def tie(order: int) -> int:
    """What of :func:`order` is the span's key, to tell documents of one score apart."""
    return order & ((1 << _TIE_BITS) - 1)


def number_forms(number: str) -> tuple[str, ...]:
    """A 文号 and the parts of it that a person types: 鞍政发〔2015〕34号, 〔2015〕34号, 34号, 〔2015〕.

    Until the 1990s the year stood in front as often as not: 〔1992〕价费字198号 is 价费字〔1992〕198号.
    """
    parts = _PARTS.fullmatch(number)
    if parts is None:
        last = _LAST.search(number)
        return (number, last[0]) if last and last[0] != number else (number,)
    issuer, year, last_part = parts["before"] or parts["after"], parts["year"], parts["number"]
    orders = (f"{issuer}{year}{last_part}", f"{year}{issuer}{last_part}") if issuer else ()
    return tuple(dict.fromkeys((number, *orders, f"{year}{last_part}", last_part, year)))
