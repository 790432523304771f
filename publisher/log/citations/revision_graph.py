"""Works, citations and effects of one revision, by its content and its catalogue alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from publisher.log.citations.effects import ONE_VALUE, STATUTES, Effect, effects_of
from schemas.definition.catalogue import Catalogue, Content, Field
from schemas.reference.cited_works import CitedWork, find_cited_works
from schemas.reference.works import WorkKind, key_of_title, kind_of_key, parse_key

VERSION = 2
"""Of the rules. A higher one derives the rows of every site anew when it is opened."""
_SIGN = re.compile("[号《〈＜]")
"""A text without any of these cites nothing."""
_LONGEST_CACHED = 2_000


@dataclass(frozen=True, slots=True)
class WorkName:
    """A name of the work that the revision is."""

    name: str
    key: str
    kind: WorkKind


@dataclass(frozen=True, slots=True)
class Citation:
    """A place of a work that a field cites; ``item`` of a field with several values."""

    field: str
    item: int
    work: CitedWork


@dataclass(frozen=True, slots=True)
class RevisionGraph:
    works: tuple[WorkName, ...]
    citations: tuple[Citation, ...]
    effects: tuple[Effect, ...]


def read_graph(catalogue: Catalogue, content: Content) -> RevisionGraph:
    """Read what a revision is, cites and states."""
    works = tuple(_works(catalogue, content))
    own = {work.name for work in works}
    citations = tuple(c for c in _citations(catalogue, content) if c.work.key not in own)
    cited: dict[str, list[CitedWork]] = {}
    for citation in citations:
        if citation.item == ONE_VALUE:
            cited.setdefault(citation.field, []).append(citation.work)
    key = works[0].key if works else ""
    return RevisionGraph(works, citations, tuple(effects_of(catalogue, content, key, cited)))


def _works(catalogue: Catalogue, content: Content) -> Iterator[WorkName]:
    """Yield the names of the work that a revision is: its number first, which is its key."""
    if catalogue.name != STATUTES and not catalogue.of_documents:
        return
    numbers = (content.get(f.name) for f in catalogue.fields if f.format == "document-number")
    title = content.get(catalogue.title_field)
    names = [parse_key(number) for number in numbers if isinstance(number, str)]
    names.append(key_of_title(title) if isinstance(title, str) else "")
    given = [name for name in dict.fromkeys(names) if name]
    for name in given:
        yield WorkName(name, given[0], kind_of_key(given[0]))


def _citations(catalogue: Catalogue, content: Content) -> Iterator[Citation]:
    fields = _citing_fields(catalogue)
    for name, value in content.items():  # most fields of a catalogue have no value
        is_basis = fields.get(name)
        if is_basis is None:
            continue
        if isinstance(value, str):
            yield from _of_text(name, ONE_VALUE, value, is_basis=is_basis)
        elif isinstance(value, list):
            for item, text in enumerate(value):
                if isinstance(text, str):
                    yield from _of_text(name, item, text, is_basis=is_basis)


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


def _of_text(field: str, item: int, text: str, *, is_basis: bool) -> Iterator[Citation]:
    if _SIGN.search(text) is None:
        return
    find = _find_cached if len(text) <= _LONGEST_CACHED else find_cited_works
    for work in find(text):
        role = work.role if is_basis or work.role == "edition-note" else "mention"
        yield Citation(field, item, work if role == work.role else _mention(work))


@lru_cache(maxsize=2_048)
def _find_cached(text: str) -> list[CitedWork]:
    """Find works as :func:`find_cited_works`: many rows of a list have the same bases."""
    return find_cited_works(text)


def _mention(work: CitedWork) -> CitedWork:
    return CitedWork(work.key, work.kind, work.article, work.place, "mention", work.start, work.end)


def cited_text(content: Mapping[str, object], field: str, item: int, start: int, end: int) -> str:
    """Cut a cited text from a content."""
    value = content.get(field)
    if item != ONE_VALUE:
        value = value[item] if isinstance(value, list) and item < len(value) else None
    return value[start:end] if isinstance(value, str) else ""
