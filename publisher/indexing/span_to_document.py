"""Conversion of a span to a search document: texts, numbers, facets and its two intervals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from publisher.log.clocks import micros
from publisher.log.log import Log
from publisher.log.model import Dataset, Span
from schemas.cells.value_texts import format_value
from schemas.definition.catalogue import Catalogue, Field, Json
from schemas.reference import administrative_divisions, document_numbers
from search.contract import FOREVER, Document


def build_document(span: Span, dataset: Dataset, catalogue: Catalogue) -> Document | None:
    """Build the document of a span, or None for a span without content.

    Of a withdrawn record only the title is searched: what it said must not be announced again.
    ``catalogue``: the current one of the span's dataset. Personal fields are never indexed, because a
    catalogue may declare more personal fields after a release.
    """
    if not (span.title if span.status == "withdrawn" else span.content):
        return None
    content = span.content
    texts = {f.name: text for f in _searched_fields(catalogue) if (text := _text(f, content.get(f.name)))}
    numbers = _numbers(content, catalogue, "document-number")
    # The number of a document. Of an item of a decision or a plan it is that of the text it comes from.
    own = numbers if any(_identifies(f, catalogue) for f in catalogue.fields) else ()
    day = _day(content.get(catalogue.date_field)) if catalogue.date_field else None
    ordered = (day or span.effective_from).toordinal()
    return Document(
        span=span.id,
        version=span.sequence,
        dataset=span.dataset,
        catalogue=catalogue.name,
        record=span.record,
        revision=span.revision or "",
        title=span.title,
        texts=texts,
        weights={name: catalogue.by_name[name].searched for name in texts},
        numbers=tuple(dict.fromkeys((*numbers, *_numbers(content, catalogue, "citations")))),
        own_numbers=len(own),
        facets=_facets(span, dataset, catalogue, year=date.fromordinal(ordered).year),
        effective_from=span.effective_from.toordinal(),
        effective_to=FOREVER if span.effective_to is None else span.effective_to.toordinal(),
        known_from=micros(span.known_from),
        known_to=FOREVER if span.known_to is None else micros(span.known_to),
        date=ordered,
        status="current" if span.status == "stated" else span.status,
    )


class DocumentBuilder:
    """Builds documents by the current catalogue of each dataset."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._by_dataset: dict[str, tuple[Dataset, Catalogue]] = {}

    def document(self, span: Span) -> Document | None:
        """Build the document of a span, as :func:`build_document` does."""
        if span.dataset not in self._by_dataset:
            own = self._log.datasets.get(span.dataset), self._log.queries.catalogue(span.dataset)
            self._by_dataset[span.dataset] = own
        return build_document(span, *self._by_dataset[span.dataset])


def _identifies(field: Field, catalogue: Catalogue) -> bool:
    return field.format == "document-number" and (field.name,) in map(tuple, catalogue.identity)


def _searched_fields(catalogue: Catalogue) -> Iterator[Field]:
    return (f for f in catalogue.fields if f.searched > 0 and not f.personal)


def _text(field: Field, value: Json) -> str:
    if value is None or value == "":
        return ""
    return value if isinstance(value, str) else format_value(field, value, "zh")


def _day(value: Json) -> date | None:
    """Parse a date; None if there is none."""
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _numbers(content: Mapping[str, Json], catalogue: Catalogue, format_: str) -> tuple[str, ...]:
    """Return the unique 发文字号 in fields of a format: the record's own, or those that it cites."""
    names = (f.name for f in catalogue.fields if f.format == format_ and not f.personal)
    numbers = (
        number
        for name in names
        for text in _strings(content.get(name))
        for number in _numbers_of_reference(text)
    )
    return tuple(dict.fromkeys(numbers))


def _numbers_of_reference(text: str) -> Iterator[str]:
    """Yield the number of a reference: the whole text, or the number in brackets after its title."""
    if not text.startswith("《"):
        yield from (text,) if text else ()
    elif "号" in text:
        yield from (c.standard for c in document_numbers.find_citations(text) if c.kind != "statute")


def _strings(value: Json) -> Iterable[str]:
    if isinstance(value, str):
        return (value,)
    return (item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _facets(span: Span, dataset: Dataset, catalogue: Catalogue, *, year: int) -> dict[str, tuple[str, ...]]:
    content = span.content
    body = _values(content, catalogue.body_field) or ((dataset.body,) if dataset.body else ())
    facets = {
        "dataset": (span.dataset,),
        "body": body,
        "type": _values(content, catalogue.type_field),
        "division": _divisions(content, dataset, catalogue),
        "year": (str(year),),
    }
    for field in catalogue.fields:
        if field.facet and not field.personal and field.name not in facets:
            facets[field.name] = _values(content, field.name)
    return {name: values for name, values in facets.items() if values}


def _divisions(content: Mapping[str, Json], dataset: Dataset, catalogue: Catalogue) -> tuple[str, ...]:
    """Return divisions with all ancestors, so that 辽宁省 (21) also finds 鞍山 (2103) and 千山区 (210311)."""
    own = [
        code
        for field in catalogue.fields
        if field.format == "division" and not field.personal
        for code in _strings(content.get(field.name))
    ]
    codes = own or ([dataset.division] if dataset.division else [])
    return tuple(
        dict.fromkeys(part for code in codes for part in administrative_divisions.list_ancestors(code))
    )


def _values(content: Mapping[str, Json], name: str | None) -> tuple[str, ...]:
    value = content.get(name) if name else None
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, int):
        return (str(value),)
    return tuple(dict.fromkeys(text for text in _strings(value) if text))
