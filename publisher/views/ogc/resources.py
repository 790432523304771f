"""Handlers of the OGC resources, independent of the web framework."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec import structs

from publisher.views.api import requested_view
from publisher.views.ogc import collections, conformance, item_table, parameters
from publisher.views.ogc.features import dataset_items
from publisher.views.ogc.item_source import Items, ItemSource, Window
from publisher.views.ogc.parameters import Format, Parameters
from publisher.views.ogc.records import search as catalog_search
from publisher.views.ogc.records.record import MEDIA as RECORD_MEDIA
from publisher.views.ogc.site import DATA_CATALOG, DIVISIONS, Geo, is_dataset_collection, resource, utc_text
from publisher.views.pages.printing.templates import HTML
from publisher.web import page_cursor
from publisher.web.conditional_requests import Validity

_encode = msgspec.json.Encoder().encode
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
_CSV = "text/csv; charset=utf-8; header=present"
_ITEM_FORMATS: tuple[Format, ...] = ("json", "html", "csv")
_CHANGING = ("f", "offset", "cursor", "as_of", "known_at")
"""Parameters that differ between the links of pages."""


class Request(msgspec.Struct, frozen=True):
    """``names``: parameters of the path. ``word_matches``: dataset → records that contain ``q``."""

    query: bytes
    headers: Mapping[str, str]
    names: Mapping[str, str] = msgspec.field(default_factory=dict)
    word_matches: Mapping[str, Sequence[str]] | None = None
    position: int = 0
    """Position of the search index, if it was queried."""


class Body(msgspec.Struct, frozen=True):
    content: bytes
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Headers that are known once the body is built."""


class OgcAnswer(msgspec.Struct, frozen=True):
    """``build`` is not called for a conditional request that matches."""

    media: str
    language: str
    validity: Validity
    build: Callable[[], Body]
    link: str = ""
    """A ``Link`` header (RFC 8288)."""


type Handler = Callable[[Geo, Request], OgcAnswer]


def get_landing_page(geo: Geo, request: Request) -> OgcAnswer:
    params = parameters.parse(request.query, request.headers, ())
    say = params.say
    title = say("OGC 接口（供地理信息软件使用）", "OGC API, for geographic software")

    def build() -> dict[str, Any]:
        return {
            "title": title,
            "description": say(
                "每个数据集是一个集合，全站为一个数据目录。一般读者请查看网页。",
                "Every dataset is a collection; the site is a data catalog. Readers will prefer the pages.",
            ),
            "links": [
                collections.link(geo, "", "self", "application/json", say("本文档", "This document")),
                collections.link(
                    geo, "?f=html", "alternate", "text/html", say("网页", "This document as HTML")
                ),
                collections.link(geo, "/api", "service-desc", OPENAPI, say("接口定义", "The API definition")),
                collections.link(
                    geo, "/api?f=html", "service-doc", "text/html", say("接口说明", "The API as HTML")
                ),
                collections.link(
                    geo, "/conformance", "conformance", "application/json", say("标准符合性", "Conformance")
                ),
                collections.link(
                    geo, "/collections", "data", "application/json", say("全部集合", "Collections")
                ),
                collections.link(
                    geo,
                    f"/collections/{DATA_CATALOG}",
                    "http://www.opengis.net/def/rel/ogc/1.0/ogc-catalog",
                    "application/json",
                    say("数据目录", "Data catalog"),
                ),
            ],
        }

    return _document(geo, params, build, title)


def get_conformance(geo: Geo, request: Request) -> OgcAnswer:
    params = parameters.parse(request.query, request.headers, ())
    title = params.say("标准符合性", "Conformance")
    return _document(geo, params, lambda: {"conformsTo": list(conformance.CLAIMS)}, title)


