"""The site as a catalogue (OGC API Records): a record for each dataset, release and policy document."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from publisher.log import predicate as p
from publisher.log.model import Dataset, RecordQuery
from publisher.views.ogc import parameters
from publisher.views.ogc.boundaries import Box
from publisher.views.ogc.errors import OgcError, invalid, not_found
from publisher.views.ogc.item_source import Items, Source, Window
from publisher.views.ogc.parameters import Asked
from publisher.views.ogc.records import record
from publisher.views.ogc.records.record import FIELDS, Entry
from publisher.views.ogc.site import Geo
from schemas.definition.catalogue import Catalogue

POLICIES = "policies"
"""The catalogue (the schema) whose records are documents."""
KNOWN = frozenset(
    {"limit", "offset", "bbox", "datetime", "q", "ids", "type", "externalIds", "properties", "skipGeometry"}
)


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked of the catalogue. ``found``: policy dataset → its records that hold ``q``."""

    words: tuple[re.Pattern[str], ...] = ()
    ids: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None
    identifiers: tuple[str, ...] | None = None
    days: tuple[date | None, date | None] | None = None
    box: Box | None = None
    found: Mapping[str, Sequence[str]] | None = None


def read(asked: Asked, found: Mapping[str, Sequence[str]] | None) -> Search:
    """Raises :class:`OgcError` (400)."""
    values = asked.values
    return Search(
        words=tuple(_phrase(term) for term in terms(values.get("q", ""))),
        ids=_listed(values, "ids"),
        types=_listed(values, "type"),
        identifiers=_listed(values, "externalIds"),
        days=parameters.during(values.get("datetime")),
        box=parameters.bbox(values.get("bbox")),
        found=found,
    )


def terms(q: str) -> list[str]:
    """``q`` at its commas, any of which will do; white space within a term is one space."""
    return [" ".join(term.split()) for term in q.split(",") if term.strip()]


def quoted(term: str) -> str:
    """A term as a phrase of the search engine's; between Chinese characters a space is none."""
    plain = " ".join(term.replace('"', " ").split())
    return f'"{_BETWEEN_HAN.sub("", plain)}"'


_BETWEEN_HAN = re.compile(
    r"(?<=[\u2e80-\u9fff\U00020000-\U0003ffff]) (?=[\u2e80-\u9fff\U00020000-\U0003ffff])"
)


def _phrase(term: str) -> re.Pattern[str]:
    """The words of a term in this order, any white space between them (``…/q-response``)."""
    return re.compile(r"\s*".join(re.escape(word) for word in _folded(term).split()))


def policies(geo: Geo) -> list[Dataset]:
    return [dataset for dataset in geo.service.log.datasets.all() if dataset.catalogue == POLICIES]


def source(geo: Geo, asked: Asked, search: Search) -> Source:
    return Source(
        fields=FIELDS,
        query=lambda window: _page(geo, asked, search, window),
        get=lambda identifier: _one(geo, asked, identifier),
    )


def _page(geo: Geo, asked: Asked, search: Search, window: Window) -> Items:
    if window.sort:
        raise invalid("sortby", "数据目录不能排序。", "the catalogue is not sorted by properties.")
    kept = [entry for entry in _entries(geo, asked) if _matches(entry, search)]
    shown = kept[window.offset : window.offset + window.limit]
    matched = len(kept)
    for dataset in policies(geo):
        wanted = _condition(geo, dataset, search)
        if wanted is None:
            continue
        skipped = max(0, window.offset - matched)
        page = geo.service.log.queries.match(
            dataset.name, RecordQuery(where=wanted, limit=max(1, window.limit - len(shown)), offset=skipped)
        )
        if len(shown) < window.limit:
            catalogue = geo.catalogue(dataset.name)
            shown += [record.document(geo, asked, dataset, catalogue, match) for match in page.matches]
        matched += page.total or 0
    reached = window.offset + len(shown)
    return Items(
        tuple(entry.raw(window) for entry in shown),
        matched,
        {"offset": str(reached)} if shown and reached < matched else None,
    )


