"""Sign-in at a city's provider of identities: to its page, and back from it."""

from __future__ import annotations

from contextlib import suppress

import msgspec
from litestar import get
from litestar.datastructures import Cookie, State
from litestar.exceptions import NotFoundException
from litestar.response import Redirect

from publisher.desk.accounts.oidc import MINUTES, Oidc, SignInAttempt
from publisher.desk.desk import Desk
from publisher.desk.http.client_address import address_mac
from publisher.desk.http.guards import ACTION, ENTRANCE
from publisher.desk.http.in_thread import in_thread
from publisher.desk.http.sessions import begin_session
from publisher.desk.pages.printing import DeskRequest, own_path, see

_OPT = {ACTION: ENTRANCE}
_decode = msgspec.json.Decoder(SignInAttempt).decode


@get("/oidc", opt=_OPT)
@in_thread
def go_to_provider(request: DeskRequest, state: State) -> Redirect:
    """Send the browser to the provider's page. Raises ``oidc-unavailable``."""
    desk: Desk = state.desk
    address, attempt = _client(desk).begin(own_path(request.query_params.get("next", "/")))
    redirect = see(address)
    sealed = desk.staff.key.seal(msgspec.json.encode(attempt).decode()).decode()
    redirect.cookies.append(_cookie(desk, sealed, MINUTES * 60))
    return redirect


@get("/oidc/callback", opt=_OPT)
@in_thread
def return_from_provider(request: DeskRequest, state: State) -> Redirect:
    """Begin a session of who signed in there.

    Raises ``oidc-refused``, ``oidc-unavailable``, ``no-role``, ``roles-conflict``.
    """
    desk: Desk = state.desk
    attempt = _attempt(request, desk)
    identity = _client(desk).finish(attempt, dict(request.query_params))
    account = desk.staff.identities.sign_in(identity, address=address_mac(request))
    begin_session(request, account, desk.clock().timestamp())
    redirect = see(own_path(attempt.next if attempt else "/"))
    redirect.cookies.append(_cookie(desk, "", 0))
    return redirect


def _client(desk: Desk) -> Oidc:
    """Return the client of the provider. Raises ``NotFoundException`` if the site has none."""
    if desk.staff.oidc is None:
        raise NotFoundException
    return desk.staff.oidc


def _attempt(request: DeskRequest, desk: Desk) -> SignInAttempt | None:
    sealed = request.cookies.get(_name(desk), "")
    text = desk.staff.key.unseal(sealed.encode("ascii", "replace"))
    with suppress(msgspec.MsgspecError):
        return None if text is None else _decode(text)
    return None


def _name(desk: Desk) -> str:
    return "__Host-oidc" if desk.is_secure else "oidc"


def _cookie(desk: Desk, value: str, seconds: int) -> Cookie:
    """Build the cookie of an attempt. Lax: it is sent when the provider leads back."""
    own = {"httponly": True, "secure": desk.is_secure, "samesite": "lax", "path": "/"}
    return Cookie(key=_name(desk), value=value, max_age=seconds, **own)  # type: ignore[arg-type]


HANDLERS = [go_to_provider, return_from_provider]
