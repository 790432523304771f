"""What an entry is filed under, who signs it, and the files that come with it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import urlsplit

from feeds.change import ChangeItem
from feeds.fee_direction import CHARGES, charges
from feeds.feed import Category, Link
from schemas.definition.catalogue import Catalogue, Content, Json
from schemas.reference import administrative_divisions
from schemas.words import KINDS

_MOST = 20
"""Values of one field that become categories; a document's topics are a handful."""


def shown_content(item: ChangeItem) -> Content:
    """What the record says after the change, or said last."""
    return (item.before if item.kind == "removed" else item.after) or {}


def categories(item: ChangeItem, base: str) -> tuple[Category, ...]:
    """Kind, dataset and the values that search filters by, each under ``{base}/facets/{name}``.

    A term is what the filter of that name takes. What is hidden is filed by kind and dataset only.
    """
    found = [Category(item.kind, f"{base}/kinds", KINDS[item.kind].zh)]
    if not item.hidden:
        found += [Category(term, f"{base}/kinds", CHARGES[term]) for term in charges(item)]
    found.append(Category(item.dataset, f"{base}/facets/dataset", item.dataset_title))
    if not item.hidden:
        found += _of_content(item, base)
    return tuple(found)


def _of_content(item: ChangeItem, base: str) -> Iterator[Category]:
    for facet, term, label in filed(shown_content(item), item.catalogue, item.division):
        yield Category(term, f"{base}/facets/{facet}", label)


def filed(
    content: Content, catalogue: Catalogue, division: str | None, body: str = ""
) -> Iterator[tuple[str, str, str]]:
    """(facet, value, its name) of a record. ``division`` and ``body`` stand in where it names none."""
    for facet, name in (("body", catalogue.body_field), ("type", catalogue.type_field)):
        found = _values(content.get(name)) if name else ()
        for value in found or ((body,) if body and facet == "body" else ()):
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
    """The fields that hold a division, and those that are facets besides."""
    places = tuple(f.name for f in catalogue.fields if f.format == "division")
    named = {catalogue.body_field, catalogue.type_field, *places}
    others = (f.name for f in catalogue.fields if f.facet and not f.personal and f.name not in named)
    return places, tuple(others)


@lru_cache(4_096)
def _place(code: str) -> tuple[str, str] | None:
    """The six digits and the whole name; None for what is no division."""
    return (
        (administrative_divisions.full(code), administrative_divisions.path(code))
        if administrative_divisions.name(code)
        else None
    )


def _values(value: Json) -> tuple[str, ...]:
    """Texts; a yes or no says nothing without its heading."""
    items = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(i for i in items[:_MOST] if isinstance(i, str) and i))


def authors(item: ChangeItem) -> tuple[str, ...]:
    """Who answers for the change and, of a document, the bodies that issued it."""
    return tuple(dict.fromkeys((item.actor, *issuers(item))))


def issuers(item: ChangeItem) -> tuple[str, ...]:
    """The bodies that a document names as its own; none of what is no document, or hidden."""
    field = item.catalogue.body_field
    if field is None or not item.catalogue.of_documents or item.hidden:
        return ()
    return _values(shown_content(item).get(field))


def enclosures(item: ChangeItem) -> tuple[Link, ...]:
    """The files that a record names (fields of the type ``files``) with an address on the web."""
    content = shown_content(item)
    named = (content.get(f.name) for f in item.catalogue.fields if f.type == "files" and not f.personal)
    return tuple(link for files in named if isinstance(files, list) for link in _enclosures(files))


def _enclosures(attached: list[Json]) -> Iterator[Link]:
    for one in attached:
        if not isinstance(one, dict):
            continue
        url, size = one.get("url"), one.get("size")
        if isinstance(url, str) and urlsplit(url).scheme in ("http", "https"):
            name, media = one.get("name"), one.get("media_type")
            yield Link(
                url,
                "enclosure",
                media if isinstance(media, str) else "",
                name if isinstance(name, str) else "",
                size if isinstance(size, int) and not isinstance(size, bool) else None,
            )
