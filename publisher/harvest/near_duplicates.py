"""Whether two texts are one document: the resemblance of their sketches (Broder 1997), by fixed thresholds.

The resemblance of two texts is the share that their sets of shingles (runs of five characters, letters and
digits alone) have in common. A sketch keeps the 256 smallest hash values of a set, from which it is
estimated with a standard error of at most 0.03.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from publisher.log.evidence.crawled_pages import Page, Understood
from publisher.log.log import Log
from schemas.normalise import fold

SAME_NUMBER = 0.5
"""Two pages of one 文号 are one document from here on: sites cut, head and sign it differently."""
SAME_NAME = 0.85
"""Two pages of one title, where one of them shows no 文号: yearly notices share a title, not their text."""
_SHINGLE, _KEPT = 5, 256


@dataclass(frozen=True, slots=True)
class Likeness:
    page: Page
    """The page that was read before."""
    value: float
    same: bool
    """Whether it is the same document; else only its number is."""


def nearest(understood: Understood, log: Log, waiting: Sequence[tuple[Page, Understood]]) -> Likeness | None:
    """The document that a page says again, or whose number it bears with another text.

    ``waiting``: those that were read and are not in the log yet.
    """
    elsewhere: Likeness | None = None
    for page, number, sketched in (
        *log.evidence.duplicate_candidates(understood.number, understood.named),
        *_alike(understood, waiting),
    ):
        if page.key == understood.page or page.vanished_at is not None:
            continue
        value = resemblance(sketched, understood.sketch or b"")
        if number is not None and number == understood.number:
            if value >= SAME_NUMBER:
                return Likeness(page, value, same=True)
            elsewhere = Likeness(page, value, same=False)
        elif (number is None or understood.number is None) and value >= SAME_NAME:
            return Likeness(page, value, same=True)
    return elsewhere


def _alike(
    understood: Understood, waiting: Sequence[tuple[Page, Understood]]
) -> Iterator[tuple[Page, str | None, bytes]]:
    for page, one in waiting:
        number = one.number is not None and one.number == understood.number
        if (number or (one.named is not None and one.named == understood.named)) and one.sketch:
            yield page, one.number, one.sketch


def sketch(text: str) -> bytes:
    key = "".join(c for c in fold(text).casefold() if c.isalnum())
    data = key.encode("utf-32-le", "surrogatepass")
    step, width = 4, 4 * _SHINGLE
    values = {
        zlib.crc32(data[at : at + width]) * 0x9E3779B1 & 0xFFFFFFFF
        for at in range(0, max(len(data) - width, 0) + 1, step)
    }
    smallest = sorted(values)[:_KEPT]
    return struct.pack(f"<{len(smallest)}I", *smallest)


def resemblance(one: bytes, other: bytes) -> float:
    """0.0 … 1.0, of two sketches."""
    a, b = _values(one), _values(other)
    union = sorted(a | b)[:_KEPT]
    return sum(value in a and value in b for value in union) / len(union) if union else 0.0


def _values(packed: bytes) -> set[int]:
    return set(struct.unpack(f"<{len(packed) // 4}I", packed))
