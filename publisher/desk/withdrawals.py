"""Withdrawal of a whole release at the desk: a clerk submits it, a second person approves it.

A release that is not yet in effect is cancelled (取消发布). Of one in effect the records that it added are
withdrawn (撤回公布); what it changed or removed is corrected, or published again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import structs

from publisher.desk import work
from publisher.desk.accounts.roles import Action
from publisher.desk.desk import Desk
from publisher.desk.http.guards import require
from publisher.desk.work import MOST_CHANGES, Person
from publisher.log.approvals.submission import PublicationRequest, Secrecy, Submission
from publisher.log.clocks import day_at
from publisher.log.model import Change, LogError, Release
from publisher.workflow.amendment_previews import preview_cancellation, preview_withdrawal


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """The changes that the withdrawal of a release would make."""

    release: Release
    is_cancellation: bool
    """The release is not yet in effect."""
    changes: Sequence[Change]
    """Up to :data:`.work.MOST_CHANGES`; ``counts`` has all."""
    counts: Mapping[str, int]
    is_permitted: bool
    """The account may amend all that it concerns."""


def preview(desk: Desk, person: Person, dataset: str, number: int) -> Withdrawal:
    """Return what the withdrawal of a release would change.

    Raises ``LogError('no-such-release')``, and as :meth:`.Releases.cancel` if it is not yet in effect.
    """
    release = desk.log.queries.release(dataset, number)
    request = _request(desk, release)
    changes, counts = preview_request(desk, dataset, request)
    parts = work.parts_of_request(desk, dataset, request)
    return Withdrawal(
        release=release,
        is_cancellation=request.kind == "cancel",
        changes=changes,
        counts=counts,
        is_permitted=all(person.account.may(Action.SUBMIT, dataset, part) for part in parts),
    )


def preview_request(
    desk: Desk, dataset: str, request: PublicationRequest
) -> tuple[Sequence[Change], Mapping[str, int]]:
    """Return what a cancellation or a withdrawal changes: its first changes, and their number by kind.

    Raises as :func:`.preview_cancellation` and :func:`.preview_withdrawal`.
    """
    if request.kind == "cancel":
        return preview_cancellation(desk.log, dataset, request.release or 0, limit=MOST_CHANGES)
    changes = list(preview_withdrawal(desk.log, dataset, list(request.records)))
    return changes[:MOST_CHANGES], Counter(change.kind for change in changes)


def submit(
    desk: Desk, person: Person, dataset: str, number: int, *, reason: str, basis: str, secrecy: Secrecy
) -> Submission:
    """Submit the withdrawal of a release to a second person.

    Raises ``LogError``: ``reason-missing``, ``nothing-to-withdraw``, as :func:`preview`, and as
    :meth:`.Approvals.submit`.
    """
    request = _request(desk, desk.log.queries.release(dataset, number))
    if request.kind == "withdraw" and not request.records:
        raise LogError(
            "nothing-to-withdraw",
            f"第{number}次发布没有新增、仍可撤回的条目。它调整、移出的条目请更正，或报送新的清单。",
            f"Release {number} added no record that can still be withdrawn. Correct what it changed or "
            "removed, or hand in a new list.",
        )
    for part in work.parts_of_request(desk, dataset, request):
        require(person.account, Action.SUBMIT, dataset, part)
    work.require_reason(reason)
    preview_request(desk, dataset, request)  # raises what publication would
    request = structs.replace(request, basis=basis.strip(), note=reason.strip())
    return work.submit_request(desk, person, dataset, request, secrecy)


def _request(desk: Desk, release: Release) -> PublicationRequest:
    """Return the request that withdraws a release, without basis and note."""
    if release.effective_on > day_at(desk.clock()):
        return PublicationRequest(kind="cancel", release=release.number)
    released = desk.log.queries.released_records(release.dataset, release.number)
    return PublicationRequest(
        kind="withdraw", records=dict.fromkeys(one.id for one in released if one.kind == "added")
    )
