"""Route: the changes of the whole site, with the filters of lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
from msgspec import structs

from feeds.value_direction import DIRECTION_TERMS
from openapi.operation import Operation
from publisher.log.changes.change_query import ChangePage, ChangeQuery, ListedChange
from publisher.log.model import Dataset
from publisher.log.queries.later_events import Erasure
from publisher.views.api import filter_values, requested_view
from publisher.views.api.answers import change_list as answers
from publisher.views.api.parameter_docs import CURSOR, DIVISION, EFFECTIVE_BY, KNOWN_AT, LIMIT, text_filter
from publisher.views.api.routes import changes
from publisher.views.syndication.scope import TERMS
from publisher.web import page_cursor, query_parameters
from publisher.web.conditional_requests import Validity
from publisher.web.query_parameters import Grammar, Parameters
from publisher.web.route import AnyRoute, Call, Reply, route
from publisher.web.service import Service

_DAY = "effective_on"
_TEXTS = ("kind", "dataset", "body", "division", "part", "record")
GRAMMAR = Grammar(
    names=requested_view.PAGED,
    filters={**dict.fromkeys(_TEXTS, "string"), _DAY: "date"},
    operators=frozenset({"gte", "lte"}),
)


@route(
    Operation(
        name="list_site_changes",
        path="/v1/changes",
        tag="releases",
        summary="全站的变化",
        description="各清单的新增、调整、移出、更正和撤回，含收费的上调和下调、时限的缩短和延长；新发布的在前，不含识读改进。"
        "同名参数为“或”关系。镜像请用各数据集的 changes。\n\n"
        "Changes of any dataset, also charges that rose or fell and limits that became shorter "
        "or longer; newest release first, without changes by a better parser. Repeat a name for or. Mirrors "
        "use the changes of each dataset.",
        answer=answers.SiteChanges,
        parameters=(
            text_filter(
                "kind", "变化的种类，或收费、时限的方向 / Kind of change, or a direction", enum=list(TERMS)
            ),
            text_filter("dataset", "数据集的名称 / Name of a dataset"),
            text_filter("body", "部门，同搜索 / Body of the record, as in search"),
            DIVISION,
            text_filter("part", "报送部门 / Part"),
            text_filter("record", "记录标识 / Id of a record"),
            text_filter(_DAY, "生效日期 / Effective day", format="date"),
            text_filter(f"{_DAY}.gte", "该日起生效的 / In effect from this day or later", format="date"),
            text_filter(f"{_DAY}.lte", "至该日生效的 / In effect by this day", format="date"),
            EFFECTIVE_BY,
            KNOWN_AT,
            LIMIT,
            CURSOR,
        ),
        problems=("invalid-cursor", "too-busy", "too-many-requests"),
    ),
    runs="query",
)
def list_site_changes(service: Service, call: Call) -> Reply:
    listing = make_listing(service, query_parameters.parse(call.query, GRAMMAR))
    return Reply(listing.validity, lambda: _page(service, call, listing))


class ChangeListing(msgspec.Struct, frozen=True):
    """A list of changes that a request describes, before it is read."""

    query: ChangeQuery
    digest: str
    """Digest of the query, which a cursor contains."""
    datasets: Mapping[str, Dataset]
    validity: Validity

    def fetch_page(self, service: Service) -> tuple[ChangePage, str | None]:
        """Return a page, and the cursor of the next one."""
        page = service.log.changes.page(self.query)
        if page.before is None:
            return page, None
        return page, service.cursors.encode(page_cursor.Cursor(self.digest, total=page.before))


def make_listing(service: Service, params: Parameters) -> ChangeListing:
    """Describe the list of a request. Raises ``invalid-parameters``, ``invalid-cursor``."""
    digest, cursor = requested_view.begin_list(service, params, "site-changes")
    datasets = {one.name: one for one in service.log.datasets.all()}
    sequence = service.log.queries.sequence(None)
    validity = Validity((sequence, tuple(datasets.values())), service.datasets_changed_at(sequence))
    return ChangeListing(_query(params, datasets, cursor), digest, datasets, validity)


def _query(
    params: Parameters, datasets: Mapping[str, Dataset], cursor: page_cursor.Cursor | None
) -> ChangeQuery:
    terms = filter_values.change_terms(params, "kind")
    first, last = _days(params)
    return ChangeQuery(
        view=params.view,
        kinds=tuple(kind for kind in terms if kind not in DIRECTION_TERMS),  # type: ignore[misc]  # a term is one or the other
        directions=tuple(one for one in DIRECTION_TERMS if one in terms),
        datasets=filter_values.dataset_names(params, datasets.values()),
        bodies=params.values_of("body"),
        parts=params.values_of("part"),
        records=params.values_of("record"),
        first_day=first,
        last_day=last,
        limit=params.limit,
        before=None if cursor is None else cursor.total,
    )


def _days(params: Parameters) -> tuple[date | None, date | None]:
    """Return the first and the last effective day.

    Raises ``invalid-parameters`` for several single days, and for other fields that are compared.
    """
    for one in params.filters:
        if one.operator != "eq" and one.field != _DAY:
            raise query_parameters.bad_value(
                f"{one.field}.{one.operator}", "只能比较生效日期。", "Only effective days are compared."
            )
    days = {one.operator: date.fromisoformat(one.values[0]) for one in params.filters if one.field == _DAY}
    if any(one.field == _DAY and len(one.values) > 1 for one in params.filters):
        raise query_parameters.bad_value(_DAY, "只能有一天。", "May be one day only.")
    first = [day for name, day in days.items() if name in ("eq", "gte")]
    last = [day for name, day in days.items() if name in ("eq", "lte")]
    return max(first, default=None), min(last, default=None)


def _page(service: Service, call: Call, listing: ChangeListing) -> answers.SiteChanges:
    page, cursor = listing.fetch_page(service)
    return answers.SiteChanges(
        total=page.total,
        changes=change_answers(service, listing, page.changes),
        facets={
            name: tuple(answers.ChangeCount(value=value, count=count) for value, count in counts)
            for name, counts in page.facets.items()
        },
        links=answers.SiteChangesLinks(
            self=requested_view.link_as_requested(service, call),
            next=requested_view.next_page(service, call, cursor),
        ),
    )


def change_answers(
    service: Service, listing: ChangeListing, page_changes: Sequence[ListedChange]
) -> tuple[answers.SiteChange, ...]:
    """Build the answers of the API for some changes."""
    with_erasures = {one.change.dataset for one in page_changes if one.change.erased}
    erasures = {name: changes.map_erasures(service, name) for name in with_erasures}
    return tuple(_answer(service, listing, one, erasures.get(one.change.dataset, {})) for one in page_changes)


def _answer(
    service: Service, listing: ChangeListing, one: ListedChange, erasures: Mapping[str, Erasure]
) -> answers.SiteChange:
    dataset = listing.datasets[one.change.dataset]
    return answers.SiteChange(
        **structs.asdict(changes.change_answer(service, one.change, erasures)),
        dataset_title=dataset.title,
        body=dataset.body,
        division=dataset.division,
        bodies=one.bodies,
        directions=one.directions,
    )


ROUTES: tuple[AnyRoute, ...] = (list_site_changes,)
