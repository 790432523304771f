"""Near duplicates: two texts are one document if their sketches resemble each other (Broder 1997).

The resemblance of two texts is the share that their sets of shingles (runs of five characters, letters and
digits alone) have in common. A sketch keeps the 256 smallest hash values of a set, from which it is
estimated with a standard error of at most 0.03.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence

import msgspec

from publisher.log.evidence.harvested_pages import Page, ParsedPage
from publisher.log.log import Log
from schemas.normalise import fold

SAME_NUMBER = 0.5
"""Least resemblance of two pages with the same 文号: sites cut, title and sign a document differently."""
SAME_NAME = 0.85
"""Least resemblance with the same title but without 文号: yearly notices share a title, not a text."""
SAME_SITE = 0.98
"""Least resemblance on one site: it publishes a form for each case, such as 行政处罚信息公开表."""
_SHINGLE, _SKETCH_SIZE = 5, 256


class Resemblance(msgspec.Struct, frozen=True):
    page: Page
    """The page that was read earlier."""
    value: float
    same: bool
    """Whether it is the same document; otherwise only the number is the same."""


def find_nearest(
    parsed_page: ParsedPage, source: str, log: Log, waiting: Sequence[tuple[Page, ParsedPage]]
) -> Resemblance | None:
    """Find the nearest document that a page repeats, or else the nearest of the same number.

    ``source``: that of the page. ``waiting``: pages that were read but are not stored yet.
    """
    resemblances: list[Resemblance] = []
    for page, number, candidate in (
        *log.evidence.duplicate_candidates(parsed_page.number, parsed_page.title_key),
        *_iter_waiting_candidates(parsed_page, waiting),
    ):
        if page.key == parsed_page.page or page.vanished_at is not None:
            continue
        value = measure_resemblance(candidate, parsed_page.sketch or b"")
        if number is not None and number == parsed_page.number:
            resemblances.append(Resemblance(page, value, same=value >= SAME_NUMBER))
        elif number is None or parsed_page.number is None:
            on_one_site = number == parsed_page.number and page.source_site == source
            if value >= (SAME_SITE if on_one_site else SAME_NAME):
                resemblances.append(Resemblance(page, value, same=True))
    return max(resemblances, key=lambda one: (one.same, one.value), default=None)


def _iter_waiting_candidates(
    parsed_page: ParsedPage, waiting: Sequence[tuple[Page, ParsedPage]]
) -> Iterator[tuple[Page, str | None, bytes]]:
    for page, other in waiting:
        same_number = other.number is not None and other.number == parsed_page.number
        if (
            same_number or (other.title_key is not None and other.title_key == parsed_page.title_key)
        ) and other.sketch:
            yield page, other.number, other.sketch


def create_sketch(text: str) -> bytes:
    """Return the sketch of a text: its smallest hash values, packed as 32-bit integers."""
    key = "".join(c for c in fold(text).casefold() if c.isalnum())
    data = key.encode("utf-32-le", "surrogatepass")
    step, width = 4, 4 * _SHINGLE
    values = {
        zlib.crc32(data[start : start + width]) * 0x9E3779B1 & 0xFFFFFFFF
        for start in range(0, max(len(data) - width, 0) + 1, step)
    }
    smallest = sorted(values)[:_SKETCH_SIZE]
    return struct.pack(f"<{len(smallest)}I", *smallest)


def measure_resemblance(first: bytes, second: bytes) -> float:
    """Return the resemblance of two sketches, 0.0 to 1.0."""
    a, b = _unpack_values(first), _unpack_values(second)
    union = sorted(a | b)[:_SKETCH_SIZE]
    return sum(value in a and value in b for value in union) / len(union) if union else 0.0


def _unpack_values(packed: bytes) -> set[int]:
    return set(struct.unpack(f"<{len(packed) // 4}I", packed))
