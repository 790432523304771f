"""The site as a catalogue (OGC API Records): a record for each dataset, release and policy document."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from publisher.exports.forms import FORMS
from publisher.geo import parameters
from publisher.geo.box import Box
from publisher.geo.exceptions import OgcError, invalid, not_found
from publisher.geo.parameters import Asked
from publisher.geo.site import CATALOGUE, Geo, stamp
from publisher.geo.source import Items, Source, Window
from publisher.store import predicate as p
from publisher.store.matching import Match, MatchQuery
from publisher.store.model import Dataset, Release
from schemas.catalogue import Catalogue

RECORD_CORE = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"
POLICIES = "policies"
"""The catalogue (the schema) whose records are documents."""
KNOWN = frozenset(
    {"limit", "offset", "bbox", "datetime", "q", "ids", "type", "externalIds", "properties", "skipGeometry"}
)
FIELDS: Mapping[str, Mapping[str, Any]] = {
    "type": {"type": "string", "title": "类型 / Type", "enum": ["dataset", "release", "document"]},
    "title": {"type": "string", "title": "标题 / Title"},
    "description": {"type": "string", "title": "说明 / Description"},
    "keywords": {"type": "array", "items": {"type": "string"}, "title": "关键词 / Keywords"},
    "language": {"type": "object", "title": "语言 / Language"},
    "created": {"type": "string", "format": "date-time", "title": "建立 / Created"},
    "updated": {"type": "string", "format": "date-time", "title": "更新 / Updated"},
    "externalIds": {"type": "array", "items": {"type": "object"}, "title": "编号、文号 / Identifiers"},
    "contacts": {"type": "array", "items": {"type": "object"}, "title": "发布机构 / Publisher"},
    "formats": {"type": "array", "items": {"type": "object"}, "title": "格式 / Formats"},
    "license": {"type": "string", "title": "许可 / Licence"},
}
_FORMATS = (("GeoJSON", "application/geo+json"), ("JSON", "application/json"), ("CSV", "text/csv"))


@dataclass(frozen=True, slots=True)
class Entry:
    """A record before it is written. ``time``: first and last day, None is open; None: no time at all."""

    id: str
    properties: Mapping[str, Any]
    time: tuple[date | None, date | None] | None
    box: Box | None
    links: tuple[Mapping[str, Any], ...]

    @property
    def identifiers(self) -> tuple[str, ...]:
        return tuple(known["value"] for known in self.properties.get("externalIds", ()))

    def raw(self, window: Window) -> msgspec.Raw:
        shown = dict(self.properties)
        if window.properties:
            shown = {name: shown[name] for name in window.properties if name in shown}
        geometry = _polygon(self.box) if window.geometry and self.box else None
        record = {
            "id": self.id,
            "type": "Feature",
            "conformsTo": [RECORD_CORE],
            "time": _time(self.time),
            "geometry": geometry,
            "properties": shown,
            "links": list(self.links),
        }
        return msgspec.Raw(msgspec.json.encode(record))


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked of the catalogue. ``found``: policy dataset → its records that hold ``q``."""

    words: tuple[str, ...] = ()
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
        words=tuple(_folded(word) for word in values.get("q", "").split(",") if word.strip()),
        ids=_listed(values, "ids"),
        types=_listed(values, "type"),
        identifiers=_listed(values, "externalIds"),
        days=parameters.during(values.get("datetime")),
        box=parameters.bbox(values.get("bbox")),
        found=found,
    )


def policies(geo: Geo) -> list[Dataset]:
    return [dataset for dataset in geo.service.store.datasets() if dataset.catalogue == POLICIES]


def source(geo: Geo, asked: Asked, search: Search) -> Source:
    return Source(
        fields=FIELDS,
        query=lambda window: _page(geo, asked, search, window),
        get=lambda identifier: _one(geo, asked, identifier),
    )


