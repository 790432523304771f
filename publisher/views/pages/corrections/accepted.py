"""The page of accepted corrections: field, value, proof and outcome, never who sent them."""

from __future__ import annotations

from msgspec import structs

from publisher.inbox.correction import AcceptedCorrection
from publisher.log.model import LogError, View
from publisher.views.pages.corrections.form import WHOLE, open_form
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.web.conditional_requests import Validity
from publisher.web.route import Reply

PATH = "/corrections"


def accepted(press: Press, visit: Visit) -> Reply:
    """Render the newest accepted corrections.

    They may repeat content: of erased records there is none, of withdrawn ones the outcome alone.
    """
    corrections = open_form(visit.service)
    visit.refuse_parameters()
    rows = [row for one in corrections.inbox.accepted() if (row := _row(visit, one))]
    head = Head(
        visit.t("公众纠错", "Corrections by readers"),
        description=visit.t(
            "读者指出并经核实的错误，以及处理结果。",
            "Mistakes that readers reported and that were confirmed, with their outcome.",
        ),
    )
    return Reply(Validity((rows,)), lambda: press.page("corrections.html", visit, head, rows=rows), HEADERS)


def _row(visit: Visit, one: AcceptedCorrection) -> tuple[AcceptedCorrection, tuple[str, str]] | None:
    """Return a correction with the titles of record and field; of a record that is not found, its id.

    None: the record was erased.
    """
    service = visit.service
    try:
        state = service.log.queries.record(one.dataset, one.record, View())
        if state.status == "erased":
            return None
        field = service.catalogue(one.dataset, state.release).by_name.get(one.field)
    except LogError:
        return one, (one.record, one.field)
    title = visit.t("整个条目", "The whole record") if one.field == WHOLE else one.field
    public = structs.replace(one, value="", proof="") if state.status == "withdrawn" else one
    return public, (state.title or one.record, title if field is None else visit.title_of(field))
