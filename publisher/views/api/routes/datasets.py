"""Routes: datasets, their schema and their releases."""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec import structs

from openapi.operation import Operation
from publisher.log import model
from publisher.views.api import requested_view, site_metadata
from publisher.views.api.answers import common
from publisher.views.api.parameter_docs import CURSOR, DATASET, LIMIT, NUMBER, RELEASE
from publisher.views.discovery import dcat_catalog, rdf_forms, signposting
from publisher.views.exports.write_state import newest_release
from publisher.web import page_cursor, query_parameters
from publisher.web.conditional_requests import Validity
from publisher.web.query_parameters import COMPARISONS, Grammar
from publisher.web.route import AnyRoute, Call, Reply, Route, route
from publisher.web.service import Service
from schemas.definition.catalogue import Field, build_json_schema, build_table_schema

TAG = "datasets"
_JSON = "application/json"
_PAGED = Grammar(names=frozenset({"limit", "cursor"}))
_PINNED = Grammar(names=frozenset({"release"}))


@route(
    Operation(
        name="list_datasets",
        path="/v1/datasets",
        tag=TAG,
        summary="全部数据集",
        description="本站的数据集，按名称排序，各附最近一次发布。\n\n"
        "Every dataset of the site by name, with its latest release.",
        answer=common.Datasets,
    )
)
def list_datasets(service: Service, call: Call) -> Reply:
    requested_view.refuse_parameters(call)
    datasets = service.log.datasets.all()

    def build() -> common.Datasets:
        latest = service.log.queries.newest_by_dataset(model.View(as_of=date.max))
        return common.Datasets(datasets=tuple(_dataset(service, d, latest.get(d.name)) for d in datasets))

    # Datasets and parts are created by commands without a release, so they are tokens of their own.
    sequence = service.log.queries.sequence()
    return Reply(Validity((sequence, datasets)), build)


@route(
    Operation(
        name="get_dataset",
        path="/v1/datasets/{dataset}",
        tag=TAG,
        summary="一个数据集",
        description="数据集的名称、公布机关、许可、报送部门与最近一次发布。"
        "以 Accept 或后缀（`.ttl` 等）可取 RDF（DCAT 3），含历次发布与系列。\n\n"
        "One dataset: its titles, body, licence, parts and latest release. By Accept or suffix (`.ttl`) as "
        "RDF (DCAT 3), with its releases and its series.",
        answer=common.Dataset,
        parameters=(DATASET,),
        problems=("no-such-dataset",),
        also=tuple(rdf_forms.MEDIA.values()),
    )
)
def get_dataset(service: Service, call: Call) -> Reply:
    requested_view.refuse_parameters(call)
    dataset = service.log.datasets.get(requested_view.dataset_name(call))
    if call.media != _JSON:
        return _describe_in_rdf(service, dataset, call.media)
    sequence, day = service.log.queries.validator(dataset.name)
    return Reply(
        Validity((sequence, day, dataset)),
        lambda: _dataset(service, dataset, newest_release(service.log, dataset.name)),
        headers_of=lambda _: {"link": _links(service, dataset, None)},
    )


def _rdf_route(suffix: str, media: str) -> Route:
    """Build the route of a dataset's description in one form of RDF, at an address of its own."""

    def handle(service: Service, call: Call) -> Reply:
        requested_view.refuse_parameters(call)
        dataset = service.log.datasets.get(requested_view.dataset_name(call))
        return _describe_in_rdf(service, dataset, media)

    form = media.partition(";")[0]
    operation = Operation(
        name=f"get_dataset_{suffix}",
        path=f"/v1/datasets/{{dataset}}.{suffix}",
        tag=TAG,
        summary=f"一个数据集的 RDF（{form}）",
        description="数据集的 DCAT 3 描述，含历次发布与系列；与数据集地址以 Accept 取得的相同。\n\n"
        "The dataset as DCAT 3 with its releases and its series, as its own address gives it by Accept.",
        answer=dict[str, Any] if media == rdf_forms.JSON_LD else None,
        parameters=(DATASET,),
        problems=("no-such-dataset",),
        media_type=media,
    )
    return Route(operation, handle)


def _links(service: Service, dataset: model.Dataset, number: int | None) -> str:
    """Write the typed links of metadata about a dataset, or about a release of it."""
    base, page = service.site.base, service.link(f"/datasets/{dataset.name}")
    if number is not None:
        typed = signposting.of_release(base, dataset, number, ())
        return signposting.header(signposting.metadata_of(f"{page}/releases/{number}", typed))
    view = requested_view.explicit_view(service, dataset.name, model.View())
    typed = signposting.of_dataset(base, dataset, requested_view.view_query(view), ())
    return signposting.header(signposting.metadata_of(page, typed))


