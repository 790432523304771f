"""Pages for people who are not signed in: sign-in, invitation, and the static files of pages."""

from __future__ import annotations

import io
from typing import Annotated, Any

import msgspec
import segno
from litestar import Response, get, post
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body, FromPath
from litestar.response import Redirect
from markupsafe import Markup

from publisher.desk.accounts import credentials
from publisher.desk.desk import Desk
from publisher.desk.http.client_address import address_mac
from publisher.desk.http.guards import ACTION, ENTRANCE
from publisher.desk.http.in_thread import in_thread
from publisher.desk.http.sessions import begin_session
from publisher.desk.pages.printing import DeskRequest, own_path, page, see, static_files
from publisher.log.model import LogError

_OPT = {ACTION: ENTRANCE}
_FORM = Body(media_type=RequestEncodingType.URL_ENCODED)


class SignInForm(msgspec.Struct, frozen=True):
    """The form of sign-in."""

    name: Annotated[str, msgspec.Meta(max_length=200)] = ""
    password: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    code: Annotated[str, msgspec.Meta(max_length=20)] = ""
    next: str = "/"


class InvitationForm(msgspec.Struct, frozen=True):
    """The form of an invited person. ``secret``: the TOTP secret that the form showed."""

    password: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    again: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    secret: Annotated[str, msgspec.Meta(pattern="^[A-Z2-7]{32}$")] = ""
    code: Annotated[str, msgspec.Meta(max_length=20)] = ""


@get("/sign-in", opt=_OPT)
@in_thread
def sign_in_page(request: DeskRequest, state: State) -> Response[bytes]:
    """Show the form of sign-in."""
    return _print_sign_in(request, state.desk, None, "", request.query_params.get("next", "/"))


@post("/sign-in", opt=_OPT, status_code=200)
@in_thread
def sign_in(request: DeskRequest, state: State, data: Annotated[SignInForm, _FORM]) -> Response[Any]:
    """Begin a session, or show what is wrong."""
    desk: Desk = state.desk
    try:
        account = desk.staff.sign_in.with_password(
            data.name.strip(), data.password, data.code, address=address_mac(request)
        )
    except LogError as error:
        return _print_sign_in(request, desk, error, data.name, data.next)
    begin_session(request, account, desk.clock().timestamp())
    return see(own_path(data.next))


@get("/link/{token:str}", opt=_OPT)
@in_thread
def link_page(request: DeskRequest, token: FromPath[str]) -> Response[bytes]:
    """Show a button: programs that fetch addresses of messages do not use a link up."""
    return page(request, "link.html", token=token)


@post("/link/{token:str}", opt=_OPT)
@in_thread
def use_link(request: DeskRequest, state: State, token: FromPath[str]) -> Redirect:
    """Begin a session of a demo account. Raises ``link-expired``."""
    desk: Desk = state.desk
    account = desk.staff.sign_in.with_link(token, address=address_mac(request))
    begin_session(request, account, desk.clock().timestamp())
    return see("/")


@get("/invitation/{token:str}", opt=_OPT)
@in_thread
def invitation_page(request: DeskRequest, state: State, token: FromPath[str]) -> Response[bytes]:
    """Show the form of an invitation, with a new TOTP secret. Raises ``link-expired``."""
    return _print_invitation(request, state.desk, token, credentials.new_totp_secret(), None)


@post("/invitation/{token:str}", opt=_OPT)
@in_thread
def accept_invitation(
    request: DeskRequest, state: State, token: FromPath[str], data: Annotated[InvitationForm, _FORM]
) -> Response[Any]:
    """Set password and TOTP, and begin a session. Raises ``link-expired``."""
    desk: Desk = state.desk
    try:
        credentials.check_repeated(data.password, data.again)
        account = desk.staff.accounts.accept(
            token,
            password=data.password,
            totp_secret=data.secret,
            code=data.code,
            address=address_mac(request),
        )
    except LogError as error:
        if error.code == "link-expired":
            raise
        return _print_invitation(request, desk, token, data.secret, error)
    begin_session(request, account, desk.clock().timestamp())
    return see("/")


@get("/assets/{name:str}", opt={**_OPT, "skip_session": True}, sync_to_thread=False)
def asset(name: FromPath[str]) -> Response[bytes]:
    """Return a static file of pages."""
    file = static_files().get(name)
    if file is None:
        raise NotFoundException
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(file.body, media_type=file.media_type, headers=headers)


def _print_sign_in(
    request: DeskRequest, desk: Desk, fault: LogError | None, name: str, next_path: str
) -> Response[bytes]:
    status, has_provider = 200 if fault is None else 403, desk.staff.oidc is not None
    return page(
        request,
        "sign_in.html",
        status_code=status,
        fault=fault,
        name=name,
        next=next_path,
        has_provider=has_provider,
    )


def _print_invitation(
    request: DeskRequest, desk: Desk, token: str, secret: str, fault: LogError | None
) -> Response[bytes]:
    account = desk.staff.accounts.find_invited(token)
    address = credentials.totp_address(secret, account.name, desk.site_name)
    return page(
        request,
        "invitation.html",
        status_code=200 if fault is None else 403,
        invited=account,
        token=token,
        secret=secret,
        qr=_qr_code(address),
        fault=fault,
        shortest=credentials.SHORTEST_PASSWORD,
    )


def _qr_code(address: str) -> Markup:
    """Draw a QR code as SVG, without styles, which the policy of pages forbids."""
    buffer = io.BytesIO()
    segno.make(address, error="m").save(
        buffer, kind="svg", scale=5, xmldecl=False, svgns=False, dark="#000", light="#fff", omitsize=False
    )
    return Markup(buffer.getvalue().decode())  # noqa: S704 - drawn here, of squares


HANDLERS = [sign_in_page, sign_in, link_page, use_link, invitation_page, accept_invitation, asset]
