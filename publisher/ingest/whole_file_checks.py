"""What can only be seen over a whole file: rows that are one item twice, and counts that titles claim."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from publisher.ingest.findings import tables
from publisher.ingest.findings.kind import Finding, Place
from publisher.ingest.parsed_file import ImportedRecord, LeftOut
from schemas.definition.catalogue import Catalogue

_CLAIM = re.compile(r"[（(]\s*(?:共\s*)?(\d{1,6})\s*项\s*[）)]|共(?:计)?\s*(\d{1,6})\s*项")
_MOST_NAMED = 6


def claimed(text: str) -> int | None:
    """The number of items that a sheet's name or title speaks of: 行政许可（11项） → 11."""
    found = _CLAIM.search(text)
    return int(found[1] or found[2]) if found else None


def count(
    title: str, records: Sequence[ImportedRecord], catalogue: Catalogue, place: Place
) -> Finding | None:
    """A warning where a title's number is neither that of the records nor that of their different names.

    One item may stand in several rows, one for each level of government, and be counted once.
    """
    number = claimed(title)
    if number is None or number == len(records):
        return None
    if number == len({catalogue.title_of(r.content) for r in records}):
        return None
    return tables.COUNT_MISMATCH.at(place, title, claimed=number, counted=len(records))


def duplicates(
    records: Sequence[ImportedRecord], catalogue: Catalogue, file: str
) -> tuple[list[ImportedRecord], list[LeftOut], list[Finding]]:
    """Exact copies are left out with a warning; two rows of one identity and other content are errors."""
    first: dict[tuple[str, ...], int] = {}
    kept: list[ImportedRecord] = []
    left_out: list[LeftOut] = []
    made: list[Finding] = []
    for record in records:
        identity = catalogue.identity_of(record.content)
        at = first.setdefault(identity, len(kept)) if any(identity[1:]) else len(kept)
        if at == len(kept):
            kept.append(record)
            continue
        place = Place(file, record.sheet, record.rows[0])
        sheet = kept[at].sheet
        words: dict[str, object] = {"first": kept[at].rows[0]}
        words |= {"where": f"（{sheet}）" if sheet else "", "where_en": f" ({sheet})" if sheet else ""}
        title = catalogue.title_of(record.content)
        if record.content == kept[at].content:
            left_out += [LeftOut(record.sheet, row, "duplicate", title) for row in record.rows]
            made.append(tables.DUPLICATE.at(place, title, **words))
            continue
        words |= _difference(kept[at], record, catalogue, identity[0])
        made.append(tables.CLASH.at(place, title, **words))
        kept[at] = replace(kept[at], in_error=True)
        kept.append(replace(record, in_error=True))
    return kept, left_out, made


def _difference(
    one: ImportedRecord, other: ImportedRecord, catalogue: Catalogue, alternative: str
) -> dict[str, object]:
    fields = [catalogue.by_name[n] for n in catalogue.identity[int(alternative)]]
    differ = [f for f in catalogue.fields if one.content.get(f.name) != other.content.get(f.name)]
    more = len(differ) > _MOST_NAMED
    shown = differ[:_MOST_NAMED]
    return {
        "identity": "、".join(f.title for f in fields),
        "identity_en": ", ".join(f.title_en for f in fields),
        "differs": "、".join(f.title for f in shown) + ("等" if more else ""),
        "differs_en": ", ".join(f.title_en for f in shown) + (" and more" if more else ""),
    }
