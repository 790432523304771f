"""Pages of a draft: hand in files, see findings and changes, and submit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import msgspec
from litestar import Response, get, post
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect
from msgspec import structs

from publisher.desk import documents, previews, submission_checks, work
from publisher.desk.accounts.roles import Action
from publisher.desk.desk import Desk
from publisher.desk.http.form_values import read_day, read_number
from publisher.desk.http.guards import ACTION, require
from publisher.desk.http.in_thread import in_thread
from publisher.desk.http.uploads import LARGEST_UPLOAD, HandInForm, input_files
from publisher.desk.pages.change_texts import format_changes
from publisher.desk.pages.printing import DeskRequest, language, page, see
from publisher.desk.pages.sheets import row_query
from publisher.desk.previews import ProposedRelease
from publisher.desk.work import person_of
from publisher.ingest.findings.kind import WORST_FIRST, Finding
from publisher.log.approvals.submission import OPEN, PublicationRequest, Secrecy
from publisher.log.clocks import day_at
from publisher.log.model import DraftImport, LogError, OnConflict
from schemas.words import KINDS

_PATH = "/drafts/{dataset:str}"
PAGE_SIZE = 100
"""Findings on a page."""
type _Day = Annotated[str, msgspec.Meta(max_length=40)]


class SubmitForm(msgspec.Struct, frozen=True):
    """Day of effect, basis, note and review of a draft that is submitted.

    ``part``: empty for a dataset without parts.
    """

    effective_on: _Day = ""
    basis: Annotated[str, msgspec.Meta(max_length=200)] = ""
    note: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    part: str = ""
    openness: str = ""
    secrecy_reviewed_by: Annotated[str, msgspec.Meta(max_length=100)] = ""
    secrecy_reviewed_on: _Day = ""
    without_errors: str = ""
    on_conflict: OnConflict = "refuse"


@get(_PATH, opt={ACTION: Action.READ_DRAFT})
@in_thread
def draft_page(request: DeskRequest, state: State, dataset: FromPath[str]) -> Response[bytes]:
    """Show the draft of a part, its findings and what would change."""
    return _print_draft(request, state.desk, dataset, request.query_params.get("part") or None, None)


@get(f"{_PATH}/preview", opt={ACTION: Action.READ_DRAFT})
@in_thread
def draft_preview(request: DeskRequest, state: State, dataset: FromPath[str]) -> Response[bytes]:
    """Show a public page as the draft of a part would make it: of a record, or of the release."""
    part = request.query_params.get("part") or None
    require(request.user, Action.READ_DRAFT, dataset, part)
    chosen = _request_of(part, _choices_of(request.query_params))
    proposed = previews.propose_draft(state.desk, dataset, chosen)
    return print_preview(request, proposed, draft_address(dataset, part), previews_address(dataset, chosen))


@post(f"{_PATH}/imports", opt={ACTION: Action.HAND_IN}, status_code=200, request_max_body_size=LARGEST_UPLOAD)
@in_thread
def hand_in(
    request: DeskRequest,
    state: State,
    dataset: FromPath[str],
    data: Annotated[HandInForm, Body(media_type=RequestEncodingType.MULTI_PART)],
) -> Response[Any]:
    """Import files, and show the draft, or why they could not be read."""
    person, part = person_of(request), data.part or None
    try:
        files = input_files(data.files)
        report = work.hand_in(
            state.desk,
            person,
            dataset,
            files,
            part=part,
            partial=data.partial == "true",
            seen=data.seen_tokens,
        )
    except LogError as error:
        return _print_draft(request, state.desk, dataset, part, error, sent={"partial": data.partial})
    unreadable = [finding for file in report.files if file.reading is None for finding in file.findings]
    if unreadable:
        first, texts = unreadable[0], unreadable[0].describe()
        fault = LogError(first.code, f"{first.file}：{texts.zh}", f"{first.file}: {texts.en}")
        return _print_draft(request, state.desk, dataset, part, fault, sent={"partial": data.partial})
    return see(draft_address(dataset, part))


@post(f"{_PATH}/discard", opt={ACTION: Action.HAND_IN})
@in_thread
def discard(
    request: DeskRequest,
    state: State,
    dataset: FromPath[str],
    data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect:
    """Delete the draft of a part."""
    part = data.get("part") or None
    work.discard(state.desk, person_of(request), dataset, part)
    return see(draft_address(dataset, part))


@post(f"{_PATH}/submissions", opt={ACTION: Action.SUBMIT}, status_code=200)
@in_thread
def submit(
    request: DeskRequest,
    state: State,
    dataset: FromPath[str],
    data: Annotated[SubmitForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Submit the draft of a part."""
    part = data.part or None
    person, reviewed_on = person_of(request), data.secrecy_reviewed_on
    try:
        day = read_day(data.effective_on)
        publication = structs.replace(_request_of(part, data), effective_on=day)
        secrecy = Secrecy(
            openness=data.openness,
            reviewed_by=data.secrecy_reviewed_by.strip(),
            reviewed_on=read_day(reviewed_on) if reviewed_on else None,
        )
        one = work.submit(state.desk, person, dataset, publication, secrecy)
    except LogError as error:
        return _print_draft(request, state.desk, dataset, part, error, data)
    return see(f"/submissions/{one.key}")


