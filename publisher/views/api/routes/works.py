"""Routes: works, the records that cite them, and what they change."""

from __future__ import annotations

from typing import Any, get_args
from urllib.parse import quote

import msgspec

from openapi.operation import Operation, Parameter
from publisher.log.citations.effects import EffectKind
from publisher.log.graph.passage_query import (
    Passage,
    PassageQuery,
    PublishedCitation,
    PublishedEffect,
)
from publisher.log.graph.work_query import WORK_KINDS, Work, WorkPage, WorkQuery
from publisher.log.model import View
from publisher.views.api import filter_values, requested_view
from publisher.views.api.answers import works as answers
from publisher.views.api.parameter_docs import AS_OF, CURSOR, KNOWN_AT, LIMIT, text_filter
from publisher.web import page_cursor, query_parameters
from publisher.web.conditional_requests import Validity
from publisher.web.query_parameters import Grammar, Parameters
from publisher.web.route import AnyRoute, Call, Reply, route
from publisher.web.service import Service
from schemas.reference.legal_bases import Role

ROLES: tuple[Role, ...] = get_args(Role.__value__)
EFFECTS: tuple[EffectKind, ...] = get_args(EffectKind.__value__)
WORKS_GRAMMAR = Grammar(
    names=requested_view.PAGED, filters=dict.fromkeys(("kind", "contains", "resolved"), "string")
)
CITATIONS_GRAMMAR = Grammar(
    names=requested_view.PAGED,
    filters={**dict.fromkeys(("work", "dataset", "record", "role", "kind"), "string"), "article": "integer"},
)
EFFECTS_GRAMMAR = Grammar(
    names=requested_view.PAGED,
    filters={**dict.fromkeys(("work", "dataset", "record", "kind"), "string"), "article": "integer"},
)
_CITATIONS_OF_WORK = Grammar(
    names=requested_view.PAGED,
    filters={**dict.fromkeys(("dataset", "record", "role"), "string"), "article": "integer"},
)
_EFFECTS_OF_WORK = Grammar(
    names=requested_view.PAGED,
    filters={**dict.fromkeys(("dataset", "record", "kind"), "string"), "article": "integer"},
)
"""Without ``work``, which the path names."""
_CLOCKS = (AS_OF, KNOWN_AT)
_PAGE = (*_CLOCKS, LIMIT, CURSOR)
_PROBLEMS = ("invalid-cursor", "too-busy", "too-many-requests")
_KEY = Parameter(
    "key",
    "文号或名称，各种写法均可 / Number or title, in any spelling",
    {"type": "string"},
    where="path",
    required=True,
)
_DATASET = text_filter("dataset", "数据集的名称 / Name of a dataset")
_RECORD = text_filter("record", "记录标识 / Id of a record")
_ROLE = text_filter("role", "basis、mention 或 edition-note / One of these", enum=list(ROLES))
_KIND = text_filter("kind", "文件的种类 / Kind of the work", enum=list(WORK_KINDS))
_EFFECT = text_filter("kind", "作用的种类 / Kind of the effect", enum=list(EFFECTS))
_WORK = text_filter("work", "文号或名称 / Number or title of a work")
_ARTICLE = Parameter("article", "第几条 / Number of the article", {"type": "integer"})


@route(
    Operation(
        name="list_works",
        path="/v1/works",
        tag="works",
        summary="所引用的文件",
        description="记录所引用的法律法规、文件、令和决定，按标识排列；本站没有的也照列。同名参数为“或”关系。\n\n"
        "Statutes, documents, orders and decisions that records cite or are, by key; also those that no list "
        "of this site contains. Repeat a name for or.",
        answer=answers.Works,
        parameters=(
            _KIND,
            text_filter("contains", "标识中含有的文字 / Part of the key"),
            text_filter(
                "resolved",
                "true 本站清单中有的，false 没有的 / In a list of this site",
                enum=["true", "false"],
            ),
            *_PAGE,
        ),
        problems=_PROBLEMS,
    ),
    runs="query",
)
def list_works(service: Service, call: Call) -> Reply:
    params = query_parameters.parse(call.query, WORKS_GRAMMAR)
    query, digest = work_query(service, params)

    def build() -> answers.Works:
        page, cursor = work_page(service, query, digest)
        return answers.Works(
            total=page.total,
            works=tuple(work_answer(service, work) for work in page.works),
            links=_links(service, call, cursor),
        )

    return Reply(validity(service, params.view), build)


def work_query(service: Service, params: Parameters) -> tuple[WorkQuery, str]:
    """Return the query and its digest. Raises ``invalid-parameters``, ``invalid-cursor``."""
    digest, cursor = requested_view.begin_list(service, params, "works")
    resolved = filter_values.one_of(params, "resolved", ("true", "false"))
    query = WorkQuery(
        view=params.view,
        kinds=filter_values.one_of(params, "kind", WORK_KINDS),
        contains=filter_values.single(params, "contains") or "",
        resolved=None if len(resolved) != 1 else resolved[0] == "true",
        limit=params.limit,
        after=str(cursor.after[0]) if cursor else "",
    )
    return query, digest


