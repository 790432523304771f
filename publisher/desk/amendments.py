"""Amendments of one record at the desk: a clerk submits a correction, a withdrawal or another name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

import msgspec

from publisher.desk import withdrawals, work
from publisher.desk.accounts.acts import CorrectionLink
from publisher.desk.accounts.roles import Action
from publisher.desk.desk import Desk
from publisher.desk.http.guards import require
from publisher.desk.work import Person
from publisher.log.approvals.submission import PublicationRequest, Secrecy, Submission
from publisher.log.model import Change, LogError, RecordState
from publisher.workflow import amendment_previews
from publisher.workflow.amendment_previews import preview_edit, preview_withdrawal
from schemas.cells.value_texts import format_value
from schemas.definition.catalogue import Catalogue, Field

type Kind = Literal["correct", "withdraw", "rename"]
_CHANGE_KINDS: Mapping[str, Literal["corrected", "renamed", "withdrawn"]] = {
    "correct": "corrected",
    "rename": "renamed",
    "withdraw": "withdrawn",
}
MOST_LISTED = 50
"""Records that a search by title lists."""


class NewAmendment(msgspec.Struct, frozen=True, kw_only=True):
    """An amendment that a clerk asks for. ``texts``: field → text, as in a table; blank empties the field."""

    kind: Kind
    reason: str
    texts: Mapping[str, str]
    basis: str = ""
    effective_on: date | None = None
    """First day of another name; other amendments have none."""


def find_records(desk: Desk, person: Person, dataset: str, title: str) -> Sequence[RecordState]:
    """List records that the account may amend, by their title or a part of it."""
    records = desk.log.queries.find_by_title(dataset, title.strip()) if title.strip() else ()
    may = [one for one in records if person.account.may(Action.SUBMIT, dataset, one.part)]
    return may[:MOST_LISTED]


def read_record(desk: Desk, person: Person, dataset: str, record: str) -> tuple[RecordState, Catalogue]:
    """Return a record that the account may amend, and its catalogue. Raises ``no-such-record``."""
    state = desk.log.queries.record(dataset, record)
    require(person.account, Action.SUBMIT, dataset, state.part)
    return state, desk.log.queries.catalogue(dataset)


def record_texts(state: RecordState, catalogue: Catalogue) -> Sequence[tuple[Field, str]]:
    """Return the public fields of a record with the texts that a table would have."""
    fields = [field for field in catalogue.fields if not field.personal]
    return [(field, format_value(field, state.content.get(field.name))) for field in fields]


def submit(
    desk: Desk,
    person: Person,
    dataset: str,
    record: str,
    new: NewAmendment,
    secrecy: Secrecy,
    link: CorrectionLink | None = None,
) -> Submission:
    """Submit an amendment to a second person. ``link``: the reader's request that it is for.

    Raises ``LogError``: ``no-such-record``, ``withdrawn``, ``erased``, ``reason-missing``,
    ``amendment-refused`` (a value is wrong), ``nothing-to-amend``, and as :meth:`.Approvals.submit`.
    """
    state, catalogue = read_record(desk, person, dataset, record)
    work.require_reason(new.reason)
    records: dict[str, Any]
    if new.kind == "withdraw":
        list(preview_withdrawal(desk.log, dataset, [record]))
        records = {record: None}
    else:
        texts = _changed_texts(state, catalogue, new.texts)
        day = new.effective_on if new.kind == "rename" else None
        amendment = preview_edit(desk.log, dataset, record, texts, kind=_CHANGE_KINDS[new.kind], day=day)
        if amendment.refused:
            errors = [(f.column, f.describe()) for f in amendment.findings if f.severity == "error"]
            raise LogError(
                "amendment-refused",
                "".join(f"{field}：{texts.zh}" for field, texts in errors),
                " ".join(f"{field}: {texts.en}" for field, texts in errors),
            )
        if not amendment.change.fields:
            raise LogError("nothing-to-amend", "没有更改任何内容。", "Nothing was changed.")
        records = {record: amendment.content}
    request = PublicationRequest(
        kind=new.kind,
        basis=new.basis.strip(),
        note=new.reason.strip(),
        effective_on=new.effective_on if new.kind == "rename" else None,
        records=records,
    )
    return work.submit_request(desk, person, dataset, request, secrecy, link)


def preview_submission(desk: Desk, one: Submission) -> tuple[Sequence[Change], Mapping[str, int]]:
    """Return what an amendment would change now: its first changes, and their number by kind.

    Nothing if a record is gone, or the release is in effect by now.
    """
    request = one.request
    try:
        if request.kind in ("withdraw", "cancel"):
            return withdrawals.preview_request(desk, one.dataset, request)
        kind = _CHANGE_KINDS[request.kind]
        changes = [
            amendment_previews.preview_content(
                desk.log, one.dataset, record, content, kind=kind, day=request.effective_on
            )
            for record, content in request.records.items()
        ]
    except LogError:
        return (), {}
    return changes, Counter(change.kind for change in changes)


def _changed_texts(state: RecordState, catalogue: Catalogue, texts: Mapping[str, str]) -> Mapping[str, str]:
    """Return the texts that differ from those of the record. Raises ``LogError('no-such-field')``."""
    before = {field.name: text for field, text in record_texts(state, catalogue)}
    unknown = sorted(set(texts) - set(before))
    if unknown:
        names = "、".join(unknown)
        raise LogError("no-such-field", f"没有字段：{names}。", f"There is no such field: {names}.")
    plain = {name: text.replace("\r\n", "\n").strip() for name, text in texts.items()}
    return {name: text for name, text in plain.items() if text != before[name].strip()}