def _print_draft(
    request: DeskRequest,
    desk: Desk,
    name: str,
    part: str | None,
    fault: LogError | None,
    typed: SubmitForm | None = None,
    sent: Mapping[str, str] | None = None,
) -> Response[bytes]:
    """Render the page of a draft.

    ``fault``: why the last form was refused. ``typed``, ``sent``: what it had, of a submission or of files.
    """
    dataset, account = desk.log.datasets.get(name), request.user
    readable = work.readable_parts(desk, account, name)
    parts = [one.name for one in dataset.parts if readable is None or one.name in readable]
    part = part if part in parts else parts[0] if parts else None
    require(account, Action.READ_DRAFT, name, part)  # a role for a part that was renamed reads no other
    chosen = _request_of(part, typed or SubmitForm())
    draft = desk.log.drafts.get(name)
    imports = desk.log.drafts.imports(name, (part,))
    catalogue = desk.log.queries.catalogue(name)
    files = [one for one in imports if not documents.is_collected(one, catalogue)]
    has_draft = bool(imports or (draft and not part))  # one without files is of accepted repeals
    findings = _locate_findings(desk, name, files)
    counts = {s: sum(one.severity == s for one, _ in findings) for s in WORST_FIRST}
    severity = request.query_params.get("severity", "")
    if severity in WORST_FIRST:
        findings = [(one, place) for one, place in findings if one.severity == severity]
    diff, changes = work.draft_changes(desk, name, chosen) if has_draft else (None, ())
    checks = work.draft_checks(desk, name, imports, chosen.effective_on) if has_draft else ()
    first, today = read_number(request.query_params.get("from")), day_at(desk.clock())
    return page(
        request,
        "draft.html",
        dataset=dataset,
        parts=parts,
        part=part,
        fault=fault,
        sent=sent,
        imports=imports,
        files=files,
        collected=len(imports) - len(files),
        accepted_repeals=draft.accepted_repeals if draft and not part else 0,
        findings=findings[first : first + PAGE_SIZE],
        counts=counts,
        severity=severity if severity in WORST_FIRST else "",
        count=len(findings),
        guards=submission_checks.removal_guards(desk, name, diff, chosen.effective_on) if diff else (),
        first=first,
        page_size=PAGE_SIZE,
        diff=diff,
        changes=format_changes(changes, catalogue, language(request)),
        change_counts=work.count_changes(diff) if diff else {},
        checks=[(one, finding_address(desk, name, imports, one)) for one in checks],
        previews=previews_address(name, chosen),
        kinds=KINDS,
        today=today,
        typed=typed or SubmitForm(str(today), openness=OPEN, secrecy_reviewed_on=str(today)),
        in_error=sum(one.in_error for one in imports),
        has_later_effect=chosen.on_conflict != "refuse"
        or (fault is not None and fault.code == "later-effect")
        or any(conflict.code == "later-effect" for conflict in (diff.conflicts if diff else ())),
        may_hand_in=account.may(Action.HAND_IN, name, part),
        may_submit=account.may(Action.SUBMIT, name, part),
    )


