"""Who sends a request."""

from __future__ import annotations

from typing import Any

from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult

from publisher.desk.accounts.accounts import Account
from publisher.desk.desk import Desk
from publisher.desk.http.guards import ACTION, ENTRANCE
from publisher.desk.http.sessions import LONGEST_SECONDS
from publisher.log.model import LogError


class Authentication(AbstractAuthenticationMiddleware):
    """Sets ``request.user`` to the account of the session, or to None at the entrance."""

    async def authenticate_request(
        self, connection: ASGIConnection[Any, Any, Any, Any]
    ) -> AuthenticationResult:
        account = await self._account(connection)
        if account is None and connection.route_handler.opt.get(ACTION) != ENTRANCE:
            raise NotAuthorizedException("sign-in needed")  # before the body of a stranger is read
        return AuthenticationResult(account, "session")

    async def _account(self, connection: ASGIConnection[Any, Any, Any, Any]) -> Account | None:
        session = connection.scope.get("session")  # a static file has none
        if not isinstance(session, dict) or not session:
            return None
        desk: Desk = connection.app.state.desk
        account = await sync_to_thread(_find_account, desk, str(session["account"]))
        age = desk.clock().timestamp() - session["since"]
        if account is None or account.epoch != session["epoch"] or age > LONGEST_SECONDS:
            connection.clear_session()
            return None
        return account


def _find_account(desk: Desk, name: str) -> Account | None:
    try:
        account = desk.people.accounts.get(name)
    except LogError:
        return None
    return account if account.disabled_at is None else None