def _describe_in_rdf(
    service: Service, dataset: model.Dataset, media: str, number: int | None = None
) -> Reply:
    def build() -> bytes:
        published_dataset = site_metadata.read_published_dataset(service, dataset)
        return rdf_forms.write(dcat_catalog.dataset_document(service.site.base, published_dataset), media)

    return Reply(
        site_metadata.validity(service, dataset),
        build,
        {"content-type": media},
        lambda _: {"link": _links(service, dataset, number)},
    )


def _dataset(service: Service, dataset: model.Dataset, latest: model.Release | None) -> common.Dataset:
    home = service.link(f"/v1/datasets/{dataset.name}")
    feed = service.link(f"/feeds/{dataset.name}")
    return common.fill(
        common.Dataset,
        dataset,
        parts=tuple(common.fill(common.Part, part) for part in dataset.parts),
        latest_release=_reference(latest, home) if latest else None,
        links=common.DatasetLinks(
            self=home,
            schema=f"{home}/schema",
            releases=f"{home}/releases",
            records=f"{home}/records",
            changes=f"{home}/changes",
            atom=f"{feed}.atom",
            rss=f"{feed}.rss",
        ),
    )


def _reference(release: model.Release, home: str) -> common.ReleaseReference:
    return common.fill(
        common.ReleaseReference,
        release,
        records=release.counts.get("records"),
        link=f"{home}/releases/{release.number}",
    )


@route(
    Operation(
        name="get_schema",
        path="/v1/datasets/{dataset}/schema",
        tag=TAG,
        summary="数据集的清单类型定义",
        description="字段、类型、取值范围与可用的筛选；附 Table Schema 与 JSON Schema。"
        "加 release 得到该次发布所用的定义。\n\n"
        "Fields, types, vocabularies and filters, with a Frictionless Table Schema and a JSON Schema "
        "of a record's content; with release, the schema that release was made with.",
        answer=common.DatasetSchema,
        parameters=(DATASET, RELEASE),
        problems=("no-such-dataset", "no-such-release"),
    )
)
def get_schema(service: Service, call: Call) -> Reply:
    name = requested_view.dataset_name(call)
    view = query_parameters.parse(call.query, _PINNED).view
    catalogue = service.log.queries.catalogue(name, view.release)

    def build() -> common.DatasetSchema:
        return common.fill(
            common.DatasetSchema,
            catalogue,
            dataset=name,
            catalogue=catalogue.name,
            release=view.release,
            fields=tuple(_field(field) for field in catalogue.fields if not field.personal),
            table_schema=build_table_schema(catalogue),
            json_schema=build_json_schema(catalogue),
            links=common.SchemaLinks(
                self=requested_view.link_as_requested(service, call),
                dataset=service.link(f"/v1/datasets/{name}"),
            ),
        )

    if view.release is None:
        return Reply(Validity((catalogue.digest,)), build)
    return Reply(requested_view.pinned_validity(service, name, view.release), build)


def _field(field: Field) -> common.SchemaField:
    return common.fill(
        common.SchemaField,
        field,
        vocabulary=tuple(term.value for term in field.vocabulary),
        operators=("eq", *sorted(COMPARISONS)),
        sortable=True,
        searched=field.searched > 0,
    )


@route(
    Operation(
        name="list_releases",
        path="/v1/datasets/{dataset}/releases",
        tag="releases",
        summary="数据集的历次发布",
        description="新的在前。每次发布全部生效或全部不生效，发布后不再更改；有误的以后续发布更正。\n\n"
        "Newest first. A release takes effect as a whole and is never edited; a later one corrects mistakes.",
        answer=common.Releases,
        parameters=(DATASET, LIMIT, CURSOR),
        problems=("no-such-dataset", "invalid-cursor"),
    )
)
def list_releases(service: Service, call: Call) -> Reply:
    name = requested_view.dataset_name(call)
    params = query_parameters.parse(call.query, _PAGED)
    releases = sorted(service.log.queries.releases(name), key=lambda r: -r.number)
    query_digest, cursor = requested_view.begin_list(service, params, "releases", name)
    remaining = releases if cursor is None else [r for r in releases if r.number < cursor.total]
    page = remaining[: params.limit]
    more = page_cursor.Cursor(query_digest, total=page[-1].number) if len(remaining) > params.limit else None

    def build() -> common.Releases:
        next_cursor = service.cursors.encode(more) if more else None
        return common.Releases(
            dataset=name,
            total=len(releases),
            releases=tuple(_release(service, r) for r in page),
            links=requested_view.page_links(service, call, name, next_cursor),
        )

    newest = releases[0].published_at if releases else None
    signed = [service.first_checkpoint(r) for r in page]
    marks = tuple(
        (r.hash, r.erased, "actor" in r.salts, first) for r, first in zip(page, signed, strict=True)
    )
    times = [newest, *(first.signed_at for first in signed if first)] if newest else []
    tokens = (len(releases), marks, service.shows_actor)
    # The erasure of an actor is no release and has no time.
    return Reply(Validity(tokens, max(times, default=None), decides=False), build)


