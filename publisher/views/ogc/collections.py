"""Collections: what they say of themselves and what can be asked of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from publisher.log import predicate
from publisher.log.model import Dataset
from publisher.views.ogc import geojson
from publisher.views.ogc.parameters import CRS84, Asked, Language
from publisher.views.ogc.site import CATALOGUE, DIVISIONS, Geo, resource
from schemas.definition.catalogue import Catalogue, json_schema

GEOJSON = "application/geo+json"
SCHEMA = "application/schema+json"
CATALOG = "application/ogc-catalog+json"
_REL = "http://www.opengis.net/def/rel/ogc/1.0"
QUERYABLES = f"{_REL}/queryables"
_STATE: Mapping[str, tuple[str, str, dict[str, Any]]] = {
    "part": ("报送部门", "Department that submitted it", {"type": "string"}),
    "release": ("所属发布的编号", "Number of the release that brought it", {"type": "integer"}),
    "effective_from": (
        *("生效日期", "In effect from"),
        {"type": "string", "format": "date", "x-ogc-role": "primary-interval-start"},
    ),
    "effective_to": (
        *("失效日期（不含）", "In effect until (exclusive)"),
        {"type": "string", "format": "date", "x-ogc-role": "primary-interval-end"},
    ),
    "known_from": ("发布时刻", "Published at", {"type": "string", "format": "date-time"}),
}
_ASKED: Mapping[predicate.Kind, Mapping[str, Any]] = {
    "text": {"type": "string"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "day": {"type": "string", "format": "date"},
    "list": {"type": "array", "items": {"type": "string"}},
}
DIVISION_FIELDS: Mapping[str, Mapping[str, Any]] = {
    "code": {"type": "string", "title": "GB/T 2260"},
    "name": {"type": "string", "title": "名称 / Name"},
}


def media(name: str) -> str:
    """Of a collection's own document."""
    return CATALOG if name == CATALOGUE else "application/json"


def titles(catalogue: Catalogue, language: Language) -> Mapping[str, str]:
    """Of everything that a feature may hold."""
    own = {
        f.name: f.title if language == "zh" else f.title_en or f.title
        for f in catalogue.fields
        if not f.personal
    }
    state = geojson.state_names(catalogue)
    for name in state:
        zh, en, _ = _STATE[name]
        own[name] = zh if language == "zh" else en
    return own


def queryables(catalogue: Catalogue, language: Language) -> Mapping[str, Any]:
    """Properties as a filter sees them: a limit or an amount is its number."""
    found: dict[str, Any] = {}
    for name, title in titles(catalogue, language).items():
        kind = predicate.comparison_kind(catalogue, name)
        if kind is None:
            continue
        shape = dict(_ASKED[kind], title=title)
        field = catalogue.by_name.get(name)
        if field is not None and field.type == "date":
            shape["format"] = "date"
        if field is not None and field.vocabulary and not field.open_vocabulary and kind == "text":
            shape["enum"] = [term.value for term in field.vocabulary]
        found[name] = shape
    return found


@lru_cache(64)
def schema(catalogue: Catalogue, language: Language) -> Mapping[str, Any]:
    """Properties as a feature holds them."""
    own = json_schema(catalogue)["properties"]
    shown = titles(catalogue, language)
    found: dict[str, Any] = {name: dict(own[name], title=shown[name]) for name in own}
    for name in geojson.state_names(catalogue):
        found[name] = dict(_STATE[name][2], title=shown[name])
    return found


def document(geo: Geo, name: str, asked: Asked, *, of: str) -> dict[str, Any]:
    """``of``: ``queryables`` or ``schema`` of a collection."""
    geometry: dict[str, Any] = {}
    properties: Mapping[str, Any]
    if name == CATALOGUE:
        from publisher.views.ogc.records.record import FIELDS

        title, properties = _catalogue_title(asked), FIELDS
        geometry = {"geometry": {"format": "geometry-polygon", "x-ogc-role": "primary-geometry"}}
    elif name == DIVISIONS and geo.boundaries is not None:
        title, properties = _divisions_title(asked), DIVISION_FIELDS
        geometry = {"geometry": {"format": "geometry-any", "x-ogc-role": "primary-geometry"}}
    else:
        dataset = geo.dataset(name)
        catalogue = geo.catalogue(dataset.name)
        title = asked.say(dataset.title, dataset.title_en)
        make = queryables if of == "queryables" else schema
        properties = make(catalogue, asked.language)
        if geojson.has_places(catalogue):
            geometry = {"geometry": {"format": "geometry-point", "x-ogc-role": "primary-geometry"}}
    if of == "queryables":
        geometry = {}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": geo.link(f"/collections/{name}/{of}"),
        "type": "object",
        "title": title,
        "properties": {**geometry, **properties},
        "additionalProperties": False,
    }