def _page(geo: Geo, asked: Asked, search: Search, window: Window) -> Items:
    if window.sort:
        raise invalid("sortby", "目录不能排序。", "the catalogue is not sorted by properties.")
    kept = [entry for entry in _entries(geo, asked) if _matches(entry, search)]
    shown = kept[window.offset : window.offset + window.limit]
    matched = len(kept)
    for dataset in policies(geo):
        wanted = _condition(geo, dataset, search)
        if wanted is None:
            continue
        skipped = max(0, window.offset - matched)
        page = geo.service.store.match(
            dataset.name, MatchQuery(where=wanted, limit=max(1, window.limit - len(shown)), offset=skipped)
        )
        if len(shown) < window.limit:
            catalogue = geo.catalogue(dataset.name)
            shown += [_document(geo, dataset, catalogue, match) for match in page.matches]
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
    for dataset in geo.service.store.datasets():
        if dataset.name != name:
            continue
        if not dot:
            return _dataset(geo, asked, dataset, geo.service.store.releases(name)).raw(_ALL)
        if kind == "release":
            for release in geo.service.store.releases(name):
                if str(release.number) == number:
                    return _release(geo, asked, dataset, release).raw(_ALL)
        if kind == "document" and dataset.catalogue == POLICIES:
            query = MatchQuery(where=p.Records((number,)), limit=1, count=False)
            for match in geo.service.store.match(name, query).matches:
                return _document(geo, dataset, geo.catalogue(name), match).raw(_ALL)
    raise not_found("目录中没有这一条。", "There is no such record in the catalogue.")


_ALL = Window(0, 1)


def _entries(geo: Geo, asked: Asked) -> Iterator[Entry]:
    """Datasets, each followed by its releases, newest first."""
    for dataset in geo.service.store.datasets():
        releases = geo.service.store.releases(dataset.name)
        yield _dataset(geo, asked, dataset, releases)
        for release in reversed(releases):
            yield _release(geo, asked, dataset, release)


def _dataset(geo: Geo, asked: Asked, dataset: Dataset, releases: Sequence[Release]) -> Entry:
    home, name = geo.service.link(f"/v1/datasets/{dataset.name}"), dataset.name
    properties = {
        "type": "dataset",
        "title": asked.say(dataset.title, dataset.title_en),
        "description": "\n\n".join(text for text in (dataset.description, dataset.notice) if text),
        "keywords": [dataset.catalogue, *dataset.labels],
        "externalIds": [{"value": home}],
        **_common(asked, dataset),
        "formats": [{"name": title, "mediaType": media} for title, media in _FORMATS],
    }
    if dataset.created_at is not None:
        properties["created"] = stamp(dataset.created_at)
    if releases:
        properties["updated"] = stamp(releases[-1].published_at)
    collection = f"/collections/{geo.name_of(name)}"
    links = (
        _self(geo, name),
        _link(home, "about", "application/json", asked.say("数据集", "The dataset")),
        _link(f"{home}/releases", "version-history", "application/json", asked.say("历次发布", "Releases")),
        _link(
            geo.link(collection), "collection", "application/json", asked.say("OGC 集合", "OGC collection")
        ),
        _link(
            geo.link(f"{collection}/items"),
            "item",
            "application/geo+json",
            asked.say("条目", "Items as GeoJSON"),
        ),
        _link(
            geo.link(f"{collection}/items?f=csv"),
            "item",
            "text/csv",
            asked.say("条目（CSV）", "Items as CSV"),
        ),
        _link(geo.service.link("/catalog"), "describedby", "application/ld+json", "DCAT 3"),
        _feed(geo, name, "atom", asked),
        _feed(geo, name, "rss", asked),
    )
    begins = min((release.effective_on for release in releases), default=None)
    return Entry(name, properties, None if begins is None else (begins, None), geo.box(dataset), links)


def _release(geo: Geo, asked: Asked, dataset: Dataset, release: Release) -> Entry:
    number, name = release.number, dataset.name
    home = geo.service.link(f"/v1/datasets/{name}")
    title = asked.say(
        f"{dataset.title}：第 {number} 次发布", f"{dataset.title_en or dataset.title}: release {number}"
    )
    about = f"{home}/releases/{number}"
    identifiers = [{"value": about}, *([{"value": release.basis}] if release.basis else [])]
    published = stamp(release.published_at)
    properties = {
        "type": "release",
        "title": title,
        "description": release.note,
        "keywords": [dataset.catalogue],
        "externalIds": identifiers,
        "created": published,
        "updated": published,
        **_common(asked, dataset),
        "formats": [{"name": title, "mediaType": media} for title, media in _FORMATS],
    }
    items = geo.link(f"/collections/{geo.name_of(name)}/items?release={number}")
    links = (
        _self(geo, f"{name}.release.{number}"),
        _link(about, "about", "application/json", asked.say("发布", "The release")),
        _link(items, "item", "application/geo+json", asked.say("这次发布的条目", "Items of this release")),
        _link(
            geo.link(f"/collections/{CATALOGUE}/items/{name}"), "up", "application/geo+json", dataset.title
        ),
        *(_link(f"{about}/files/{f.name}", "enclosure", f.media_type, f.title) for f in FORMS.values()),
    )
    day = release.effective_on
    return Entry(f"{name}.release.{number}", properties, (day, day), geo.box(dataset), links)


