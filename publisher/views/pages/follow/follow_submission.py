"""The endpoints that receive the form of the e-mail, and the buttons that confirm and leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from litestar.concurrency import sync_to_thread
from litestar.types import HTTPScope, Receive

from publisher.inbox.follow_form import FollowForm
from publisher.inbox.follower import CONFIRM, LEAVE, PACES, Choice, Wish, is_address
from publisher.inbox.form_limits import FAULTS
from publisher.inbox.public_followers import TooManyError
from publisher.views.pages.follow import choice, follow
from publisher.views.pages.follow.choice import open_mail
from publisher.views.pages.follow.follow import PATH, SENT
from publisher.views.pages.printing.page_request import Visit, parse_visit, run_read
from publisher.views.pages.printing.templates import UNSTORED, Press
from publisher.web.bytes_response import VARY, BytesResponse
from publisher.web.posted_form import NEXT_DAY, bad_field, check_origin, read_body, read_form
from publisher.web.problems import Fault, ProblemError
from publisher.web.route import Call, Endpoint
from publisher.web.service import Service


def endpoints(service: Service, press: Press) -> Sequence[Endpoint]:
    """Create the endpoints that take forms."""
    choices: Mapping[str, Choice] = {CONFIRM: "confirmed", LEAVE: "left"}
    return (
        _form_endpoint(service, press),
        *(_choice_endpoint(service, press, path, one) for path, one in choices.items()),
    )


def _form_endpoint(service: Service, press: Press) -> Endpoint:
    async def respond(scope: HTTPScope, receive: Receive, names: Mapping[str, str]) -> BytesResponse:
        mail = open_mail(service)
        check_origin(scope, service.site.base)
        filled = await read_form(scope, receive)
        site = await run_read(service, service.site_details)
        visit = parse_visit(service, Call(names, scope["query_string"], PATH), site.details)
        client = service.budgets.client_of(scope)
        faults = await sync_to_thread(lambda: list(_submit(visit, mail, filled, client)))
        if not faults:
            return BytesResponse(303, {"location": visit.url(SENT), "cache-control": "no-store", **VARY}, b"")
        feed = await follow.read_feed(visit, filled.get("feed", ""))
        body = await sync_to_thread(follow.render, press, visit, feed, filled, faults)
        return BytesResponse(422, UNSTORED, body)

    return Endpoint(PATH, respond, method="POST")


def _submit(visit: Visit, mail: FollowForm, filled: Mapping[str, str], client: str | None) -> Iterator[Fault]:
    """Store what a form asks for, or yield what is wrong with it.

    Raises ``too-many-corrections``, ``invalid-parameters`` for an address of no feed.
    """
    scope = follow.parse_scope(visit, filled.get("feed", ""))
    address = filled.get("email", "").strip()
    pace = next((one for one in PACES if one == filled.get("pace")), None)
    faults = []
    if not is_address(address):
        faults.append(bad_field("email", "请填写邮箱地址，如 name@example.com。", "Enter an e-mail address."))
    if pace is None:
        faults.append(bad_field("pace", "请选择多久寄一次。", "Choose how often."))
    token_fault = mail.tokens.fault(filled.get("token", ""), PATH)
    if token_fault is not None:
        faults.append(bad_field("token", *FAULTS[token_fault]))
    if faults or pace is None:
        yield from faults
        return
    if not mail.limits.admit(client):
        raise ProblemError("too-many-corrections", headers=NEXT_DAY)
    wish = Wish(address, msgspec.json.encode(scope).decode(), pace, visit.lang)
    try:
        mail.followers.submit(wish)
    except TooManyError:
        yield bad_field(
            "email",
            "目前等待确认的订阅太多，请明天再试。",
            "Too many wait for confirmation; try again tomorrow.",
        )


def _choice_endpoint(service: Service, press: Press, path: str, chosen: Choice) -> Endpoint:
    """Create the endpoint of a button. The token of a mail is all the proof that it asks for.

    Mail programs leave by one POST of ``List-Unsubscribe=One-Click`` (RFC 8058), in either form of a body.
    """

    async def respond(scope: HTTPScope, receive: Receive, names: Mapping[str, str]) -> BytesResponse:
        mail = open_mail(service)
        check_origin(scope, service.site.base)
        await read_body(receive)

        def choose() -> bytes:
            call = Call(names, scope["query_string"], path)
            visit = parse_visit(service, call, service.site_details().details)
            token = choice.token_of(visit)
            mail.followers.choose(token, chosen)
            return choice.render(press, visit, chosen, mail.followers.following(token))

        return BytesResponse(200, UNSTORED, await sync_to_thread(choose))

    return Endpoint(path, respond, method="POST")
