"""The documents of a basis: what the site has of them, and which are older than the period of publication.

Regulations on open government information (政府信息公开条例, 2019), article 26: information is made public
within 20 working days from the day on which it came about or changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date

import msgspec

from publisher.log.log import Log
from publisher.log.model import LogError
from publisher.workflow.publication_guards import split_basis
from schemas.reference.document_numbers import Citation, parse_number
from schemas.reference.working_days import count_working_days

MOST_WORKING_DAYS = 20


class LateBasis(msgspec.Struct, frozen=True):
    """A basis that is older than the period, in the words for a clerk."""

    number: str
    zh: str
    en: str


def find_late_bases(log: Log, basis: str, today: date) -> Iterator[LateBasis]:
    """Yield the documents of a basis that are older than the period.

    The day is that of the document that the site publishes. For any other document only the year
    of its number is known: it is late if the last day of that year is.
    """
    for citation in _cited_numbers(basis):
        written_on = _day_of(log, citation.standard)
        if written_on is None and citation.year is None:
            continue
        start = written_on or date(citation.year or date.max.year, 12, 31)
        days = count_working_days(start, today, most=MOST_WORKING_DAYS + 1)
        if days.count > MOST_WORKING_DAYS:
            yield _describe(citation.standard, start, days.unknown_years, is_known=written_on is not None)


class BasisDocument(msgspec.Struct, frozen=True):
    """A document of a basis, and what the site has of it."""

    number: str
    title: str
    """Empty: no list of the site contains it."""
    key: str
    """Key of its page, ``/works/{key}``."""


def find_basis_documents(log: Log, basis: str) -> Iterator[BasisDocument]:
    """Yield each document number of a basis with the document that the site publishes under it."""
    for citation in _cited_numbers(basis):
        document = BasisDocument(citation.standard, "", "")
        with suppress(LogError):  # nothing ever named it
            work = log.graph.work(citation.standard)
            document = BasisDocument(citation.standard, work.title if work.records else "", work.key)
        yield document


def _cited_numbers(basis: str) -> Iterator[Citation]:
    for piece in split_basis(basis):
        number = parse_number(piece)
        if number is not None:
            yield number


def _describe(number: str, start: date, unknown_years: Sequence[int], *, is_known: bool) -> LateBasis:
    """Describe a late basis. ``is_known``: the day itself is known, not only its year."""
    zh = f"{start.year}年{start.month}月{start.day}日" if is_known else f"{start.year}年"
    en = f"{start}" if is_known else f"{start.year}"
    years = "、".join(map(str, unknown_years))
    return LateBasis(
        number,
        f"依据{number}成文于{zh}，距今已超过{MOST_WORKING_DAYS}个工作日。政府信息应当自形成之日起"
        f"{MOST_WORKING_DAYS}个工作日内公开（政府信息公开条例第二十六条），请核对。"
        + (f"尚无{years}年的放假安排，按周一至周五计。" if years else ""),
        f"The basis {number} is of {en}, more than {MOST_WORKING_DAYS} working days ago. Information is "
        f"to be published within {MOST_WORKING_DAYS} working days (政府信息公开条例, article 26). Check it."
        + (f" The holidays of {years} are not known: every weekday was counted." if years else ""),
    )


def _day_of(log: Log, number: str) -> date | None:
    """Return the day on which a document that the site publishes was written; None if it has none."""
    with suppress(LogError):  # nothing ever named it
        for record in log.graph.work(number).records:
            catalogue = log.queries.catalogue(record.dataset)
            text = record.content.get(catalogue.date_field or "")
            if catalogue.of_documents and isinstance(text, str):
                return date.fromisoformat(text)
    return None