def _locate_findings(
    desk: Desk, dataset: str, imports: Sequence[DraftImport]
) -> Sequence[tuple[Finding, str]]:
    """List the findings of files of a draft, each with the address of its row in the sheet."""
    readings = [(one, desk.readings.get(dataset, one)) for one in imports]
    return [
        (finding, _row_address(dataset, one, reading.position_of(finding)))
        for one, reading in readings
        for finding in reading.findings
    ]


def _row_address(dataset: str, one: DraftImport, position: int | None) -> str:
    return "" if position is None else f"/drafts/{dataset}/sheet?{row_query(one, position)}"


def finding_address(desk: Desk, dataset: str, imports: Sequence[DraftImport], finding: Finding) -> str:
    """Return the address of the row of a finding in the sheet of its file; empty if it has none.

    Of a collected document it is that of its page. Empty too if files of several parts have the name.
    """
    same_name = [one for one in imports if one.source.name == finding.file]
    if len(same_name) != 1:
        return ""
    (one,) = same_name
    if documents.is_collected(one, desk.log.queries.catalogue(dataset)):
        return f"/documents/{dataset}/{one.token}"
    return _row_address(dataset, one, desk.readings.get(dataset, one).position_of(finding))


def draft_address(dataset: str, part: str | None) -> str:
    return f"/drafts/{dataset}" + (f"?part={quote(part)}" if part else "")


def previews_address(dataset: str, chosen: PublicationRequest) -> str:
    """Return the address of previews of what is chosen of a draft, with a query that a record is added to."""
    choices = {
        "effective_on": str(chosen.effective_on or ""),
        "without_errors": "1" if chosen.without_errors else "",
        "on_conflict": "" if chosen.on_conflict == "refuse" else chosen.on_conflict,
    }
    query = {"part": (chosen.parts or ("",))[0], **{name: text for name, text in choices.items() if text}}
    return f"/drafts/{dataset}/preview?{urlencode(query)}"


def _request_of(part: str | None, typed: SubmitForm) -> PublicationRequest:
    """Return what a form asks to publish of a draft; without a day if that cannot be read."""
    try:
        day = read_day(typed.effective_on)
    except LogError:
        day = None
    return PublicationRequest(
        kind="draft",
        effective_on=day,
        basis=typed.basis.strip(),
        note=typed.note.strip(),
        parts=None if part is None else (part,),
        without_errors=bool(typed.without_errors),
        on_conflict=typed.on_conflict,
    )


def _choices_of(query: Mapping[str, str]) -> SubmitForm:
    """Read the choices in an address of previews. An unknown one is the default."""
    choices = {
        name: query[name] for name in ("effective_on", "without_errors", "on_conflict") if name in query
    }
    try:
        return msgspec.convert(choices, SubmitForm)
    except msgspec.ValidationError:
        return SubmitForm()


def print_preview(
    request: DeskRequest, proposed: ProposedRelease, back: str, address: str
) -> Response[bytes]:
    """Render a preview of the record that the query names, or of the release."""
    desk: Desk = request.app.state.desk
    record, lang = request.query_params.get("record", ""), language(request)
    if record:
        content = previews.preview_record(desk, proposed, record, address, lang)
    else:
        content = previews.preview_release(desk, proposed, address, lang)
    return page(
        request,
        "preview.html",
        dataset=proposed.dataset,
        record=record,
        content=content,
        back=back,
        previews=address,
    )


HANDLERS = [draft_page, draft_preview, hand_in, discard, submit]
