"""The sheet of a draft in pages, a form for each row, and workbooks to download."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath

from publisher.desk import sheets, work
from publisher.desk.accounts.roles import Action
from publisher.desk.desk import Desk
from publisher.desk.http.form_values import read_number
from publisher.desk.http.guards import ACTION, require
from publisher.desk.http.in_thread import in_thread
from publisher.desk.pages.printing import DeskRequest, language, page, see
from publisher.desk.work import person_of
from publisher.ingest.findings.kind import WORST_FIRST
from publisher.log.model import DraftImport, LogError
from publisher.workflow.template_workbook import write_template

_PATH = "/drafts/{dataset:str}"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PAGE_SIZE = 100
"""Rows on a page."""


@get(f"{_PATH}/sheet", opt={ACTION: Action.READ_DRAFT})
@in_thread
def sheet_page(request: DeskRequest, state: State, dataset: FromPath[str]) -> Response[bytes]:
    """Show a page of rows with the findings at their cells."""
    desk: Desk = state.desk
    return _print_sheet(request, desk, dataset, _chosen_file(request, desk, dataset), None)


def _print_sheet(
    request: DeskRequest,
    desk: Desk,
    dataset: str,
    one: DraftImport,
    fault: LogError | None,
    chosen: Mapping[str, str] | None = None,
) -> Response[bytes]:
    """Render a page of rows. ``chosen``: heading → field, of the form that was refused."""
    severity = request.query_params.get("severity", "")
    severity = severity if severity in WORST_FIRST else ""
    first = read_number(request.query_params.get("from")) // PAGE_SIZE * PAGE_SIZE
    sheet = sheets.read_sheet(desk, dataset, one, severity=severity, first=first, size=PAGE_SIZE)
    return page(
        request,
        "sheet.html",
        fault=fault,
        chosen=chosen or {},
        dataset=desk.log.datasets.get(dataset),
        sheet=sheet,
        one=one,
        severity=severity,
        first=first,
        page_size=PAGE_SIZE,
        query=file_query(one),
        may_hand_in=request.user.may(Action.HAND_IN, dataset, one.part),
    )


@get(f"{_PATH}/rows/{{position:int}}", opt={ACTION: Action.HAND_IN})
@in_thread
def row_page(
    request: DeskRequest, state: State, dataset: FromPath[str], position: FromPath[int]
) -> Response[bytes]:
    """Show the form of a row."""
    one = _chosen_file(request, state.desk, dataset)
    return _print_row(request, state.desk, dataset, one, position, None)


@post(f"{_PATH}/rows/{{position:int}}", opt={ACTION: Action.HAND_IN}, status_code=200)
@in_thread
def mend_row(
    request: DeskRequest,
    state: State,
    dataset: FromPath[str],
    position: FromPath[int],
    data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Mend cells of a row, and show it in the sheet. Fields of the form are ``field-NAME``."""
    desk: Desk = state.desk
    person, part = person_of(request), data.get("part") or None
    require(request.user, Action.HAND_IN, dataset, part)
    texts = _fields(data, "field-")
    try:
        one = sheets.find_import(desk, dataset, part, data.get("seen", ""))
        newest = sheets.mend_row(desk, person, dataset, one, position, texts)
    except LogError as error:
        if error.code == "no-such-row":
            raise
        one = _find_sent_file(desk, dataset, part, data, error)
        return _print_row(request, desk, dataset, one, position, error, data)
    return see(f"/drafts/{dataset}/sheet?{row_query(newest, position)}")