def work_page(service: Service, query: WorkQuery, digest: str) -> tuple[WorkPage, str | None]:
    """Return a page, and the cursor of the next one."""
    page = service.log.graph.works(query)
    return page, _cursor(service, digest, None if page.after is None else (page.after,))


def _cursor(service: Service, digest: str, after: tuple[Any, ...] | None) -> str | None:
    return None if after is None else service.cursors.encode(page_cursor.Cursor(digest, after=after))


def _links(service: Service, call: Call, cursor: str | None) -> answers.WorksLinks:
    return answers.WorksLinks(
        self=requested_view.link_as_requested(service, call),
        next=requested_view.next_page(service, call, cursor),
    )


def validity(service: Service, view: View) -> Validity:
    """Return the validity of a response that is read from the graph in a view."""
    return requested_view.site_validity(service, view, *service.log.graph.validator())


@route(
    Operation(
        name="get_work",
        path="/v1/works/{key}",
        tag="works",
        summary="一份文件",
        description="一份文件或一部法律法规：是什么，有哪些版本，多少记录引用它。\n\n"
        "A work: what it is, its editions, and how many records cite it.",
        answer=answers.Work,
        parameters=(_KEY, *_CLOCKS),
        problems=("no-such-work",),
    )
)
def get_work(service: Service, call: Call) -> Reply:
    params = query_parameters.parse(call.query, requested_view.CLOCKS_GRAMMAR)
    requested_view.check_not_future(service, params.view)
    work = find_work(service, call, params.view)
    return Reply(validity(service, params.view), lambda: work_answer(service, work))


def find_work(service: Service, call: Call, view: View) -> Work:
    """Return the work that the path names. Raises ``no-such-work``."""
    return service.log.graph.work(call.path["key"], view)


def work_answer(service: Service, work: Work) -> answers.Work:
    home = f"/v1/works/{quote(work.key)}"
    counts = [one.content.get("article_count") for one in work.records]
    return answers.Work(
        key=work.key,
        kind=work.kind,
        title=work.title,
        names=work.names,
        resolved=bool(work.records),
        records=tuple(
            answers.WorkRecord(
                dataset=one.dataset,
                record=one.record,
                title=one.title,
                effective_from=one.effective_from,
                effective_to=one.effective_to,
                link=service.link(f"/v1/datasets/{one.dataset}/records/{one.record}"),
            )
            for one in work.records
        ),
        article_count=max((count for count in counts if isinstance(count, int)), default=None),
        citing=work.citing,
        links=answers.WorkLinks(
            self=service.link(home),
            cited_by=service.link(f"{home}/cited-by"),
            effects=service.link(f"{home}/effects"),
            page=service.link(f"/works/{quote(work.key)}"),
        ),
    )


class PassageListing(msgspec.Struct, frozen=True):
    """A list of citations or effects that a request describes, before it is read."""

    query: PassageQuery
    digest: str
    validity: Validity


def make_listing(
    service: Service, params: Parameters, name: str, kinds: tuple[str, ...], keys: tuple[str, ...] = ()
) -> PassageListing:
    """Describe a list of passages. Raises ``invalid-parameters``, ``invalid-cursor``.

    ``name``: ``citations`` or ``effects``. ``kinds``: values that the filter ``kind`` may have. ``keys``: all
    keys of the work in the path, if there is one.
    """
    digest, cursor = requested_view.begin_list(service, params, name, keys)
    works = tuple(
        key for work in params.values_of("work") for key in service.log.graph.names(work, params.view)
    )
    query = PassageQuery(
        view=params.view,
        works=keys or works,
        datasets=params.values_of("dataset"),
        records=params.values_of("record"),
        roles=filter_values.one_of(params, "role", ROLES),
        kinds=filter_values.one_of(params, "kind", kinds),
        article=filter_values.article(params),
        limit=params.limit,
        after=cursor.after if cursor else None,
    )
    return PassageListing(query, digest, validity(service, params.view))


def _names_in_path(service: Service, call: Call, view: View) -> tuple[str, ...]:
    requested_view.check_not_future(service, view)
    return find_work(service, call, view).names


def _citations(service: Service, call: Call, *, of_work: bool) -> Reply:
    params = query_parameters.parse(call.query, _CITATIONS_OF_WORK if of_work else CITATIONS_GRAMMAR)
    keys = _names_in_path(service, call, params.view) if of_work else ()
    listing = make_listing(service, params, "citations", WORK_KINDS, keys)

    def build() -> answers.Citations:
        page = service.log.graph.citations(listing.query)
        return answers.Citations(
            total=page.total,
            citations=tuple(citation_answer(service, one) for one in page.passages),
            links=_links(service, call, _cursor(service, listing.digest, page.after)),
        )

    return Reply(listing.validity, build)


