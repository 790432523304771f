"""Documents of collections: description, schema and queryables."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from publisher.log import predicate
from publisher.log.model import Dataset
from publisher.views.ogc import conformance, geojson
from publisher.views.ogc.parameters import CRS84, Parameters
from publisher.views.ogc.records.record import FIELDS
from publisher.views.ogc.site import DATA_CATALOG, DIVISIONS, Geo, is_dataset_collection, resource
from schemas.definition.catalogue import Catalogue, build_json_schema
from schemas.words import Lang

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
_FILTER_SHAPES: Mapping[predicate.ComparisonKind, Mapping[str, Any]] = {
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
    """Return the media type of a collection's own document."""
    return CATALOG if name == DATA_CATALOG else "application/json"


def titles(catalogue: Catalogue, language: Lang) -> Mapping[str, str]:
    """Return the titles of all properties of a feature."""
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


def queryables(catalogue: Catalogue, language: Lang) -> Mapping[str, Any]:
    """Return the properties in the form that filters compare: a limit or an amount as its number."""
    properties: dict[str, Any] = {}
    for name, title in titles(catalogue, language).items():
        kind = predicate.comparison_kind(catalogue, name)
        if kind is None:
            continue
        shape = dict(_FILTER_SHAPES[kind], title=title)
        field = catalogue.by_name.get(name)
        if field is not None and field.type == "date":
            shape["format"] = "date"
        if field is not None and field.vocabulary and not field.open_vocabulary and kind == "text":
            shape["enum"] = [term.value for term in field.vocabulary]
        properties[name] = shape
    return properties


@lru_cache(64)
def schema(catalogue: Catalogue, language: Lang) -> Mapping[str, Any]:
    """Return the properties in the form that features contain: null where a record has none."""
    document = build_json_schema(catalogue)
    own, labels = document["properties"], titles(catalogue, language)
    required = {*document.get("required", ()), "release", "effective_from", "known_from"}
    shapes = {**own, **{name: _STATE[name][2] for name in geojson.state_names(catalogue)}}
    return {
        name: dict(shape if name in required else _nullable(shape), title=labels[name])
        for name, shape in shapes.items()
    }


def _nullable(shape: Mapping[str, Any]) -> dict[str, Any]:
    choices = {"enum": [*shape["enum"], None]} if "enum" in shape else {}
    return {**shape, "type": [shape["type"], "null"], **choices}


def property_document(geo: Geo, name: str, params: Parameters, *, kind: str) -> dict[str, Any]:
    """Build a collection's property document. ``kind``: ``queryables`` or ``schema``."""
    geometry: dict[str, Any] = {}
    properties: Mapping[str, Any]
    if name == DATA_CATALOG:
        title, properties = _data_catalog_title(params), FIELDS
        geometry = {"geometry": {"format": "geometry-polygon", "x-ogc-role": "primary-geometry"}}
    elif name == DIVISIONS and geo.boundaries is not None:
        title, properties = _divisions_title(params), DIVISION_FIELDS
        geometry = {"geometry": {"format": "geometry-any", "x-ogc-role": "primary-geometry"}}
    else:
        dataset = geo.dataset(name)
        catalogue = geo.catalogue(dataset.name)
        title = params.say(dataset.title, dataset.title_en)
        make = queryables if kind == "queryables" else schema
        properties = make(catalogue, params.language)
        if geojson.has_places(catalogue):
            geometry = {"geometry": {"format": "geometry-point", "x-ogc-role": "primary-geometry"}}
    if kind == "queryables":
        geometry = {}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": geo.link(f"/collections/{name}/{kind}"),
        "type": "object",
        "title": title,
        "properties": {**geometry, **properties},
        "additionalProperties": False,
    }


def _data_catalog_title(params: Parameters) -> str:
    return params.say(
        "本站数据目录：数据集、发布与政策文件",
        "Data catalog of the site: datasets, releases, policy documents",
    )


def _divisions_title(params: Parameters) -> str:
    return params.say("行政区划", "Administrative divisions")


