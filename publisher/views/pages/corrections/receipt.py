"""The receipt of a correction, for readers who have its token."""

from __future__ import annotations

from publisher.views.pages.corrections.form import open_form
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.web.conditional_requests import Validity
from publisher.web.problems import ProblemError
from publisher.web.query_parameters import Grammar
from publisher.web.route import Reply

PATH = "/corrections/receipt"
_GRAMMAR = Grammar(filters={"token": "string"})


def receipt(press: Press, visit: Visit) -> Reply:
    """Render the state of a correction. Raises ``no-such-correction``.

    The token is in the query, which our logs do not contain.
    """
    corrections = open_form(visit.service)
    visit.parse_query(_GRAMMAR)
    status = corrections.inbox.status("".join(visit.values("token")[:1]))
    if status is None:
        raise ProblemError("no-such-correction")
    head = Head(visit.t("纠错回执", "Receipt of a correction"), indexable=False)
    return Reply(Validity(()), lambda: press.page("receipt.html", visit, head, status=status), HEADERS)
