"""API definition (OpenAPI 3.0) of the OGC routes. It refers to no external document."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from publisher.log.descriptions import SiteDetails
from publisher.views.ogc import collections, parameters
from publisher.views.ogc.features import dataset_items
from publisher.views.ogc.parameters import Parameters
from publisher.views.ogc.records.record import MEDIA
from publisher.views.ogc.resources import OPENAPI
from publisher.views.ogc.site import DATA_CATALOG, DIVISIONS, Geo
from publisher.web.query_parameters import DEFAULT_LIMIT, MAX_LIMIT
from schemas.definition.catalogue import Catalogue

type Json = dict[str, Any]

_STRING: Mapping[str, Any] = {"type": "string"}
_DATE: Mapping[str, Any] = {"type": "string", "format": "date"}


_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def build_document(geo: Geo, params: Parameters, site: SiteDetails) -> Json:
    """Build the definition of all routes, with the collections that the site has now."""
    paths: Json = {
        "/": _get("getLandingPage", "首页 / Landing page", "application/json", "LandingPage", ["f", "lang"]),
        "/conformance": _get(
            "getConformance", "标准符合性 / Conformance", "application/json", "Conformance", ["f", "lang"]
        ),
        "/api": _get("getApi", "接口定义 / API definition", OPENAPI, "Anything", ["f", "lang"]),
        "/collections": _get(
            "getCollections", "全部集合 / Collections", "application/json", "Collections", ["f", "lang"]
        ),
    }
    names = geo.names()
    paths |= _collection_paths(names)
    for name in names:
        paths |= _items(geo, name, params)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Qingdan OGC API",  # generators name packages by it
            "version": geo.service.version,
            "description": "清单 OGC API：每个数据集是一个集合；全站的数据目录是 `catalogue`。 / "
            "Every dataset is a collection; `catalogue` is the data catalog of the site.",
            "contact": _contact(site, geo.service.link("/")),
            "license": {
                "name": "许可因数据集而异，见各集合 / Each collection names its licence",
                "url": geo.link("/collections"),
            },
        },
        "servers": [{"url": geo.link("")}],
        "security": [],
        "paths": paths,
        "components": {"schemas": _SCHEMAS, "parameters": _PARAMETERS},
    }


def _collection_paths(names: Sequence[str]) -> Json:
    """Describe a collection, its queryables and its schema. ``names``: of all collections."""
    paths: Json = {}
    for path, operation, media in (
        ("", "describeCollection", "application/json"),
        ("/queryables", "getQueryables", "application/schema+json"),
        ("/schema", "getSchema", "application/schema+json"),
    ):
        path_item = _get(
            operation,
            f"集合 / Collection {path}",
            media,
            "Collection" if not path else "Anything",
            ["f", "lang"],
        )
        path_item["get"]["parameters"].insert(0, _path("collectionId", names))
        if not path:
            answer = path_item["get"]["responses"]["200"]["content"]
            answer[collections.CATALOG] = {"schema": {"$ref": "#/components/schemas/Collection"}}
        path_item["get"]["responses"]["404"] = _response(
            "Exception", "application/json", "未找到 / Not found"
        )
        paths[f"/collections/{{collectionId}}{path}"] = path_item
    return paths


def _contact(site: SiteDetails, address: str) -> Json:
    """Describe the owner of the site. A contact that is not an e-mail address is added to the name."""
    is_email = _EMAIL.fullmatch(site.contact) is not None
    names = [site.owner, "" if is_email else site.contact]
    texts = {"name": "，".join(name for name in names if name), "email": site.contact if is_email else ""}
    return {"url": address, **{key: text for key, text in texts.items() if text}}


def _items(geo: Geo, name: str, params: Parameters) -> Json:
    names: Sequence[str] = ("f_items", "lang", "limit", "offset", "bbox", "datetime")
    own: list[Json] = []
    if name == DATA_CATALOG:
        names = (*names, "q_terms", "ids", "type", "externalIds", "properties", "skipGeometry")
        single: Sequence[str] = ("f", "lang")
        schemas = ("RecordCollection", "Record")
    elif name == DIVISIONS and geo.boundaries is not None:
        names = (*names, "properties", "skipGeometry", "filter", "filter-lang", "filter-crs")
        own = [_query(field, shape) for field, shape in collections.DIVISION_FIELDS.items()]
        single, schemas = ("f", "lang"), ("FeatureCollection", "Feature")
    else:
        catalogue = geo.catalogue(geo.dataset(name).name)
        names = (*names, *_DATASET_PARAMETERS)
        own = _filter_parameters(catalogue, params)
        single = ("f", "lang", "as_of", "known_at", "release")
        schemas = ("FeatureCollection", "Feature")
    safe = name.replace("-", "_").replace(".", "_")
    item_list = _get(f"getItems_{safe}", f"{name}：条目 / items", "application/geo+json", schemas[0], names)
    item_list["get"]["parameters"] += own
    item_list["get"]["responses"]["404"] = _response("Exception", "application/json", "未找到 / Not found")
    media = MEDIA if name == DATA_CATALOG else "application/geo+json"
    item = _get(f"getItem_{safe}", f"{name}：一个条目 / one item", media, schemas[1], single)
    item["get"]["parameters"].insert(0, _path("featureId", ()))
    item["get"]["responses"] |= {
        "404": _response("Exception", "application/json", "未找到 / Not found"),
        "410": _response("Exception", "application/json", "已撤回公布或依法删除 / Withdrawn or erased"),
    }
    return {f"/collections/{name}/items": item_list, f"/collections/{name}/items/{{featureId}}": item}


_DATASET_PARAMETERS = (
    *("q", "properties", "skipGeometry", "sortby", "filter", "filter-lang", "filter-crs", "cursor"),
    *("as_of", "known_at", "release"),
)


def _filter_parameters(catalogue: Catalogue, params: Parameters) -> list[Json]:
    shapes = collections.queryables(catalogue, params.language)
    filters = []
    for name in dataset_items.filterable(catalogue):
        shape = shapes[name]
        if shape["type"] == "array":
            shape = {"type": "string", "title": shape["title"]}
        filters.append(_query(name, shape))
    return filters


def _query(name: str, shape: Mapping[str, Any]) -> Json:
    plain = {key: value for key, value in shape.items() if not key.startswith("x-")}
    return {"name": name, "in": "query", "description": plain.get("title", name), "schema": plain}


def _path(name: str, values: Sequence[str]) -> Json:
    shape: Json = {"type": "string", "enum": list(values)} if values else {"type": "string", "minLength": 1}
    return {"name": name, "in": "path", "required": True, "description": name, "schema": shape}


def _get(operation: str, summary: str, media: str, schema: str, names: Sequence[str]) -> Json:
    responses = {
        "200": _response(schema, media, "成功 / OK"),
        "304": {"description": "未变化 / Not modified"},
        "400": _response("Exception", "application/json", "参数有误 / Invalid parameters"),
        "406": _response("Exception", "application/json", "没有这种格式 / Not acceptable"),
        "414": _response("Exception", "application/json", "查询过长 / Query too long"),
        "500": _response("Exception", "application/json", "内部错误 / Server error"),
        "503": _response("Exception", "application/json", "暂不可用 / Unavailable"),
    }
    responses["200"]["content"]["text/html"] = {"schema": _STRING}
    if "f_items" in names:
        responses["200"]["content"]["text/csv"] = {"schema": _STRING}
    return {
        "get": {
            "operationId": operation,
            "summary": summary,
            "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in names],
            "responses": responses,
        }
    }


def _response(schema: str, media: str, description: str) -> Json:
    shape = {"schema": {"$ref": f"#/components/schemas/{schema}"}}
    return {"description": description, "content": {media: shape}}


def _list_parameter(name: str, description: str, *, longest: int | None = None) -> Json:
    item: Json = {"type": "string", "minLength": 1} | ({"maxLength": longest} if longest else {})
    return _form_parameter(name, description, {"type": "array", "items": item, "minItems": 1})


def _form_parameter(name: str, description: str, schema: Mapping[str, Any]) -> Json:
    """Describe a parameter as the requirements of 17-069r4 print it, with its style."""
    return {**_parameter(name, description, schema), "style": "form", "explode": False}


def _parameter(name: str, description: str, schema: Mapping[str, Any]) -> Json:
    return {"name": name, "in": "query", "description": description, "schema": schema}


_PARAMETERS: Mapping[str, Json] = {
    "f": _parameter("f", "格式 / Format", {"type": "string", "enum": ["json", "html"]}),
    "f_items": _parameter("f", "格式 / Format", {"type": "string", "enum": ["json", "html", "csv"]}),
    "lang": _parameter("lang", "语言 / Language", {"type": "string", "enum": ["zh", "en"]}),
    "limit": _form_parameter(
        "limit",
        "条数上限 / How many at most",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    ),
    "offset": _parameter(
        "offset",
        "跳过的条数 / How many to skip",
        {"type": "integer", "minimum": 0, "maximum": parameters.MAX_OFFSET},
    ),
    "bbox": _form_parameter(
        "bbox",
        "西、南、东、北（用逗号分隔，CRS84）；没有坐标的条目也包括在内 / "
        "West, south, east, north in CRS84; what has no geometry is matched too",
        {
            "type": "array",
            "minItems": 4,
            "maxItems": 6,
            "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
            "items": {"type": "number"},
        },
    ),
    "datetime": _form_parameter(
        "datetime",
        "有效的时刻或时段（RFC 3339，.. 为不限） / Instant or interval of effect; .. is open",
        _STRING,
    ),
    "q": _parameter("q", "搜索词 / Search terms", {"type": "string", "minLength": 1}),
    "q_terms": _list_parameter("q", "搜索词，逗号表示“或” / Search terms; a comma is or"),
    "ids": _list_parameter("ids", "数据目录条目的标识 / Identifiers of records"),
    "type": _list_parameter("type", "dataset、release、document", longest=64),
    "externalIds": _list_parameter("externalIds", "文号或地址 / Document numbers or addresses"),
    "properties": _list_parameter("properties", "只返回这些字段 / Only these properties"),
    "sortby": _list_parameter("sortby", "按字段排序，前加 - 为降序 / Sort by properties; - is descending"),
    "skipGeometry": _parameter("skipGeometry", "不返回几何信息 / Leave out geometry", {"type": "boolean"}),
    "filter": _parameter("filter", "CQL2", {"type": "string", "maxLength": 4000}),
    "filter-lang": _parameter(
        "filter-lang",
        "filter 的写法 / How filter is written",
        {"type": "string", "enum": ["cql2-text", "cql2-json"], "default": "cql2-text"},
    ),
    "filter-crs": _parameter("filter-crs", "CRS84", {"type": "string", "enum": [parameters.CRS84]}),
    "cursor": _parameter("cursor", "取自 next 链接 / Taken from the link to the next page", _STRING),
    "as_of": _parameter("as_of", "该日有效的内容 / Content in effect on this day", _DATE),
    "known_at": _parameter(
        "known_at",
        "截至该时刻已发布的内容 / Content published by then",
        {"type": "string", "format": "date-time"},
    ),
    "release": _parameter(
        "release", "某次发布时的状态 / The state of this release", {"type": "integer", "minimum": 1}
    ),
}

_LINKS: Json = {"type": "array", "items": {"$ref": "#/components/schemas/Link"}}
_FEATURE: Json = {
    "type": "object",
    "required": ["type", "geometry", "properties"],
    "properties": {
        "type": {"type": "string", "enum": ["Feature"]},
        "id": _STRING,
        "geometry": {"type": "object", "nullable": True},
        "properties": {"type": "object", "nullable": True},
        "links": _LINKS,
    },
}


def _collection_of(schema: str) -> Json:
    return {
        "type": "object",
        "required": ["type", "features", "numberMatched", "numberReturned", "links"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": {"type": "array", "items": {"$ref": f"#/components/schemas/{schema}"}},
            "numberMatched": {"type": "integer", "minimum": 0},
            "numberReturned": {"type": "integer", "minimum": 0},
            "timeStamp": {"type": "string", "format": "date-time"},
            "links": _LINKS,
        },
    }


_SCHEMAS: Mapping[str, Json] = {
    "Anything": {"type": "object"},
    "Link": {
        "type": "object",
        "required": ["href"],
        "properties": {"href": _STRING, "rel": _STRING, "type": _STRING, "title": _STRING},
    },
    "Exception": {
        "type": "object",
        "required": ["code", "description"],
        "properties": {"code": _STRING, "type": _STRING, "description": _STRING},
    },
    "LandingPage": {
        "type": "object",
        "required": ["links"],
        "properties": {"title": _STRING, "description": _STRING, "links": _LINKS},
    },
    "Conformance": {
        "type": "object",
        "required": ["conformsTo"],
        "properties": {"conformsTo": {"type": "array", "items": _STRING}},
    },
    "Collection": {
        "type": "object",
        "required": ["id", "links"],
        "properties": {
            "id": _STRING,
            "title": _STRING,
            "description": _STRING,
            "links": _LINKS,
            "extent": {"type": "object"},
            "itemType": _STRING,
            "crs": {"type": "array", "items": _STRING},
        },
    },
    "Collections": {
        "type": "object",
        "required": ["links", "collections"],
        "properties": {
            "links": _LINKS,
            "collections": {"type": "array", "items": {"$ref": "#/components/schemas/Collection"}},
        },
    },
    "Feature": _FEATURE,
    "FeatureCollection": _collection_of("Feature"),
    "Record": {
        **_FEATURE,
        "required": [*_FEATURE["required"], "id", "time", "links"],
        "properties": {
            **_FEATURE["properties"],
            "time": {"type": "object", "nullable": True},
            "conformsTo": {"type": "array", "items": _STRING},
        },
    },
    "RecordCollection": _collection_of("Record"),
}
