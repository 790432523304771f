"""Routes: comparison of two states of a dataset, as JSON, CSV and XLSX."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from msgspec import structs

from openapi.operation import Operation, Parameter
from publisher.log.descriptions import SiteDetails
from publisher.log.model import View
from publisher.log.queries.comparison import DIFFERENCE_KINDS, Difference
from publisher.views.api import requested_view, titles, two_states
from publisher.views.api.answers import common
from publisher.views.api.answers import comparison as answers
from publisher.views.api.parameter_docs import CURSOR, DATASET, KNOWN_AT, LIMIT
from publisher.views.comparison import spreadsheets, text_diff
from publisher.views.comparison.json_patch import patch
from publisher.views.exports.export import describe_view
from publisher.views.exports.xlsx import MEDIA_TYPE
from publisher.web import query_parameters
from publisher.web.file_cache import FileKey
from publisher.web.query_parameters import Grammar
from publisher.web.range_download import disposition
from publisher.web.route import AnyRoute, Call, FileReply, FileRoute, Reply, route
from publisher.web.service import Service
from schemas.definition.catalogue import Catalogue

TAG = "releases"
_SIDE = {"type": "string", "pattern": r"^([1-9][0-9]{0,8}|[0-9]{4}-[0-9]{2}-[0-9]{2}(T.+)?)$"}
FROM = Parameter(
    "from",
    "原版本：发布的编号、日期（该日有效的内容）或时刻（截至该时刻已发布的内容） / "
    "The earlier state: a release's "
    "number, a day of effect, or an instant of publication",
    _SIDE,
    required=True,
    example="1",
)
TO = Parameter(
    "to",
    "现版本，写法同 from；默认此刻 / The later state, written like from; the present by default",
    _SIDE,
    example="2",
)
KIND = Parameter(
    "kind",
    "只要这些变化，同名参数为“或”关系 / Only these kinds; repeat it for or",
    {"type": "array", "items": {"type": "string", "enum": list(DIFFERENCE_KINDS)}},
)
PART = Parameter(
    "part",
    "只要这些部门报送的，同名参数为“或”关系 / Only what these parts hand in; repeat it for or",
    {"type": "array", "items": {"type": "string"}},
)
HEADERS = Parameter(
    "headers",
    "表头的语言 / Language of the headings",
    {"type": "string", "enum": ["zh", "en"], "default": "zh"},
)
_KNOWN_AT = structs.replace(
    KNOWN_AT,
    description="两端都是日期时：截至该时刻本站已发布的内容 / For two days: as published by that instant",
)
_CSV = Grammar(names=two_states.NAMES | {"headers"}, filters=two_states.FILTERS)
_XLSX = Grammar(names=two_states.NAMES, filters=two_states.FILTERS)
_PROBLEMS = ("no-such-dataset", "no-such-release", "too-busy", "too-many-requests")
_FILE_PROBLEMS = (*_PROBLEMS, "file-being-made")


@route(
    Operation(
        name="compare",
        path="/v1/datasets/{dataset}/compare",
        tag=TAG,
        summary="比较两个版本",
        description="两次发布、两个日期或两个时刻之间：新增、移出、调整、更名、撤回公布，逐字段列出，长文字逐字标出，"
        "并附每次发布的依据与 JSON Patch。likely_renames 为系统推测，未经公布机关确认。\n\n"
        "Differences between two releases, days or instants: field by field, texts by character, with the "
        "releases that led there and a JSON Patch (RFC 6902) on an object of record id → content. "
        "likely_renames are inferred and not confirmed by the publishing body.",
        answer=answers.Comparison,
        parameters=(DATASET, FROM, TO, KIND, PART, _KNOWN_AT, LIMIT, CURSOR),
        problems=(*_PROBLEMS, "invalid-cursor"),
    ),
    runs="query",
)
def compare_states(service: Service, call: Call) -> Reply:
    name = requested_view.dataset_name(call)
    comparison = two_states.make_comparison(
        service, name, query_parameters.parse(call.query, two_states.GRAMMAR)
    )
    return Reply(comparison.validity, lambda: _answer(service, call, comparison))


def _compare_csv(service: Service, call: Call) -> FileReply:
    params = query_parameters.parse(call.query, _CSV)
    name, sides = requested_view.dataset_name(call), two_states.parse_sides(service, params)
    lang = params.headers

    def write(path: Path) -> None:
        catalogue = service.catalogue_in_view(name, sides.after, sides.before)
        with path.open("wb") as file:
            file.writelines(spreadsheets.to_csv(sides.differences(service, name), catalogue, lang=lang))

    return _file_reply(service, name, sides, FileKey((lang,), "csv"), "text/csv; charset=utf-8", write)


def _compare_xlsx(service: Service, call: Call) -> FileReply:
    params = query_parameters.parse(call.query, _XLSX)
    name, sides = requested_view.dataset_name(call), two_states.parse_sides(service, params)

    def write(path: Path) -> None:
        dataset = service.log.datasets.get(name)
        metadata = spreadsheets.Metadata(
            title=dataset.title,
            before=describe_view(sides.before),
            after=describe_view(sides.after),
            source=service.link(f"/v1/datasets/{name}"),
            licence=dataset.licence,
            notice=dataset.notice,
            site=_site(service, name, sides),
            kinds=sides.kinds,
            parts=sides.parts,
        )
        totals = service.log.queries.totals(name, sides.before, sides.after)
        catalogue = service.catalogue_in_view(name, sides.after, sides.before)
        spreadsheets.to_xlsx(path, sides.differences(service, name), totals, catalogue, metadata)

    return _file_reply(service, name, sides, FileKey((), "xlsx"), MEDIA_TYPE, write)


def _file_reply(
    service: Service,
    name: str,
    sides: two_states.Sides,
    key: FileKey,
    media_type: str,
    write: Callable[[Path], None],
) -> FileReply:
    validity = two_states.sides_validity(service, name, sides)
    site = _site(service, name, sides)
    changed_at = None if validity.pinned else service.site_details().changed_at
    validity = validity.extended((site.name, site.owner, site.operator), changed_at)
    dataset = service.log.datasets.get(name)
    validity = validity.extended((dataset.title, dataset.licence, dataset.notice), dataset.named_at)
    return FileReply(
        validity=validity,
        key=structs.replace(key, tokens=(name, "compare", sides, *validity.tokens, *key.tokens)),
        write=write,
        compressible=key.suffix == "csv",
        headers={
            "content-type": media_type,
            "content-disposition": _file_name(service, name, sides, key.suffix),
        },
    )


def _site(service: Service, name: str, sides: two_states.Sides) -> SiteDetails:
    """Return what the site says of itself, with its names of the day if a release is compared."""
    details, release = service.site_details().details, sides.after.release
    return details if release is None else service.pinned_details(details, name, release)


def _file_name(service: Service, name: str, sides: two_states.Sides, suffix: str) -> str:
    site = _site(service, name, sides).name
    title = f"{site} {service.log.datasets.get(name).title}".strip()
    title = f"{title} {describe_view(sides.before)} 至 {describe_view(sides.after)}.{suffix}"
    return disposition(title, f"{name}-compare.{suffix}")


def _answer(service: Service, call: Call, comparison: two_states.Comparison) -> answers.Comparison:
    name, sides, page = comparison.name, comparison.sides, comparison.fetch_page(service)
    totals, is_of_present = page.totals, comparison.params.end is None and sides.after.known_at is None
    end = View() if is_of_present else structs.replace(sides.after, as_of=page.after.as_of)
    catalogue = service.catalogue_in_view(name, page.after, page.before)
    return answers.Comparison(
        dataset=name,
        from_=_state(sides.before, totals.before),
        to=_state(end, totals.after),
        unchanged=totals.unchanged,
        totals={kind: totals.kinds[kind] for kind in DIFFERENCE_KINDS},
        differences=tuple(_difference(service, name, d, catalogue) for d in page.differences),
        likely_renames=tuple(
            answers.LikelyRename(
                removed=guess.before.record,
                added=guess.after.record,
                title_before=guess.before.title_before,
                title=guess.after.title,
                likeness=guess.likeness,
            )
            for guess in page.likely_renames
        ),
        links=answers.ComparisonLinks(
            self=requested_view.link_as_requested(service, call),
            next=requested_view.next_page(service, call, page.next_cursor),
            csv=_file_link(service, call, "csv"),
            xlsx=_file_link(service, call, "xlsx"),
            dataset=service.link(f"/v1/datasets/{name}"),
        ),
    )


def _file_link(service: Service, call: Call, suffix: str) -> str:
    pairs = [
        p for p in query_parameters.pairs(call.query) if p[0] in ("from", "to", "kind", "part", "known_at")
    ]
    return service.link(f"{call.address}.{suffix}?{urlencode(pairs)}")


def _state(view: View, records: int) -> answers.ComparedState:
    return common.fill(answers.ComparedState, view, records=records)


def _difference(service: Service, name: str, d: Difference, catalogue: Catalogue) -> answers.Difference:
    home = service.link(f"/v1/datasets/{name}/records/{d.record}")
    return common.fill(
        answers.Difference,
        d,
        fields=tuple(
            common.fill(
                answers.ComparedField,
                field,
                title=titles.field_title(catalogue, field.field),
                text=_text(field.before, field.after),
            )
            for field in d.fields
            if not titles.is_personal(catalogue, field.field)
        ),
        patch=tuple(patch(d.record, d.before, d.after)),
        steps=tuple(common.fill(answers.Step, step) for step in d.steps),
        links=answers.DifferenceLinks(record=home, history=f"{home}/history"),
    )


def _text(before: Any, after: Any) -> tuple[answers.Piece, ...] | None:
    if not isinstance(before, str) or not isinstance(after, str):
        return None
    return tuple(common.fill(answers.Piece, piece) for piece in text_diff.pieces(before, after))


ROUTES: tuple[AnyRoute, ...] = (
    compare_states,
    FileRoute(
        Operation(
            name="compare_csv",
            path="/v1/datasets/{dataset}/compare.csv",
            tag=TAG,
            summary="比较两个版本（CSV）",
            description="每个有变化的字段一行；UTF-8 带 BOM，单元格内容不会被当作公式。\n\n"
            "One row for each field that differs, for spreadsheets: UTF-8 with a BOM, formulas disarmed.",
            parameters=(DATASET, FROM, TO, KIND, PART, _KNOWN_AT, HEADERS),
            problems=_FILE_PROBLEMS,
            media_type="text/csv; charset=utf-8",
        ),
        _compare_csv,
    ),
    FileRoute(
        Operation(
            name="compare_xlsx",
            path="/v1/datasets/{dataset}/compare.xlsx",
            tag=TAG,
            summary="比较两个版本（XLSX）",
            description="每条记录一行，删除的文字以红色删除线、新增的以绿色标出；另有一页说明与统计。\n\n"
            "One row for each record; deletions are struck out in red, insertions green. A sheet of totals.",
            parameters=(DATASET, FROM, TO, KIND, PART, _KNOWN_AT),
            problems=_FILE_PROBLEMS,
            media_type=MEDIA_TYPE,
        ),
        _compare_xlsx,
    ),
)
