"""Webhooks and robots that are notified of publications, as commands add them."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath

from publisher.desk import work
from publisher.desk.accounts.roles import Action
from publisher.desk.acts import audited
from publisher.desk.desk import Desk
from publisher.desk.http.guards import ACTION
from publisher.desk.http.in_thread import in_thread
from publisher.desk.pages.printing import DeskRequest, page, see
from publisher.desk.work import person_of
from publisher.log.model import LogError
from publisher.log.outbox.subscriptions import Subscription, create_id
from publisher.notify import confirmation
from publisher.notify.robots import ROBOTS
from publisher.notify.webhook_sender import DeliveryError, create_sender
from publisher.views.syndication.feed import scope_title
from publisher.views.syndication.scope import Scope

_MANAGE = {ACTION: Action.MANAGE_DATASETS}
_PATH = "/subscriptions"


class SubscriptionForm(msgspec.Struct, frozen=True):
    """A new webhook or robot. ``kind``: ``webhook``, or a kind of robot. ``dataset``: empty is all."""

    kind: str = "webhook"
    address: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    dataset: str = ""
    secret: Annotated[str, msgspec.Meta(max_length=500)] = ""


@get(_PATH, opt={ACTION: Action.READ_SETTINGS})
@in_thread
def subscriptions_page(request: DeskRequest, state: State) -> Response[bytes]:
    """List webhooks and robots with their state."""
    return _print_subscriptions(request, state.desk, None)


@post(_PATH, opt=_MANAGE, status_code=200)
@in_thread
def add_subscription(
    request: DeskRequest,
    state: State,
    data: Annotated[SubscriptionForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Add a webhook, whose secret is shown once, or a robot."""
    desk: Desk = state.desk
    address = data.address.strip()
    try:
        confirmation.require_address(data.kind, address, loopback=desk.settings.loopback)
        dataset = desk.log.datasets.get(data.dataset).name if data.dataset else None
        scope = msgspec.json.encode(Scope(dataset=dataset)).decode()
        id_ = create_id()
        with audited(desk, "subscription-changed", _event(request, id_, "added", data.kind)):
            if data.kind == "webhook":
                one = desk.log.subscriptions.subscribe(address, scope, id_)
            else:
                sender = create_sender(desk.settings, desk.clock)
                secret = data.secret.strip()
                one = confirmation.add_robot(desk.log, sender, data.kind, address, scope, secret, id_)
    except (LogError, DeliveryError) as error:
        return _print_subscriptions(request, desk, _refusal(error), data)
    if data.kind != "webhook":
        return see(_PATH)
    fault = _confirm(desk, one)  # after the secret exists, which the receiver may need
    return page(request, "webhook.html", status_code=200, one=one, fault=fault)


@post(f"{_PATH}/{{name:str}}/confirm", opt=_MANAGE, status_code=200)
@in_thread
def confirm_subscription(request: DeskRequest, state: State, name: FromPath[str]) -> Response[Any]:
    """Request the confirmation again; waiting messages are sent."""
    desk: Desk = state.desk
    one = desk.log.subscriptions.get(name)
    event = _event(request, one.id, "confirmed", one.kind, before=one.state)
    try:
        with audited(desk, "subscription-changed", event):
            if (fault := _confirm(desk, one)) is not None:
                raise fault
    except LogError as error:
        return _print_subscriptions(request, desk, error)
    return see(_PATH)


@post(f"{_PATH}/{{name:str}}/remove", opt=_MANAGE, status_code=200)
@in_thread
def remove_subscription(request: DeskRequest, state: State, name: FromPath[str]) -> Response[Any]:
    """Delete a webhook or a robot."""
    desk: Desk = state.desk
    one = desk.log.subscriptions.get(name)
    event = _event(request, one.id, "removed", one.kind)
    desk.staff.accounts.append_audit_line("subscription-changed", **event)  # first: a kill loses no line
    desk.log.subscriptions.unsubscribe(name)
    return see(_PATH)


def _confirm(desk: Desk, one: Subscription) -> LogError | None:
    try:
        confirmation.confirm_subscription(desk.log, create_sender(desk.settings, desk.clock), one)
    except DeliveryError as error:
        return _refusal(error)
    return None


def _refusal(error: LogError | DeliveryError) -> LogError:
    if isinstance(error, LogError):
        return error
    return LogError("not-confirmed", f"对方没有确认：{error}。", f"The receiver did not confirm: {error}.")


def _event(request: DeskRequest, id_: str, act: str, kind: str, **more: str) -> dict[str, Any]:
    """Return what the audit log says, without the address: that of a robot is a secret."""
    return work.event_of(person_of(request), id_, {"act": act, "kind": kind, **more})


def _print_subscriptions(
    request: DeskRequest, desk: Desk, fault: LogError | None, sent: SubscriptionForm | None = None
) -> Response[bytes]:
    kinds = {"webhook", *ROBOTS}  # the hub is a setting
    subscriptions = [one for one in desk.log.subscriptions.all() if one.kind in kinds]
    return page(
        request,
        "subscriptions.html",
        subscriptions=[(one, scope_title(desk.log, one.scope)) for one in subscriptions],
        robots=ROBOTS,
        datasets=[(one.name, one.title) for one in desk.log.datasets.all()],
        fault=fault,
        sent=sent,
    )


HANDLERS = [subscriptions_page, add_subscription, confirm_subscription, remove_subscription]
