"""Corrections that readers ask for: a clerk makes one a correction for a second person, or rejects it.

A request is accepted when its correction is published, so that the public sees both at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

import msgspec
from litestar.exceptions import PermissionDeniedException
from sqlalchemy import delete, select

from publisher.desk import amendments, work
from publisher.desk.accounts import tables as t
from publisher.desk.accounts.acts import CorrectionLink
from publisher.desk.accounts.roles import Action
from publisher.desk.amendments import NewAmendment
from publisher.desk.desk import Desk
from publisher.desk.http.guards import require
from publisher.desk.work import Person
from publisher.inbox.contact_seal import SealKeys
from publisher.inbox.correction import Request, proof_to_publish
from publisher.inbox.inbox import Inbox
from publisher.log.approvals.submission import Secrecy, Submission
from publisher.log.model import LogError, RecordState
from publisher.workflow.personal_texts import refuse_personal
from schemas.definition.catalogue import Field

_c = t.correction.c


class ReaderCorrection(msgspec.Struct, frozen=True):
    """A request for a correction, with the record that it is about."""

    request: Request
    record: RecordState
    field: Field
    text: str
    """Present text of the field."""
    submission: int | None
    """Key of the correction that waits for a second person; None if no clerk has submitted one."""


def list_open(desk: Desk, person: Person) -> Sequence[ReaderCorrection]:
    """List the open requests about records that the account may amend, those that wait longest first."""
    try:
        settle(desk)
        with _inbox(desk) as inbox:
            requests = inbox.list("open")
    except LogError as error:
        if error.code != "no-inbox":
            raise
        return ()
    links = _links(desk)
    return [
        one for one in (_describe(desk, person, request, links) for request in requests) if one is not None
    ]


def read(desk: Desk, person: Person, id_: str) -> ReaderCorrection:
    """Return an open request with its proofs and contacts, which is a line of the audit log.

    Raises ``LogError``: ``no-inbox``, ``no-such-correction``.
    """
    settle(desk)
    with _inbox(desk) as inbox:
        request = _get_open(inbox, id_, with_contacts=True)
    one = _describe(desk, person, request, _links(desk))
    if one is None:
        raise _not_open(id_)
    if any(statement.contact for statement in request.statements):
        work.append_audit_line(desk, person, "contact-read", request.dataset, {"correction": id_})
    return one


def accept(
    desk: Desk,
    person: Person,
    id_: str,
    *,
    text: str,
    proof: str,
    reason: str,
    basis: str,
    secrecy: Secrecy,
) -> Submission:
    """Submit the correction that a reader asked for. ``text``: what the field becomes.

    ``proof``: is published; blank: the readers' own, as they are now. Raises as :func:`.amendments.submit`,
    and ``LogError``: ``personal-text``, ``no-such-correction``.
    """
    with _inbox(desk) as inbox:
        request = _get_open(inbox, id_)
    proof = proof_to_publish(request, proof.strip() or None)  # what others state later nobody has read
    refuse_personal(request.value, reason, proof)
    correction = NewAmendment(kind="correct", reason=reason, basis=basis, texts={request.field: text})
    link = CorrectionLink(id_, proof)
    return amendments.submit(desk, person, request.dataset, request.record, correction, secrecy, link)


def reject(desk: Desk, person: Person, id_: str, reason: str) -> None:
    """Reject a request; only its sender reads why.

    Raises ``LogError``: ``reason-missing``, ``no-such-correction``, ``correction-submitted`` (to a second
    person), ``correction-decided``.
    """
    settle(desk)
    with _inbox(desk) as inbox:
        request = _get_open(inbox, id_)
        require(person.account, Action.SUBMIT, request.dataset, _part(desk, request))
        if not reason.strip():
            raise LogError("reason-missing", "请写明理由，告知来件人。", "State the reason for the sender.")
        if id_ in _links(desk):
            raise LogError(
                "correction-submitted",
                "这件纠错已提交更正。不采纳的，请先取消那次提交，或请审核人退回。",
                "A correction of this request is submitted. Cancel that first, or have it returned.",
            )
        work.append_audit_line(desk, person, "correction-rejected", request.dataset, {"correction": id_})
        inbox.reject(id_, reason=reason.strip())


def settle(desk: Desk) -> None:
    """Accept the requests whose corrections were published; those of returned ones are open again."""
    links = _links(desk)
    if not links:
        return
    with _inbox(desk) as inbox:
        requests = {request.id for request in inbox.list("open")}
        for id_, link in links.items():
            one = desk.log.approvals.get(link.submission)
            is_open = id_ in requests  # others were decided, or erased
            if one.is_waiting and is_open:
                continue
            if one.state == "published" and is_open:
                release = work.release_of(desk, one)
                inbox.accept(id_, outcome=one.request.note, proof=link.proof, release=release)
            # Unless another correction of the request was submitted meanwhile.
            with desk.staff.store.write() as conn:
                is_it = (_c.request == id_) & (_c.submission == link.submission)
                conn.execute(delete(t.correction).where(is_it))


def _describe(
    desk: Desk, person: Person, request: Request, links: Mapping[str, Any]
) -> ReaderCorrection | None:
    """Return a request with its record; None if the account may not amend it, or it is gone."""
    try:
        state, catalogue = amendments.read_record(desk, person, request.dataset, request.record)
    except (LogError, PermissionDeniedException):
        return None
    texts = {field.name: (field, text) for field, text in amendments.record_texts(state, catalogue)}
    if request.field not in texts:
        return None
    link = links.get(request.id)
    return ReaderCorrection(request, state, *texts[request.field], None if link is None else link.submission)


def _get_open(inbox: Inbox, id_: str, *, with_contacts: bool = False) -> Request:
    """Return an open request. Raises ``LogError('no-such-correction')``, and as :meth:`.Inbox.get`."""
    request = inbox.get(id_, with_contacts=with_contacts)
    if request.state != "open":
        raise _not_open(id_)
    return request


def _not_open(id_: str) -> LogError:
    return LogError("no-such-correction", f"没有待处理的纠错 {id_}。", f"No open correction {id_}.")


def _part(desk: Desk, request: Request) -> str | None:
    return desk.log.queries.record(request.dataset, request.record).part


def _links(desk: Desk) -> Mapping[str, Any]:
    """Return request → row with the submission of its correction, and the proof that is published."""
    with desk.staff.store.read() as conn:
        return {row.request: row for row in conn.execute(select(t.correction))}


@contextmanager
def _inbox(desk: Desk) -> Iterator[Inbox]:
    """Open the inbox. Raises ``LogError('no-inbox')``."""
    settings = desk.settings
    keys = SealKeys(settings.keys, settings.key_passphrase)
    inbox = Inbox.open(settings.database, settings.inbox, keys, clock=desk.clock)
    if inbox is None:
        raise LogError("no-inbox", "本站没有启用纠错。", "The site takes no corrections.")
    with closing(inbox):
        yield inbox
