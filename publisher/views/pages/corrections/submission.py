"""The endpoint that receives the form: it checks and stores a correction, and leads to its receipt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from litestar.concurrency import sync_to_thread
from litestar.types import HTTPScope, Receive

from publisher.inbox.correction import Correction
from publisher.inbox.correction_form import CorrectionForm
from publisher.inbox.form_limits import FAULTS
from publisher.inbox.public_inbox import QueueFullError
from publisher.log.database.storable_text import storable
from publisher.views.pages.corrections import form, receipt
from publisher.views.pages.corrections.form import RecordInDoubt
from publisher.views.pages.printing import field_html
from publisher.views.pages.printing.page_request import Visit, parse_visit
from publisher.views.pages.printing.templates import UNSTORED, Press
from publisher.web.bytes_response import VARY, BytesResponse
from publisher.web.conditional_requests import request_headers, wants_page
from publisher.web.posted_form import NEXT_DAY, bad_field, check_origin, read_form
from publisher.web.problems import Fault, ProblemError
from publisher.web.route import Call, Endpoint
from publisher.web.service import Service


def endpoint(service: Service, press: Press) -> Endpoint:
    """Create the endpoint that takes the form."""

    async def respond(scope: HTTPScope, receive: Receive, names: Mapping[str, str]) -> BytesResponse:
        corrections = form.open_form(service)
        check_origin(scope, service.site.base)
        filled = await read_form(scope, receive)
        call = Call(names, scope["query_string"], form.PATH.format_map(names))
        client = service.budgets.client_of(scope)
        is_for_browser = wants_page(request_headers(scope["headers"]).get("accept"))

        def answer() -> BytesResponse:
            visit = parse_visit(service, call, service.site_details().details)
            record = form.read_record(visit)
            texts = {name: _clean(text) for name, text in filled.items()}
            faults = list(_check(visit, corrections, record, texts))
            if not faults:
                return _store(visit, corrections, record, texts, client)
            if not is_for_browser:
                raise ProblemError("form-refused", errors=faults)
            body = form.render_form(press, visit, record, texts, faults)
            return BytesResponse(422, UNSTORED, body)

        return await sync_to_thread(answer)

    return Endpoint(form.PATH, respond, method="POST")


def _clean(text: str) -> str:
    return storable(text.replace("\r\n", "\n")).strip()


def _check(
    visit: Visit, corrections: CorrectionForm, record: RecordInDoubt, texts: Mapping[str, str]
) -> Iterator[Fault]:
    """Yield what is wrong with a form. The form is checked before its token: a reader mends both at once."""
    name, value = texts.get("field", ""), texts.get("value", "")
    fields = {field.name: field for field in record.fields}
    if name != form.WHOLE and name not in fields:
        yield bad_field("field", "请选择哪一项有误。", "Choose what is wrong.")
    if not value:
        yield bad_field("value", "请写明应为什么。", "Write what it should read.")
    elif name in fields and value == field_html.format_text(
        visit, fields[name], record.content.get(name, "")
    ):
        yield bad_field("value", "与现在的内容相同。", "This is what it reads now.")
    if not texts.get("proof"):
        yield bad_field("proof", "请写明依据。", "State a proof.")
    for name, most in form.LIMITS.items():
        if len(texts.get(name, "")) > most:
            yield bad_field(name, f"最多{most}字。", f"At most {most} characters.")
    fault = corrections.tokens.fault(texts.get("token", ""), visit.path)
    if fault is not None:
        yield bad_field("token", *FAULTS[fault])


def _store(
    visit: Visit,
    corrections: CorrectionForm,
    record: RecordInDoubt,
    texts: Mapping[str, str],
    client: str | None,
) -> BytesResponse:
    """Store the request → the redirect to its receipt.

    Raises ``too-many-corrections``, ``corrections-full``.
    """
    if not corrections.limits.admit(client):
        raise ProblemError("too-many-corrections", headers=NEXT_DAY)
    correction = Correction(
        dataset=record.dataset.name,
        record=record.state.id,
        revision=record.state.revision or "",
        field=texts["field"],
        value=texts["value"],
        proof=texts["proof"],
        contact=texts.get("contact", ""),
    )
    try:
        token = corrections.inbox.submit(correction)
    except QueueFullError as error:
        raise ProblemError("corrections-full", headers=NEXT_DAY) from error
    address = visit.url(receipt.PATH, (("token", token),), clocks=False)
    return BytesResponse(303, {"location": address, "cache-control": "no-store", **VARY}, b"")