def _one(geo: Geo, asked: Asked, identifier: str) -> msgspec.Raw:
    name, dot, rest = identifier.partition(".")
    kind, _, number = rest.partition(".")
    for dataset in geo.service.log.datasets.all():
        if dataset.name != name:
            continue
        if not dot:
            return record.dataset(geo, asked, dataset, geo.service.log.queries.releases(name)).raw(
                record.WHOLE
            )
        if kind == "release":
            for release in geo.service.log.queries.releases(name):
                if str(release.number) == number:
                    return record.release(geo, asked, dataset, release).raw(record.WHOLE)
        if kind == "document" and dataset.catalogue == POLICIES:
            query = RecordQuery(where=p.Records((number,)), limit=1, count=False)
            for match in geo.service.log.queries.match(name, query).matches:
                return record.document(geo, asked, dataset, geo.catalogue(name), match).raw(record.WHOLE)
    raise not_found("数据目录中没有这一条目。", "There is no such record in the catalogue.")


def _entries(geo: Geo, asked: Asked) -> Iterator[Entry]:
    """Datasets, each followed by its releases, newest first."""
    for dataset in geo.service.log.datasets.all():
        releases = geo.service.log.queries.releases(dataset.name)
        yield record.dataset(geo, asked, dataset, releases)
        for release in reversed(releases):
            yield record.release(geo, asked, dataset, release)


def _condition(geo: Geo, dataset: Dataset, search: Search) -> p.Predicate | None:
    """What a document of this dataset must satisfy; None where none can."""
    catalogue = geo.catalogue(dataset.name)
    conditions: list[p.Predicate] = []
    if search.types is not None and "document" not in search.types:
        return None
    if search.box is not None and not _meets(geo.box(dataset), search.box):
        return None
    if search.ids is not None:
        head = f"{dataset.name}.document."
        mine = tuple(i.removeprefix(head) for i in search.ids if i.startswith(head))
        conditions.append(p.Records(mine))
    if search.identifiers is not None:
        home = geo.service.link(f"/v1/datasets/{dataset.name}/records/")
        addressed = tuple(i.removeprefix(home) for i in search.identifiers if i.startswith(home))
        numbers = [
            p.Comparison("number", "=", i) for i in search.identifiers if "number" in catalogue.by_name
        ]
        conditions.append(p.Some((p.Records(addressed), *numbers)))
    if search.words:
        conditions.append(p.Records(tuple((search.found or {}).get(dataset.name, ()))))
    if search.days is not None:
        conditions.append(_on_days(catalogue, search.days))
    return p.Every(tuple(conditions))


def _on_days(catalogue: Catalogue, days: tuple[date | None, date | None]) -> p.Predicate:
    """By the document's own date, as the record shows it; without one by the day of its effect."""
    field = catalogue.date_field or "effective_from"
    begin, end = days

    def between(name: str) -> p.Predicate:
        low = (p.Comparison(name, ">=", begin.isoformat()),) if begin else ()
        high = (p.Comparison(name, "<=", end.isoformat()),) if end else ()
        return p.Every((*low, *high))

    own = p.Every((p.Opposite(p.Absent(field)), between(field)))
    return p.Some((own, p.Every((p.Absent(field), between("effective_from")))))


def _matches(entry: Entry, search: Search) -> bool:
    if search.ids is not None and entry.id not in search.ids:
        return False
    if search.types is not None and entry.properties["type"] not in search.types:
        return False
    if search.identifiers is not None and not set(search.identifiers) & set(entry.identifiers):
        return False
    if search.box is not None and not _meets(entry.box, search.box):
        return False
    if search.days is not None and entry.time is not None and not _overlap(entry.time, search.days):
        return False
    if not search.words:
        return True
    told = [entry.properties[name] for name in ("title", "description")]
    texts = [_folded(text) for text in (*told, *entry.properties["keywords"], *entry.identifiers)]
    return any(term.search(text) for term in search.words for text in texts)


def _overlap(one: tuple[date | None, date | None], other: tuple[date | None, date | None]) -> bool:
    (a, b), (c, d) = one, other
    return (a is None or d is None or a <= d) and (c is None or b is None or c <= b)


def _meets(box: Box | None, other: Box) -> bool:
    if box is None:  # what has no geometry is in every box (17-069r4, requirement fc-bbox-response)
        return True
    west, south, east, north = other
    across = box[2] >= west or box[0] <= east if west > east else box[0] <= east and box[2] >= west
    return across and box[1] <= north and box[3] >= south


def _listed(values: Mapping[str, str], name: str) -> tuple[str, ...] | None:
    if name not in values:
        return None
    found = tuple(part for part in (piece.strip() for piece in values[name].split(",")) if part)
    if not found:
        raise OgcError(400, "InvalidParameterValue", f"参数 {name} 为空。", f"Parameter {name} is empty.")
    return found


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()
