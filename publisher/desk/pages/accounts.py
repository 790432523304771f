"""Accounts, roles and tokens: 安全管理 changes them, 督查 reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath

from publisher.desk.accounts.accounts import INVITATION_HOURS
from publisher.desk.accounts.roles import TOKEN_ACTIONS, Action, Grant, Role, parse_grant
from publisher.desk.accounts.tokens import DAYS, MOST_DAYS
from publisher.desk.desk import Desk
from publisher.desk.http.form_values import read_number
from publisher.desk.http.guards import ACTION
from publisher.desk.http.in_thread import in_thread
from publisher.desk.pages.printing import DeskRequest, page, see
from publisher.desk.work import person_of
from publisher.log.model import LogError
from publisher.workflow.part_of_file import find_part

_FORM = Body(media_type=RequestEncodingType.URL_ENCODED)
_READ, _MANAGE = {ACTION: Action.READ_ACCOUNTS}, {ACTION: Action.MANAGE_ACCOUNTS}
_ACCOUNT = "/accounts/{name:str}"
_ROLES = [(str(role), str(role)) for role in Role]
type _Text = Annotated[str, msgspec.Meta(max_length=200)]


class NewAccountForm(msgspec.Struct, frozen=True):
    """A new account. ``scope``: ``DATASET`` or ``DATASET:PART``; empty is all."""

    name: _Text = ""
    display: _Text = ""
    role: _Text = ""
    scope: _Text = ""


class RoleForm(msgspec.Struct, frozen=True):
    """A role that is added, or one that is taken away (``remove``)."""

    role: _Text = ""
    scope: _Text = ""
    remove: _Text = ""


@get("/accounts", opt=_READ)
@in_thread
def accounts_page(request: DeskRequest, state: State) -> Response[bytes]:
    """List accounts with their roles, and all tokens."""
    return _print_accounts(request, state.desk, None)


@post("/accounts", opt=_MANAGE, status_code=200)
@in_thread
def add_account(
    request: DeskRequest, state: State, data: Annotated[NewAccountForm, _FORM]
) -> Response[bytes]:
    """Add an account, and show the link of its invitation once."""
    desk, person, name = state.desk, person_of(request), data.name.strip()
    try:
        grants = [_grant(desk, data.role, data.scope)]
        token = desk.staff.accounts.add(name, data.display, grants, by=person.name, address=person.address)
    except LogError as error:
        return _print_accounts(request, desk, error, data)
    return _print_link(request, desk, name, token)


@get(_ACCOUNT, opt=_READ)
@in_thread
def account_page(request: DeskRequest, state: State, name: FromPath[str]) -> Response[bytes]:
    """Show an account, its roles and its tokens."""
    return _print_account(request, state.desk, name, None)


@post(f"{_ACCOUNT}/roles", opt=_MANAGE, status_code=200)
@in_thread
def change_roles(
    request: DeskRequest, state: State, name: FromPath[str], data: Annotated[RoleForm, _FORM]
) -> Response[Any]:
    """Add or take away a role of an account, from its next request on."""
    desk, person = state.desk, person_of(request)
    try:
        if data.remove:
            grant, change = parse_grant(data.remove), desk.staff.accounts.remove_role
        else:
            grant, change = _grant(desk, data.role, data.scope), desk.staff.accounts.add_role
        change(name, grant, by=person.name, address=person.address)
    except LogError as error:
        return _print_account(request, desk, name, error, data)
    return see(f"/accounts/{name}")


@post(f"{_ACCOUNT}/invitation", opt=_MANAGE, status_code=200)
@in_thread
def invite(request: DeskRequest, state: State, name: FromPath[str]) -> Response[bytes]:
    """Invite again: password, second factor and sessions of the account end at once."""
    desk, person = state.desk, person_of(request)
    token = desk.staff.accounts.invite(name, by=person.name, address=person.address)
    return _print_link(request, desk, name, token)


@post(f"{_ACCOUNT}/disable", opt=_MANAGE, status_code=200)
@in_thread
def disable(request: DeskRequest, state: State, name: FromPath[str]) -> Response[Any]:
    """End the sessions, links and tokens of an account."""
    desk, person = state.desk, person_of(request)
    try:
        desk.staff.accounts.disable(name, by=person.name, address=person.address)
    except LogError as error:
        return _print_account(request, desk, name, error)
    return see(f"/accounts/{name}")


@post(f"{_ACCOUNT}/tokens", opt=_MANAGE, status_code=200)
@in_thread
def add_token(
    request: DeskRequest, state: State, name: FromPath[str], data: Annotated[dict[str, str], _FORM]
) -> Response[bytes]:
    """Add a token of an account, and show it once."""
    desk, person = state.desk, person_of(request)
    try:
        dataset, part = _scope(desk, data.get("scope", ""))
        secret, token = desk.staff.tokens.add(
            name,
            data.get("label", ""),
            dataset=dataset or "",
            part=part,
            actions=[action for action in TOKEN_ACTIONS if data.get(f"action-{action}")],
            days=read_number(data.get("days")),
            by=person.name,
            address=person.address,
        )
    except LogError as error:
        return _print_account(request, desk, name, error, data)
    return page(request, "token.html", token=token, secret=secret)


@post("/tokens/{number:int}/revoke", opt=_MANAGE, status_code=200)
@in_thread
def revoke_token(request: DeskRequest, state: State, number: FromPath[int]) -> Response[Any]:
    """End a token at once."""
    desk, person = state.desk, person_of(request)
    token = desk.staff.tokens.revoke(number, by=person.name, address=person.address)
    return see(f"/accounts/{token.account}")


def _scope(desk: Desk, text: str) -> tuple[str | None, str | None]:
    """Read ``DATASET``, ``DATASET:PART`` or nothing.

    Raises ``LogError``: ``no-such-dataset``, ``no-such-part``.
    """
    name, _, part = text.partition(":")
    if not name:
        return None, None
    dataset = desk.log.datasets.get(name)
    return name, find_part(dataset, part).name if part else None


def _grant(desk: Desk, role: str, scope: str) -> Grant:
    dataset, part = _scope(desk, scope)
    return Grant(parse_grant(role).role, dataset, part)


def _scopes(desk: Desk) -> Sequence[tuple[str, str]]:
    """List the scopes of roles and tokens that are less than all, each with its words."""
    scopes = []
    for dataset in desk.log.datasets.all():
        scopes.append((dataset.name, dataset.title))
        scopes += [(f"{dataset.name}:{part.name}", f"{dataset.title} {part.name}") for part in dataset.parts]
    return scopes


def _print_accounts(
    request: DeskRequest, desk: Desk, fault: LogError | None, sent: NewAccountForm | None = None
) -> Response[bytes]:
    return page(
        request,
        "accounts.html",
        accounts=desk.staff.accounts.all(),
        tokens=desk.staff.tokens.all(),
        now=desk.clock(),
        fault=fault,
        sent=sent,
        roles=_ROLES,
        scopes=_scopes(desk),
    )


def _print_account(
    request: DeskRequest,
    desk: Desk,
    name: str,
    fault: LogError | None,
    sent: RoleForm | Mapping[str, str] | None = None,
) -> Response[bytes]:
    one = desk.staff.accounts.get(name)
    return page(
        request,
        "account.html",
        one=one,
        tokens=[token for token in desk.staff.tokens.all() if token.account == name],
        now=desk.clock(),
        fault=fault,
        sent=sent,
        roles=_ROLES,
        scopes=_scopes(desk),
        token_actions=TOKEN_ACTIONS,
        days=DAYS,
        most_days=MOST_DAYS,
        is_own=one.name == request.user.name,
    )


def _print_link(request: DeskRequest, desk: Desk, name: str, token: str) -> Response[bytes]:
    kind = "link" if desk.staff.accounts.get(name).demo else "invitation"
    address = f"{desk.base}/{kind}/{token}"
    return page(request, "invited.html", name=name, address=address, hours=INVITATION_HOURS)


HANDLERS = [
    accounts_page,
    add_account,
    account_page,
    change_roles,
    invite,
    disable,
    add_token,
    revoke_token,
]