@post(f"{_PATH}/columns", opt={ACTION: Action.HAND_IN}, status_code=200)
@in_thread
def choose_columns(
    request: DeskRequest,
    state: State,
    dataset: FromPath[str],
    data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Choose fields for columns that were not read. Fields of the form are ``heading-N`` and ``field-N``."""
    desk: Desk = state.desk
    person, part = person_of(request), data.get("part") or None
    require(request.user, Action.HAND_IN, dataset, part)
    fields = _fields(data, "field-")
    chosen = {text: fields.get(number, "") for number, text in _fields(data, "heading-").items()}
    try:
        one = sheets.find_import(desk, dataset, part, data.get("seen", ""))
        newest = sheets.choose_columns(desk, person, dataset, one, chosen)
    except LogError as error:
        one = _find_sent_file(desk, dataset, part, data, error)
        return _print_sheet(request, desk, dataset, one, error, chosen)
    return see(f"/drafts/{dataset}/sheet?{file_query(newest)}")


@get(f"{_PATH}/annotated", opt={ACTION: Action.READ_DRAFT})
@in_thread
def annotated_workbook(request: DeskRequest, state: State, dataset: FromPath[str]) -> Response[bytes]:
    """Return the file as a workbook with its findings as comments. Raises ``cannot-annotate``.

    The file has its personal columns too, so the audit log says who took it.
    """
    one = _chosen_file(request, state.desk, dataset)
    data = sheets.annotate(state.desk, dataset, one, language(request))
    details = {"part": one.part, "file": one.source.digest}
    work.append_audit_line(state.desk, person_of(request), "file-exported", dataset, details)
    return _workbook(data, f"{one.source.name.rpartition('.')[0] or one.source.name}（检查问题）.xlsx")


@get(f"{_PATH}/template", opt={ACTION: Action.READ_DRAFT})
@in_thread
def template_workbook(state: State, dataset: FromPath[str]) -> Response[bytes]:
    """Return the blank workbook of the dataset's catalogue."""
    catalogue = state.desk.log.queries.catalogue(dataset)
    return _workbook(write_template(catalogue), f"{catalogue.title}（模板）.xlsx")


def _fields(data: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Return the fields of a form that have a prefix, without it."""
    return {name.removeprefix(prefix): text for name, text in data.items() if name.startswith(prefix)}


def _print_row(
    request: DeskRequest,
    desk: Desk,
    dataset: str,
    one: DraftImport,
    position: int,
    fault: LogError | None,
    sent: Mapping[str, str] | None = None,
) -> Response[bytes]:
    """Render the form of a row. ``sent``: the form that was refused.

    What it had for the row of a file that is gone stands beside the fields: this row may be another one.
    """
    require(request.user, Action.HAND_IN, dataset, one.part)
    row, mendable = sheets.read_row(desk, dataset, one, position)
    return page(
        request,
        "row.html",
        dataset=desk.log.datasets.get(dataset),
        one=one,
        row=row,
        mendable=[cell for cell in row.cells if cell.field.name in mendable],
        texts=_fields(sent or {}, "field-"),
        is_sent_file=sent is None or sent.get("seen") == one.token,
        fault=fault,
        back=f"/drafts/{dataset}/sheet?{row_query(one, position)}",
    )


def _chosen_file(request: DeskRequest, desk: Desk, dataset: str) -> DraftImport:
    """Return the file of the draft that the query names, if the account may read its part."""
    readable = work.readable_parts(desk, request.user, dataset)
    part = request.query_params.get("part") or None
    if readable is not None and part not in readable:
        require(request.user, Action.READ_DRAFT, dataset, part)
    try:
        return sheets.find_import(desk, dataset, part, request.query_params.get("file", ""))
    except LogError as error:
        if error.code != "draft-moved":
            raise
        return sheets.find_import(desk, dataset, part)  # a tab that is open since yesterday


def _find_sent_file(
    desk: Desk, dataset: str, part: str | None, data: Mapping[str, str], fault: LogError
) -> DraftImport:
    """Return the file of a form that was refused, or the import that took its place.

    Raises ``fault`` if that is not known: a row of another file would mislead.
    """
    imports = desk.log.drafts.imports(dataset, (part,))
    sent = next((one for one in imports if one.token == data.get("seen")), None)
    if sent is None and len(imports) > 1 and fault.code == "draft-moved":
        raise fault
    return sent or sheets.find_import(desk, dataset, part)


def file_query(one: DraftImport) -> str:
    """Write the query that names a file of a draft."""
    return urlencode({"part": one.part or "", "file": one.token})


def row_query(one: DraftImport, position: int) -> str:
    """Write the query of the page of a row, with its anchor."""
    return f"{file_query(one)}&from={position // PAGE_SIZE * PAGE_SIZE}#r{position}"


def _workbook(data: bytes, name: str) -> Response[bytes]:
    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    return Response(data, media_type=_XLSX, headers={"content-disposition": disposition})


HANDLERS = [sheet_page, row_page, mend_row, choose_columns, annotated_workbook, template_workbook]
