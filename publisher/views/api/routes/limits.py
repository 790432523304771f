"""Routes: the steps of a record's time limits, and how many limits became shorter or longer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from urllib.parse import urlencode

import msgspec

from openapi.operation import Operation
from publisher.log.limits.limit_shares import LimitCount, LimitQuery
from publisher.log.limits.limit_steps import LimitStep, limit_fields
from publisher.log.model import Dataset, View
from publisher.views.api import filter_values, requested_view, titles
from publisher.views.api.answers import limits as answers
from publisher.views.api.parameter_docs import (
    AS_OF,
    DATASET,
    DIVISION,
    EFFECTIVE_BY,
    KNOWN_AT,
    RECORD,
    RELEASE,
    text_filter,
)
from publisher.views.api.routes import records
from publisher.web import query_parameters
from publisher.web.conditional_requests import Validity
from publisher.web.query_parameters import Grammar, Parameters
from publisher.web.route import AnyRoute, Call, Reply, route
from publisher.web.service import Service
from schemas.cells.value_texts import format_limit
from schemas.definition.file_loader import list_names, load_catalogue

SHARES = Grammar(
    names=requested_view.CLOCKS,
    filters=dict.fromkeys(("field", "dataset", "body", "division", "type"), "string"),
)


@route(
    Operation(
        name="get_limits",
        path="/v1/datasets/{dataset}/records/{record}/limits",
        tag="records",
        summary="一条记录历次所列的时限",
        description="法定、承诺等各时限自何日起为何值，与上一个相比缩短还是延长；单位不同的，除即时以外不比较。"
        "更正不是变化。没有 as_of 的，含将来生效的。\n\n"
        "Each limit (statutory, promised …) that the record listed, since when, and whether it is shorter or "
        "longer than the last one; limits of different units do not compare, except for 即时. A correction "
        "is not a step. Without as_of also those that take effect later.",
        answer=answers.LimitSteps,
        parameters=(DATASET, RECORD, EFFECTIVE_BY, KNOWN_AT, RELEASE),
        problems=(
            "no-such-dataset",
            "no-such-release",
            "no-such-record",
            *records.GONE,
            "too-busy",
            "too-many-requests",
        ),
    ),
    runs="query",
)
def get_limits(service: Service, call: Call) -> Reply:
    name, record = requested_view.dataset_name(call), requested_view.record_id(call)
    view = query_parameters.parse(call.query, requested_view.VIEW_GRAMMAR).view
    validity = requested_view.validity(service, name, view)

    def build() -> answers.LimitSteps:
        state = service.log.queries.record(name, record, requested_view.resolve_release(service, name, view))
        if state.status in records.GONE:
            raise records.gone_problem(service, state)
        catalogue = service.catalogue_in_view(name, view)
        home = service.link(f"/v1/datasets/{name}")
        return answers.LimitSteps(
            dataset=name,
            id=record,
            steps=tuple(
                _step(one, titles.field_title(catalogue, one.field), f"{home}/records/{record}")
                for one in service.log.limits.steps(name, record, view)
            ),
            links=answers.LimitStepsLinks(
                self=requested_view.link_as_requested(service, call),
                record=f"{home}/records/{record}{requested_view.view_query(view)}",
                dataset=home,
            ),
        )

    return Reply(validity, build)


def _step(one: LimitStep, title: str, record: str) -> answers.LimitStep:
    limit = one.limit and answers.Limit(
        value=one.limit.value,
        unit=one.limit.unit,
        text=format_limit({"value": one.limit.value, "unit": one.limit.unit}),
    )
    return answers.LimitStep(
        field=one.field,
        title=title,
        limit=limit,
        removed=one.removed,
        effective_from=one.effective_from,
        release=one.release,
        published_at=one.published_at,
        revision=one.revision or None,
        direction=one.comparison and one.comparison.direction,
        rule=one.comparison and one.comparison.rule,
        link=f"{record}{requested_view.view_query(View(release=one.release))}",
    )


@route(
    Operation(
        name="get_limit_shares",
        path="/v1/limits",
        tag="records",
        summary="时限缩短的条目占比",
        description="现行条目中列有时限的有多少，其中时限比首次所列缩短、延长的有多少，按清单、部门和类型分。"
        "同名参数为“或”关系。\n\n"
        "How many records in force list a time limit, and of how many it is shorter or longer than the first "
        "one that they listed; by list, body and type. Repeat a name for or.",
        answer=answers.LimitShares,
        parameters=(
            text_filter("field", "时限的字段 / Field of the limit: `promised_limit`, `statutory_limit` …"),
            text_filter("dataset", "数据集的名称 / Name of a dataset"),
            text_filter("body", "部门，同搜索 / Body of the record, as in search"),
            DIVISION,
            text_filter("type", "类型，同搜索 / Type of the record, as in search"),
            AS_OF,
            KNOWN_AT,
        ),
        problems=("too-busy", "too-many-requests"),
    ),
    runs="query",
)
def get_limit_shares(service: Service, call: Call) -> Reply:
    listing = make_listing(service, query_parameters.parse(call.query, SHARES))
    pairs = [*query_parameters.pairs(call.query), ("kind", "limit-shortened")]
    query = urlencode([pair for pair in pairs if pair[0] not in ("field", "type")])

    def build() -> answers.LimitShares:
        shares = service.log.limits.shares(listing.query)
        return answers.LimitShares(
            total=count_answer("", shares.total),
            groups={
                name: tuple(count_answer(value, count) for value, count in counts)
                for name, counts in shares.groups.items()
            },
            links=answers.LimitSharesLinks(
                self=requested_view.link_as_requested(service, call),
                changes=service.link(f"/v1/changes?{query}"),
            ),
        )

    return Reply(listing.validity, build)


def count_answer(value: str, count: LimitCount) -> answers.LimitCount:
    return answers.LimitCount(
        value=value,
        items=count.items,
        shortened=count.shortened,
        lengthened=count.lengthened,
        share=count.share,
    )


class LimitListing(msgspec.Struct, frozen=True):
    """A request for shares, before it is computed."""

    query: LimitQuery
    validity: Validity


def make_listing(service: Service, params: Parameters) -> LimitListing:
    """Describe the shares that a request asks for. Raises ``invalid-parameters``."""
    requested_view.check_not_future(service, params.view)
    datasets = service.log.datasets.all()
    query = LimitQuery(
        params.view,
        filter_values.one_of(params, "field", _limit_fields(service, datasets, params.view)),
        filter_values.dataset_names(params, datasets),
        params.values_of("body"),
        params.values_of("type"),
    )
    return LimitListing(query, requested_view.site_validity(service, params.view, tuple(datasets)))


def _limit_fields(service: Service, datasets: Sequence[Dataset], view: View) -> tuple[str, ...]:
    """List the fields of limits in the site's catalogues of the view and in the built-in ones."""
    own = (field for one in datasets for field in limit_fields(service.catalogue_in_view(one.name, view)))
    return tuple(dict.fromkeys((*_built_in_limits(), *(field.name for field in own))))


@cache
def _built_in_limits() -> tuple[str, ...]:
    return tuple(field.name for name in list_names() for field in limit_fields(load_catalogue(name)))


ROUTES: tuple[AnyRoute, ...] = (get_limits, get_limit_shares)
