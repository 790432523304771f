"""Checks of a draft before it is submitted, approved and published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from publisher.desk.desk import Desk
from publisher.log.approvals.submission import PublicationRequest, Submission
from publisher.log.clocks import day_at
from publisher.log.model import DraftDiff, LogError
from publisher.workflow.late_bases import BasisDocument, LateBasis, find_basis_documents, find_late_bases
from publisher.workflow.publication_guards import Guard, check_removals, find_guards

_CHANGES = ("added", "changed", "removed")


def require_choices(desk: Desk, dataset: str, request: PublicationRequest) -> None:
    """Refuse a draft that needs a choice or an explanation of its drafter.

    Raises ``LogError``: ``later-effect``, ``rows-in-error``, ``counts-unexplained``, ``nothing-changes``.
    """
    try:
        diff = compare_request(desk, dataset, request)
    except LogError:  # there is no draft, which the submission itself refuses
        diff = None
    for conflict in diff.conflicts if diff else ():
        if conflict.code == "later-effect":
            raise LogError(conflict.code, conflict.message_zh, conflict.message_en)
    _refuse_rows_in_error(desk, dataset, request)
    guards = removal_guards(desk, dataset, diff, request.effective_on) if diff else ()
    if guards and not request.note.strip():
        zh, en = " ".join(g.zh for g in guards), " ".join(g.en for g in guards)
        raise LogError(
            "counts-unexplained",
            f"{zh}确实如此的，请在说明中写明原因。",
            f"{en} If that is right, say why in the note.",
        )
    changes = diff is None or diff.conflicts or diff.marked or any(diff.counts[kind] for kind in _CHANGES)
    if not changes:
        raise LogError(
            "nothing-changes",
            "草稿与已发布的内容相同，没有可以发布的变化。",
            "The draft is as what is published: nothing would change.",
        )


def compare_request(desk: Desk, dataset: str, request: PublicationRequest, *, limit: int = 0) -> DraftDiff:
    """Compare what a request would publish of a draft with what is in force.

    ``limit``: changes of each kind that are listed. Raises ``LogError('no-draft')``.
    """
    return desk.log.drafts.diff(
        dataset,
        effective_on=request.effective_on,
        on_conflict=request.on_conflict,
        without_errors=request.without_errors,
        limit=limit,
        parts=request.parts,
    )


def _refuse_rows_in_error(desk: Desk, dataset: str, request: PublicationRequest) -> None:
    """Refuse rows in error that neither the request nor their import leaves out."""
    imports = desk.log.drafts.imports(dataset, request.parts)
    count = sum(one.in_error for one in imports if not one.leaves_out_errors)
    if count and not request.without_errors:
        raise LogError(
            "rows-in-error",
            f"有{count}行数据有误。请改正，或选择略去这些行。",
            f"{count} rows contain errors. Fix them, or choose to leave them out.",
        )


def removal_guards(desk: Desk, dataset: str, diff: DraftDiff, effective_on: date | None) -> Sequence[Guard]:
    """List the counts of a draft that look wrong: parts of which it removes many records.

    ``effective_on``: day of effect, on which the records are counted; None: it is not known yet.
    """
    return list(check_removals(desk.log, dataset, diff, effective_on or day_at(desk.clock())))


def guards_of(desk: Desk, one: Submission) -> Sequence[Guard]:
    """List what should be looked at before it is approved and published, such as many removals."""
    if one.request.kind != "draft" or not one.is_waiting:
        return ()
    try:
        return find_guards(
            desk.log,
            one.dataset,
            effective_on=one.request.effective_on or date.min,
            basis=one.request.basis,
            now=desk.clock(),
            on_conflict=one.request.on_conflict,
            parts=one.request.parts,
        )
    except LogError:  # the draft was discarded
        return ()


def late_bases(desk: Desk, one: Submission) -> Sequence[LateBasis]:
    """List documents of the basis that should have been published earlier, while it waits."""
    if not one.is_waiting:
        return ()
    return list(find_late_bases(desk.log, one.request.basis, day_at(desk.clock())))


def basis_documents(desk: Desk, one: Submission) -> Sequence[BasisDocument]:
    """List the documents of the basis, with what the site has of each."""
    return list(find_basis_documents(desk.log, one.request.basis))
