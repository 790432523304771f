"""Documents and statutes in the field of bases of a record, with the level of their issuers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal

import msgspec

from publisher.checks.check import CheckedRecord, texts_of
from publisher.checks.known_statutes import TITLE
from publisher.ingest.findings.kind import Cite
from schemas.reference.document_numbers import Citation, find_citations
from schemas.reference.issuers import Issuer, find_issuer

type Nature = Literal["statute", "order", "document", "unknown"]

_DOCUMENT_TITLE = re.compile(r"(?:通知|意见|复函|批复|函|方案|通告|纪要|请示|报告)(?:（[^（）]*）)?$")
_TEXTS = 1024


class CitedDocument(msgspec.Struct, frozen=True):
    """A basis: a statute, an order, or a document with or without its number.

    ``title`` is empty for a number alone, ``number`` for a title alone.
    """

    nature: Nature
    title: str
    number: str
    code: str
    issuer: Issuer
    item: int | None
    start: int
    end: int


def _basis_texts(record: CheckedRecord) -> Iterator[tuple[int | None, str]]:
    """Yield the texts of the record's field of bases, each with its number if the field is a list."""
    field = record.catalogue.basis_field
    return texts_of(record.content.get(field)) if field else iter(())


def cited_documents(record: CheckedRecord) -> list[CitedDocument]:
    """List what the record's field of bases cites, in order; empty if the field is blank."""
    return [document for item, text in _basis_texts(record) for document in _read_cell(text, item)]


def names_a_statute(record: CheckedRecord) -> bool:
    """Test whether the field names a title that is not that of a document below a statute, such as a 通知.

    It costs less than to find all citations.
    """
    titles = (title for _, text in _basis_texts(record) for title in TITLE.findall(text))
    return any(not _DOCUMENT_TITLE.search(title) for title in titles)


def cite_document(record: CheckedRecord, document: CitedDocument, role: str = "basis") -> Cite:
    return record.cite(role, record.catalogue.basis_field or "", document.start, document.end, document.item)


def has_unread_text(record: CheckedRecord, documents: Sequence[CitedDocument]) -> bool:
    """Test whether the field has words before, between or after the documents that were found in it."""
    for item, text in _basis_texts(record):
        ends = [0, *(document.end for document in documents if document.item == item)]
        starts = [*(document.start for document in documents if document.item == item), len(text)]
        if any(_is_prose(text[end:start]) for end, start in zip(ends, starts, strict=True)):
            return True
    return False


def _is_prose(text: str) -> bool:
    return len(re.sub(r"[\W\d_]|[一二三四五六七八九十]|号|附件|依据|文件", "", text)) > 1


@lru_cache(maxsize=_TEXTS)
def _read_cell(text: str, item: int | None) -> tuple[CitedDocument, ...]:
    return tuple(_documents(text, item))


def _documents(text: str, item: int | None) -> Iterator[CitedDocument]:
    citations = find_citations(text)
    position = 0
    while position < len(citations):
        first = citations[position]
        following = citations[position + 1] if position + 1 < len(citations) else None
        if first.kind == "statute" and following is not None and _is_number_of(text, first, following):
            yield _document(first.title, following, item, first.start, following.end)
            position += 2
            continue
        yield _document(first.title, first, item, first.start, first.end)
        position += 1


def _is_number_of(text: str, title: Citation, number: Citation) -> bool:
    """Test whether a number is in brackets after a title: 《…的通知》（财综〔2004〕60号）."""
    return number.kind != "statute" and text[title.end : number.start].strip() in {"（", "("}


def _document(title: str, number: Citation, item: int | None, start: int, end: int) -> CitedDocument:
    standard = number.standard if number.kind != "statute" else ""
    issuer = find_issuer(number.issuer) if number.kind == "document" else Issuer()
    nature: Nature = "unknown"
    if number.kind == "order":
        nature = "order"
    elif number.kind == "document":
        nature = "document"
    elif title:
        nature = "document" if _DOCUMENT_TITLE.search(title) else "statute"
    code = number.issuer if number.kind != "statute" else ""
    return CitedDocument(nature, title, standard, code, issuer, item, start, end)
