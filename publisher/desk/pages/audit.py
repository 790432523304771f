"""The audit log, for 督查: pages of lines, the hash chain, and all of it as a file."""

from __future__ import annotations

from litestar import Response, get
from litestar.datastructures import State
from litestar.response import Stream

from publisher.desk import work
from publisher.desk.accounts.roles import Action
from publisher.desk.desk import Desk
from publisher.desk.http.form_values import read_number
from publisher.desk.http.guards import ACTION
from publisher.desk.http.in_thread import in_thread
from publisher.desk.pages.printing import DeskRequest, page
from publisher.desk.work import person_of

_OPT = {ACTION: Action.READ_AUDIT}
PAGE_SIZE = 100
"""Lines on a page."""


@get("/audit", opt=_OPT)
@in_thread
def audit_page(request: DeskRequest, state: State) -> Response[bytes]:
    """Show lines, the newest first. ``before``: a number to continue from; ``verify``: hash all again."""
    desk: Desk = state.desk
    before = read_number(request.query_params.get("before"))
    head = desk.staff.audit.head()
    heads = desk.log.proofs.audit_heads()
    events = desk.staff.audit.events(before=min(before, head.size + 1) or None, limit=PAGE_SIZE)
    return page(
        request,
        "audit.html",
        events=events,
        head=head,
        before=before,
        noted=heads[-1:],
        problems=desk.staff.audit.verify(*heads) if request.query_params.get("verify") else None,
    )


@get("/audit/export", opt=_OPT)
@in_thread
def export_audit(request: DeskRequest, state: State) -> Stream:
    """Return all lines as JSON Lines; the export is a line itself."""
    desk: Desk = state.desk
    head = desk.staff.audit.head()
    work.append_audit_line(
        desk, person_of(request), "audit-exported", "", {"lines": head.size, "hash": head.hash}
    )
    return Stream(
        (f"{line}\n" for line in desk.staff.audit.lines()),
        media_type="application/jsonl",
        headers={"content-disposition": 'attachment; filename="audit.jsonl"'},
    )


HANDLERS = [audit_page, export_audit]
