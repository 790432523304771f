"""Checks of one record's values: required fields, limits, legal basis, personal data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from publisher.ingest import personal_data
from publisher.ingest.exceeded_limits import find_exceeded_limits
from publisher.ingest.findings import rows, tables
from publisher.ingest.findings.kind import Finding, Place
from publisher.ingest.parsed_file import ImportedRecord
from publisher.ingest.record_builder import states_no_basis
from schemas.definition.catalogue import Catalogue, Content, Field, Json

type PlaceOfField = Callable[[str | None], Place]


def check_content(content: Content, catalogue: Catalogue, place: PlaceOfField) -> Iterator[Finding]:
    """Check the content of a record that no file contains, such as a correction by hand."""
    for field in catalogue.fields:
        if field.required and field.name not in content:
            yield tables.REQUIRED_MISSING.at(place(field.name), title=field.title)
    for name, promised, statutory in find_exceeded_limits(content):
        yield tables.LIMIT_EXCEEDED.at(place(name), promised, promised=promised, statutory=statutory)
    yield from check_basis(content, catalogue, place)
    yield from check_personal_data(content, catalogue, place)


def check_basis(content: Content, catalogue: Catalogue, place: PlaceOfField) -> Iterator[Finding]:
    """Report a record without the legal basis that its catalogue requires."""
    name = catalogue.basis_field
    if name is not None and states_no_basis(content.get(name)):
        yield rows.BASIS_MISSING.at(place(name), title=catalogue.by_name[name].title)


def check_personal_data(content: Content, catalogue: Catalogue, place: PlaceOfField) -> Iterator[Finding]:
    """Report personal data in any value, except in fields with the contacts of an office."""
    for name, value in content.items():
        field = catalogue.by_name.get(name)
        if field is None or field.contact or isinstance(value, (bool, int)) or value is None:
            continue
        for text in _texts(value):
            for one in personal_data.find_personal_texts(text, in_code=_is_code(field)):
                yield rows.PERSONAL_DATA.at(place(name), one.masked, kind=one.kind, title=field.title)


def contains_personal_data(content: Content, catalogue: Catalogue) -> bool:
    """Report whether :func:`check_personal_data` reports anything."""
    return _may_be_personal(content, _codes(catalogue)) and any(
        check_personal_data(content, catalogue, lambda _: Place(""))
    )


def check_records(records: Sequence[ImportedRecord], catalogue: Catalogue, file: str) -> Iterator[Finding]:
    """Check each record as a whole: its basis and personal data. Each finding names row and column.

    A blank basis in a table was reported by the record builder, which knows the columns. A guard of
    publication reports a list without any basis (:mod:`publisher.workflow.publication_guards`).
    """
    name = catalogue.basis_field
    has_basis = name is not None and not all(states_no_basis(record.content.get(name)) for record in records)
    codes = _codes(catalogue)
    for record in records:

        def place(name: str | None, record: ImportedRecord = record) -> Place:
            return _place(record, catalogue, file, name)

        if has_basis and not record.cells:
            yield from check_basis(record.content, catalogue, place)
        if _may_be_personal(record.content, codes):
            yield from check_personal_data(record.content, catalogue, place)


_SHORTEST_IDENTITY = 15


def _may_be_personal(content: Content, codes: frozenset[str]) -> bool:
    """Test a whole record at once for signs of personal data. Most records have none."""
    texts = []
    for name, value in content.items():
        if isinstance(value, str):
            if name not in codes:
                texts.append(value)
            elif len(value) >= _SHORTEST_IDENTITY:
                return True
        elif isinstance(value, list):
            texts += _texts(value)
    return personal_data.CANDIDATE.search("\n".join(texts)) is not None


def _place(record: ImportedRecord, catalogue: Catalogue, file: str, name: str | None) -> Place:
    column = None
    if name is not None:
        letters = record.cells.get(name, "").rstrip("0123456789")
        column = f"{letters} {catalogue.by_name[name].title}".strip()
    return Place(file, record.sheet or None, record.rows[0], column)


def _codes(catalogue: Catalogue) -> frozenset[str]:
    return frozenset(field.name for field in catalogue.fields if _is_code(field))


def _is_code(field: Field) -> bool:
    return field.format in ("code", "document-number", "division")


def _texts(value: Json) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _texts(item)
        case dict():
            for name, item in value.items():
                if name not in ("url", "sha256", "size"):
                    yield from _texts(item)
