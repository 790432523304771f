"""Document numbers above a table: in its titles, or on a line by themselves in the document around it."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.reference.document_numbers import Citation, find_citations

_LINES_OF_HEAD = 6
"""Least lines of a letter above its first table: number, title, addressee, text, signature, date."""


def find_numbers(titles: Iterable[str]) -> list[str]:
    """Return the different document numbers in titles."""
    return list(dict.fromkeys(one.standard for title in titles for one in _documents(title)))


def find_numbers_alone(lines: Iterable[str]) -> list[str]:
    """Return the different document numbers that have a line to themselves."""
    texts = (text.strip(" \t\u3000()（）") for text in lines if len(text) < 60)
    citations = ((text, one) for text in texts for one in _documents(text))
    return list(
        dict.fromkeys(one.standard for text, one in citations if (one.start, one.end) == (0, len(text)))
    )


def heads_letter(text: str) -> bool:
    """Test for a number on a line by itself in a letter above the tables of a document."""
    lines = [line for line in text.partition("\t")[0].split("\n")[:-1] if line.strip()]
    return len(lines) >= _LINES_OF_HEAD and bool(find_numbers_alone(lines))


def _documents(text: str) -> Iterable[Citation]:
    return (one for one in find_citations(text) if one.kind == "document")
