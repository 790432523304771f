"""Bytes → text: UTF-8, UTF-16 with its mark, GB 18030 (which holds GB2312 and GBK), declared Big5."""

from __future__ import annotations

import codecs
import re

from publisher.ingest.findings.files import BINARY, DAMAGED_TEXT
from publisher.ingest.formats.errors import Note, ReaderError

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
DECLARED = re.compile(rb"""charset\s*=\s*["']?\s*([A-Za-z0-9_-]+)""")
TOLERATED = 0.005
"""Share of damaged characters among those outside ASCII: a page cut in the middle of a character."""
CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


COMMON = frozenset("的一是不了在人有我他這这中大來来上國国個个到說说們们為为子和以地出道也時时年得就那要下")
"""Characters that a Chinese text is full of, in either writing; a wrong decoding hits them by chance only."""


def decode(data: bytes, header: str = "") -> tuple[str, tuple[Note, ...]]:
    """The text, without byte order mark. Raises :class:`ReaderError` where it is no text.

    ``header`` is the charset that the server names. What it or the page declares is believed for Big5
    only: pages that claim GB2312 hold characters of GB 18030, and pages that claim GBK are often UTF-8.
    Where one of the two says Big5 and the other GB, the text decides.
    """
    for mark, name in MARKS:
        if data.startswith(mark):
            return _checked(data[len(mark) :].decode(name, "replace"))
    try:
        return _checked(data.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    lenient = data.decode("utf-8", "replace")
    if _share(lenient) <= TOLERATED:
        return _checked(lenient)
    declared = DECLARED.search(data[:4096])
    claims = (header.lower(), declared[1].decode("ascii").lower() if declared is not None else "")
    gb = data.decode("gb18030", "replace")
    if any(claim.startswith("big5") for claim in claims):
        big5 = data.decode("big5hkscs", "replace")
        if not any(claim.startswith("gb") for claim in claims) or _common(big5) > _common(gb):
            return _checked(big5)
    return _checked(gb)


def _common(text: str) -> int:
    return sum(c in COMMON for c in text)


def _share(text: str) -> float:
    lost = text.count("\ufffd")
    return lost / sum(1 for c in text if c > "\x7f") if lost else 0.0


def _checked(text: str) -> tuple[str, tuple[Note, ...]]:
    """Damage up to the tolerated share is noted; a few control characters are dropped, many are no text."""
    controls = len(CONTROLS.findall(text))
    if controls * 200 > len(text) or _share(text) > TOLERATED:
        raise ReaderError(BINARY)
    damaged = text.count("\ufffd")
    notes = (Note(DAMAGED_TEXT, str(damaged), found=_around(text)),) if damaged else ()
    return (CONTROLS.sub("", text) if controls else text), notes


def _around(text: str) -> str:
    place = text.index("\ufffd")
    return text[max(0, place - 20) : place + 20]
