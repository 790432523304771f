"""Characters: folding width and spaces, and the key by which two headings are the same."""

from __future__ import annotations

import unicodedata
from functools import lru_cache


@lru_cache(maxsize=4096)
def heading_key(text: str) -> str:
    """A heading without what varies between files: width, case, spaces, newlines, punctuation and signs."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if unicodedata.category(c)[0] not in "ZCPS")
