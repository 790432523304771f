"""Routes for harvesters: the DCAT catalog, the schemas, the sitemap and robots.txt."""

from __future__ import annotations

from typing import Any

from openapi.operation import Operation, Parameter
from publisher.log.model import Dataset, RecordQuery
from publisher.views.api import requested_view, site_metadata
from publisher.views.api.answers import schemas as answers
from publisher.views.discovery import dcat_catalog, rdf_forms, sitemap_and_robots
from publisher.web import query_parameters
from publisher.web.conditional_requests import Validity
from publisher.web.problems import ProblemError
from publisher.web.query_parameters import Grammar
from publisher.web.route import AnyRoute, Call, Reply, Route, route
from publisher.web.service import Service
from schemas.definition import file_loader as catalogues
from schemas.definition.catalogue import Catalogue, build_json_schema, build_table_schema

TAG = "catalog"
_CATALOG = Grammar(names=frozenset({"versions"}))
_VERSIONS = Parameter(
    "versions",
    "历次发布与系列也作为数据集列出 / List releases and series as datasets too",
    {"type": "boolean", "default": False},
)
_SCHEMA = Parameter(
    "schema",
    "清单类型的名称，见 /v1/schemas / Name of the kind of list, see /v1/schemas",
    {"type": "string"},
    where="path",
    required=True,
    example="fees",
)


def _catalog_operation(name: str, path: str, media: str, also: tuple[str, ...] = ()) -> Operation:
    return Operation(
        name=name,
        path=path,
        tag=TAG,
        summary="数据目录（DCAT 3）" if also else f"数据目录（{media.partition(';')[0]}）",
        description="全部数据集及其现行文件，依 DCAT 3 与 DCAT-AP 3.0.1。默认为 JSON-LD，"
        "以 Accept 可取 Turtle、RDF/XML、N-Triples，内容相同。"
        "`versions=true` 另含历次发布与系列，各为数据集。\n\n"
        "Datasets with the files of their present state as DCAT 3 (DCAT-AP 3.0.1): JSON-LD, or the same "
        "triples as Turtle, RDF/XML or N-Triples. With `versions=true` releases and series are datasets too.",
        answer=dict[str, Any] if media == rdf_forms.JSON_LD else None,
        parameters=(_VERSIONS,),
        media_type=media,
        also=also,
    )


def _catalog_route(name: str, path: str, media: str, also: tuple[str, ...] = ()) -> Route:
    """Build the route of the data catalog in one form, or in the negotiated one of ``also``."""

    def handle(service: Service, call: Call) -> Reply:
        versions = query_parameters.parse(call.query, _CATALOG).versions
        chosen = call.media or media

        def build() -> bytes:
            site = site_metadata.read_published_site(service, versions=versions)
            return rdf_forms.write(dcat_catalog.document(site, versions=versions), chosen)

        validity = site_metadata.validity(service, *service.log.datasets.all())
        return Reply(validity, build, {"content-type": chosen})

    return Route(_catalog_operation(name, path, media, also), handle)


@route(
    Operation(
        name="get_service",
        path="/v1",
        tag=TAG,
        summary="接口说明（DCAT 3）",
        description="本接口作为 `dcat:DataService`：说明文件的地址和所提供的数据集；"
        "以 Accept 可取各种 RDF。\n\n"
        "This API as a `dcat:DataService`: the address of its description and the datasets that it serves; "
        "as any form of RDF by Accept.",
        answer=dict[str, Any],
        media_type=rdf_forms.JSON_LD,
        also=tuple(media for media in rdf_forms.MEDIA.values() if media != rdf_forms.JSON_LD),
    )
)
def get_service(service: Service, call: Call) -> Reply:
    requested_view.refuse_parameters(call)
    datasets, details = service.log.datasets.all(), service.site_details().details

    def build() -> bytes:
        names = [dataset.name for dataset in datasets]
        document = dcat_catalog.service_document(service.site, details, names)
        return rdf_forms.write(document, call.media)

    return Reply(Validity((datasets, details)), build, {"content-type": call.media})


@route(
    Operation(
        name="list_schemas",
        path="/v1/schemas",
        tag=TAG,
        summary="全部清单类型",
        description="每种清单类型及其定义文件的固定地址。\n\n"
        "Every kind of catalogue, with the stable addresses of its Table Schema and JSON Schema.",
        answer=answers.Schemas,
    )
)
def list_schemas(service: Service, call: Call) -> Reply:
    requested_view.refuse_parameters(call)
    datasets = service.log.datasets.all()
    names = sorted({*catalogues.list_names(), *(d.catalogue for d in datasets)})
    kinds = [_catalogue(service, name, datasets) for name in names]

    def build() -> answers.Schemas:
        return answers.Schemas(schemas=tuple(_item(service, c, datasets) for c in kinds))

    usage = tuple((d.name, d.catalogue) for d in datasets)
    return Reply(Validity((tuple(c.digest for c in kinds), usage)), build)


