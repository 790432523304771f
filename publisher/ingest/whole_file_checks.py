"""Checks over a whole file: duplicate items, and counts that titles state."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from publisher.ingest.findings import tables
from publisher.ingest.findings.kind import Finding, Place
from publisher.ingest.parsed_file import ImportedRecord, LeftOut
from schemas.definition.catalogue import Catalogue

_CLAIM = re.compile(r"[（(]\s*(?:共\s*)?(\d{1,6})\s*项\s*[）)]|共(?:计)?\s*(\d{1,6})\s*项")
_MOST_FIELDS = 6


def parse_stated_count(text: str) -> int | None:
    """Return the number of items that a sheet's name or title states: 行政许可（11项） → 11."""
    match = _CLAIM.search(text)
    return int(match[1] or match[2]) if match else None


def check_count(
    title: str, records: Sequence[ImportedRecord], catalogue: Catalogue, place: Place
) -> Finding | None:
    """Compare the number in a title with the records; return a warning where they differ.

    The number of different names is accepted too: an item may have one row per level of government.
    """
    number = parse_stated_count(title)
    if number is None or number == len(records):
        return None
    if number == len({catalogue.title_of(r.content) for r in records}):
        return None
    return tables.COUNT_MISMATCH.at(place, title, claimed=number, counted=len(records))


def leave_out_duplicates(
    records: Sequence[ImportedRecord], catalogue: Catalogue, file: str
) -> tuple[list[ImportedRecord], list[LeftOut], list[Finding]]:
    """Leave out exact copies with a warning; two rows of one identity with different content are errors."""
    first: dict[tuple[str, ...], int] = {}
    unique: list[ImportedRecord] = []
    left_out: list[LeftOut] = []
    findings: list[Finding] = []
    for record in records:
        identity = catalogue.identity_of(record.content)
        index = first.setdefault(identity, len(unique)) if any(identity[1:]) else len(unique)
        if index == len(unique):
            unique.append(record)
            continue
        place = Place(file, record.sheet, record.rows[0])
        sheet = unique[index].sheet
        words: dict[str, object] = {"first": unique[index].rows[0]}
        words |= {"where": f"（{sheet}）" if sheet else "", "where_en": f" ({sheet})" if sheet else ""}
        title = catalogue.title_of(record.content)
        if record.content == unique[index].content:
            left_out += [LeftOut(record.sheet, row, "duplicate", title) for row in record.rows]
            findings.append(tables.DUPLICATE.at(place, title, **words))
            continue
        words |= _describe_difference(unique[index], record, catalogue, identity[0])
        findings.append(tables.CLASH.at(place, title, **words))
        unique[index] = replace(unique[index], in_error=True)
        unique.append(replace(record, in_error=True))
    return unique, left_out, findings


def _describe_difference(
    first: ImportedRecord, second: ImportedRecord, catalogue: Catalogue, alternative: str
) -> dict[str, object]:
    fields = [catalogue.by_name[n] for n in catalogue.identity[int(alternative)]]
    fields_that_differ = [
        f for f in catalogue.fields if first.content.get(f.name) != second.content.get(f.name)
    ]
    more = len(fields_that_differ) > _MOST_FIELDS
    listed_fields = fields_that_differ[:_MOST_FIELDS]
    return {
        "identity": "、".join(f.title for f in fields),
        "identity_en": ", ".join(f.title_en for f in fields),
        "differs": "、".join(f.title for f in listed_fields) + ("等" if more else ""),
        "differs_en": ", ".join(f.title_en for f in listed_fields) + (" and more" if more else ""),
    }
