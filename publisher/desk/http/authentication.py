"""Authentication: the account that sends a request, by a session or a token."""

from __future__ import annotations

from typing import Any

from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotAuthorizedException
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.middleware.csrf import CSRFMiddleware
from litestar.types import Receive, Scope, Send

from publisher.desk.accounts.accounts import Account
from publisher.desk.desk import Desk
from publisher.desk.http.guards import ACTION, ENTRANCE
from publisher.desk.http.problems import API
from publisher.desk.http.sessions import LONGEST_SECONDS
from publisher.log.model import LogError


class Authentication(AbstractAuthenticationMiddleware):
    """Sets ``request.user`` to the account of the session or of the token, or to None at the entrance."""

    async def authenticate_request(
        self, connection: ASGIConnection[Any, Any, Any, Any]
    ) -> AuthenticationResult:
        secret = bearer_token(connection)
        if secret is None:
            account = await self._account(connection)
        else:
            account = await sync_to_thread(_desk(connection).staff.tokens.account_of, secret)
        is_entrance = connection.route_handler.opt.get(ACTION) == ENTRANCE
        if account is None and not is_entrance and not _has_fields(connection):
            raise NotAuthorizedException("sign-in needed")  # before the body of a stranger is read
        return AuthenticationResult(account, "session")

    async def _account(self, connection: ASGIConnection[Any, Any, Any, Any]) -> Account | None:
        session = connection.scope.get("session")  # a static file has none
        if not isinstance(session, dict) or not session:
            return None
        desk = _desk(connection)
        account = await sync_to_thread(_find_account, desk, str(session["account"]))
        age = desk.clock().timestamp() - session["since"]
        if account is None or account.epoch != session["epoch"] or age > LONGEST_SECONDS:
            connection.clear_session()
            return None
        return account


class FormGuard(CSRFMiddleware):
    """Refuses forms of other sites. Programs need none: no other site can send their bearer token."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if bearer_token(ASGIConnection[Any, Any, Any, Any](scope)) is None:
            await super().__call__(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _decode_csrf_token(self, token: Any) -> str | None:
        """Return what a form token decodes to; None also for a file and for a text that is not ASCII.

        Litestar (2.25) fails for these two.
        """
        is_text = isinstance(token, str) and token.isascii()
        return super()._decode_csrf_token(token) if is_text else None


def bearer_token(connection: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    """Return the token of a request of a program (RFC 6750). Pages know none."""
    scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
    is_token = scheme.casefold() == "bearer" and connection.url.path.startswith(f"{API}/")
    return secret.strip() if is_token else None


def _has_fields(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """Test whether a request may have texts that somebody typed before the session ended.

    The guard of forms reads them next, as it reads a sign-in, and :func:`.guards.permit` refuses the request.
    """
    media_type = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type == RequestEncodingType.URL_ENCODED and not connection.url.path.startswith(API)


def _desk(connection: ASGIConnection[Any, Any, Any, Any]) -> Desk:
    desk: Desk = connection.app.state.desk
    return desk


def _find_account(desk: Desk, name: str) -> Account | None:
    try:
        account = desk.staff.accounts.get(name)
    except LogError:
        return None
    return account if account.disabled_at is None else None
