"""A person's work at the desk: the functions of the command line, with the rights of an account.

Each function that changes something appends a line to the audit log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import Any

import msgspec
from litestar import Request

from publisher.desk import submission_checks
from publisher.desk.accounts import audit_log
from publisher.desk.accounts.accounts import Account
from publisher.desk.accounts.acts import CorrectionLink
from publisher.desk.accounts.roles import Action
from publisher.desk.acts import audited
from publisher.desk.desk import Desk
from publisher.desk.http.client_address import address_mac
from publisher.desk.http.guards import require
from publisher.ingest.findings.kind import Finding
from publisher.log.approvals.submission import PublicationRequest, Secrecy, Submission
from publisher.log.clocks import add_months, day_at
from publisher.log.model import Change, Dataset, DraftDiff, DraftImport, LogError, Release, View
from publisher.workflow.import_files import InputFile, import_files
from publisher.workflow.import_report import ImportReport
from publisher.workflow.publish_draft import publish_draft

MOST_CHANGES = 500
"""Changes of each kind that are compared for a page."""


class Person(msgspec.Struct, frozen=True):
    """An account, and the MAC of the address that it works from."""

    account: Account
    address: str

    @property
    def name(self) -> str:
        return self.account.name


def person_of(request: Request[Any, Any, Any]) -> Person:
    """Return the person who sends a request that a guard has passed."""
    return Person(request.user, address_mac(request))


def datasets_for(desk: Desk, account: Account, action: Action) -> Sequence[tuple[Dataset, Sequence[str]]]:
    """List the datasets in which an account may act, each with the parts that it may act on."""
    chosen = []
    for dataset in desk.log.datasets.all():
        parts = [part.name for part in dataset.parts if account.may(action, dataset.name, part.name)]
        if parts or (not dataset.parts and account.may(action, dataset.name)):
            chosen.append((dataset, parts))
    return chosen


def deadlines(desk: Desk, account: Account) -> Sequence[tuple[Dataset, date]]:
    """List the day until which each dataset is promised to be published again, the earliest first."""
    days = []
    for dataset, _ in datasets_for(desk, account, Action.READ_DRAFT):
        if dataset.update_months is not None:
            releases = desk.log.queries.releases(dataset.name)
            last = releases[-1].published_at if releases else dataset.created_at or desk.clock()
            days.append((dataset, add_months(day_at(last), dataset.update_months)))
    return sorted(days, key=lambda one: (one[1], one[0].name))


def readable_parts(desk: Desk, account: Account, dataset: str) -> Sequence[str] | None:
    """List the parts of a draft that an account may read; None: all of it."""
    if account.may(Action.READ_DRAFT, dataset):
        return None
    names = [part.name for part in desk.log.datasets.get(dataset).parts]
    return [name for name in names if account.may(Action.READ_DRAFT, dataset, name)]


def parts_of(desk: Desk, one: Submission) -> Sequence[str | None]:
    """List the parts that a submission concerns."""
    return parts_of_request(desk, one.dataset, one.request)


def parts_of_request(desk: Desk, dataset: str, request: PublicationRequest) -> Sequence[str | None]:
    """List the parts of a draft, of the records that are amended, or of those of a release to cancel."""
    if request.kind == "draft":
        return request.parts or (None,)
    queries, parts = desk.log.queries, dict[str | None, None]()
    if request.kind == "cancel":
        parts |= dict.fromkeys(one.part for one in queries.released_records(dataset, request.release or 0))
        return list(parts) or (None,)
    states = queries.states(list(request.records), View())
    for record in request.records:
        try:
            state = states.get(record) or queries.record(dataset, record)
            parts[state.part] = None
        except LogError:  # it is gone
            parts[None] = None
    return list(parts) or (None,)


def may_read(desk: Desk, account: Account, one: Submission) -> bool:
    return any(account.may(Action.READ_DRAFT, one.dataset, part) for part in parts_of(desk, one))


def read_submission(desk: Desk, person: Person, key: int) -> Submission:
    """Return a submission that an account may read. Raises ``LogError('no-such-submission')``."""
    one = desk.log.approvals.get(key)
    if not may_read(desk, person.account, one):
        raise LogError("no-such-submission", f"没有提交 {key}。", f"There is no submission {key}.")
    return one


def hand_in(
    desk: Desk,
    person: Person,
    dataset: str,
    files: Sequence[InputFile],
    *,
    part: str | None,
    without_errors: bool = False,
    partial: bool = False,
    seen: Sequence[str] | None = None,
) -> ImportReport:
    """Import files into the draft of a part. ``seen``: tokens of the imports that the person looked at.

    ``without_errors``, ``partial``: as of :func:`.import_files`, which says what is raised.
    """
    require(person.account, Action.HAND_IN, dataset, part)
    expected = seen if len(files) == 1 else None  # the first of several files changes the draft
    digests = {file.name: sha256(file.data).hexdigest() for file in files}
    event = event_of(person, dataset, {"part": part, "files": digests})
    with audited(desk, "imported", event) as details:
        report = import_files(
            desk.log,
            dataset,
            files,
            part=part,
            without_errors=without_errors,
            partial=partial,
            expected=expected,
        )
        details["staged"] = report.staged
    if report.staged:
        keep_readings(desk, dataset, part, report)
    return report


def keep_readings(desk: Desk, dataset: str, part: str | None, report: ImportReport) -> None:
    """Keep what an import read and checked for the pages that follow."""
    desk.readings.keep(dataset, part, report.readings, report.checks, day_at(desk.clock()))


def draft_checks(
    desk: Desk, dataset: str, imports: Sequence[DraftImport], day: date | None
) -> Sequence[Finding]:
    """Return what checks against other lists would find, as the command line does before it publishes."""
    today = day_at(desk.clock())
    return desk.readings.checks(dataset, imports, day or today, today)


def discard(desk: Desk, person: Person, dataset: str, part: str | None) -> None:
    """Delete the draft of a part."""
    require(person.account, Action.HAND_IN, dataset, part)
    with audited(desk, "discarded", event_of(person, dataset, {"part": part})):
        desk.log.drafts.discard(dataset, part)


def draft_findings(desk: Desk, dataset: str, parts: Sequence[str] | None) -> Sequence[Finding]:
    """Return the findings in the files of a draft, errors first, in the order of rows."""
    findings: list[Finding] = []
    for one in desk.log.drafts.imports(dataset, parts):
        findings += desk.readings.get(dataset, one).findings
    return sorted(findings, key=lambda f: (f.gravity, f.file, f.sheet or "", f.row or 0))


def draft_changes(
    desk: Desk, dataset: str, request: PublicationRequest
) -> tuple[DraftDiff, Sequence[Change]]:
    """Compare what a request would publish of a draft with what is in force → the difference and changes.

    Raises ``LogError('no-draft')``.
    """
    diff = submission_checks.compare_request(desk, dataset, request, limit=MOST_CHANGES)
    return diff, [*diff.added, *diff.changed, *diff.removed]


def count_changes(diff: DraftDiff) -> Mapping[str, int]:
    """Return the number of changes by kind, also of those that are not listed."""
    return {kind: diff.counts[kind] for kind in ("added", "changed", "removed")}


def require_reason(reason: str) -> None:
    """Raise ``LogError('reason-missing')`` for an amendment without a reason."""
    if not reason.strip():
        raise LogError("reason-missing", "请写明理由，将向社会公布。", "State the reason; it is published.")


def submit(
    desk: Desk, person: Person, dataset: str, request: PublicationRequest, secrecy: Secrecy
) -> Submission:
    """Submit a draft, or parts of it, to a second person.

    Raises as :func:`.submission_checks.require_choices` and :meth:`.Approvals.submit`.
    """
    for part in request.parts or (None,):
        require(person.account, Action.SUBMIT, dataset, part)
    submission_checks.require_choices(desk, dataset, request)
    return submit_request(desk, person, dataset, request, secrecy)


def submit_request(
    desk: Desk,
    person: Person,
    dataset: str,
    request: PublicationRequest,
    secrecy: Secrecy,
    link: CorrectionLink | None = None,
) -> Submission:
    """Submit what the account may submit. ``link``: the reader's request that it is for.

    Raises as :meth:`.Approvals.submit`.
    """
    with audited(desk, "submitted", event_of(person, dataset, {}), link) as details:
        one = desk.log.approvals.submit(dataset, request, drafter=person.name, secrecy=secrecy)
        details.update(submission=one.key, digest=one.digest)
    return one


def approve(desk: Desk, person: Person, key: int, digest: str) -> Submission:
    """Approve exactly what has this digest. Raises as :meth:`.Approvals.approve`."""
    one = desk.log.approvals.get(key)
    _require_all(desk, person, Action.APPROVE, one)
    with audited(desk, "approved", _event_of_decision(person, one)):
        return desk.log.approvals.approve(key, digest=digest, reviewer=person.name)


def return_to_drafter(desk: Desk, person: Person, key: int, reason: str) -> Submission:
    """Send a submission back with its reason. Raises as :meth:`.Approvals.return_`."""
    one = desk.log.approvals.get(key)
    _require_all(desk, person, Action.RETURN, one)
    with audited(desk, "returned", _event_of_decision(person, one)):
        return desk.log.approvals.return_(key, reviewer=person.name, reason=reason)


def cancel(desk: Desk, person: Person, key: int) -> Submission:
    """Take back a submission of one's own; the draft stays. Raises as :meth:`.Approvals.cancel`."""
    one = desk.log.approvals.get(key)
    _require_all(desk, person, Action.SUBMIT, one)
    with audited(desk, "cancelled", _event_of_decision(person, one)):
        return desk.log.approvals.cancel(key, drafter=person.name)


