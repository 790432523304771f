"""Passages of a document: the stretches of its text of which each gets a vector."""

from __future__ import annotations

import re
from collections.abc import Iterator

from search.chinese.analyzer import Analyzer
from search.contract import Document

LONGEST_PASSAGE = 320
"""Characters of a passage. With its title it stays below the 512 tokens that the model reads."""

LONGEST_TITLE = 64
"""Characters of the title in front of each passage."""

MOST_PASSAGES = 8
"""Passages of a document, from its beginning, where a document states its subject."""

_ARTICLE = re.compile("第[0-9〇零一二三四五六七八九十百千之]+条$")
"""The number of an article of a law, in its title or in a field of its own."""
_SHORTEST = LONGEST_PASSAGE // 2
_ENDS = (re.compile(r"\n"), re.compile(r"[。;!?]"), re.compile(r"[,、:]"))
"""Places to cut at, the best first. Folding has made the signs half-width."""


def list_passages(document: Document, analyzer: Analyzer) -> list[str]:
    """List the passages of a document, folded as queries are, each with the title in front.

    The title of an item is also a passage of its own, as it states what the item is; articles of a law share
    theirs. The model knows simplified characters and small letters only.
    """
    title = analyzer.fold_text(document.title)[:LONGEST_TITLE].strip()
    texts = [analyzer.fold_text(t).strip() for t in document.texts.values() if t != document.title]
    parts = list(_cut("\n".join(texts)[: LONGEST_PASSAGE * MOST_PASSAGES]))[:MOST_PASSAGES]
    is_article = _ARTICLE.search(title) or any(_ARTICLE.fullmatch(text) for text in texts)
    alone = [title] if title and not (parts and is_article) else []
    return alone + [f"{title}\n{part}" for part in parts]


def _cut(text: str) -> Iterator[str]:
    """Cut at the end of a line, else of a sentence, else of a clause, in the second half of a passage."""
    while len(text) > LONGEST_PASSAGE:
        end = _last_end(text)
        if part := text[:end].strip():
            yield part
        text = text[end:]
    if part := text.strip():
        yield part


def _last_end(text: str) -> int:
    for sign in _ENDS:
        ends = [match.end() for match in sign.finditer(text, _SHORTEST, LONGEST_PASSAGE)]
        if ends:
            return ends[-1]
    return LONGEST_PASSAGE
