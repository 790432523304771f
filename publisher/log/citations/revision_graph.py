"""Works, citations and effects of one revision, by its content and its catalogue alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from publisher.log.citations.effects import ONE_VALUE, STATUTES, Effect, effects_of
from publisher.log.database.storable_text import storable
from schemas.definition.catalogue import Catalogue, Content, Field
from schemas.reference.cited_works import find_cited_works
from schemas.reference.legal_bases import Role
from schemas.reference.works import WorkKind, key_of_title, kind_of_key, parse_key

VERSION = 9
"""Version of the rules by which works, citations and effects are read. After a higher one, every site derives
its rows again."""
_SIGN = re.compile("[号號《〈＜≪«「『]|<<|中[华華]人民共和")
"""A text without any of these cites nothing."""
_LONGEST_CACHED = 2_000


class WorkName(msgspec.Struct, frozen=True):
    """A name of the work that the revision is."""

    name: str
    key: str
    kind: WorkKind


class Place(NamedTuple):
    """A place of a work that a text cites: the columns of a citation that the text alone determines."""

    start: int
    article: int
    end: int
    key: str
    kind: WorkKind
    place: str
    """Within the article (之一, 第二款第（三）项), or in an annex (附件1第23项)."""
    role: Role


type Citation = tuple[str, int, Place]
"""Field, item of a field with several values, place."""


class RevisionGraph(NamedTuple):
    works: Sequence[WorkName]
    citations: Sequence[Citation]
    effects: Sequence[Effect]


def read_graph(catalogue: Catalogue, content: Content) -> RevisionGraph:
    """Read what a revision is, cites and states."""
    works, citations = list(_works(catalogue, content)), _citations(catalogue, content)
    key = ""
    cited: dict[str, list[Place]] = {}
    if works:
        key, own = works[0].key, {work.name for work in works}
        citations = [citation for citation in citations if citation[2].key not in own]
        for field, item, place in citations:
            if item == ONE_VALUE:
                cited.setdefault(field, []).append(place)
    return RevisionGraph(works, citations, list(effects_of(catalogue, content, key, cited)))


def _works(catalogue: Catalogue, content: Content) -> Iterator[WorkName]:
    """Yield the names of the work that a revision is: its number first, which is its key."""
    if catalogue.name != STATUTES and not catalogue.of_documents:
        return
    numbers = (content.get(f.name) for f in catalogue.fields if f.format == "document-number")
    title = content.get(catalogue.title_field)
    names = [parse_key(number) for number in numbers if isinstance(number, str)]
    names.append(key_of_title(title) if isinstance(title, str) else "")
    keys = [name for name in dict.fromkeys(names) if name]
    for name in keys:
        yield WorkName(name, keys[0], kind_of_key(keys[0]))


def _citations(catalogue: Catalogue, content: Content) -> list[Citation]:
    fields, citations = _citing_fields(catalogue), list[Citation]()
    for name, value in content.items():  # most fields of a catalogue have no value
        is_basis = fields.get(name)
        if is_basis is None:
            continue
        if isinstance(value, str):
            citations += [(name, ONE_VALUE, place) for place in _places(value, is_basis=is_basis)]
        elif isinstance(value, list):
            for item, text in enumerate(value):
                if isinstance(text, str):
                    citations += [(name, item, place) for place in _places(text, is_basis=is_basis)]
    return citations


@lru_cache(maxsize=256)
def _citing_fields(catalogue: Catalogue) -> Mapping[str, bool]:
    """Map the fields whose texts may cite a work to whether the record rests on what they cite."""
    return {
        field.name: field.name in catalogue.basis_fields or field.format == "document-number"
        for field in catalogue.fields
        if not field.personal and _may_cite(catalogue, field)
    }


def _may_cite(catalogue: Catalogue, field: Field) -> bool:
    if field.format == "document-number":
        return not catalogue.of_documents
    return field.type in ("string", "list") and field.format not in ("body", "division", "code")


def _places(text: str, *, is_basis: bool) -> Sequence[Place]:
    if _SIGN.search(text) is None:
        return ()
    find = _find_cached if len(text) <= _LONGEST_CACHED else _find_places
    return find(text, is_basis=is_basis)


def _find_places(text: str, *, is_basis: bool) -> Sequence[Place]:
    """Find the places that a text cites, each start and article once."""
    places: dict[tuple[int, int], Place] = {}
    for work in find_cited_works(text):
        role = work.role if is_basis or work.role == "edition-note" else "mention"
        place = Place(work.start, work.article, work.end, storable(work.key), work.kind, work.place, role)
        places.setdefault((work.start, work.article), place)
    return tuple(places.values())


@lru_cache(maxsize=2_048)
def _find_cached(text: str, *, is_basis: bool) -> Sequence[Place]:
    """Find places as :func:`_find_places`: many rows of a list have the same bases."""
    return _find_places(text, is_basis=is_basis)


def cited_text(content: Mapping[str, object], field: str, item: int, start: int, end: int) -> str:
    """Cut a cited text from a content."""
    value = content.get(field)
    if item != ONE_VALUE:
        value = value[item] if isinstance(value, list) and item < len(value) else None
    return value[start:end] if isinstance(value, str) else ""
