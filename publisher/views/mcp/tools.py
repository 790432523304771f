"""The tools. Each runs the handler of the API and adds the address to cite, pinned if it quotes a record."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar.concurrency import sync_to_thread

from publisher.ingest.documents.section_outline import Section, find_body, split_sections
from publisher.log.findings.finding_query import FindingPage, PublishedFinding
from publisher.log.findings.responses import UNRESOLVED
from publisher.log.model import View
from publisher.views.api.answers import changes as change_answers
from publisher.views.api.answers import common
from publisher.views.api.answers import comparison as comparison_answers
from publisher.views.api.answers import search as search_answers
from publisher.views.api.routes import changes, comparison, datasets, findings, records, search
from publisher.views.mcp import arguments
from publisher.web import query_parameters
from publisher.web.problems import ProblemError
from publisher.web.route import Call, Route
from publisher.web.service import Service
from schemas.definition.catalogue import Catalogue

type ToolAnswer = dict[str, Any]

LONGEST = 20_000
"""Most characters of one value; a longer text is cut, and says so."""
NOT_HELD = (
    "本站没有收录今天有效且符合全部搜索词的条目；已移出清单的，用 as_of 查以往某日。/ "
    "Not held: nothing in effect today matches all of these words. For what was "
    "removed, search a past day with `as_of`."
)
NOT_HELD_THERE = (
    "所选的清单或日期没有符合全部搜索词的条目，其他的未查：去掉 dataset 与 as_of 再搜。/ "
    "Nothing in this list or on this day matches all of these words. Others were "
    "not searched: leave out `dataset` and `as_of`."
)
_UNCONFIRMED = "由程序核对得出，未经确认。/ Found by a program, unconfirmed."
_TRUNCATED = "…（已截断，全文见引用地址 / cut; the whole text is at the citation）"


class Tool(msgspec.Struct, frozen=True):
    name: str
    title: str
    description: str
    arguments: type[msgspec.Struct]
    run: Callable[[Service, Any], Awaitable[ToolAnswer]]


async def _list_datasets(service: Service, _: arguments.NoArguments) -> ToolAnswer:
    answer: common.Datasets = await _run_route(service, datasets.list_datasets, {})
    return {
        "datasets": [
            {
                "dataset": dataset.name,
                "title": dataset.title,
                "body": dataset.body,
                "catalogue": dataset.catalogue,
                "division": dataset.division,
                "licence": dataset.licence,
                "notice": dataset.notice,
                "labels": dataset.labels,
                "latest_release": msgspec.to_builtins(dataset.latest_release),
                "citation": _page(service, dataset.name),
            }
            for dataset in answer.datasets
        ]
    }


async def _search(service: Service, query: arguments.SearchArguments) -> ToolAnswer:
    pairs = {"q": query.q, "limit": str(query.limit), **_day(query.as_of)}
    if query.dataset is not None:
        await sync_to_thread(service.dataset, query.dataset)  # raises ``no-such-dataset``
        pairs["dataset"] = query.dataset
    reply = await search.search.handle(service, Call({}, urlencode(pairs).encode(), "/v1/search"))
    results: search_answers.Found = await reply.build()
    if results.match != "all" or results.did_you_mean or not results.hits:
        # The nearest records would look like an answer.
        message = NOT_HELD if query.dataset is None and query.as_of is None else NOT_HELD_THERE
        return {"held": False, "message": message, "did_you_mean": results.did_you_mean, "hits": []}
    releases = await sync_to_thread(_releases_of, service, [hit.record for hit in results.hits], query.as_of)
    return {
        "held": True,
        "total": results.total,
        "hits": [
            {
                "dataset": hit.dataset,
                "dataset_title": hit.dataset_title,
                "record": hit.record,
                "title": hit.title.text,
                "excerpts": [excerpt.text for excerpt in hit.excerpts],
                "citation": _cite(service, hit.dataset, hit.record, releases[hit.record]),
            }
            for hit in results.hits
            if hit.record in releases  # else it was withdrawn a moment ago
        ],
        "more": results.links.next is not None,
    }


def _releases_of(service: Service, ids: Sequence[str], as_of: date | None) -> Mapping[str, int]:
    """Map the records in force on a day, by default today, to the releases that brought their states."""
    states = service.log.queries.states(ids, View(as_of=as_of or service.today()))
    return {id_: state.release for id_, state in states.items() if state.status == "current"}


async def _get_record(service: Service, query: arguments.RecordArguments) -> ToolAnswer:
    path = {"dataset": query.dataset, "record": query.record}
    history: change_answers.History = await _run_route(service, changes.get_history, path)
    events = [_change(service, change) for change in history.changes]
    try:
        record: common.FullRecord = await _run_route(service, records.get_record, path, _day(query.as_of))
    except ProblemError as problem:
        return {**_describe_gone(problem), "history": events}
    catalogue = await sync_to_thread(service.catalogue, query.dataset, record.release)
    return {
        "held": True,
        "title": record.title,
        "status": record.status,
        "part": record.part,
        "fields": _fields(catalogue, _decode_content(record)),
        "effective_from": record.effective_from.isoformat(),
        "effective_to": record.effective_to and record.effective_to.isoformat(),
        "published_at": record.known_from.isoformat(),
        "reason": record.reason,
        "release": record.release,
        "sources": [source.name for source in record.sources],
        "history": events,
        "citation": _cite(service, query.dataset, record.id, record.release),
    }


def _describe_gone(problem: ProblemError) -> ToolAnswer:
    """Describe a record that was withdrawn or erased. Raises any other problem again."""
    if problem.tombstone is None:
        raise problem
    tombstone = msgspec.to_builtins(problem.tombstone)
    return {"held": False, "message": f"{problem.zh} / {problem.en}", "tombstone": tombstone}


async def _compare(service: Service, query: arguments.CompareArguments) -> ToolAnswer:
    pins = {"from": query.before, "to": query.after}
    published = await sync_to_thread(_published_at, service, query.dataset)
    if published is not None and not query.before.isdigit() and not query.after.isdigit():
        pins["known_at"] = published.isoformat()  # two days are compared as published by now
    answer: comparison_answers.Comparison = await _run_route(
        service, comparison.compare_states, {"dataset": query.dataset}, {**pins, "limit": str(query.limit)}
    )
    return {
        "totals": answer.totals,
        "unchanged": answer.unchanged,
        "differences": [
            {
                "record": difference.record,
                "kind": difference.kind,
                "title": difference.title,
                "fields": _field_changes(difference.fields),
            }
            for difference in answer.differences
        ],
        "more": answer.links.next is not None,
        "citation": f"{_page(service, query.dataset)}/compare?{urlencode(pins)}",
    }


def _published_at(service: Service, dataset: str) -> datetime | None:
    return service.dataset_changed_at(dataset, service.log.queries.sequence(dataset))


async def _list_changes(service: Service, query: arguments.ChangesArguments) -> ToolAnswer:
    pairs = {"sort": "-sequence", "limit": str(query.limit)}
    if query.release is not None:
        pairs["release"] = str(query.release)
    answer: change_answers.Changes = await _run_route(
        service, changes.list_changes, {"dataset": query.dataset}, pairs
    )
    return {
        "changes": [_change(service, change) for change in answer.changes],
        "more": answer.links.next is not None,
        "citation": _page(service, query.dataset),
    }


async def _list_findings(service: Service, query: arguments.FindingsArguments) -> ToolAnswer:
    if query.dataset is not None:
        await sync_to_thread(service.dataset, query.dataset)  # raises ``no-such-dataset``
    filters = {name: value for name in ("dataset", "record") if (value := getattr(query, name)) is not None}
    handling = UNRESOLVED if query.handling is None else (query.handling,)
    pairs = {**filters, "handling": handling, "limit": query.limit}

    def read() -> tuple[FindingPage, str | None]:
        params = query_parameters.parse(urlencode(pairs, doseq=True).encode(), findings.GRAMMAR)
        return findings.make_listing(service, params).fetch_page(service)

    page, cursor = await sync_to_thread(read)
    return {
        "total": page.total,
        "findings": [_describe_finding(service, published) for published in page.findings],
        "more": cursor is not None,
        "unconfirmed": _UNCONFIRMED,
    }


def _describe_finding(service: Service, published: PublishedFinding) -> ToolAnswer:
    finding = findings.finding_answer(service, published)
    releases = {row.hash: row.release for row in published.rows}
    return {
        "dataset": finding.dataset,
        "record": finding.record,
        "title": finding.title,
        "finding": msgspec.to_builtins(finding.message),
        "because": msgspec.to_builtins(finding.because),
        "severity": finding.severity,
        "since": finding.effective_from.isoformat(),
        "handling": finding.handling,
        "responses": [
            {
                "kind": response.kind,
                "text": _shorten(response.text),
                "respondent": response.respondent,
                "responded_on": response.responded_on.isoformat(),
                "applies": response.applies,
            }
            for response in finding.responses
        ],
        "cites": [
            {
                "record": cite.record,
                "field": cite.field,
                "text": _shorten(cite.text),
                "citation": _cite(service, cite.dataset, cite.record, releases[cite.revision]),
            }
            for cite in finding.cites
        ],
        "citation": service.link(f"/findings/{finding.id}"),
    }


async def _open_section(service: Service, query: arguments.SectionArguments) -> ToolAnswer:
    path = {"dataset": query.dataset, "record": query.record}
    try:
        record: common.FullRecord = await _run_route(service, records.get_record, path, _day(query.as_of))
    except ProblemError as problem:
        return _describe_gone(problem)
    catalogue = await sync_to_thread(service.catalogue, query.dataset, record.release)
    _, source = find_body(catalogue, _decode_content(record)) or ("", "")
    sections = split_sections(source)
    citation = _cite(service, query.dataset, record.id, record.release)
    if query.section is None:
        outline = [_describe_section(section) for section, _ in sections]
        return {"held": bool(source), "title": record.title, "outline": outline, "citation": citation}
    for section, text in sections:
        if query.section in (section.anchor, section.title):
            own = _describe_section(section)
            return {"held": True, **own, "text": _shorten(text), "citation": f"{citation}#{section.anchor}"}
    return {"held": False, "message": "文件中没有这一节。/ Not held: no such section.", "citation": citation}


def _describe_section(section: Section) -> ToolAnswer:
    return {"section": section.anchor, "heading": section.title, "level": section.level}


def _change(service: Service, change: change_answers.Change) -> ToolAnswer:
    return {
        "record": change.record,
        "title": change.title,
        "kind": change.kind,
        "cause": change.cause,
        "effective_on": change.effective_on.isoformat(),
        "published_at": change.published_at.isoformat(),
        "release": change.release,
        "reason": change.reason,
        "withdrawn": change.withdrawn,
        "erased": change.erased,
        "fields": _field_changes(change.fields),
        "citation": _cite(service, change.dataset, change.record, change.release),
    }


def _field_changes(
    fields: Iterable[common.FieldChange | comparison_answers.ComparedField],
) -> list[ToolAnswer]:
    return [{"title": f.title, "before": _shorten(f.before), "after": _shorten(f.after)} for f in fields]


def _decode_content(record: common.FullRecord) -> dict[str, Any]:
    """Decode the content, which the API copies from the log as it is."""
    return msgspec.json.decode(msgspec.json.encode(record.content), type=dict[str, Any])


def _fields(catalogue: Catalogue, content: Mapping[str, Any]) -> list[ToolAnswer]:
    return [
        {"field": field.name, "title": field.title, "value": _shorten(content[field.name])}
        for field in catalogue.fields
        if field.name in content and not field.personal
    ]


def _shorten(value: Any) -> Any:
    return f"{value[:LONGEST]}{_TRUNCATED}" if isinstance(value, str) and len(value) > LONGEST else value


def _day(as_of: date | None) -> dict[str, str]:
    return {} if as_of is None else {"as_of": as_of.isoformat()}


def _page(service: Service, dataset: str) -> str:
    return service.link(f"/datasets/{dataset}")


def _cite(service: Service, dataset: str, record: str, release: int) -> str:
    """Return the permanent address at which a person sees the quoted value."""
    return f"{_page(service, dataset)}/records/{record}?release={release}"


async def _run_route(
    service: Service, route: Route, path: Mapping[str, str], query: Mapping[str, str] | None = None
) -> Any:
    """Run a route of the API in a thread. Raises what it raises."""

    def run() -> Any:
        address = route.operation.path.format_map(path)
        call = Call(path, urlencode(query or {}).encode(), address, route.operation.media_type)
        with service.log.snapshot():
            return route.handle(service, call).build()

    return await sync_to_thread(run)


TOOLS: tuple[Tool, ...] = (
    Tool(
        "list_datasets",
        "列出清单 / List the lists",
        "本站公布的全部清单，各附公布机关与最近一次发布。/ "
        "Every list of the site, its body and latest release.",
        arguments.NoArguments,
        _list_datasets,
    ),
    Tool(
        "search",
        "搜索 / Search",
        "按名称、文号或词语查找今天（或 as_of 那天）有效的条目；没有收录时 held 为 false，不给近似的。"
        "引用请用 citation。/ Records in effect that contain all the words. `held: false` means that the "
        "site has nothing on it: say so. Quote with `citation`.",
        arguments.SearchArguments,
        _search,
    ),
    Tool(
        "get_record",
        "一条记录及其历史 / A record with its history",
        "一条记录的全部字段、有效时段、来源与历次变化。/ All fields of a record, when it is in effect, its "
        "source, and everything that happened to it.",
        arguments.RecordArguments,
        _get_record,
    ),
    Tool(
        "compare",
        "比较两个版本 / Compare two states",
        "两次发布或两个日期之间有何不同。/ What differs between two releases or two days of a list.",
        arguments.CompareArguments,
        _compare,
    ),
    Tool(
        "list_changes",
        "最近的变化 / Recent changes",
        "一个清单最近的变化，新的在前。/ The newest changes of a list.",
        arguments.ChangesArguments,
        _list_changes,
    ),
    Tool(
        "list_findings",
        "待核问题 / Findings",
        "清单之间不一致之处（例如依据已废止），逐字引用所涉及的原文；未经确认，请照此说明。"
        "有回应的附回应；认定不成立的，仅在 handling 为 dismissed 时列出。/ What lists say against one "
        "another, such as a basis that is repealed, with the cited texts and responses; unconfirmed: say so. "
        "Dismissed findings are listed for `handling: dismissed` only.",
        arguments.FindingsArguments,
        _list_findings,
    ),
    Tool(
        "open_section",
        "打开文件的一节 / Open a section of a document",
        "政策文件的各章节标题，或其中一节的原文。/ "
        "The outline of a policy document, or the text of one section.",
        arguments.SectionArguments,
        _open_section,
    ),
)