def publish(desk: Desk, person: Person, key: int, digest: str) -> Release | None:
    """Publish what was approved; None if it changes nothing.

    Raises as :func:`require_publishable`, and as :func:`.publish_draft`.
    """
    one = require_publishable(desk, person, key, digest)
    with audited(desk, "published", _event_of_decision(person, one)) as details:
        release = _publish(desk, person, one)
        details["release"] = None if release is None else release.number
    return release


def release_of(desk: Desk, one: Submission) -> int | None:
    """Return the number of the release of a submission that is published."""
    for release in reversed(desk.log.queries.releases(one.dataset)):
        if release.approval is not None and release.approval.digest == one.digest:
            return release.number
    return None


def require_publishable(desk: Desk, person: Person, key: int, digest: str) -> Submission:
    """Return a submission that a person may publish now.

    Raises ``LogError``: ``no-such-submission``, ``digest-moved``, ``approval-needed``, ``approval-void``,
    ``same-person`` (a drafter does not publish his own work, unless the site's setting lets him).
    """
    one = require_publisher(desk, person, key)
    if one.digest != digest:
        raise digest_moved()
    if one.state != "approved":
        raise LogError("approval-needed", "这次提交尚未审核。", "The submission is not approved.")
    if needs_another_publisher(desk, one, person.name):
        raise LogError("same-person", "填报人不能发布自己的内容。", "A drafter does not publish it himself.")
    if not one.is_current:
        raise LogError(
            "approval-void",
            "审核之后内容又有变化，原审核已失效，未发布。请重新提交审核。",
            "Not published: the content changed after its approval, which is void. Submit it again.",
        )
    return one