@route(
    Operation(
        name="get_release",
        path="/v1/datasets/{dataset}/releases/{number}",
        tag="releases",
        summary="一次发布",
        description="依据、生效日期、来源、变化计数与哈希链；以 Accept 可取 RDF（DCAT 3）。\n\n"
        "Basis, day of effect, sources, counts of changes, and its place in the chain of hashes. With Accept "
        "as RDF (DCAT 3): a version of its dataset.",
        answer=common.Release,
        parameters=(DATASET, NUMBER),
        problems=("no-such-dataset", "no-such-release"),
        also=tuple(rdf_forms.MEDIA.values()),
    )
)
def get_release(service: Service, call: Call) -> Reply:
    name, number = requested_view.dataset_name(call), requested_view.release_number(call)
    requested_view.refuse_parameters(call)
    release = service.release(name, number)
    if call.media != _JSON:
        return _describe_in_rdf(service, service.log.datasets.get(name), call.media, number)
    validity = requested_view.pinned_validity(service, name, number, "actor" not in release.salts)
    validity = structs.replace(validity.extended(service.shows_actor, None), decides=False)
    if (first := service.first_checkpoint(release)) is not None:
        times = (first.signed_at, validity.modified or first.signed_at)
        validity = structs.replace(validity, tokens=(*validity.tokens, first.note), modified=max(times))
    return Reply(
        validity,
        lambda: _release(service, release),
        headers_of=lambda _: {"link": _links(service, service.dataset(name), number)},
    )


def _approval(approval: model.ReleaseApproval | None) -> common.ReleaseApproval | None:
    if approval is None:
        return None
    people = tuple(common.ReleasePerson(role=role, commitment=who) for role, who in approval.people)
    return common.fill(common.ReleaseApproval, approval, people=people)


def _release(service: Service, release: model.Release) -> common.Release:
    home = service.link(f"/v1/datasets/{release.dataset}")
    pinned, first = f"?release={release.number}", service.first_checkpoint(release)
    return common.fill(
        common.Release,
        release,
        counts=dict(release.counts),
        actor=release.actor if service.shows_actor else "",
        sources=tuple(source_answer(s) for s in release.sources),
        left_out=tuple(dict(row) for row in release.left_out),
        approval=_approval(release.approval),
        salts={n: s for n, s in release.salts.items() if n != "actor" or service.shows_actor},
        checkpoint=first.note if first else None,
        links=common.ReleaseLinks(
            self=f"{home}/releases/{release.number}",
            dataset=home,
            schema=f"{home}/schema{pinned}",
            records=f"{home}/records{pinned}",
            changes=f"{home}/changes{pinned}",
            document=f"{home}/releases/{release.number}/document",
            manifest=f"{home}/releases/{release.number}/manifest",
            entry=service.link(f"/log/entries/{release.entry}"),
        ),
    )


def source_answer(source: model.Source) -> common.Source:
    """Build the description of a source. Its bytes may contain officials' names and are never served."""
    return common.Source(
        digest=source.digest,
        name=source.name,
        media_type=source.media_type,
        size=source.size,
        obtained_at=source.obtained_at,
        url=source.url,
        detected_by=source.detected_by,
        partial=source.partial,
        parser_version=source.parser_version,
        salt=source.salt,
    )


RDF_ROUTES = {suffix: _rdf_route(suffix, media) for suffix, media in rdf_forms.MEDIA.items()}
"""Suffix of a dataset's address → its route."""
ROUTES: tuple[AnyRoute, ...] = (
    list_datasets,
    get_dataset,
    *RDF_ROUTES.values(),
    get_schema,
    list_releases,
    get_release,
)
