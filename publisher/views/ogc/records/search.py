"""Search in the data catalog (OGC API Records): a record for each dataset, release and policy document."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import msgspec

from publisher.log import predicate as p
from publisher.log.model import Dataset, RecordQuery
from publisher.views.ogc import parameters
from publisher.views.ogc.bounding_box import Box
from publisher.views.ogc.errors import OgcError, invalid, not_found
from publisher.views.ogc.item_source import Items, ItemSource, Window
from publisher.views.ogc.parameters import Parameters
from publisher.views.ogc.records import record
from publisher.views.ogc.records.record import FIELDS, CatalogRecord
from publisher.views.ogc.site import Geo
from schemas.definition.catalogue import Catalogue

MOST = 200
"""Most values of one parameter: each can be a condition of the query."""
MOST_TERMS = 20
"""Most alternative terms of ``q``: each is a search."""
POLICIES = "policies"
"""Name of the catalogue whose records are documents."""
ALLOWED = frozenset(
    {"limit", "offset", "bbox", "datetime", "q", "ids", "type", "externalIds", "properties", "skipGeometry"}
)


class Search(msgspec.Struct, frozen=True):
    """Query on the data catalog. ``word_matches``: policy dataset → its records that contain ``q``."""

    terms: tuple[re.Pattern[str], ...] = ()
    ids: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None
    identifiers: tuple[str, ...] | None = None
    days: tuple[date | None, date | None] | None = None
    box: Box | None = None
    word_matches: Mapping[str, Sequence[str]] | None = None


def parse_search(params: Parameters, word_matches: Mapping[str, Sequence[str]] | None) -> Search:
    """Validate the parameters of a request. Raises :class:`OgcError` (400)."""
    values = params.values
    return Search(
        terms=tuple(_phrase(term) for term in split_terms(values.get("q", ""))),
        ids=_split_values(values, "ids"),
        types=_split_values(values, "type"),
        identifiers=_split_values(values, "externalIds"),
        days=parameters.during(values.get("datetime")),
        box=parameters.bbox(values.get("bbox")),
        word_matches=word_matches,
    )


def split_terms(q: str) -> list[str]:
    """Split ``q`` at commas into alternative terms; white space within a term becomes one space.

    Raises :class:`OgcError` (400) for too many.
    """
    return [" ".join(term.split()) for term in _split("q", q, MOST_TERMS)]


def _split(name: str, text: str, most: int) -> list[str]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) > most:
        raise invalid(name, f"最多{most}个值。", f"at most {most} values.")
    return parts


def quote_phrase(term: str) -> str:
    """Quote a term as a phrase for the search engine; spaces between Chinese characters are removed."""
    plain = " ".join(term.replace('"', " ").split())
    return f'"{_BETWEEN_HAN.sub("", plain)}"'


_BETWEEN_HAN = re.compile(
    r"(?<=[\u2e80-\u9fff\U00020000-\U0003ffff]) (?=[\u2e80-\u9fff\U00020000-\U0003ffff])"
)


def _phrase(term: str) -> re.Pattern[str]:
    """Compile a term: its words in this order, with any white space between them (``…/q-response``)."""
    return re.compile(r"\s*".join(re.escape(word) for word in _fold(term).split()))


def policies(geo: Geo) -> list[Dataset]:
    return [dataset for dataset in geo.service.log.datasets.all() if dataset.catalogue == POLICIES]


def make_source(geo: Geo, params: Parameters, search: Search) -> ItemSource:
    return ItemSource(
        fields=FIELDS,
        query=lambda window: _find_page(geo, params, search, window),
        get=lambda identifier: _get_record(geo, params, identifier),
    )


def _find_page(geo: Geo, params: Parameters, search: Search, window: Window) -> Items:
    if window.sort:
        raise invalid("sortby", "数据目录不能排序。", "the data catalog is not sorted by properties.")
    matches = [candidate for candidate in _catalog_records(geo, params) if _matches(candidate, search)]
    page_records = matches[window.offset : window.offset + window.limit]
    matched = len(matches)
    for dataset in policies(geo):
        condition = _condition(geo, dataset, search)
        if condition is None:
            continue
        skipped = max(0, window.offset - matched)
        page = geo.service.log.queries.raw_records(
            dataset.name,
            RecordQuery(where=condition, limit=max(1, window.limit - len(page_records)), offset=skipped),
        )
        if len(page_records) < window.limit:
            catalogue = geo.catalogue(dataset.name)
            page_records += [
                record.document_record(geo, params, dataset, catalogue, match) for match in page.records
            ]
        matched += page.total or 0
    reached = window.offset + len(page_records)
    return Items(
        tuple(candidate.encode(window) for candidate in page_records),
        matched,
        {"offset": str(reached)} if page_records and reached < matched else None,
    )


def _get_record(geo: Geo, params: Parameters, identifier: str) -> msgspec.Raw:
    name, dot, rest = identifier.partition(".")
    kind, _, number = rest.partition(".")
    for dataset in geo.service.log.datasets.all():
        if dataset.name != name:
            continue
        if not dot:
            return record.dataset_record(geo, params, dataset, geo.service.log.queries.releases(name)).encode(
                record.WHOLE
            )
        if kind == "release":
            for release in geo.service.log.queries.releases(name):
                if str(release.number) == number:
                    return record.release_record(geo, params, dataset, release).encode(record.WHOLE)
        if kind == "document" and dataset.catalogue == POLICIES:
            query = RecordQuery(where=p.RecordIds((number,)), limit=1, count=False)
            for match in geo.service.log.queries.raw_records(name, query).records:
                return record.document_record(geo, params, dataset, geo.catalogue(name), match).encode(
                    record.WHOLE
                )
    raise not_found("数据目录中没有这一条目。", "There is no such record in the data catalog.")


def _catalog_records(geo: Geo, params: Parameters) -> Iterator[CatalogRecord]:
    """Yield the datasets, each followed by its releases, newest first."""
    for dataset in geo.service.log.datasets.all():
        releases = geo.service.log.queries.releases(dataset.name)
        yield record.dataset_record(geo, params, dataset, releases)
        for release in reversed(releases):
            yield record.release_record(geo, params, dataset, release)


def _condition(geo: Geo, dataset: Dataset, search: Search) -> p.Predicate | None:
    """Build the condition on documents of this dataset; None if no document can match."""
    catalogue = geo.catalogue(dataset.name)
    conditions: list[p.Predicate] = []
    if search.types is not None and "document" not in search.types:
        return None
    if search.box is not None and not _boxes_intersect(geo.box(dataset), search.box):
        return None
    if search.ids is not None:
        head = f"{dataset.name}.document."
        ids = tuple(i.removeprefix(head) for i in search.ids if i.startswith(head))
        conditions.append(p.RecordIds(ids))
    if search.identifiers is not None:
        home = geo.service.link(f"/v1/datasets/{dataset.name}/records/")
        addressed = tuple(i.removeprefix(home) for i in search.identifiers if i.startswith(home))
        numbers = [
            p.Comparison("number", "=", i) for i in search.identifiers if "number" in catalogue.by_name
        ]
        conditions.append(p.Or((p.RecordIds(addressed), *numbers)))
    if search.terms:
        conditions.append(p.RecordIds(tuple((search.word_matches or {}).get(dataset.name, ()))))
    if search.days is not None:
        conditions.append(_on_days(catalogue, search.days))
    return p.And(tuple(conditions))


def _on_days(catalogue: Catalogue, days: tuple[date | None, date | None]) -> p.Predicate:
    """Build the condition on the document's own date; without one, on the day of its effect."""
    field = catalogue.date_field or "effective_from"
    begin, end = days

    def between(name: str) -> p.Predicate:
        low = (p.Comparison(name, ">=", begin.isoformat()),) if begin else ()
        high = (p.Comparison(name, "<=", end.isoformat()),) if end else ()
        return p.And((*low, *high))

    own = p.And((p.Not(p.Absent(field)), between(field)))
    return p.Or((own, p.And((p.Absent(field), between("effective_from")))))