def get_api(geo: Geo, request: Request) -> OgcAnswer:
    from publisher.views.ogc import api_definition

    params = parameters.parse(request.query, request.headers, ())
    title = params.say("接口定义", "API definition")
    site = geo.service.site_details()

    def build() -> dict[str, Any]:
        return api_definition.build_document(geo, params, site.details)

    answer = _document(geo, params, build, title, media=OPENAPI)
    return structs.replace(answer, validity=answer.validity.extended(site.details, site.changed_at))


def list_collections(geo: Geo, request: Request) -> OgcAnswer:
    params = parameters.parse(request.query, request.headers, ())
    title = params.say("全部集合", "Collections")

    def build() -> dict[str, Any]:
        links = [
            collections.link(geo, "/collections", "self", "application/json", title),
            collections.link(
                geo, "/collections?f=html", "alternate", "text/html", params.say("网页", "As HTML")
            ),
        ]
        return {
            "links": links,
            "collections": [collections.describe(geo, name, params) for name in geo.names()],
        }

    return _document(geo, params, build, title)


def get_collection(geo: Geo, request: Request) -> OgcAnswer:
    name = request.names["collection"]
    own = collections.media(name)
    params = parameters.parse(request.query, request.headers, (), own=own)
    _check_exists(geo, name)
    # 20-004r1: the data catalog has its own media type; 17-069r4: a request for JSON gets JSON.
    media = "application/json" if params.media == "application/json" else own
    return _document(geo, params, lambda: collections.describe(geo, name, params), name, media, name)


def get_queryables(geo: Geo, request: Request) -> OgcAnswer:
    return _property_document(geo, request, "queryables")


def get_schema(geo: Geo, request: Request) -> OgcAnswer:
    return _property_document(geo, request, "schema")


def _property_document(geo: Geo, request: Request, kind: str) -> OgcAnswer:
    params = parameters.parse(request.query, request.headers, ())
    name = request.names["collection"]
    _check_exists(geo, name)

    def build() -> dict[str, Any]:
        return collections.property_document(geo, name, params, kind=kind)

    return _document(geo, params, build, f"{name}: {kind}", collections.SCHEMA, name)


def list_items(geo: Geo, request: Request) -> OgcAnswer:
    name = request.names["collection"]
    source, params, validity = _make_source(geo, name, request)

    def build() -> Body:
        window = parameters.window(params.values, source.fields)
        if is_dataset_collection(name):
            items = source.query(window)
            envelope = dataset_items.envelope(items)
        else:
            items, envelope = _query_pygeoapi(geo, name, source, params, window)
        links = _page_links(geo, name, params, window, items)
        if params.format == "json":
            time = _time_of_state(geo, name, params, validity)
            time_stamp = {"timeStamp": utc_text(time)} if time else {}
            return Body(_encode({**envelope, **time_stamp, "links": links, "features": items.features}))
        columns, rows = item_table.rows(items, window.properties or tuple(source.fields))
        if params.format == "csv":
            # A table has no place for a link: a header says that there is another page.
            following = [
                f'<{one["href"]}>; rel="next"; type="text/csv"' for one in links if one["rel"] == "next"
            ]
            table = item_table.as_csv(columns, rows, source.numeric)
            return Body(table, {"link": following[0]} if following else {})
        return Body(geo.plain_pages.table(params, name, columns, rows, links))

    link = f'<{geo.link(f"/collections/{name}/queryables")}>; rel="{collections.QUERYABLES}"'
    return structs.replace(_answer(params, validity, build, collections.GEOJSON), link=link)


def _time_of_state(geo: Geo, name: str, params: Parameters, validity: Validity) -> datetime | None:
    """Return the time of the state and not of the request: the same state gives the same bytes.

    That of a release is its publication: each later release of the dataset can change ``validity.modified``.
    """
    if is_dataset_collection(name) and "release" in params.values:
        return geo.service.release(geo.dataset(name).name, int(params.values["release"])).published_at
    return validity.modified or geo.service.datasets_changed_at(geo.service.log.queries.sequence())


