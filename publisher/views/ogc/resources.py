"""From a request to an answer, for each of the OGC resources; knows no web framework."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

import msgspec

from publisher.log.model import LogError
from publisher.views.api import requested_view
from publisher.views.ogc import collections, conformance, geojson, parameters
from publisher.views.ogc.errors import OgcError, not_found
from publisher.views.ogc.features import dataset_items
from publisher.views.ogc.item_source import Items, Source, Window
from publisher.views.ogc.parameters import Asked, Format
from publisher.views.ogc.records import search as catalogue_search
from publisher.views.ogc.records.record import MEDIA as RECORD_MEDIA
from publisher.views.ogc.site import CATALOGUE, DIVISIONS, Geo, resource, straight
from publisher.views.pages.printing.templates import HTML
from publisher.web import page_cursor
from publisher.web.conditional_requests import Validity

_encode = msgspec.json.Encoder().encode
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
_CSV = "text/csv; charset=utf-8; header=present"
_ITEM_FORMATS: tuple[Format, ...] = ("json", "html", "csv")
_CHANGING = ("f", "offset", "cursor", "as_of", "known_at")
"""Parameters by which links between pages differ."""


@dataclass(frozen=True, slots=True)
class Request:
    """``names``: what the path names. ``found``: dataset → records that hold the words of ``q``."""

    query: bytes
    headers: Mapping[str, str]
    names: Mapping[str, str] = field(default_factory=dict)
    found: Mapping[str, Sequence[str]] | None = None
    position: int = 0
    """Of the search index, where it was asked."""


@dataclass(frozen=True, slots=True)
class Answer:
    """``build`` → bytes; a request that has them already never builds them."""

    media: str
    language: str
    validity: Validity
    build: Callable[[], bytes]
    link: str = ""
    """A ``Link`` header (RFC 8288)."""


type Handler = Callable[[Geo, Request], Answer]


def landing(geo: Geo, request: Request) -> Answer:
    asked = parameters.read(request.query, request.headers, ())

    def build() -> dict[str, Any]:
        say = asked.say
        return {
            "title": say("OGC 接口（供地理信息软件使用）", "OGC API, for geographic software"),
            "description": say(
                "每个数据集是一个集合，全站为一个数据目录。一般读者请查看网页。",
                "Every dataset is a collection; the site is a data catalog. Readers will prefer the pages.",
            ),
            "links": [
                _link(geo, "", "self", "application/json", say("本文档", "This document")),
                _link(geo, "?f=html", "alternate", "text/html", say("网页", "This document as HTML")),
                _link(geo, "/api", "service-desc", OPENAPI, say("接口定义", "The API definition")),
                _link(geo, "/api?f=html", "service-doc", "text/html", say("接口说明", "The API as HTML")),
                _link(
                    geo, "/conformance", "conformance", "application/json", say("标准符合性", "Conformance")
                ),
                _link(geo, "/collections", "data", "application/json", say("全部集合", "Collections")),
                _link(
                    geo,
                    f"/collections/{CATALOGUE}",
                    "http://www.opengis.net/def/rel/ogc/1.0/ogc-catalog",
                    "application/json",
                    say("数据目录", "Data catalog"),
                ),
            ],
        }

    title = asked.say("OGC 接口（供地理信息软件使用）", "OGC API, for geographic software")
    return _document(geo, asked, build, title)


def conforms(geo: Geo, request: Request) -> Answer:
    asked = parameters.read(request.query, request.headers, ())
    title = asked.say("标准符合性", "Conformance")
    return _document(geo, asked, lambda: {"conformsTo": list(conformance.CLAIMS)}, title)


def api(geo: Geo, request: Request) -> Answer:
    from publisher.views.ogc import api_definition

    asked = parameters.read(request.query, request.headers, ())
    title = asked.say("接口定义", "API definition")
    return _document(geo, asked, lambda: api_definition.document(geo, asked), title, media=OPENAPI)


def list_collections(geo: Geo, request: Request) -> Answer:
    asked = parameters.read(request.query, request.headers, ())
    title = asked.say("全部集合", "Collections")

    def build() -> dict[str, Any]:
        links = [
            _link(geo, "/collections", "self", "application/json", title),
            _link(geo, "/collections?f=html", "alternate", "text/html", asked.say("网页", "As HTML")),
        ]
        return {
            "links": links,
            "collections": [collections.describe(geo, name, asked) for name in geo.names()],
        }

    return _document(geo, asked, build, title)


def collection(geo: Geo, request: Request) -> Answer:
    name = request.names["collection"]
    own = collections.media(name)
    asked = parameters.read(request.query, request.headers, (), own=own)
    _exists(geo, name)
    # 20-004r1: the catalogue is of its own media type; 17-069r4: who asks for JSON gets it as JSON.
    media = "application/json" if asked.media == "application/json" else own
    return _document(geo, asked, lambda: collections.describe(geo, name, asked), name, media=media)


def queryables(geo: Geo, request: Request) -> Answer:
    return _of_collection(geo, request, "queryables")


def schema(geo: Geo, request: Request) -> Answer:
    return _of_collection(geo, request, "schema")


def _of_collection(geo: Geo, request: Request, of: str) -> Answer:
    asked = parameters.read(request.query, request.headers, ())
    name = request.names["collection"]
    _exists(geo, name)

    def build() -> dict[str, Any]:
        return collections.document(geo, name, asked, of=of)

    return _document(geo, asked, build, f"{name}: {of}", media=collections.SCHEMA)


def list_items(geo: Geo, request: Request) -> Answer:
    name = request.names["collection"]
    made, asked, validity = _source(geo, name, request)

    def build() -> bytes:
        window = parameters.window(asked.values, made.fields)
        if straight(name):
            found = made.query(window)
            envelope = dataset_items.envelope(found)
        else:
            found, envelope = _through_pygeoapi(geo, name, made, asked, window)
        links = _page_links(geo, name, asked, window, found)
        if asked.format == "json":
            return _encode({**envelope, "links": links, "features": found.features})
        columns, rows = dataset_items.rows(found, window.properties or tuple(made.fields))
        if asked.format == "csv":
            return geojson.as_csv(columns, rows)
        return geo.sheets.table(asked, name, columns, rows, links)

    link = f'<{geo.link(f"/collections/{name}/queryables")}>; rel="{collections.QUERYABLES}"'
    return replace(_answer(asked, validity, build, collections.GEOJSON), link=link)


def one_item(geo: Geo, request: Request) -> Answer:
    name, identifier = request.names["collection"], request.names["item"]
    if not straight(name):
        made, asked, validity = _source(geo, name, request, single=True)
        kind = "record" if name == CATALOGUE else "feature"

        def read() -> bytes:
            geo.core.item(name, resource(name, "", source=made, kind=kind), identifier)
            return bytes(made.item or b"")

        media = RECORD_MEDIA if name == CATALOGUE else collections.GEOJSON
        return _answer(asked, validity, lambda: _one(geo, request, asked, read()), media)
    dataset = geo.dataset(name)
    asked = parameters.read(request.query, request.headers, parameters.VIEW)
    view = parameters.view(asked.values)
    validity = requested_view.validity(geo.service, dataset.name, view)

    def build() -> bytes:
        raw = dataset_items.one(geo, dataset.name, geo.catalogue(dataset.name), identifier, view)
        return _one(geo, request, asked, bytes(raw))

    return _answer(asked, validity, build, collections.GEOJSON)


def _one(geo: Geo, request: Request, asked: Asked, item: bytes) -> bytes:
    name, identifier = request.names["collection"], request.names["item"]
    if asked.format == "json" and name == CATALOGUE:
        return item
    home = f"/collections/{name}"
    own = f"{home}/items/{identifier}"
    links = [
        _link(geo, own, "self", collections.GEOJSON, asked.say("本条目", "This item")),
        _link(geo, f"{own}?f=html", "alternate", "text/html", asked.say("网页", "This item as HTML")),
        _link(geo, home, "collection", collections.media(name), asked.say("集合", "The collection")),
    ]
    if straight(name):
        record = geo.service.link(f"/v1/datasets/{geo.dataset(name).name}/records/{identifier}")
        links.append({"href": record, "rel": "canonical", "type": "application/json"})
    if asked.format == "html":
        return geo.sheets.document(asked, identifier, {**msgspec.json.decode(item), "links": links})
    return b'%b,"links":%b}' % (item[:-1], _encode(links))


def _source(geo: Geo, name: str, request: Request, *, single: bool = False) -> tuple[Source, Asked, Validity]:
    formats: tuple[Format, ...] = ("json", "html") if single else _ITEM_FORMATS
    if name == CATALOGUE:
        known = () if single else catalogue_search.KNOWN
        asked = parameters.read(request.query, request.headers, known, formats)
        search = catalogue_search.read(asked, request.found)
        return catalogue_search.source(geo, asked, search), asked, _of_site(geo, request)
    if name == DIVISIONS and geo.boundaries is not None:
        from publisher.views.ogc.features import divisions

        known = () if single else divisions.KNOWN
        asked = parameters.read(request.query, request.headers, known, formats)
        return divisions.source(geo.boundaries, asked), asked, _of_site(geo, request)
    dataset = geo.dataset(name)
    schema_used = geo.catalogue(dataset.name)
    asked = parameters.read(request.query, request.headers, dataset_items.known(schema_used), formats)
    question = dataset_items.read(dataset, schema_used, asked)
    if request.found is not None:
        question = dataset_items.narrowed(question, request.found.get(dataset.name, ()))
    validity = requested_view.validity(geo.service, dataset.name, question.view)
    if request.found is not None:
        # The index follows the log at its own pace.
        validity = Validity((*validity.tokens, request.position, geo.service.today()))
    return dataset_items.source(geo, question), asked, validity


def _through_pygeoapi(
    geo: Geo, name: str, made: Source, asked: Asked, window: Window
) -> tuple[Items, dict[str, Any]]:
    """→ what its provider was answered, and the document that it makes of it."""
    standard = ("limit", "properties", "skipGeometry")
    given = {name: value for name, value in asked.values.items() if name in standard}
    given |= {"offset": str(window.offset), "lang": asked.language}
    kind = "record" if name == CATALOGUE else "feature"
    envelope = geo.core.items(name, resource(name, "", source=made, kind=kind), given)
    if made.found is None:
        raise AssertionError("the provider was not asked")
    return made.found, envelope


def _page_links(geo: Geo, name: str, asked: Asked, window: Window, found: Items) -> list[dict[str, Any]]:
    path, say, values = f"/collections/{name}/items", asked.say, asked.values
    shown = {"json": collections.GEOJSON, "html": "text/html", "csv": "text/csv"}
    same = urlencode({key: value for key, value in values.items() if key not in _CHANGING})
    own = {key: values[key] for key in _CHANGING if key in values}

    def to(rel: str, title: str, form: str, **changed: str | None) -> dict[str, Any]:
        pairs = {key: value for key, value in {**own, **changed}.items() if value is not None}
        query = "&".join(part for part in (same, urlencode(pairs)) if part)
        return _link(geo, f"{path}?{query}" if query else path, rel, shown[form], title)

    links = [to("self", say("本页", "This page"), asked.format)]
    forms = [form for form in _ITEM_FORMATS if form != asked.format]
    links += [to("alternate", say(f"本页（{form}）", f"This page as {form}"), form, f=form) for form in forms]
    if found.more is not None:
        links.append(to("next", say("下一页", "Next page"), asked.format, **found.more))
    if window.offset:
        before = max(0, window.offset - window.limit)
        links.append(
            to("prev", say("上一页", "Previous page"), asked.format, offset=str(before), cursor=None)
        )
    links.append(
        _link(geo, f"/collections/{name}", "collection", collections.media(name), say("集合", "Collection"))
    )
    return links


def _exists(geo: Geo, name: str) -> None:
    if name == CATALOGUE or (name == DIVISIONS and geo.boundaries is not None):
        return
    geo.dataset(name)


def _of_site(geo: Geo, request: Request) -> Validity:
    """On what a document about the whole site depends."""
    sequence, day = geo.service.log.queries.validator()
    datasets = page_cursor.query_digest(geo.service.log.datasets.all())
    file = geo.boundaries_file
    boundaries = None if file is None or not file.exists() else file.stat().st_mtime_ns
    return Validity((sequence, day, datasets, boundaries, request.position))


def _document(
    geo: Geo, asked: Asked, build: Callable[[], dict[str, Any]], title: str, media: str = "application/json"
) -> Answer:
    def built() -> bytes:
        content = build()
        return geo.sheets.document(asked, title, content) if asked.format == "html" else _encode(content)

    return _answer(asked, _of_site(geo, Request(b"", {})), built, media)


def _answer(asked: Asked, validity: Validity, build: Callable[[], bytes], media: str) -> Answer:
    medias = {"json": media, "html": HTML, "csv": _CSV}
    told = replace(validity, tokens=(*validity.tokens, asked.language, medias[asked.format]))
    return Answer(medias[asked.format], asked.language, told, build)


def _link(geo: Geo, path: str, rel: str, media: str, title: str) -> dict[str, Any]:
    return {"href": geo.link(path), "rel": rel, "type": media, "title": title}


def failure(error: LogError) -> OgcError | None:
    """What the log refuses, as an OGC exception; None for what is no fault of the request."""
    if error.code in ("no-such-dataset", "no-such-record", "no-such-release"):
        return not_found(error.zh, error.en)
    if error.code in ("mixed-view", "bad-filter", "bad-cursor"):
        return OgcError(400, "InvalidParameterValue", error.zh, error.en)
    return None