def describe(geo: Geo, name: str, params: Parameters) -> dict[str, Any]:
    """Build a collection's own document. Raises :class:`OgcError` (404)."""
    if name == DATA_CATALOG:
        body = geo.core.collection(name, _data_catalog_config(params), params.language)
        del body["extent"]
        body |= {"type": "Collection", "itemType": "record"}
        body |= {"conformsTo": [f"{conformance.RECORDS}/record-collection"]}
    elif name == DIVISIONS and geo.boundaries is not None:
        boxes = [boundary.box for boundary in geo.boundaries.all]
        box = (
            min(b[0] for b in boxes),
            min(b[1] for b in boxes),
            max(b[2] for b in boxes),
            max(b[3] for b in boxes),
        )
        config = resource(
            _divisions_title(params), params.say("边界文件由本站指定", "From the site's own file"), box=box
        )
        body = geo.core.collection(name, config, params.language)
    else:
        body = _describe_dataset(geo, geo.dataset(name), params)
    if name != DATA_CATALOG:
        body["crs"] = [CRS84]
        body.pop("storageCrs", None)
    body["links"] = _links(geo, name, params)
    return body


def _data_catalog_config(params: Parameters) -> Mapping[str, Any]:
    about = params.say(
        "每个数据集、每次发布、每份政策文件各为一个条目。",
        "One record for each dataset, release and policy document.",
    )
    return resource(_data_catalog_title(params), about, kind="record")


def _describe_dataset(geo: Geo, dataset: Dataset, params: Parameters) -> dict[str, Any]:
    box = geo.box(dataset)
    config = resource(
        params.say(dataset.title, dataset.title_en),
        "\n\n".join(text for text in (dataset.description, dataset.notice) if text),
        keywords=[dataset.catalogue, *dataset.labels],
        box=box,
        interval=geo.interval(dataset.name),
    )
    body = geo.core.collection(geo.collection_name(dataset.name), config, params.language)
    if box is None:
        del body["extent"]["spatial"]
    begin, end = geo.interval(dataset.name)
    if begin is None:
        del body["extent"]["temporal"]
    else:
        # pygeoapi prints local times without their zone.
        body["extent"]["temporal"] = {"interval": [[begin, end]]}
    return {**body, "license": dataset.licence, "publisher": dataset.body}


def _links(geo: Geo, name: str, params: Parameters) -> list[dict[str, Any]]:
    home, say = f"/collections/{name}", params.say
    links = [
        link(geo, home, "self", media(name), say("本文档", "This document")),
        link(geo, f"{home}?f=html", "alternate", "text/html", say("网页", "This document as HTML")),
        link(geo, "", "root", "application/json", say("首页", "Landing page")),
        link(geo, f"{home}/items", "items", GEOJSON, say("条目（GeoJSON）", "Items as GeoJSON")),
        link(geo, f"{home}/items?f=html", "items", "text/html", say("条目（网页）", "Items as HTML")),
        link(geo, f"{home}/items?f=csv", "items", "text/csv", say("条目（CSV）", "Items as CSV")),
        link(geo, f"{home}/queryables", QUERYABLES, SCHEMA, say("可查询的字段", "Queryables")),
        link(geo, f"{home}/schema", f"{_REL}/schema", SCHEMA, say("清单类型定义", "Schema")),
    ]
    if is_dataset_collection(name):
        dataset = geo.dataset(name).name
        about = geo.service.link(f"/v1/datasets/{dataset}")
        links += [
            {
                "href": about,
                "rel": "related",
                "type": "application/json",
                "title": say("数据集", "The dataset"),
            },
            link(
                geo,
                f"/collections/{DATA_CATALOG}/items/{dataset}",
                "describedby",
                GEOJSON,
                say("数据目录条目", "Record"),
            ),
        ]
    return links


def link(geo: Geo, path: str, rel: str, media: str, title: str) -> dict[str, Any]:
    """Build a link to an address below ``/ogc``."""
    return {"href": geo.link(path), "rel": rel, "type": media, "title": title}
