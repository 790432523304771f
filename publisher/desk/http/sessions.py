"""Sessions in a cookie: Litestar's server-side backend, without anonymous sessions and without fixation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, MutableScopeHeaders
from litestar.middleware.session.server_side import ServerSideSessionBackend, ServerSideSessionConfig
from litestar.types import Empty, Message, ScopeSession

from publisher.desk.accounts.accounts import Account

IDLE_SECONDS = 30 * 60
LONGEST_SECONDS = 12 * 3600
"""A session ends then, however busy it is."""
_FRESH = "fresh"


class SignedInSessions(ServerSideSessionBackend):
    """A session begins with a sign-in, under a new id; from then on a response only renews its time."""

    async def store_in_message(
        self, scope_session: ScopeSession, message: Message, connection: ASGIConnection[Any, Any, Any, Any]
    ) -> None:
        store = self.config.get_store_from_app(connection.scope["app"])
        session_id = connection.cookies.get(self.config.key)
        headers = MutableScopeHeaders.from_message(message)
        if scope_session is Empty or not scope_session:
            if session_id:
                await self.delete(session_id, store=store)
                headers.add("Set-Cookie", self._cookie("null", 0))
            return
        if scope_session.pop(_FRESH, False):  # type: ignore[union-attr]
            if session_id:
                await self.delete(session_id, store=store)
            session_id = self.generate_session_id()
            await self.set(session_id, self.serialize_data(scope_session, connection.scope), store=store)
        elif session_id is None or await store.get(session_id, renew_for=self.config.max_age) is None:
            return  # signed out meanwhile, in another tab
        headers.add("Set-Cookie", self._cookie(session_id, self.config.max_age))

    def _cookie(self, value: str, max_age: int) -> str:
        config = self.config
        cookie = Cookie(
            key=config.key,
            value=value,
            max_age=max_age,
            path=config.path,
            secure=config.secure,
            httponly=config.httponly,
            samesite=config.samesite,
        )
        return cookie.to_header(header="")


@dataclass
class SessionConfig(ServerSideSessionConfig):
    """Configuration of the cookie. ``secure``: the desk is reached by HTTPS."""

    _backend_class = SignedInSessions


def cookie_name(*, secure: bool) -> str:
    """Return the name of the cookie. ``secure``: the desk is reached by HTTPS."""
    return "__Host-desk" if secure else "desk"


def session_config(*, secure: bool) -> SessionConfig:
    return SessionConfig(
        key=cookie_name(secure=secure),
        max_age=IDLE_SECONDS,
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def begin_session(connection: ASGIConnection[Any, Any, Any, Any], account: Account, now: float) -> None:
    """Begin a session of an account, under a new id."""
    connection.set_session({"account": account.name, "epoch": account.epoch, "since": int(now), _FRESH: True})
