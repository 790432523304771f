"""Text encodings: UTF-8, UTF-16 with a mark, GB 18030 (a superset of GB2312 and GBK), declared Big5."""

from __future__ import annotations

import codecs
import re

from publisher.ingest.findings.files import BINARY, DAMAGED_TEXT
from publisher.ingest.formats.errors import FileNote, ReaderError

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([A-Za-z0-9_-]+)""", re.IGNORECASE)
TOLERATED_DAMAGE = 0.005
"""Share of damaged characters among those outside ASCII: a page cut in the middle of a character."""
CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


COMMON_CHARACTERS = frozenset(
    "的一是不了在人有我他這这中大來来上國国個个到說说們们為为子和以地出道也時时年得就那要下"
)
"""Most common characters of Chinese text, simplified and traditional; rare in wrongly decoded text."""


def decode(data: bytes, header: str = "") -> tuple[str, tuple[FileNote, ...]]:
    """Decode a file, without its byte order mark. Raises :class:`ReaderError` where it is not text.

    ``header``: the charset that the server names. Declarations of the server or the page are trusted for
    Big5 only: pages declared as GB2312 contain characters of GB 18030, and pages declared as GBK are often
    UTF-8. Where one declares Big5 and the other GB, the text decides.
    """
    for mark, name in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _check_text(data[len(mark) :].decode(name, "replace"))
    try:
        return _check_text(data.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    lenient = data.decode("utf-8", "replace")
    if _measure_damage(lenient) <= TOLERATED_DAMAGE:
        return _check_text(lenient)
    declared = CHARSET.search(data[:4096])
    claims = (header.lower(), declared[1].decode("ascii").lower() if declared is not None else "")
    gb = data.decode("gb18030", "replace")
    if any(claim.startswith("big5") for claim in claims):
        big5 = data.decode("big5hkscs", "replace")
        if not any(claim.startswith("gb") for claim in claims) or _count_common(big5) > _count_common(gb):
            return _check_text(big5)
    return _check_text(gb)


def _count_common(text: str) -> int:
    return sum(c in COMMON_CHARACTERS for c in text)


def _measure_damage(text: str) -> float:
    lost = text.count("\ufffd")
    return lost / sum(1 for c in text if c > "\x7f") if lost else 0.0


def _check_text(text: str) -> tuple[str, tuple[FileNote, ...]]:
    """Report damage up to the tolerated share and drop a few control characters; refuse text with many."""
    controls = len(CONTROLS.findall(text))
    if controls * 200 > len(text) or _measure_damage(text) > TOLERATED_DAMAGE:
        raise ReaderError(BINARY)
    damaged = text.count("\ufffd")
    notes = (FileNote(DAMAGED_TEXT, str(damaged), excerpt=_cut_excerpt(text)),) if damaged else ()
    return (CONTROLS.sub("", text) if controls else text), notes


def _cut_excerpt(text: str) -> str:
    place = text.index("\ufffd")
    return text[max(0, place - 20) : place + 20]
