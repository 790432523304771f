"""Categories, authors and enclosures of a feed entry."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from feeds.change import ChangeItem
from feeds.feed import Category, Link
from feeds.value_direction import directions
from schemas.definition.catalogue import Catalogue, Content, Json
from schemas.reference import administrative_divisions
from schemas.words import DIRECTIONS, KINDS

_MAX_CATEGORIES = 20
"""Maximum values of one field that become categories. A document has only a few topics."""


def content_of_change(item: ChangeItem) -> Content:
    """Return the record's content after the change; for a removed record, its last content."""
    return (item.before if item.kind == "removed" else item.after) or {}


def categories(item: ChangeItem, base: str) -> tuple[Category, ...]:
    """List the categories of a change: kind, directions of fees and limits, dataset, and facet values.

    Facets have the scheme ``{base}/facets/{name}``. A term is a value that the filter of
    that name accepts. Hidden content has only kind and dataset.
    """
    entry_categories = [Category(item.kind, f"{base}/kinds", KINDS[item.kind].zh)]
    if not item.hidden:
        entry_categories += [
            Category(term, f"{base}/kinds", DIRECTIONS[term].zh) for term in directions(item)
        ]
    entry_categories.append(Category(item.dataset, f"{base}/facets/dataset", item.dataset_title))
    if not item.hidden:
        entry_categories += _content_categories(item, base)
    return tuple(entry_categories)


def _content_categories(item: ChangeItem, base: str) -> Iterator[Category]:
    for facet, term, label in facet_terms(content_of_change(item), item.catalogue, item.division):
        yield Category(term, f"{base}/facets/{facet}", label)


def facet_terms(
    content: Content, catalogue: Catalogue, division: str | None, body: str = ""
) -> Iterator[tuple[str, str, str]]:
    """Yield (facet, value, label) of a record. ``division`` and ``body`` are defaults if it has none."""
    for facet, name in (("body", catalogue.body_field), ("type", catalogue.type_field)):
        values = _values(content.get(name)) if name else ()
        for value in values or ((body,) if body and facet == "body" else ()):
            yield facet, value, value
    places, others = _facets(catalogue)
    codes = [code for name in places for code in _values(content.get(name))] or [division or ""]
    for code in dict.fromkeys(codes):
        if (place := _place(code)) is not None:
            yield ("division", *place)
    for name in others:
        for value in _values(content.get(name)):
            yield name, value, value


@lru_cache(256)
def _facets(catalogue: Catalogue) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """List the fields that contain a division, and the other facet fields."""
    places = tuple(f.name for f in catalogue.fields if f.format == "division" and not f.personal)
    covered = {catalogue.body_field, catalogue.type_field, *places}
    others = (f.name for f in catalogue.fields if f.facet and not f.personal and f.name not in covered)
    return places, tuple(others)


@lru_cache(4_096)
def _place(code: str) -> tuple[str, str] | None:
    """Return six digits and full name of a division; None for an unknown code."""
    return (
        (administrative_divisions.pad_code(code), administrative_divisions.full_name_of(code))
        if administrative_divisions.name_of(code)
        else None
    )


def _values(value: Json) -> tuple[str, ...]:
    """List the texts of a value. Booleans are dropped, since they mean nothing without their heading."""
    items = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(i for i in items[:_MAX_CATEGORIES] if isinstance(i, str) and i))


def authors(item: ChangeItem) -> tuple[str, ...]:
    """List the body responsible for the change and, for a document, the bodies that issued it."""
    return tuple(dict.fromkeys((item.responsible_body, *issuers(item))))


def issuers(item: ChangeItem) -> tuple[str, ...]:
    """List the issuing bodies of a document; none for other records or hidden content."""
    field = item.catalogue.body_field
    if field is None or not item.catalogue.of_documents or item.hidden:
        return ()
    return _values(content_of_change(item).get(field))


def enclosures(item: ChangeItem) -> tuple[Link, ...]:
    """List the files of a record (fields of the type ``files``) that have a web address."""
    content = content_of_change(item)
    file_lists = (content.get(f.name) for f in item.catalogue.fields if f.type == "files" and not f.personal)
    return tuple(link for files in file_lists if isinstance(files, list) for link in _enclosures(files))


def _enclosures(files: list[Json]) -> Iterator[Link]:
    for file in files:
        if not isinstance(file, dict):
            continue
        url, size = file.get("url"), file.get("size")
        if isinstance(url, str) and url.lower().startswith(("http://", "https://")):
            name, media = file.get("name"), file.get("media_type")
            yield Link(
                url,
                "enclosure",
                media if isinstance(media, str) else "",
                name if isinstance(name, str) else "",
                size if isinstance(size, int) and not isinstance(size, bool) else None,
            )