def digest_moved() -> LogError:
    return LogError("digest-moved", "内容与所看的不同。", "The content is not what was shown.")


def needs_another_publisher(desk: Desk, one: Submission, name: str) -> bool:
    """Report whether the account drafted a submission, so that another one has to publish it."""
    return one.drafter == name and not desk.settings.drafter_publishes


def require_publisher(desk: Desk, person: Person, key: int) -> Submission:
    """Return a submission of which a person may publish all. Raises ``LogError('no-such-submission')``."""
    one = desk.log.approvals.get(key)
    _require_all(desk, person, Action.PUBLISH, one)
    return one


def _publish(desk: Desk, person: Person, one: Submission) -> Release | None:
    request, releases = one.request, desk.log.releases
    own: dict[str, Any] = {"basis": request.basis, "actor": person.name, "submission": one.key}
    amendment = {**own, "reason": request.note}
    match request.kind:
        case "draft":
            return publish_draft(
                desk.log,
                one.dataset,
                effective_on=request.effective_on or date.min,
                note=request.note,
                without_errors=request.without_errors,
                on_conflict=request.on_conflict,
                parts=request.parts,
                **own,
            )
        case "correct":
            return releases.correct(one.dataset, request.records, **amendment)
        case "withdraw":
            return releases.withdraw(one.dataset, list(request.records), **amendment)
        case "rename":
            ((record, content),) = request.records.items()
            day = request.effective_on or date.min
            return releases.rename(one.dataset, record, content, effective_on=day, **amendment)
        case "cancel":
            return releases.cancel(one.dataset, request.release or 0, **amendment)


def _require_all(desk: Desk, person: Person, action: Action, one: Submission) -> None:
    for part in parts_of(desk, one):
        require(person.account, action, one.dataset, part)


def _event_of_decision(person: Person, one: Submission) -> Mapping[str, Any]:
    return event_of(person, one.dataset, {"submission": one.key, "digest": one.digest})


def append_audit_line(
    desk: Desk, person: Person, kind: audit_log.Kind, subject: str, details: Mapping[str, object]
) -> None:
    """Append a line to the audit log."""
    desk.staff.accounts.append_audit_line(kind, **event_of(person, subject, details))


def event_of(person: Person, subject: str, details: Mapping[str, object]) -> dict[str, Any]:
    """Return what the audit log says of an act of a person, or of a program with a token."""
    token = person.account.token
    own = details if token is None else {**details, "token": token.number}
    return {"actor": person.name, "subject": subject, "address": person.address, "details": own}
