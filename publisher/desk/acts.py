"""Acts on the log and their lines in the audit log: none is missing, however the desk ends."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, get_args

import msgspec

from publisher.desk.accounts import audit_log
from publisher.desk.accounts.acts import Act, CorrectionLink
from publisher.desk.accounts.audit_log import AuditEvent
from publisher.desk.desk import Desk
from publisher.harvest.source_config import SourcesError, read_sources
from publisher.log.approvals.submission import SubmissionState
from publisher.log.model import LogError
from publisher.log.transparency.entries import LogEntry

COMPLETED = "completed_afterwards"
"""Detail of a line that was appended after the act, since the desk had ended in between."""
ENTRIES = "entries"
"""Detail of a line: positions in the public log."""
_LONGEST = timedelta(hours=1)
"""An act that changed nothing until then is given up."""
_STATES: tuple[SubmissionState, ...] = get_args(SubmissionState.__value__)
_ENTRY_KINDS = {
    "site-changed": ("site",),
    "dataset-added": ("dataset",),
    "dataset-changed": ("dataset",),
    "key-changed": ("key",),
}
"""Kind of a line → kinds of the entries of the public log that such an act appends."""
logger = logging.getLogger(__name__)


@contextmanager
def audited(
    desk: Desk, kind: audit_log.Kind, event: Mapping[str, Any], link: CorrectionLink | None = None
) -> Iterator[dict[str, object]]:
    """Append a line to the audit log after the block, which changes the log.

    ``event``: as :func:`.work.event_of`; ``link``: as of :meth:`.Acts.begin`. What the block adds to the
    yielded details is in the line; without any details nothing happened. A refusal appends nothing; what
    another exception left in the log, :func:`complete_acts` finds later.
    """
    act = desk.staff.acts.begin(kind, event, desk.log.proofs.size(), link)
    more: dict[str, object] = {}
    try:
        yield more
    except LogError:
        desk.staff.acts.forget(act)
        raise
    if act.kind in _ENTRY_KINDS:
        more |= _find_entries(desk, act) or {}
    if act.details or more:
        desk.staff.acts.finish(act, more)
    else:
        desk.staff.acts.forget(act)


def complete_acts(desk: Desk, *, older_than: timedelta = timedelta()) -> None:
    """Append the lines of acts during which a desk was killed, if the log has what they did.

    ``older_than``: least age of an act, so that a desk that runs finishes its own acts.
    """
    for act in desk.staff.acts.all():
        age = desk.clock() - act.begun_at
        if age >= older_than and not _complete(desk, act) and age > _LONGEST:
            desk.staff.acts.forget(act)


def _complete(desk: Desk, act: Act) -> bool:
    """Append the line of an act if the log has its effect, and no line says so → whether the log has it."""
    try:
        effect = _find_effect(desk, act)
    except LogError:  # of a dataset that does not exist
        effect = None
    if effect is None:
        return False
    lines = desk.staff.audit.events_after(act.lines)
    if any(_says_so(line, act, effect) for line in lines):  # it failed, and was done again
        desk.staff.acts.forget(act)
    else:
        logger.warning("a line %s of %s is completed afterwards", act.kind, act.actor)
        desk.staff.acts.finish(act, {**effect, COMPLETED: True})
    return True


def _says_so(line: AuditEvent, act: Act, effect: Mapping[str, object]) -> bool:
    own = (act.kind, act.actor, act.subject)
    return (line.kind, line.actor, line.subject) == own and effect.items() <= line.details.items()


def _find_effect(desk: Desk, act: Act) -> Mapping[str, object] | None:
    """Return what the log has of an act, as details of its line; None if it has nothing."""
    if act.kind in _ENTRY_KINDS:
        return _find_entries(desk, act)
    if act.kind == "published":
        return _find_release(desk, act)
    if act.kind == "source-added":
        return _find_source(desk, act)
    if act.kind == "subscription-changed":
        return _find_subscription(desk, act)
    if act.kind in ("imported", "mended", "columns-chosen"):
        return _find_import(desk, act)
    if act.kind in ("discarded", "document-left-out"):
        return _find_removal(desk, act)
    if act.kind == "repeals-decided":
        return _find_repeals(desk, act)
    return _find_decision(desk, act)


def _find_entries(desk: Desk, act: Act) -> Mapping[str, object] | None:
    """Find the entries that an act appended to the public log: those of its subject that no line names."""
    lines = desk.staff.audit.events_after(act.lines)
    stated = {position for line in lines for position in line.details.get(ENTRIES, ())}
    positions = [
        position
        for position, entry in desk.log.proofs.entries_since(act.entries)
        if entry.kind in _ENTRY_KINDS[act.kind]
        and position not in stated
        and _concerns(desk, entry, act.subject)
    ]
    return {ENTRIES: positions} if positions else None


def _concerns(desk: Desk, entry: LogEntry, subject: str) -> bool:
    """Test whether the document of an entry is about a dataset; empty: about the site."""
    if not subject:
        return True
    document = msgspec.json.decode(desk.log.proofs.document(entry.digest) or "{}")
    return bool(document.get("dataset") == subject)


def _find_release(desk: Desk, act: Act) -> Mapping[str, object] | None:
    """Find the release that was published, by the digest of its approval and the name of who published."""
    for one in desk.log.queries.releases(act.subject):
        is_approved = one.approval is not None and one.approval.digest == act.details["digest"]
        if is_approved and one.actor == act.actor and one.published_at >= act.begun_at:
            return {"submission": act.details["submission"], "release": one.number}
    return None


def _find_import(desk: Desk, act: Act) -> Mapping[str, object] | None:
    """Find a file of the draft, put there since the act began, by the digests that the act names."""
    own = act.details
    digests = own["files"].values() if act.kind == "imported" else (own["file"],)
    for one in desk.log.drafts.imports(act.subject):
        if one.source.digest in digests and one.source.obtained_at >= act.begun_at:
            return {**own, "staged": True} if act.kind == "imported" else own
    return None


def _find_removal(desk: Desk, act: Act) -> Mapping[str, object] | None:
    """Find that a draft lacks what the act took out of it, unless a release did, or a line says who did."""
    releases, lines = desk.log.queries.releases(act.subject), desk.staff.audit.events_after(act.lines)
    if any(one.published_at >= act.begun_at for one in releases):
        return None
    if any((one.kind, one.subject) == (act.kind, act.subject) for one in lines):
        return None
    if act.kind == "document-left-out":
        rest = [
            one for one in desk.log.drafts.imports(act.subject) if one.source.digest == act.details["file"]
        ]
        return None if rest else act.details
    part, draft = act.details["part"], desk.log.drafts.get(act.subject)
    is_left = draft is not None and (part is None or any(one.part == part for one in draft.imports))
    return None if is_left else act.details


def _find_repeals(desk: Desk, act: Act) -> Mapping[str, object] | None:
    """Find that the proposed repeals of these documents were decided as the act says."""
    state = "accepted" if act.details["accepted"] else "refused"
    states = {one.title: one.state for one in desk.log.drafts.repeals(act.subject)}
    return act.details if all(states.get(title) == state for title in act.details["documents"]) else None


def _find_source(desk: Desk, act: Act) -> Mapping[str, object] | None:
    """Find the source that was appended to the file of the site."""
    try:
        source = read_sources(desk.settings.home).get(act.subject)
    except SourcesError:  # nobody can tell what a broken file has
        return None
    addresses = act.details["addresses"]
    return {"addresses": addresses} if source is not None and list(source.entries) == addresses else None


def _find_subscription(desk: Desk, act: Act) -> Mapping[str, object] | None:
    """Find the subscription that was added or confirmed. Raises ``LogError('no-such-subscription')``."""
    one = desk.log.subscriptions.get(act.subject)
    is_done = act.details["act"] == "added" or (one.state == "active" != act.details["before"])
    return act.details if is_done else None


def _find_decision(desk: Desk, act: Act) -> Mapping[str, object] | None:
    """Find the submission that was made, approved, returned or cancelled."""
    key = act.details.get("submission")
    for one in desk.log.approvals.list(act.subject, _STATES):
        if key is None:
            is_it = one.drafter == act.actor and one.submitted_at >= act.begun_at
        else:
            states = ("approved", "published") if act.kind == "approved" else (act.kind,)
            person = one.drafter if act.kind == "cancelled" else one.reviewer
            is_decided = one.decided_at is not None and one.decided_at >= act.begun_at
            is_it = is_decided and (one.key, person) == (key, act.actor) and one.state in states
        if is_it:
            return {"submission": one.key, "digest": one.digest}
    return None