def _catalogue_title(asked: Asked) -> str:
    return asked.say(
        "本站数据目录：数据集、发布与政策文件", "Catalogue of the site: datasets, releases, policy documents"
    )


def _divisions_title(asked: Asked) -> str:
    return asked.say("行政区划", "Administrative divisions")


def describe(geo: Geo, name: str, asked: Asked) -> dict[str, Any]:
    """A collection's own document. Raises :class:`OgcError` (404)."""
    if name == CATALOGUE:
        made = geo.core.collection(name, _catalogue(asked), asked.language)
        del made["extent"]
        made |= {"type": "Collection", "itemType": "record"}
        made |= {"conformsTo": [f"{_RECORDS}/record-collection"]}
    elif name == DIVISIONS and geo.boundaries is not None:
        boxes = [boundary.box for boundary in geo.boundaries.all]
        box = (
            min(b[0] for b in boxes),
            min(b[1] for b in boxes),
            max(b[2] for b in boxes),
            max(b[3] for b in boxes),
        )
        said = resource(
            _divisions_title(asked), asked.say("边界文件由本站指定", "From the site's own file"), box=box
        )
        made = geo.core.collection(name, said, asked.language)
    else:
        made = _described(geo, geo.dataset(name), asked)
    if name != CATALOGUE:
        made["crs"] = [CRS84]
        made.pop("storageCrs", None)
    made["links"] = _links(geo, name, asked)
    return made


_RECORDS = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf"


def _catalogue(asked: Asked) -> Mapping[str, Any]:
    about = asked.say(
        "每个数据集、每次发布、每份政策文件各为一个条目。",
        "One record for each dataset, release and policy document.",
    )
    return resource(_catalogue_title(asked), about, kind="record")


def _described(geo: Geo, dataset: Dataset, asked: Asked) -> dict[str, Any]:
    box = geo.box(dataset)
    said = resource(
        asked.say(dataset.title, dataset.title_en),
        "\n\n".join(text for text in (dataset.description, dataset.notice) if text),
        keywords=[dataset.catalogue, *dataset.labels],
        box=box,
        interval=geo.interval(dataset.name),
    )
    made = geo.core.collection(geo.name_of(dataset.name), said, asked.language)
    if box is None:
        del made["extent"]["spatial"]
    begin, end = geo.interval(dataset.name)
    if begin is None:
        del made["extent"]["temporal"]
    else:
        # pygeoapi prints local times without their zone.
        made["extent"]["temporal"] = {"interval": [[begin, end]]}
    return {**made, "license": dataset.licence, "publisher": dataset.body}


def _links(geo: Geo, name: str, asked: Asked) -> list[dict[str, Any]]:
    home, say = f"/collections/{name}", asked.say
    links = [
        _link(geo, home, "self", media(name), say("本文档", "This document")),
        _link(geo, f"{home}?f=html", "alternate", "text/html", say("网页", "This document as HTML")),
        _link(geo, "", "root", "application/json", say("首页", "Landing page")),
        _link(geo, f"{home}/items", "items", GEOJSON, say("条目（GeoJSON）", "Items as GeoJSON")),
        _link(geo, f"{home}/items?f=html", "items", "text/html", say("条目（网页）", "Items as HTML")),
        _link(geo, f"{home}/items?f=csv", "items", "text/csv", say("条目（CSV）", "Items as CSV")),
        _link(geo, f"{home}/queryables", QUERYABLES, SCHEMA, say("可查询的字段", "Queryables")),
        _link(geo, f"{home}/schema", f"{_REL}/schema", SCHEMA, say("清单类型定义", "Schema")),
    ]
    if name not in (CATALOGUE, DIVISIONS):
        dataset = geo.dataset(name).name
        about = geo.service.link(f"/v1/datasets/{dataset}")
        links += [
            {
                "href": about,
                "rel": "related",
                "type": "application/json",
                "title": say("数据集", "The dataset"),
            },
            _link(
                geo,
                f"/collections/{CATALOGUE}/items/{dataset}",
                "describedby",
                GEOJSON,
                say("数据目录条目", "Record"),
            ),
        ]
    return links


def _link(geo: Geo, path: str, rel: str, media: str, title: str) -> dict[str, Any]:
    return {"href": geo.link(path), "rel": rel, "type": media, "title": title}