def get_item(geo: Geo, request: Request) -> OgcAnswer:
    name, identifier = request.names["collection"], request.names["item"]
    if not is_dataset_collection(name):
        source, params, validity = _make_source(geo, name, request, single=True)
        kind = "record" if name == DATA_CATALOG else "feature"

        def fetch() -> Body:
            geo.core.item(name, resource(name, "", source=source, kind=kind), identifier)
            return _item_body(geo, request, params, bytes(source.item or b""))

        media = RECORD_MEDIA if name == DATA_CATALOG else collections.GEOJSON
        return _answer(params, validity, fetch, media)
    dataset = geo.dataset(name)
    params = parameters.parse(request.query, request.headers, parameters.VIEW)
    view = parameters.view(params.values)
    validity = requested_view.validity(geo.service, dataset.name, view)

    def build() -> Body:
        catalogue = geo.service.catalogue_in_view(dataset.name, view)
        raw = dataset_items.get_feature(geo, dataset.name, catalogue, identifier, view)
        return _item_body(geo, request, params, bytes(raw))

    return _answer(params, validity, build, collections.GEOJSON)


def _item_body(geo: Geo, request: Request, params: Parameters, item: bytes) -> Body:
    name, identifier = request.names["collection"], request.names["item"]
    if name == DATA_CATALOG:  # a record contains its links
        if params.format == "json":
            return Body(item)
        return Body(geo.plain_pages.document(params, identifier, msgspec.json.decode(item)))
    home = f"/collections/{name}"
    own = f"{home}/items/{identifier}"
    links = [
        collections.link(geo, own, "self", collections.GEOJSON, params.say("本条目", "This item")),
        collections.link(
            geo, f"{own}?f=html", "alternate", "text/html", params.say("网页", "This item as HTML")
        ),
        collections.link(
            geo, home, "collection", collections.media(name), params.say("集合", "The collection")
        ),
    ]
    if is_dataset_collection(name):
        record = geo.service.link(f"/v1/datasets/{geo.dataset(name).name}/records/{identifier}")
        links.append({"href": record, "rel": "canonical", "type": "application/json"})
    if params.format == "html":
        content = {**msgspec.json.decode(item), "links": links}
        return Body(geo.plain_pages.document(params, identifier, content))
    return Body(b'%b,"links":%b}' % (item[:-1], _encode(links)))


def _make_source(
    geo: Geo, name: str, request: Request, *, single: bool = False
) -> tuple[ItemSource, Parameters, Validity]:
    formats: tuple[Format, ...] = ("json", "html") if single else _ITEM_FORMATS
    if name == DATA_CATALOG:
        allowed = () if single else catalog_search.ALLOWED
        params = parameters.parse(request.query, request.headers, allowed, formats)
        search = catalog_search.parse_search(params, request.word_matches)
        return catalog_search.make_source(geo, params, search), params, _site_validity(geo, request.position)
    if name == DIVISIONS and geo.boundaries is not None:
        from publisher.views.ogc.features import divisions

        allowed = () if single else divisions.ALLOWED
        params = parameters.parse(request.query, request.headers, allowed, formats)
        return divisions.make_source(geo.boundaries, params), params, _site_validity(geo, request.position)
    dataset = geo.dataset(name)
    catalogue = dataset_items.queryable_catalogue(geo, dataset.name, request.query)
    params = parameters.parse(
        request.query, request.headers, dataset_items.allowed_parameters(catalogue), formats
    )
    item_query = dataset_items.parse_item_query(geo.service.cursors, dataset, catalogue, params)
    first = dataset_items.first_view(item_query.view, item_query.during)
    item_query = structs.replace(item_query, catalogue=geo.service.catalogue_in_view(dataset.name, first))
    if request.word_matches is not None:
        item_query = dataset_items.narrow_to_records(item_query, request.word_matches.get(dataset.name, ()))
    validity = requested_view.validity(geo.service, dataset.name, item_query.view)
    if request.word_matches is not None:
        # The index may lag behind the log.
        tokens = (*validity.tokens, request.position, geo.service.today())
        validity = Validity(tokens, validity.modified, decides=False)
    return dataset_items.make_source(geo, item_query), params, validity