def _effects(service: Service, call: Call, *, of_work: bool) -> Reply:
    params = query_parameters.parse(call.query, _EFFECTS_OF_WORK if of_work else EFFECTS_GRAMMAR)
    keys = _names_in_path(service, call, params.view) if of_work else ()
    listing = make_listing(service, params, "effects", EFFECTS, keys)

    def build() -> answers.Effects:
        page = service.log.graph.effects(listing.query)
        return answers.Effects(
            total=page.total,
            effects=tuple(effect_answer(service, one) for one in page.passages),
            links=_links(service, call, _cursor(service, listing.digest, page.after)),
        )

    return Reply(listing.validity, build)


def citation_answer(service: Service, one: PublishedCitation) -> answers.Citation:
    return answers.Citation(
        work=one.work,
        kind=one.kind,
        article=one.article or None,
        place=one.place,
        role=one.role,
        says=_saying(service, one.passage),
        link=service.link(f"/v1/works/{quote(one.work)}"),
    )


def effect_answer(service: Service, one: PublishedEffect) -> answers.Effect:
    return answers.Effect(
        kind=one.kind,
        source=one.source,
        target=one.target,
        article=one.article or None,
        effective_on=one.day,
        says=_saying(service, one.passage),
    )


def _saying(service: Service, one: Passage) -> answers.Saying:
    home = f"/v1/datasets/{one.dataset}/records/{one.record}"
    return answers.Saying(
        dataset=one.dataset,
        record=one.record,
        title=one.title,
        part=one.part,
        revision=one.revision,
        field=one.field,
        item=one.item,
        start=one.start,
        end=one.end,
        text=one.text,
        effective_from=one.effective_from,
        known_from=one.known_from,
        link=service.link(f"{home}/revisions/{one.revision}"),
    )


@route(
    Operation(
        name="list_citations_of_work",
        path="/v1/works/{key}/cited-by",
        tag="works",
        summary="引用一份文件的记录",
        description="引用它的每一处，附原文。\n\nEvery place that cites it, word by word.",
        answer=answers.Citations,
        parameters=(_KEY, _DATASET, _RECORD, _ROLE, _ARTICLE, *_PAGE),
        problems=("no-such-work", *_PROBLEMS),
    ),
    runs="query",
)
def list_citations_of_work(service: Service, call: Call) -> Reply:
    return _citations(service, call, of_work=True)


@route(
    Operation(
        name="list_effects_of_work",
        path="/v1/works/{key}/effects",
        tag="works",
        summary="一份文件的作用",
        description="它废止、修订、实施了什么，以及什么废止、修订了它。\n\n"
        "What it repeals, amends or implements, and what repeals or amends it.",
        answer=answers.Effects,
        parameters=(_KEY, _DATASET, _RECORD, _EFFECT, _ARTICLE, *_PAGE),
        problems=("no-such-work", *_PROBLEMS),
    ),
    runs="query",
)
def list_effects_of_work(service: Service, call: Call) -> Reply:
    return _effects(service, call, of_work=True)


@route(
    Operation(
        name="list_citations",
        path="/v1/citations",
        tag="works",
        summary="引用",
        description="记录对法律法规和文件的每一处引用，附原文。同名参数为“或”关系。\n\n"
        "Every place of a work that a record cites, word by word. Repeat a name for or.",
        answer=answers.Citations,
        parameters=(_WORK, _DATASET, _RECORD, _ROLE, _KIND, _ARTICLE, *_PAGE),
        problems=_PROBLEMS,
    ),
    runs="query",
)
def list_citations(service: Service, call: Call) -> Reply:
    return _citations(service, call, of_work=False)


@route(
    Operation(
        name="list_effects",
        path="/v1/effects",
        tag="works",
        summary="文件的作用",
        description="废止、修订、取消、下放、解读、实施，附写明此事的原文；后发布的在前。同名参数为“或”关系。\n\n"
        "What works repeal, amend, cancel, delegate, interpret and implement, with the text that says so; "
        "those that were published last first. Repeat a name for or.",
        answer=answers.Effects,
        parameters=(_WORK, _DATASET, _RECORD, _EFFECT, _ARTICLE, *_PAGE),
        problems=_PROBLEMS,
    ),
    runs="query",
)
def list_effects(service: Service, call: Call) -> Reply:
    return _effects(service, call, of_work=False)


ROUTES: tuple[AnyRoute, ...] = (
    list_works,
    get_work,
    list_citations_of_work,
    list_effects_of_work,
    list_citations,
    list_effects,
)
