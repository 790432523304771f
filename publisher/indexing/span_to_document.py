"""What the search engine is told of a span: texts, numbers, facets and the two intervals it holds in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from publisher.log.clocks import micros
from publisher.log.model import Dataset, Span
from schemas.cells.values import format_value
from schemas.definition.catalogue import Catalogue, Field, Json
from schemas.reference import administrative_divisions, document_numbers
from search.contract import FOREVER, Document


def document(span: Span, dataset: Dataset, catalogue: Catalogue) -> Document | None:
    """The document of a span, or None where there is nothing to find (withdrawn, erased).

    ``catalogue`` is the one that the span's dataset is kept by. Personal fields never reach the engine:
    a catalogue may have become stricter after a release.
    """
    if span.status != "stated" or not span.content:
        return None
    content = span.content
    texts = {f.name: text for f in _searched(catalogue) if (text := _text(f, content.get(f.name)))}
    own = _numbers(content, catalogue, "document-number")
    day = _day(content.get(catalogue.date_field)) if catalogue.date_field else None
    ordered = (day or span.effective_from).toordinal()
    return Document(
        span=span.id,
        version=span.sequence,
        dataset=span.dataset,
        catalogue=catalogue.name,
        record=span.record,
        revision=span.revision or "",
        title=catalogue.title_of(content),
        texts=texts,
        weights={name: catalogue.by_name[name].searched for name in texts},
        numbers=tuple(dict.fromkeys((*own, *_numbers(content, catalogue, "citations")))),
        own_numbers=len(own),
        facets=_facets(span, dataset, catalogue, year=date.fromordinal(ordered).year),
        effective_from=span.effective_from.toordinal(),
        effective_to=FOREVER if span.effective_to is None else span.effective_to.toordinal(),
        known_from=micros(span.known_from),
        known_to=FOREVER if span.known_to is None else micros(span.known_to),
        date=ordered,
    )


def _searched(catalogue: Catalogue) -> Iterator[Field]:
    return (f for f in catalogue.fields if f.searched > 0 and not f.personal)


def _text(field: Field, value: Json) -> str:
    if value is None or value == "":
        return ""
    return value if isinstance(value, str) else format_value(field, value, "zh")


def _day(value: Json) -> date | None:
    """A partial date (2015, 2015-11) sorts by its release instead."""
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _numbers(content: Mapping[str, Json], catalogue: Catalogue, format_: str) -> tuple[str, ...]:
    """发文字号 in the fields of a format (the record's own, or those that it cites), each once."""
    named = (f.name for f in catalogue.fields if f.format == format_ and not f.personal)
    found = (number for name in named for text in _strings(content.get(name)) for number in _written(text))
    return tuple(dict.fromkeys(found))


def _written(text: str) -> Iterator[str]:
    """The number that a reference is, or that stands in brackets behind its title."""
    if not text.startswith("《"):
        yield from (text,) if text else ()
    elif "号" in text:
        yield from (c.standard for c in document_numbers.find(text) if c.kind != "statute")


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
    """With every ancestor: who asks for 辽宁省 (21) is given 鞍山 (2103) and 千山区 (210311) too."""
    own = [
        code
        for field in catalogue.fields
        if field.format == "division"
        for code in _strings(content.get(field.name))
    ]
    codes = own or ([dataset.division] if dataset.division else [])
    return tuple(dict.fromkeys(part for code in codes for part in administrative_divisions.ancestors(code)))


def _values(content: Mapping[str, Json], name: str | None) -> tuple[str, ...]:
    value = content.get(name) if name else None
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, int):
        return (str(value),)
    return tuple(dict.fromkeys(text for text in _strings(value) if text))
