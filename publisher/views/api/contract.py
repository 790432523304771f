"""The contract: the OpenAPI document and the routes from which it is built."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec import structs

from openapi import build_document as builder
from openapi import narrow_to_dataset
from openapi.operation import Operation
from publisher.log.model import Dataset
from publisher.views.api import requested_view
from publisher.views.api.parameter_docs import DATASET, PROBLEMS
from publisher.views.api.routes import (
    change_list,
    changes,
    comparison,
    discovery,
    feeds,
    files,
    findings,
    health,
    limits,
    origins,
    proofs,
    records,
    search,
    well_known,
    works,
)
from publisher.views.api.routes import datasets as dataset_routes
from publisher.views.api.routes.commitments import commitment_list, evidence
from publisher.web import problems, query_parameters
from publisher.web.conditional_requests import Validity
from publisher.web.route import AnyRoute, Call, Reply, route
from publisher.web.service import Service
from schemas.definition.catalogue import Catalogue, Field, build_json_schema

VERSIONS: Mapping[str, tuple[str, str]] = {
    "1.0.0": (
        "第一版；此前的变化不单列。",
        "The first version; earlier changes are not listed.",
    ),
}
"""Versions of the contract, the newest first, each with what it added, in Chinese and English."""
VERSION = next(iter(VERSIONS))
"""Version of the contract: the first number is that of ``/v1``; additions increase the second."""

DESCRIPTION = """清单：以有版本、可追溯、可搜索的开放数据提供政府清单。接口只读，无须注册。

- 各 GET 地址均支持 HEAD，返回强 ETag；请求带 `If-None-Match` 的，未变化时返回304。
- 时间参数：`as_of` 为该日有效的内容，`known_at` 为截至该时刻已发布的内容；
  `release` 固定两者，返回内容不随后续发布变化。
- 未知参数不会被忽略，而是返回422并提示最接近的参数。
- 所有错误使用同一格式（RFC 9457 `application/problem+json`）。

Government lists as versioned, traceable, searchable open data. Read-only, no registration. Every GET
also supports HEAD and returns a strong ETag. `as_of` selects a day of legal effect, `known_at` what this
service had published by an instant; `release` pins both, and later releases do not change the response.
Unknown parameters are rejected, with the nearest known one named. Every error has one shape (RFC 9457).
What may change is described in docs/api.md.
"""

TAGS: Mapping[str, str] = {
    "datasets": "数据集及其清单类型定义 / Datasets and their schemas",
    "releases": "发布与变化 / Releases and changes",
    "records": "记录与历史 / Records and their history",
    "findings": "清单之间的待核问题 / What lists say against one another",
    "works": "所引用的法律法规和文件 / Statutes and documents on which records rest",
    "commitments": "工作任务及其佐证 / What plans promised, and the evidence",
    "files": "批量下载 / Files for downloading",
    "proofs": "条目、存证证明与存证文件 / Entries of the log, their documents and proofs",
    "search": "全文搜索 / Search",
    "catalog": "数据目录与清单类型定义 / The data catalog (DCAT) and the definitions of kinds of list",
    "feeds": "Atom、RSS 与 JSON Feed / Feeds",
    "operation": "监控与接口文档 / Monitoring and this document",
}


@route(
    Operation(
        name="get_openapi",
        path="/openapi.json",
        tag="operation",
        summary="接口文档（OpenAPI 3.1）",
        description="本接口的机器可读文档；供阅读的版本见 /docs。\n\nThis document; for people at /docs.",
    )
)
def get_openapi(service: Service, call: Call) -> Reply:
    requested_view.refuse_parameters(call)
    body = encode_document(service.site.base)
    return Reply(Validity((hashlib.sha256(body).hexdigest(),)), lambda: body)


@route(
    Operation(
        name="get_dataset_openapi",
        path="/v1/datasets/{dataset}/openapi.json",
        tag="datasets",
        summary="一个数据集的接口文档",
        description="只含这个数据集的地址，以其真实字段为类型：用于生成有类型的客户端。\n\n"
        "The contract of one dataset with its real fields, for clients with typed records.",
        answer=dict[str, Any],
        parameters=(DATASET,),
        problems=("no-such-dataset",),
    )
)
def get_dataset_openapi(service: Service, call: Call) -> Reply:
    requested_view.refuse_parameters(call)
    dataset = service.log.datasets.get(requested_view.dataset_name(call))
    catalogue = service.log.queries.catalogue(dataset.name)

    def build() -> dict[str, Any]:
        return build_dataset_document(service.site.base, dataset, catalogue)

    return Reply(Validity((catalogue.digest, dataset.title)), build)


ROUTES: tuple[AnyRoute, ...] = (
    *dataset_routes.ROUTES,
    *records.ROUTES,
    *origins.ROUTES,
    *changes.ROUTES,
    *change_list.ROUTES,
    *limits.ROUTES,
    *comparison.ROUTES,
    *files.ROUTES,
    *proofs.ROUTES,
    *findings.ROUTES,
    *works.ROUTES,
    commitment_list.list_commitments,
    evidence.get_commitment_evidence,
    *search.ROUTES,
    *feeds.ROUTES.values(),
    *feeds.SEARCH_ROUTES,
    *feeds.SOURCE_ROUTES,
    *discovery.ROUTES,
    *health.ROUTES,
    *well_known.ROUTES,
    get_dataset_openapi,
    get_openapi,
)
"""Every route of the contract. The document and the application are both built from it."""


def operations() -> Sequence[Operation]:
    return [structs.replace(r.operation, problems=(*r.operation.problems, *PROBLEMS)) for r in ROUTES]


def build_document(base: str) -> dict[str, Any]:
    """Build the OpenAPI document of a site whose addresses begin with ``base``."""
    return builder.build(
        title="Qingdan API",
        summary="清单 / Qingdan",
        version=VERSION,
        description=DESCRIPTION,
        server=base,
        tags=TAGS,
        operations=operations(),
        problems=problems.KINDS,
        problem=problems.Problem,
    )


def build_dataset_document(base: str, dataset: Dataset, catalogue: Catalogue) -> dict[str, Any]:
    """Build the document of one dataset, with the current fields of its records."""
    return narrow_to_dataset.narrow_document(
        msgspec.json.decode(encode_document(base)),  # ten times as quick as building or copying it
        name=dataset.name,
        title=f"Qingdan API {dataset.name}",
        summary=dataset.title,
        columns=tuple(_column(field) for field in catalogue.fields if not field.personal),
        statuses=records.STATUSES,
        content=build_json_schema(catalogue),
    )


def _column(field: Field) -> narrow_to_dataset.Column:
    schemas: dict[str, dict[str, Any]] = {
        "date": {"type": "string", "format": "date"},
        "boolean": {"type": "boolean"},
    }
    is_number = field.type in query_parameters.NUMBERS
    schema = {"type": "number"} if is_number else schemas.get(field.type, {"type": "string"})
    return narrow_to_dataset.Column(field.name, field.title, schema, field.facet)


@cache
def encode_document(base: str) -> bytes:
    """Encode the document. It depends only on the base, so the first call caches it."""
    return msgspec.json.encode(build_document(base))
