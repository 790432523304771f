"""Sources: a page of each with its runs, and a form that tries a source and adds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath

from publisher.desk import sources
from publisher.desk.accounts.roles import Action
from publisher.desk.desk import Desk
from publisher.desk.http.guards import ACTION
from publisher.desk.http.in_thread import in_thread
from publisher.desk.pages.printing import DeskRequest, page, see
from publisher.desk.work import person_of
from publisher.harvest.report import SourceReport
from publisher.harvest.source_config import SourceSite
from publisher.log.clocks import SHANGHAI
from publisher.log.model import LogError

_READ, _MANAGE = {ACTION: Action.READ_SETTINGS}, {ACTION: Action.MANAGE_DATASETS}
_FORM = Body(media_type=RequestEncodingType.URL_ENCODED)
_LINES = ("hosts", "lists", "sitemaps", "feeds", "tables")
"""Keys with several values, which a form has one in a line."""
_KEYS = tuple(field.name for field in msgspec.structs.fields(SourceSite) if field.name != "name")


@get("/sources", opt=_MANAGE)
@in_thread
def new_source_page(request: DeskRequest, state: State) -> Response[bytes]:
    """Show the form of a new source."""
    return _print_form(request, state.desk, {}, None)


@get("/sources/{source:str}", opt=_READ)
@in_thread
def source_page(request: DeskRequest, state: State, source: FromPath[str]) -> Response[bytes]:
    """Show a source, its runs and what failed."""
    return page(request, "source.html", one=sources.find_state(state.desk, source), keys=_KEYS, zone=SHANGHAI)


@post("/sources/dry-run", opt=_MANAGE, status_code=200)
@in_thread
def try_source(request: DeskRequest, state: State, data: Annotated[dict[str, str], _FORM]) -> Response[bytes]:
    """Show the documents that a source would bring. Nothing is written."""
    desk: Desk = state.desk
    try:
        report = sources.try_source(desk, person_of(request), _read(data))
    except LogError as error:
        return _print_form(request, desk, data, error)
    return _print_form(request, desk, data, None, report)


@post("/sources", opt=_MANAGE, status_code=200)
@in_thread
def add_source(request: DeskRequest, state: State, data: Annotated[dict[str, str], _FORM]) -> Response[Any]:
    """Add a source."""
    desk: Desk = state.desk
    try:
        site = _read(data)
        sources.add_source(desk, person_of(request), site)
    except LogError as error:
        return _print_form(request, desk, data, error)
    return see(f"/sources/{site.name}")


def _read(typed: Mapping[str, str]) -> SourceSite:
    """Read a form; what is blank has its default. Raises ``LogError('bad-sources')``."""
    keys: dict[str, object] = {}
    for key in _KEYS:
        text = typed.get(key, "").strip()
        if text:
            lines = [line.strip() for line in text.splitlines() if line.strip()]
            keys[key] = lines if key in _LINES else text
    return sources.read_form(typed.get("name", "").strip(), keys)


def _print_form(
    request: DeskRequest,
    desk: Desk,
    typed: Mapping[str, str],
    fault: LogError | None,
    report: SourceReport | None = None,
) -> Response[bytes]:
    """Render the form. ``report``: of the dry run of what was typed."""
    whole = [one for one in desk.log.datasets.all() if not one.parts]  # a document has no part
    return page(
        request,
        "new_source.html",
        typed=typed,
        keys=("name", *_KEYS),
        defaults={field.name: field.default for field in msgspec.structs.fields(SourceSite)},
        datasets=[one for one in whole if desk.log.queries.catalogue(one.name).of_documents],
        fault=fault,
        report=report,
    )


HANDLERS = [new_source_page, source_page, try_source, add_source]
