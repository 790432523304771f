"""Records of the data catalog (OGC API Records) for datasets, releases and policy documents."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from publisher.log.model import Dataset, Release
from publisher.log.queries.raw_records import RawRecord
from publisher.views.exports.formats import FILE_FORMATS
from publisher.views.ogc import conformance
from publisher.views.ogc.bounding_box import Box
from publisher.views.ogc.item_source import Window
from publisher.views.ogc.parameters import Parameters
from publisher.views.ogc.site import DATA_CATALOG, Geo, utc_text
from publisher.views.syndication.formats import FEED_FORMATS
from schemas.definition.catalogue import Catalogue
from schemas.reference.licences import spdx_expression

MEDIA = "application/geo+json; application=ogc-record"
"""Media type of one record (20-004r1, requirement ``/req/record-core/default-mediatype``)."""
RECORD_CORE = f"{conformance.RECORDS}/record-core"
FIELDS: Mapping[str, Mapping[str, Any]] = {
    "type": {"type": "string", "title": "类型 / Type", "enum": ["dataset", "release", "document"]},
    "title": {"type": "string", "title": "标题 / Title"},
    "description": {"type": "string", "title": "说明 / Description"},
    "keywords": {"type": "array", "items": {"type": "string"}, "title": "关键词 / Keywords"},
    "language": {"type": "object", "title": "语言 / Language"},
    "created": {"type": "string", "format": "date-time", "title": "建立 / Created"},
    "updated": {"type": "string", "format": "date-time", "title": "更新 / Updated"},
    "externalIds": {"type": "array", "items": {"type": "object"}, "title": "编号、文号 / Identifiers"},
    "contacts": {"type": "array", "items": {"type": "object"}, "title": "公布机关 / Publisher"},
    "formats": {"type": "array", "items": {"type": "object"}, "title": "格式 / Formats"},
    "license": {"type": "string", "title": "许可 / Licence"},
}
_FORMATS = (
    {"name": "GeoJSON", "mediaType": "application/geo+json"},
    *({"name": f.title, "mediaType": f.media_type.partition(";")[0]} for f in FILE_FORMATS.values()),
)


class CatalogRecord(msgspec.Struct, frozen=True):
    """A record before encoding. ``time``: first and last day, each None if open; None without a time."""

    id: str
    properties: Mapping[str, Any]
    time: tuple[date | None, date | None] | None
    box: Box | None
    links: tuple[Mapping[str, Any], ...]

    @property
    def identifiers(self) -> tuple[str, ...]:
        return tuple(identifier["value"] for identifier in self.properties.get("externalIds", ()))

    def encode(self, window: Window) -> msgspec.Raw:
        properties = dict(self.properties)
        if window.properties:
            properties = {name: properties[name] for name in window.properties if name in properties}
        geometry = _polygon(self.box) if window.geometry and self.box else None
        record = {
            "id": self.id,
            "type": "Feature",
            "conformsTo": [RECORD_CORE],
            "time": _time(self.time),
            "geometry": geometry,
            "properties": properties,
            "links": list(self.links),
        }
        return msgspec.Raw(msgspec.json.encode(record))


WHOLE = Window(0, 1)
"""The window of one record with all its properties."""


def dataset_record(
    geo: Geo, params: Parameters, dataset: Dataset, releases: Sequence[Release]
) -> CatalogRecord:
    home, name = geo.service.link(f"/v1/datasets/{dataset.name}"), dataset.name
    properties = {
        "type": "dataset",
        "title": params.say(dataset.title, dataset.title_en),
        "description": "\n\n".join(text for text in (dataset.description, dataset.notice) if text),
        "keywords": [dataset.catalogue, *dataset.labels],
        "externalIds": [{"value": home}],
        **_common(geo, params, dataset),
        "formats": _FORMATS,
    }
    if dataset.created_at is not None:
        properties["created"] = utc_text(dataset.created_at)
    if releases:
        properties["updated"] = utc_text(releases[-1].published_at)
    collection = f"/collections/{geo.collection_name(name)}"
    links = (
        *_own_links(geo, name, params),
        _link(home, "about", "application/json", params.say("数据集", "The dataset")),
        _link(f"{home}/releases", "version-history", "application/json", params.say("历次发布", "Releases")),
        _link(geo.link(collection), "related", "application/json", params.say("OGC 集合", "OGC collection")),
        _link(
            geo.link(f"{collection}/items"),
            "item",
            "application/geo+json",
            params.say("条目", "Items as GeoJSON"),
        ),
        _link(
            geo.link(f"{collection}/items?f=csv"),
            "item",
            "text/csv",
            params.say("条目（CSV）", "Items as CSV"),
        ),
        _link(geo.service.link("/catalog"), "describedby", "application/ld+json", "DCAT 3"),
        *(_feed_link(geo, name, form, params) for form in FEED_FORMATS),
        *_licence(geo, dataset)[1],
    )
    begins = min((release.effective_on for release in releases), default=None)
    return CatalogRecord(
        name, properties, None if begins is None else (begins, None), geo.box(dataset), links
    )


def release_record(geo: Geo, params: Parameters, dataset: Dataset, release: Release) -> CatalogRecord:
    number, name = release.number, dataset.name
    home = geo.service.link(f"/v1/datasets/{name}")
    title = params.say(
        f"{dataset.title}：第{number}次发布", f"{dataset.title_en or dataset.title}: release {number}"
    )
    about = f"{home}/releases/{number}"
    identifiers = [{"value": about}, *([{"value": release.basis}] if release.basis else [])]
    published = utc_text(release.published_at)
    properties = {
        "type": "release",
        "title": title,
        "description": release.note,
        "keywords": [dataset.catalogue],
        "externalIds": identifiers,
        "created": published,
        "updated": published,
        **_common(geo, params, dataset),
        "formats": _FORMATS,
    }
    items = geo.link(f"/collections/{geo.collection_name(name)}/items?release={number}")
    links = (
        *_own_links(geo, f"{name}.release.{number}", params),
        _link(about, "about", "application/json", params.say("发布", "The release")),
        _link(items, "item", "application/geo+json", params.say("这次发布的条目", "Items of this release")),
        _link(
            geo.link(f"/collections/{DATA_CATALOG}/items/{name}"), "up", "application/geo+json", dataset.title
        ),
        *(
            _link(f"{about}/files/{f.name}", "enclosure", f.media_type, f.title)
            for f in FILE_FORMATS.values()
        ),
        *_licence(geo, dataset)[1],
    )
    day = release.effective_on
    return CatalogRecord(f"{name}.release.{number}", properties, (day, day), geo.box(dataset), links)


def document_record(
    geo: Geo, params: Parameters, dataset: Dataset, catalogue: Catalogue, match: RawRecord
) -> CatalogRecord:
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
        "updated": utc_text(match.known_from),
        "contacts": [{"organization": issuer, "roles": ["publisher"]}],
        "license": _licence(geo, dataset)[0],
        "formats": [{"name": "JSON", "mediaType": "application/json"}],
    }
    item = geo.link(f"/collections/{geo.collection_name(dataset.name)}/items/{match.id}")
    identifier = f"{dataset.name}.document.{match.id}"
    links = (
        *_own_links(geo, identifier, params),
        _link(about, "about", "application/json", "记录 / The record"),
        _link(item, "item", "application/geo+json", "GeoJSON"),
        *_licence(geo, dataset)[1],
    )
    return CatalogRecord(identifier, properties, (day, day), geo.box(dataset), links)


def _common(geo: Geo, params: Parameters, dataset: Dataset) -> dict[str, Any]:
    contact = {"organization": dataset.body, "contactInstructions": dataset.contact, "roles": ["publisher"]}
    code, name = ("zh-CN", "中文") if params.language == "zh" else ("en", "English")
    return {
        "language": {"code": code, "name": name},
        "contacts": [contact],
        "license": _licence(geo, dataset)[0],
    }


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


def _own_links(geo: Geo, identifier: str, params: Parameters) -> tuple[Mapping[str, Any], ...]:
    home = geo.link(f"/collections/{DATA_CATALOG}")
    own = f"{home}/items/{identifier}"
    return (
        _link(own, "self", MEDIA, params.say("本条目", "This record")),
        _link(f"{own}?f=html", "alternate", "text/html", params.say("网页", "This record as HTML")),
        _link(home, "collection", "application/ogc-catalog+json", params.say("数据目录", "The data catalog")),
    )


def _licence(geo: Geo, dataset: Dataset) -> tuple[str, tuple[Mapping[str, Any], ...]]:
    """Return an SPDX expression, or ``other`` with a link to the licence (``/req/record-core/license``)."""
    if expression := spdx_expression(dataset.licence):
        return expression, ()
    address = dataset.licence if re.match(r"https?://\S+$", dataset.licence) else ""
    about = geo.service.link(f"/v1/datasets/{dataset.name}")
    return "other", (
        _link(address or about, "license", "" if address else "application/json", dataset.licence),
    )


def _feed_link(geo: Geo, dataset: str, form: str, params: Parameters) -> Mapping[str, Any]:
    href = geo.service.link(f"/feeds/{dataset}.{form}")
    return _link(
        href, "alternate", FEED_FORMATS[form].media_type, params.say("变化的订阅", "Feed of changes")
    )


def _link(href: str, rel: str, media: str, title: str) -> Mapping[str, Any]:
    link = {"href": href, "rel": rel, "type": media, "title": title}
    return {name: text for name, text in link.items() if text}
