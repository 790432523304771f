"""The list of statutes as checks read it: its rows by title."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from publisher.checks.check import CheckedRecord, Knowledge, day_in
from schemas.definition.catalogue import Catalogue
from schemas.reference.citations.text_signs import unify_signs

STATUTES = "statutes"
"""Name of the catalogue."""
TITLE = re.compile(r"[《〈]((?:[^《》〈〉]|[《〈][^《》〈〉]*[》〉])+)[》〉]")
_NOT_IN_KEY = re.compile(r"[\s《》〈〉<>＜＞“”\"（）()]|中华人民共和国")


def statute_key(title: str) -> str:
    """Return the form of a title in which the spellings of one statute are equal."""
    return _NOT_IN_KEY.sub("", unify_signs(title))


def rests_on_statutes(catalogue: Catalogue) -> bool:
    """Report whether records rest on what is in force; documents cite what was at their time."""
    return not catalogue.running and bool(catalogue.basis_fields)


def find_rows(
    text: str, knowledge: Knowledge, choose: Callable[[Sequence[CheckedRecord]], CheckedRecord | None]
) -> Mapping[str, CheckedRecord]:
    """Map the titles in a text, by their keys, to the row that ``choose`` takes of theirs, if any."""
    keys = sorted({statute_key(title) for title in TITLE.findall(unify_signs(text))})
    return {key: row for key in keys if (row := choose(knowledge.find(STATUTES, key))) is not None}


def date_of(row: CheckedRecord, field: str) -> date | None:
    """Return the day in a field; None without one."""
    return day_in(row.content.get(field))
