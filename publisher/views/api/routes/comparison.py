"""Routes: two states of a dataset held against each other, as JSON, CSV and XLSX."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from openapi.operation import Operation, Parameter
from publisher.log.model import View
from publisher.log.queries.comparison import KINDS, Difference, DifferenceKind, Totals
from publisher.views.api import requested_view, titles
from publisher.views.api.answers import comparison
from publisher.views.api.parameter_docs import CURSOR, DATASET, KNOWN_AT, LIMIT
from publisher.views.comparison import spreadsheets, text_diff
from publisher.views.comparison.json_patch import patch
from publisher.views.comparison.likely_renames import MOST_COMPARED, Likely, likely_renames
from publisher.web import page_cursor, query_parameters
from publisher.web.conditional_requests import Validity
from publisher.web.problems import Fault
from publisher.web.query_parameters import Grammar, Parameters
from publisher.web.route import Call, Reply, route
from publisher.web.service import Service
from schemas.definition.catalogue import Catalogue

TAG = "发布"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SIDE = {"type": "string", "pattern": r"^([1-9][0-9]{0,8}|[0-9]{4}-[0-9]{2}-[0-9]{2}(T.+)?)$"}
FROM = Parameter(
    "from",
    "之前的状态: 发布的编号、日期(那一天有效的)或时刻(当时所公布的) / The earlier state: a release's "
    "number, a day of effect, or an instant of publication",
    _SIDE,
    required=True,
    example="1",
)
TO = Parameter(
    "to",
    "之后的状态, 写法同 from; 默认此刻 / The later state, written like from; the present by default",
    _SIDE,
    example="2",
)
KIND = Parameter(
    "kind",
    "只要这些变化, 同名多次为「或」 / Only these kinds; repeat it for or",
    {"type": "array", "items": {"type": "string", "enum": list(KINDS)}},
)
PART = Parameter(
    "part",
    "只要这些部门报送的, 同名多次为「或」 / Only what these parts hand in; repeat it for or",
    {"type": "array", "items": {"type": "string"}},
)
HEADERS = Parameter(
    "headers",
    "表头的语言 / Language of the headings",
    {"type": "string", "enum": ["zh", "en"], "default": "zh"},
)
_KNOWN = replace(
    KNOWN_AT,
    description="两端都是日期时: 看本站在那一时刻的说法 / Of two days: as said at that instant",
)
_NAMES = frozenset({"from", "to", "known_at", "as_of", "release"})
_FILTERS: Mapping[str, Any] = {"kind": "string", "part": "string"}
_PAGED = Grammar(names=_NAMES | {"limit", "cursor"}, filters=_FILTERS)
_CSV = Grammar(names=_NAMES | {"headers"}, filters=_FILTERS)
_BOOK = Grammar(names=_NAMES, filters=_FILTERS)
_PROBLEMS = ("no-such-dataset", "no-such-release")


@dataclass(frozen=True, slots=True)
class _Asked:
    before: View
    after: View
    kinds: tuple[DifferenceKind, ...]
    parts: tuple[str, ...]


@route(
    Operation(
        name="compare",
        path="/v1/datasets/{dataset}/compare",
        tag=TAG,
        summary="比较两个状态",
        description="两次发布、两个日期或两个时刻之间: 增、减、改、更名、撤回, 逐字段, 长文字逐字标出, "
        "并附每次公布的依据与 JSON Patch。likely_renames 只是推测, 不是公布的事实。\n\n"
        "What differs between two releases, days or instants: field by field, texts by character, with the "
        "releases that led there and a JSON Patch (RFC 6902) on an object of record id → content. "
        "likely_renames are guesses that nobody published.",
        answer=comparison.Comparison,
        parameters=(DATASET, FROM, TO, KIND, PART, _KNOWN, LIMIT, CURSOR),
        problems=(*_PROBLEMS, "invalid-cursor"),
    )
)
def compare_states(service: Service, call: Call) -> Reply:
    name = requested_view.dataset_name(call)
    asked = query_parameters.parse(call.query, _PAGED)
    sides = _sides(service, asked)
    walk = page_cursor.walk("compare", name, replace(asked, cursor=None, limit=0))
    cursor = page_cursor.given(asked.cursor, walk)
    validity = _validity(service, name, sides)
    return Reply(validity, lambda: _page(service, call, name, asked, sides, walk, cursor))


@route(
    Operation(
        name="compare_csv",
        path="/v1/datasets/{dataset}/compare.csv",
        tag=TAG,
        summary="比较两个状态(CSV)",
        description="每个有变化的字段一行; UTF-8 带 BOM, 单元格不会成为公式。\n\n"
        "One row for each field that differs, for spreadsheets: UTF-8 with a BOM, no cell can be a formula.",
        parameters=(DATASET, FROM, TO, KIND, PART, _KNOWN, HEADERS),
        problems=_PROBLEMS,
        media_type="text/csv; charset=utf-8",
    )
)
def compare_csv(service: Service, call: Call) -> Reply:
    name = requested_view.dataset_name(call)
    asked = query_parameters.parse(call.query, _CSV)
    sides = _sides(service, asked)
    catalogue = service.log.queries.catalogue(name)

    def build() -> bytes:
        found = service.log.queries.differences(
            name, sides.before, sides.after, kinds=sides.kinds, parts=sides.parts
        )
        return b"".join(spreadsheets.to_csv(found, catalogue, lang=asked.headers))

    return Reply(_validity(service, name, sides), build, _attached(service, name, sides, "csv"))


@route(
    Operation(
        name="compare_xlsx",
        path="/v1/datasets/{dataset}/compare.xlsx",
        tag=TAG,
        summary="比较两个状态(XLSX)",
        description="每条记录一行, 删去的文字以红色删除线、新增的以绿色标出; 另有一页说明与统计。\n\n"
        "One row for each record; what went is struck out in red, what came is green. A sheet of totals.",
        parameters=(DATASET, FROM, TO, KIND, PART, _KNOWN),
        problems=_PROBLEMS,
        media_type=_XLSX,
    )
)
def compare_xlsx(service: Service, call: Call) -> Reply:
    name = requested_view.dataset_name(call)
    sides = _sides(service, query_parameters.parse(call.query, _BOOK))
    catalogue = service.log.queries.catalogue(name)

    def build() -> bytes:
        dataset = service.log.datasets.get(name)
        heading = spreadsheets.Heading(
            title=dataset.title,
            before=_words(sides.before),
            after=_words(sides.after),
            source=service.link(f"/v1/datasets/{name}"),
            licence=dataset.licence,
            notice=dataset.notice,
        )
        totals = service.log.queries.totals(name, sides.before, sides.after)
        found = service.log.queries.differences(
            name, sides.before, sides.after, kinds=sides.kinds, parts=sides.parts
        )
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "compare.xlsx"
            spreadsheets.to_xlsx(path, found, totals, catalogue, heading)
            return path.read_bytes()

    return Reply(_validity(service, name, sides), build, _attached(service, name, sides, "xlsx"))


def _attached(service: Service, name: str, sides: _Asked, suffix: str) -> Mapping[str, str]:
    """A Chinese name for the file, and a plain one for old programs (RFC 6266)."""
    title = service.log.datasets.get(name).title
    shown = quote(
        f"{title} {_words(sides.before)} 至 {_words(sides.after)}.{suffix}".replace("/", "-"), safe=""
    )
    plain = f"{name}-compare.{suffix}"
    return {"content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{shown}"}


def _words(view: View) -> str:
    if view.release is not None:
        return f"第{view.release}次发布"
    if view.as_of is not None:
        return view.as_of.isoformat()
    return view.known_at.isoformat() if view.known_at else "现在"


def _sides(service: Service, asked: Parameters) -> _Asked:
    """Raises ``invalid-parameters`` with the reason where the two make no sense together."""
    faults = list(_faults(service, asked))
    if faults or asked.start is None:
        raise query_parameters.invalid(faults)
    known = asked.view.known_at
    before, after = asked.start, asked.end or View(as_of=service.today())
    if known is not None:
        before, after = replace(before, known_at=known), replace(after, known_at=known)
    return _Asked(before, after, _kinds(asked), _named(asked, "part"))


def _faults(service: Service, asked: Parameters) -> Sequence[Fault]:
    view, start, end = asked.view, asked.start, asked.end
    found: list[Fault] = []

    def fault(name: str, zh: str, en: str, code: str = "conflict") -> None:
        found.append(Fault(parameter=name, code=code, detail=zh, detail_en=en))

    if start is None:
        fault("from", "请给出 from: 与哪个状态比较。", "Say from which state to compare.", "missing")
    for name in ("as_of", "release"):
        if getattr(view, name) is not None:
            fault(name, "两端由 from 与 to 给出。", "The two states are told by from and to.")
    sides = [side for side in (start, end) if side is not None]
    if view.known_at is not None and any(side.as_of is None for side in sides):
        fault(
            "known_at",
            "发布的编号或时刻已经确定了 known_at; 只能与两个日期同用。",
            "The number of a release, or an instant, tells it already; it goes with two days only.",
        )
    now = service.clock()
    if any(moment is not None and moment > now for moment in (view.known_at, *(s.known_at for s in sides))):
        fault("known_at", "这一时刻还没有到。", "That instant is still to come.")
    if start is not None and end is not None and _backwards(start, end):
        fault(
            "to",
            "to 早于 from, 请对调。",
            "The state named by to is earlier than that of from; exchange them.",
        )
    for word in (value for value in _named(asked, "kind") if value not in KINDS):
        told = ", ".join(KINDS)
        fault("kind", f"没有 {word[:40]!r} 这种变化, 有: {told}。", f"The kinds are: {told}.", "bad-value")
    return found


def _backwards(start: View, end: View) -> bool:
    pairs: tuple[tuple[Any, Any], ...] = (
        (start.release, end.release),
        (start.as_of, end.as_of),
        (start.known_at, end.known_at),
    )
    return any(a is not None and b is not None and a > b for a, b in pairs)


def _kinds(asked: Parameters) -> tuple[DifferenceKind, ...]:
    wanted = _named(asked, "kind")
    return tuple(kind for kind in KINDS if kind in wanted)


def _named(asked: Parameters, name: str) -> tuple[str, ...]:
    return tuple(value for f in asked.filters if f.field == name for value in f.values)


def _validity(service: Service, name: str, sides: _Asked) -> Validity:
    """On what both states depend; as lasting as the less lasting of them."""
    both = [requested_view.validity(service, name, view) for view in (sides.before, sides.after)]
    times: list[datetime] = [v.modified for v in both if v.modified is not None]
    return Validity(
        (*(token for v in both for token in v.tokens), sides.before, sides.after),
        max(times, default=None),
        immutable=all(v.immutable for v in both),
    )


def _page(
    service: Service,
    call: Call,
    name: str,
    asked: Parameters,
    sides: _Asked,
    walk: str,
    cursor: page_cursor.Cursor | None,
) -> comparison.Comparison:
    sequence, today = service.log.queries.validator(name)
    day = (cursor.as_of if cursor else None) or today
    known = cursor.known_at if cursor else service.published_at(name, sequence)
    sides = replace(sides, before=_held(sides.before, known), after=_held(sides.after, known))
    if asked.end is None:
        sides = replace(sides, after=replace(sides.after, as_of=day))
    past = int(cursor.after[0] or 0) if cursor and cursor.after else 0
    found = list(
        service.log.queries.differences(
            name,
            sides.before,
            sides.after,
            kinds=sides.kinds,
            parts=sides.parts,
            past=past,
            limit=asked.limit + 1,
        )
    )
    shown, following = found[: asked.limit], None
    if len(found) > asked.limit:
        following = page_cursor.encode(page_cursor.Cursor(walk, (shown[-1].key,), as_of=day, known_at=known))
    totals = service.log.queries.totals(name, sides.before, sides.after)
    catalogue = service.log.queries.catalogue(name)
    likely = () if cursor else _likely(service, name, sides, totals)
    return comparison.Comparison(
        dataset=name,
        from_=_state(asked.start or View(), totals.before),
        to=_state(asked.end or View(), totals.after),
        unchanged=totals.unchanged,
        totals={kind: totals.kinds[kind] for kind in KINDS},
        differences=tuple(_difference(service, name, d, catalogue) for d in shown),
        likely_renames=tuple(
            comparison.LikelyRename(
                removed=one.before.record,
                added=one.after.record,
                title_before=one.before.title_before,
                title=one.after.title,
                likeness=one.likeness,
            )
            for one in likely
        ),
        links=comparison.ComparisonLinks(
            self=requested_view.with_query(service, call),
            next=None if following is None else requested_view.with_query(service, call, cursor=following),
            csv=_file(service, call, "csv"),
            xlsx=_file(service, call, "xlsx"),
            dataset=service.link(f"/v1/datasets/{name}"),
        ),
    )


def _held(view: View, known: datetime | None) -> View:
    """All pages are of what was known at the first: a release made meanwhile shifts nothing."""
    if view.release is not None or view.known_at is not None:
        return view
    return replace(view, known_at=known)


def _likely(service: Service, name: str, sides: _Asked, totals: Totals) -> Sequence[Likely]:
    """None where so much changed that guesses would be many and slow."""
    sizes = (totals.kinds["removed"], totals.kinds["added"])
    if not all(0 < size <= MOST_COMPARED for size in sizes):
        return ()
    found = service.log.queries.differences(name, sides.before, sides.after, kinds=("removed", "added"))
    return likely_renames(list(found))


def _file(service: Service, call: Call, suffix: str) -> str:
    pairs = [
        p for p in query_parameters.pairs(call.query) if p[0] in ("from", "to", "kind", "part", "known_at")
    ]
    return service.link(f"{call.address}.{suffix}?{urlencode(pairs)}")


def _state(view: View, records: int) -> comparison.ComparedState:
    return comparison.ComparedState(
        release=view.release, as_of=view.as_of, known_at=view.known_at, records=records
    )


def _difference(service: Service, name: str, d: Difference, catalogue: Catalogue) -> comparison.Difference:
    home = service.link(f"/v1/datasets/{name}/records/{d.record}")
    return comparison.Difference(
        record=d.record,
        kind=d.kind,
        title=d.title,
        title_before=d.title_before,
        part=d.part,
        before=d.before,
        after=d.after,
        fields=tuple(
            comparison.ComparedField(
                field=f.field,
                title=titles.of_field(catalogue, f.field),
                before=f.before,
                after=f.after,
                text=_text(f.before, f.after),
            )
            for f in d.fields
        ),
        patch=tuple(patch(d.record, d.before, d.after)),
        steps=tuple(
            comparison.Step(
                release=s.release,
                kind=s.kind,
                cause="reading" if s.cause == "reading" else "source",
                effective_on=s.effective_on,
                basis=s.basis,
                reason=s.reason,
            )
            for s in d.steps
        ),
        links=comparison.DifferenceLinks(record=home, history=f"{home}/history"),
    )


def _text(before: Any, after: Any) -> tuple[comparison.Piece, ...] | None:
    if not isinstance(before, str) or not isinstance(after, str):
        return None
    return tuple(comparison.Piece(op=p.op, text=p.text) for p in text_diff.pieces(before, after))


ROUTES: tuple[Any, ...] = (compare_states, compare_csv, compare_xlsx)