def _document(geo: Geo, dataset: Dataset, catalogue: Catalogue, match: Match) -> Entry:
    content = msgspec.json.decode(match.content)
    about = geo.service.link(f"/v1/datasets/{dataset.name}/records/{match.id}")
    number, issuer = content.get("number"), content.get("issuer") or dataset.body
    day = _day(content.get(catalogue.date_field or "")) or match.effective_from
    properties = {
        "type": "document",
        "title": match.title,
        "keywords": [text for text in (content.get("kind"),) if text],
        "language": {"code": "zh-CN", "name": "中文"},
        "externalIds": [{"value": about}, *([{"value": number}] if number else [])],
        "updated": stamp(match.known_from),
        "contacts": [{"organization": issuer, "roles": ["publisher"]}],
        "license": dataset.licence,
        "formats": [{"name": "JSON", "mediaType": "application/json"}],
    }
    item = geo.link(f"/collections/{geo.name_of(dataset.name)}/items/{match.id}")
    identifier = f"{dataset.name}.document.{match.id}"
    links = (
        _self(geo, identifier),
        _link(about, "about", "application/json", "记录 / The record"),
        _link(item, "item", "application/geo+json", "GeoJSON"),
    )
    return Entry(identifier, properties, (day, day), geo.box(dataset), links)


def _common(asked: Asked, dataset: Dataset) -> dict[str, Any]:
    contact = {"organization": dataset.body, "contactInstructions": dataset.contact, "roles": ["publisher"]}
    code, name = ("zh-CN", "中文") if asked.language == "zh" else ("en", "English")
    return {"language": {"code": code, "name": name}, "contacts": [contact], "license": dataset.licence}


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
    text = _folded(" ".join([*told, *entry.properties["keywords"], *entry.identifiers]))
    return any(all(part in text for part in words.split()) for words in search.words)


def _overlap(one: tuple[date | None, date | None], other: tuple[date | None, date | None]) -> bool:
    (a, b), (c, d) = one, other
    return (a is None or d is None or a <= d) and (c is None or b is None or c <= b)


def _meets(box: Box | None, other: Box) -> bool:
    if box is None:
        return False
    west, south, east, north = other
    across = box[2] >= west or box[0] <= east if west > east else box[0] <= east and box[2] >= west
    return across and box[1] <= north and box[3] >= south


def _polygon(box: Box) -> dict[str, Any]:
    west, south, east, north = box
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def _time(days: tuple[date | None, date | None] | None) -> dict[str, Any] | None:
    if days is None:
        return None
    begin, end = days
    if begin is not None and begin == end:
        return {"date": begin.isoformat()}
    return {"interval": [begin.isoformat() if begin else "..", end.isoformat() if end else ".."]}


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        return None


def _listed(values: Mapping[str, str], name: str) -> tuple[str, ...] | None:
    if name not in values:
        return None
    found = tuple(part for part in (piece.strip() for piece in values[name].split(",")) if part)
    if not found:
        raise OgcError(400, "InvalidParameterValue", f"参数 {name} 为空。", f"Parameter {name} is empty.")
    return found


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()


def _self(geo: Geo, identifier: str) -> Mapping[str, Any]:
    return _link(geo.link(f"/collections/{CATALOGUE}/items/{identifier}"), "self", "application/geo+json", "")


def _feed(geo: Geo, dataset: str, form: str, asked: Asked) -> Mapping[str, Any]:
    href = geo.service.link(f"/feeds/{dataset}.{form}")
    return _link(href, "alternate", f"application/{form}+xml", asked.say("变化的订阅", "Feed of changes"))


def _link(href: str, rel: str, media: str, title: str) -> Mapping[str, Any]:
    link = {"href": href, "rel": rel, "type": media}
    return link | {"title": title} if title else link
