"""Links from the text of a document to the commitments that it makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import msgspec
from markdown_it.token import Token

from publisher.log.commitments.commitment_query import CommitmentQuery
from publisher.log.model import View
from publisher.views.pages.printing import labels
from publisher.views.pages.printing.page_request import Visit
from schemas.words import COMMITMENT_STATUSES

_MOST = 1_000
"""Maximum number of commitments that are linked in one document."""
_PLAIN = str.maketrans("，。；：（）！？“”‘’", ",.;:()!?\"\"''")


class DocumentCommitment(msgspec.Struct, frozen=True):
    """A commitment of the document, in the reader's language."""

    title: str
    address: str
    word: str
    """The derived status."""
    excerpt: str


def of_plan(visit: Visit, number: str, view: View) -> Sequence[DocumentCommitment]:
    """List the commitments of a plan."""
    commitments = visit.service.log.commitments
    batch = commitments.batch(CommitmentQuery(view=view, plans=(number,), limit=_MOST))
    return [
        DocumentCommitment(
            one.title,
            visit.url(f"/commitments/{one.id}"),
            labels.word_for(visit, COMMITMENT_STATUSES, one.status),
            str(one.content.get("excerpt", "")),
        )
        for one in batch.commitments
    ]


class SearchableText:
    """A text to search without regard to blanks and to the width of punctuation."""

    def __init__(self, text: str) -> None:
        self._places = [n for n, character in enumerate(text) if not character.isspace()]
        self._plain = "".join(text.split()).translate(_PLAIN)

    def find(self, words: str) -> tuple[int, int] | None:
        """Return start and end of words; None if they do not occur."""
        plain = fold(words)
        start = self._plain.find(plain) if plain else -1
        return None if start < 0 else (self._places[start], self._places[start + len(plain) - 1] + 1)

    def contains(self, folded: str) -> bool:
        """Test whether words occur. ``folded``: by :func:`fold`."""
        return bool(folded) and folded in self._plain


def fold(words: str) -> str:
    """Return words without blanks, with narrow punctuation, and without the mark that ends a sentence."""
    return "".join(words.split()).translate(_PLAIN).rstrip(".;,")


def link_commitments(tokens: Sequence[Token], commitments: Iterable[DocumentCommitment]) -> None:
    """Append a link to the first paragraph that contains each commitment."""
    paragraphs = [
        (token, SearchableText(token.content))
        for before, token in pairwise(tokens)
        if before.type == "paragraph_open"
    ]
    for commitment in commitments:
        sentence, title = fold(commitment.excerpt), fold(commitment.title)
        for token, text in paragraphs:
            if text.contains(sentence) or text.contains(title):
                token.children = [*(token.children or []), *_link(commitment)]
                break


def _link(commitment: DocumentCommitment) -> Iterator[Token]:
    blank, text = Token("text", "", 0), Token("text", "", 0)
    blank.content, text.content = " ", f"〔{commitment.title}：{commitment.word}〕"
    opening = Token("link_open", "a", 1)
    opening.attrSet("href", commitment.address)
    yield from (blank, opening, text, Token("link_close", "a", -1))
