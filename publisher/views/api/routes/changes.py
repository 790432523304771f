"""Routes: the history of a record, and the changes of a dataset."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import structs

from openapi.operation import Operation, Parameter
from publisher.log import model
from publisher.log.queries.later_events import Erasure
from publisher.views.api import requested_view, titles
from publisher.views.api.answers import changes as answers
from publisher.views.api.answers import common
from publisher.views.api.parameter_docs import CURSOR, DATASET, LIMIT, RECORD, RELEASE
from publisher.web import page_cursor, query_parameters
from publisher.web.conditional_requests import Validity
from publisher.web.problems import Fault
from publisher.web.query_parameters import Grammar, Parameters
from publisher.web.route import AnyRoute, Call, Reply, route
from publisher.web.service import Service

_CHANGES = Grammar(
    names=frozenset({"after", "since", "before", "release", "sort", "limit", "cursor"}),
    sorts=frozenset({"sequence"}),
)


@route(
    Operation(
        name="get_history",
        path="/v1/datasets/{dataset}/records/{record}/history",
        tag="records",
        summary="一条记录的历史",
        description="每次变化的日期、所属发布、理由和各字段的原内容、现内容；旧的在前。\n\n"
        "Every change of the record, oldest first: when, by which release, why, field by field.",
        answer=answers.History,
        parameters=(DATASET, RECORD),
        problems=("no-such-dataset", "no-such-record"),
    )
)
def get_history(service: Service, call: Call) -> Reply:
    name, record = requested_view.dataset_name(call), requested_view.record_id(call)
    requested_view.refuse_parameters(call)
    sequence = service.log.queries.sequence(name)

    def build() -> answers.History:
        changes = service.log.queries.history(name, record)
        erasures = map_erasures(service, name) if changes[0].erased else {}
        home = service.link(f"/v1/datasets/{name}")
        return answers.History(
            dataset=name,
            id=record,
            changes=tuple(change_answer(service, c, erasures) for c in changes),
            links=answers.HistoryLinks(
                self=f"{home}/records/{record}/history", record=f"{home}/records/{record}", dataset=home
            ),
        )

    return Reply(Validity((sequence,), service.dataset_changed_at(name, sequence)), build)


@route(
    Operation(
        name="list_changes",
        path="/v1/datasets/{dataset}/changes",
        tag="releases",
        summary="数据集的变化",
        description="按顺序号排列，默认旧的在前。镜像从 since=0 起逐页取到 links.next 为空，记住 last，"
        "下次请求时作为 since 传入。\n\n"
        "Changes by sequence, oldest first. A mirror begins with since=0, walks until links.next is null, "
        "keeps last and passes it as since the next time; docs/api.md says how to apply changes.",
        answer=answers.Changes,
        parameters=(
            DATASET,
            Parameter(
                "since",
                "供镜像：此顺序号之后的，由旧到新直到最后；0为从头 / For mirrors: all after this sequence, "
                "oldest first; 0 is from the beginning",
                {"type": "integer", "minimum": 0},
            ),
            Parameter(
                "after",
                "只要此顺序号之后的 / Only changes of a larger sequence",
                {"type": "integer", "minimum": 0},
            ),
            Parameter(
                "before",
                "只要此顺序号之前的 / Only changes of a smaller sequence",
                {"type": "integer", "minimum": 0},
            ),
            structs.replace(RELEASE, description="只要这次发布的变化 / Only what this release changed"),
            Parameter(
                "sort",
                "sequence 旧的在前，-sequence 新的在前 / Oldest or newest first",
                {"type": "string", "enum": ["sequence", "-sequence"], "default": "sequence"},
            ),
            LIMIT,
            CURSOR,
        ),
        problems=("no-such-dataset", "no-such-release", "invalid-cursor", "too-busy", "too-many-requests"),
    ),
    runs="query",
)
def list_changes(service: Service, call: Call) -> Reply:
    name = requested_view.dataset_name(call)
    params = query_parameters.parse(call.query, _CHANGES)
    _check_since(call, params)
    _refuse_lost_changes(service, call, params)
    if params.view.release is not None:
        service.log.queries.release(name, params.view.release)
    sequence = service.log.queries.sequence(name)
    query_digest, cursor = requested_view.begin_list(service, params, "changes", name)
    validity = Validity((sequence,), service.dataset_changed_at(name, sequence))
    return Reply(validity, lambda: _changes_page(service, call, name, params, query_digest, cursor))


def _check_since(call: Call, params: Parameters) -> None:
    """Raise ``invalid-parameters`` unless a stream for mirrors is complete and ascending."""
    names = [name for name, _ in query_parameters.pairs(call.query)]
    conflicting = [name for name in names if name in ("after", "before", "release")]
    if "since" in names and (conflicting or (params.sort and params.sort[0][1])):
        raise query_parameters.conflict(
            "since",
            f"镜像须由旧到新取全，不能与 {'、'.join(conflicting) or 'sort=-sequence'} 同用。",
            "A mirror needs every change, oldest first: it goes with no after, before, "
            "release or sort=-sequence.",
        )


def _refuse_lost_changes(service: Service, call: Call, params: Parameters) -> None:
    """Raise ``invalid-parameters`` for a mirror that holds changes which a succession gave up."""
    names = [name for name, _ in query_parameters.pairs(call.query)]
    if "since" in names and service.log.recovery.is_lost_change(params.after or 0):
        raise query_parameters.invalid(
            [
                Fault(
                    parameter="since",
                    code="lost",
                    detail="本站由备份恢复，此后的变化已丢失。请丢弃副本，从 since=0 重新取全。",
                    detail_en="The site was restored and these changes are lost: begin anew with since=0.",
                )
            ]
        )


def _changes_page(
    service: Service,
    call: Call,
    name: str,
    params: Parameters,
    query_digest: str,
    cursor: page_cursor.Cursor | None,
) -> answers.Changes:
    descending = bool(params.sort and params.sort[0][1])
    after, before = params.after or 0, params.before
    if cursor is not None:
        after, before = (after, cursor.total) if descending else (cursor.total, before)
    changes = service.log.queries.changes(
        dataset=name,
        after=after,
        before=before,
        limit=params.limit + 1,
        descending=descending,
        release=params.view.release,
    )
    page = changes[: params.limit]
    next_cursor = None
    if len(changes) > params.limit:
        next_cursor = service.cursors.encode(page_cursor.Cursor(query_digest, total=page[-1].sequence))
    needs_erasures = cursor is None or any(change.erased for change in page)
    erasures = map_erasures(service, name) if needs_erasures else {}
    first_page_erasures = () if cursor else tuple(erasures.values())
    return answers.Changes(
        dataset=name,
        changes=tuple(change_answer(service, c, erasures) for c in page),
        last=max((c.sequence for c in page), default=after),
        erased=tuple(sorted(e.record for e in first_page_erasures)),
        erasures=tuple(map(_erasure, first_page_erasures)),
        links=requested_view.page_links(service, call, name, next_cursor),
    )


def map_erasures(service: Service, name: str) -> Mapping[str, Erasure]:
    """Map the erased records of a dataset to their erasures, newest first."""
    return {erasure.record: erasure for erasure in service.log.queries.erasures(name)}


def _erasure(erasure: Erasure) -> answers.Erasure:
    return common.fill(answers.Erasure, erasure)


def change_answer(service: Service, change: model.Change, erasures: Mapping[str, Erasure]) -> answers.Change:
    """Build the answer of the API for one change. ``erasures``: of the dataset, by record."""
    home = service.link(f"/v1/datasets/{change.dataset}")
    erasure = erasures.get(change.record)
    catalogue = service.catalogue_of_changes(change.dataset, change.release)
    return answers.Change(
        sequence=change.sequence,
        dataset=change.dataset,
        record=change.record,
        title=change.title,
        part=change.part,
        kind=change.kind,
        cause=change.cause,
        release=change.release,
        effective_on=change.effective_on,
        effective_to=change.effective_to,
        published_at=change.published_at,
        reason=change.reason,
        content=change.after,
        revision=None if change.revision is None else common.Revision(hash=change.revision, salt=change.salt),
        withdrawn=change.withdrawn,
        erased=change.erased,
        erasure=None if erasure is None else _erasure(erasure),
        fields=titles.field_changes(catalogue, change.fields),
        links=answers.ChangeLinks(
            record=f"{home}/records/{change.record}", release=f"{home}/releases/{change.release}"
        ),
    )


ROUTES: tuple[AnyRoute, ...] = (get_history, list_changes)