def _query_pygeoapi(
    geo: Geo, name: str, source: ItemSource, params: Parameters, window: Window
) -> tuple[Items, dict[str, Any]]:
    """Run a query through pygeoapi. Return the provider's items and pygeoapi's document."""
    standard = ("limit", "properties", "skipGeometry")
    query = {name: value for name, value in params.values.items() if name in standard}
    query |= {"offset": str(window.offset), "lang": params.language}
    kind = "record" if name == DATA_CATALOG else "feature"
    envelope = geo.core.items(name, resource(name, "", source=source, kind=kind), query)
    if source.items is None:
        raise AssertionError("the provider was not called")
    return source.items, envelope


def _page_links(
    geo: Geo, name: str, params: Parameters, window: Window, items: Items
) -> list[dict[str, Any]]:
    path, say, values = f"/collections/{name}/items", params.say, params.values
    media = {"json": collections.GEOJSON, "html": "text/html", "csv": "text/csv"}
    same = urlencode({key: value for key, value in values.items() if key not in _CHANGING})
    own = {key: values[key] for key in _CHANGING if key in values}

    def page_link(rel: str, title: str, form: str, **changed: str | None) -> dict[str, Any]:
        pairs = {key: value for key, value in {**own, **changed}.items() if value is not None}
        query = "&".join(part for part in (same, urlencode(pairs)) if part)
        return collections.link(geo, f"{path}?{query}" if query else path, rel, media[form], title)

    links = [page_link("self", say("本页", "This page"), params.format)]
    forms = [form for form in _ITEM_FORMATS if form != params.format]
    links += [
        page_link("alternate", say(f"本页（{form}）", f"This page as {form}"), form, f=form) for form in forms
    ]
    if items.more is not None:
        links.append(page_link("next", say("下一页", "Next page"), params.format, **items.more))
    if window.offset:
        before = max(0, window.offset - window.limit)
        links.append(
            page_link("prev", say("上一页", "Previous page"), params.format, offset=str(before), cursor=None)
        )
    links.append(
        collections.link(
            geo, f"/collections/{name}", "collection", collections.media(name), say("集合", "Collection")
        )
    )
    return links


def _check_exists(geo: Geo, name: str) -> None:
    if name == DATA_CATALOG or (name == DIVISIONS and geo.boundaries is not None):
        return
    geo.dataset(name)


def _site_validity(geo: Geo, position: int = 0, dataset: str | None = None) -> Validity:
    """Return the validity of a document about the whole site, or about one dataset."""
    log = geo.service.log
    sequence, day = log.queries.validator(dataset)
    datasets = page_cursor.query_digest(log.datasets.get(dataset) if dataset else log.datasets.all())
    boundaries = None if geo.boundaries is None else geo.boundaries.digest
    return Validity((sequence, day, datasets, boundaries, position))


def _document(
    geo: Geo,
    params: Parameters,
    build: Callable[[], dict[str, Any]],
    title: str,
    media: str = "application/json",
    collection: str = DATA_CATALOG,
) -> OgcAnswer:
    """Build a document about a collection; the data catalog is that of all datasets."""

    def encode() -> Body:
        content = build()
        is_page = params.format == "html"
        return Body(geo.plain_pages.document(params, title, content) if is_page else _encode(content))

    dataset = geo.dataset(collection).name if is_dataset_collection(collection) else None
    return _answer(params, _site_validity(geo, dataset=dataset), encode, media)


def _answer(params: Parameters, validity: Validity, build: Callable[[], Body], media: str) -> OgcAnswer:
    medias = {"json": media, "html": HTML, "csv": _CSV}
    validity = structs.replace(validity, tokens=(*validity.tokens, params.language, medias[params.format]))
    return OgcAnswer(medias[params.format], params.language, validity, build)
