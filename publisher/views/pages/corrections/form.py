"""The page with the form “我要纠错” of a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from publisher.inbox.correction import MAX_CONTACT, MAX_PROOF, MAX_VALUE
from publisher.inbox.correction_form import CorrectionForm
from publisher.log.model import Dataset, RecordState, View
from publisher.views.api import requested_view
from publisher.views.api.routes import records as api
from publisher.views.pages.printing import field_html
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.web.conditional_requests import Validity
from publisher.web.problems import Fault, ProblemError
from publisher.web.route import Reply
from publisher.web.service import Service
from schemas.definition.catalogue import Catalogue, Content, Field

PATH = "/datasets/{dataset}/records/{record}/correction"
WHOLE = "*"
"""Value of the choice of a field that means the whole record."""
LIMITS: Mapping[str, int] = {"value": MAX_VALUE, "proof": MAX_PROOF, "contact": MAX_CONTACT}


class RecordInDoubt(msgspec.Struct, frozen=True):
    """The present state of the record that the form is about."""

    dataset: Dataset
    catalogue: Catalogue
    state: RecordState
    content: Content

    @property
    def fields(self) -> Sequence[Field]:
        return [field for field in self.catalogue.fields if not field.personal]


def correction_form(press: Press, visit: Visit) -> Reply:
    """Render the empty form.

    Raises ``no-such-route`` if it is off, ``no-such-record``, ``withdrawn``, ``erased``.
    """
    visit.refuse_parameters()
    record = read_record(visit)
    return Reply(Validity(()), lambda: render_form(press, visit, record, {}, ()), HEADERS)


def open_form(service: Service) -> CorrectionForm:
    """Return the form. Raises ``no-such-route`` if the site takes no corrections."""
    if service.corrections is None:
        raise ProblemError("no-such-route")
    return service.corrections


def read_record(visit: Visit) -> RecordInDoubt:
    """Read the record as it is today. Raises as :func:`correction_form`."""
    service = visit.service
    open_form(service)
    name, identifier = requested_view.dataset_name(visit.call), requested_view.record_id(visit.call)
    with service.log.snapshot():
        state = service.log.queries.record(name, identifier, View())
        if state.status in api.GONE:
            raise api.gone_problem(service, state)
        return RecordInDoubt(
            service.dataset(name), service.catalogue(name, state.release), state, state.content
        )


def render_form(
    press: Press, visit: Visit, record: RecordInDoubt, filled: Mapping[str, str], faults: Sequence[Fault]
) -> bytes:
    """Render the form, with what a reader wrote and what is wrong with it."""
    title = visit.t("我要纠错", "Report a mistake")
    return press.page(
        "correction.html",
        visit,
        Head(f"{title}：{record.state.title}", indexable=False),
        dataset=record.dataset,
        state=record.state,
        choices=[(field.name, visit.title_of(field)) for field in record.fields],
        groups=field_html.group_fields(visit, record.catalogue, record.content, record.state.originals),
        filled=filled,
        faults=faults,
        whole=WHOLE,
        limits=LIMITS,
        token=open_form(visit.service).tokens.issue(visit.path),
    )
