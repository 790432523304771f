"""Checks over a whole file: duplicate items, and counts that titles state."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from msgspec import structs

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
    """Leave out exact copies with a warning; two rows of one identity with different content are errors.

    A row without a name has an error of its own and clashes with none. Copies are equal in every column, also
    in those that are not read.
    """
    identities = [catalogue.identity_of(record.content) for record in records]
    records, findings = _separate_shared_codes(records, identities, catalogue, file)
    first: dict[tuple[str, ...], int] = {}
    unique: list[ImportedRecord] = []
    left_out: list[LeftOut] = []
    for record, own_identity in zip(records, identities, strict=True):
        identity = record.identity or own_identity
        title = catalogue.title_of(record.content)
        index = first.setdefault(identity, len(unique)) if title and any(identity[1:]) else len(unique)
        if index == len(unique):
            unique.append(record)
            continue
        place = Place(file, record.sheet, record.rows[0])
        words = _refer_to(unique[index])
        if record.content == unique[index].content and record.unread == unique[index].unread:
            left_out += [LeftOut(record.sheet, row, "duplicate", title) for row in record.rows]
            findings.append(tables.DUPLICATE.at(place, title, **words))
            continue
        alternative = int(identity[0])  # see Catalogue.identity_of
        words |= _describe_difference(unique[index], record, catalogue, alternative)
        findings.append(tables.CLASH.at(place, title, **words))
        unique[index] = structs.replace(unique[index], in_error=True)
        unique.append(structs.replace(record, in_error=True))
    return unique, left_out, findings


def _refer_to(record: ImportedRecord) -> dict[str, object]:
    sheet = record.sheet
    where = {"where": f"（{sheet}）" if sheet else "", "where_en": f" ({sheet})" if sheet else ""}
    return {"first": record.rows[0], **where}


def _separate_shared_codes(
    records: Sequence[ImportedRecord], identities: Sequence[tuple[str, ...]], catalogue: Catalogue, file: str
) -> tuple[Sequence[ImportedRecord], list[Finding]]:
    """Identify records by name where several items have one code, with a warning for each but the first.

    A clerk cannot change the code that a higher body gave.
    """
    if len(catalogue.identity) < 2:
        return records, []
    by_code: dict[tuple[str, ...], list[int]] = defaultdict(list)
    last = str(len(catalogue.identity) - 1)
    for position, (record, identity) in enumerate(zip(records, identities, strict=True)):
        if identity[0] != last and catalogue.title_of(record.content):
            by_code[identity].append(position)
    separate = list(records)
    findings: list[Finding] = []
    for code, positions in by_code.items():
        if len(positions) < 2:
            continue
        names = {p: catalogue.identities_of(records[p].content)[1] for p in positions}
        if len(set(names.values())) < 2:
            continue
        for position, name in names.items():
            record = separate[position] = structs.replace(records[position], identity=name)
            other = next(p for p in positions if names[p] != name)
            if position > positions[0]:
                place = Place(file, record.sheet, record.rows[0])
                words = _refer_to(records[other]) | {"code": code[1]}
                findings.append(tables.CODE_SHARED.at(place, code[1], **words))
    return separate, findings


def _describe_difference(
    first: ImportedRecord, second: ImportedRecord, catalogue: Catalogue, alternative: int
) -> dict[str, object]:
    fields = [catalogue.by_name[n] for n in catalogue.identity[alternative]]
    fields_that_differ = [
        f for f in catalogue.fields if first.content.get(f.name) != second.content.get(f.name)
    ]
    others = dict(first.unread).items() ^ dict(second.unread).items()
    columns = sorted({heading for heading, _ in others if heading})
    differing = [(f.title, f.title_en) for f in fields_that_differ]
    differing += [(f"{heading}（未读入的列）", f"{heading} (not read)") for heading in columns]
    more = len(differing) > _MOST_FIELDS
    zh, en = (
        zip(*differing[:_MOST_FIELDS], strict=True) if differing else (("未读入的列",), ("columns not read",))
    )
    return {
        "identity": "、".join(f.title for f in fields),
        "identity_en": ", ".join(f.title_en for f in fields),
        "differs": "、".join(zh) + ("等" if more else ""),
        "differs_en": ", ".join(en) + (" and more" if more else ""),
    }