def _item(service: Service, catalogue: Catalogue, datasets: tuple[Dataset, ...]) -> answers.SchemaItem:
    home = service.link(f"/v1/schemas/{catalogue.name}")
    return answers.SchemaItem(
        name=catalogue.name,
        title=catalogue.title,
        title_en=catalogue.title_en,
        digest=catalogue.digest,
        datasets=tuple(d.name for d in datasets if d.catalogue == catalogue.name),
        links=answers.SchemaAddresses(
            table_schema=f"{home}/table-schema.json", json_schema=f"{home}/json-schema.json"
        ),
    )


def _catalogue(service: Service, name: str, datasets: tuple[Dataset, ...]) -> Catalogue:
    """Return the built-in catalogue, else that of a dataset of this kind: a site may have its own catalogues.

    Raises ``no-such-schema``.
    """
    if name in catalogues.list_names():
        return catalogues.load_catalogue(name)
    names = [d.name for d in datasets if d.catalogue == name]
    if not names:
        raise ProblemError("no-such-schema")
    return service.log.queries.catalogue(names[-1])


@route(
    Operation(
        name="get_table_schema",
        path="/v1/schemas/{schema}/table-schema.json",
        tag=TAG,
        summary="一种清单类型的 Table Schema",
        description="Frictionless Table Schema；不含个人信息字段。\n\n"
        "The Frictionless Table Schema of a kind of catalogue, as it is now; what a release was made with "
        "is at `/v1/datasets/{dataset}/schema?release=`.",
        answer=dict[str, Any],
        parameters=(_SCHEMA,),
        problems=("no-such-schema",),
    )
)
def get_table_schema(service: Service, call: Call) -> Reply:
    catalogue = _requested_catalogue(service, call)
    return Reply(Validity((catalogue.digest,)), lambda: build_table_schema(catalogue))


@route(
    Operation(
        name="get_json_schema",
        path="/v1/schemas/{schema}/json-schema.json",
        tag=TAG,
        summary="一种清单类型的 JSON Schema",
        description="记录 `content` 的 JSON Schema（2020-12），`$id` 即此地址。\n\n"
        "JSON Schema (2020-12) of the `content` of a record of this kind; its `$id` is this address.",
        answer=dict[str, Any],
        parameters=(_SCHEMA,),
        problems=("no-such-schema",),
        media_type="application/schema+json",
        also=("application/json",),
    )
)
def get_json_schema(service: Service, call: Call) -> Reply:
    catalogue = _requested_catalogue(service, call)

    def build() -> dict[str, Any]:
        return {**build_json_schema(catalogue), "$id": service.link(call.address)}

    return Reply(Validity((catalogue.digest,)), build, {"content-type": call.media})


def _requested_catalogue(service: Service, call: Call) -> Catalogue:
    requested_view.refuse_parameters(call)
    return _catalogue(service, call.path["schema"], service.log.datasets.all())


@route(
    Operation(
        name="get_sitemap",
        path="/sitemap.xml",
        tag=TAG,
        summary="站点地图",
        description="各数据集和历次发布的网页及最近发布时间。\n\n"
        "Pages of the datasets and their releases, with the time of the last.",
        media_type="application/xml; charset=utf-8",
    )
)
def get_sitemap(service: Service, call: Call) -> Reply:
    requested_view.refuse_parameters(call)
    datasets = service.log.datasets.all()
    sequence = service.log.queries.sequence()
    return Reply(
        Validity((sequence, datasets)),
        lambda: sitemap_and_robots.site_sitemap(site_metadata.read_published_site(service)),
    )


@route(
    Operation(
        name="get_robots",
        path="/robots.txt",
        tag=TAG,
        summary="爬虫须知",
        description="全站可抓取；搜索接口除外（结果页无限）。\n\n"
        "All may be crawled but search, which has no end (RFC 9309).",
        media_type="text/plain; charset=utf-8",
    )
)
def get_robots(service: Service, call: Call) -> Reply:
    requested_view.refuse_parameters(call)
    names = [dataset.name for dataset in service.log.datasets.all()]

    def build() -> bytes:
        pages = ((name, service.log.queries.records(name, RecordQuery(limit=1))) for name in names)
        return sitemap_and_robots.robots(service.site.base, [(name, page.total or 0) for name, page in pages])

    return Reply(Validity((*service.log.queries.validator(), names)), build)


_JSON_LD, *_OTHERS = rdf_forms.MEDIA.values()
ROUTES: tuple[AnyRoute, ...] = (
    _catalog_route("get_catalog", "/catalog", _JSON_LD, tuple(_OTHERS)),
    *(
        _catalog_route(f"get_catalog_{suffix}", f"/catalog.{suffix}", media)
        for suffix, media in rdf_forms.MEDIA.items()
    ),
    get_service,
    list_schemas,
    get_table_schema,
    get_json_schema,
    get_sitemap,
    get_robots,
)