def _matches(candidate: CatalogRecord, search: Search) -> bool:
    if search.ids is not None and candidate.id not in search.ids:
        return False
    if search.types is not None and candidate.properties["type"] not in search.types:
        return False
    if search.identifiers is not None and not set(search.identifiers) & set(candidate.identifiers):
        return False
    if search.box is not None and not _boxes_intersect(candidate.box, search.box):
        return False
    if search.days is not None and candidate.time is not None and not _overlap(candidate.time, search.days):
        return False
    if not search.terms:
        return True
    prose = [candidate.properties[name] for name in ("title", "description")]
    texts = [_fold(text) for text in (*prose, *candidate.properties["keywords"], *candidate.identifiers)]
    return any(term.search(text) for term in search.terms for text in texts)


def _overlap(days: tuple[date | None, date | None], other: tuple[date | None, date | None]) -> bool:
    (a, b), (c, d) = days, other
    return (a is None or d is None or a <= d) and (c is None or b is None or c <= b)


def _boxes_intersect(box: Box | None, other: Box) -> bool:
    if box is None:  # a box also matches records without geometry (17-069r4, requirement fc-bbox-response)
        return True
    west, south, east, north = other
    across = box[2] >= west or box[0] <= east if west > east else box[0] <= east and box[2] >= west
    return across and box[1] <= north and box[3] >= south


def _split_values(values: Mapping[str, str], name: str) -> tuple[str, ...] | None:
    if name not in values:
        return None
    parts = tuple(_split(name, values[name], MOST))
    if not parts:
        raise OgcError(400, "InvalidParameterValue", f"参数 {name} 为空。", f"Parameter {name} is empty.")
    return parts


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()
