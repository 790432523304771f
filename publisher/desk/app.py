"""The application of the desk, built from settings; importing this module has no side effects."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

from litestar import Litestar
from litestar.config.allowed_hosts import AllowedHostsConfig
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import MutableScopeHeaders, State
from litestar.exceptions import HTTPException
from litestar.middleware import DefineMiddleware
from litestar.stores.registry import StoreRegistry
from litestar.types import Message, Scope

from publisher.desk import refusals
from publisher.desk.api import routes as api
from publisher.desk.api.contract import openapi_config
from publisher.desk.desk import Desk, Staff, create_desk
from publisher.desk.http.authentication import Authentication, FormGuard
from publisher.desk.http.guards import check_actions, permit
from publisher.desk.http.request_body import BodyRequest
from publisher.desk.http.sessions import cookie_name, session_config
from publisher.desk.pages import (
    accounts,
    audit,
    documents,
    drafts,
    entrance,
    own_account,
    proposals,
    records,
    releases,
    requests,
    sheets,
    single_sign_on,
    sources,
    submissions,
)
from publisher.desk.pages.printing import HEADERS
from publisher.desk.pages.settings import datasets, keys, site, subscriptions
from publisher.desk.scheduling import work_on_time
from publisher.log.clocks import utc_now
from publisher.log.log import Log
from publisher.log.model import LogError
from publisher.settings import Settings
from publisher.web.capacity.client_budget import ClientBudgets

HANDLERS = [
    *entrance.HANDLERS,
    *single_sign_on.HANDLERS,
    *own_account.HANDLERS,
    *drafts.HANDLERS,
    *proposals.HANDLERS,
    *sheets.HANDLERS,
    *records.HANDLERS,
    *releases.HANDLERS,
    *requests.HANDLERS,
    *submissions.HANDLERS,
    *documents.HANDLERS,
    *sources.HANDLERS,
    *accounts.HANDLERS,
    *audit.HANDLERS,
    *site.HANDLERS,
    *datasets.HANDLERS,
    *subscriptions.HANDLERS,
    *keys.HANDLERS,
    *api.HANDLERS,
]
"""Every route of the desk."""
_LARGEST_FORM = 1 << 20
_HSTS = "max-age=31536000"


def create_desk_app(
    settings: Settings, log: Log, staff: Staff, *, clock: Callable[[], datetime] = utc_now
) -> Litestar:
    """Create the application. ``log`` and ``staff`` are closed by the caller.

    Raises ``ValueError`` for a route that belongs to no action.
    """
    check_actions(HANDLERS)
    desk = create_desk(settings, log, staff, clock)
    headers = HEADERS | ({"strict-transport-security": _HSTS} if desk.is_secure else {})
    return Litestar(
        route_handlers=HANDLERS,
        guards=[permit],
        middleware=[
            session_config(secure=desk.is_secure).middleware,
            DefineMiddleware(Authentication, exclude_http_methods=[]),  # OPTIONS needs an account too
            DefineMiddleware(FormGuard, config=_form_tokens(desk)),
        ],
        allowed_hosts=AllowedHostsConfig(allowed_hosts=[urlsplit(desk.base).netloc]),
        lifespan=[work_on_time],
        stores=StoreRegistry({"sessions": staff.sessions}),
        exception_handlers={
            LogError: refusals.refuse_log_error,
            HTTPException: refusals.refuse_http,
            Exception: refusals.refuse_unexpected,
        },
        before_send=[_add_headers(headers)],
        request_max_body_size=_LARGEST_FORM,
        request_class=BodyRequest,
        state=State({"desk": desk, "budgets": ClientBudgets(settings.client_header)}),
        openapi_config=openapi_config(desk.base, cookie_name(secure=desk.is_secure)),
        include_in_schema=False,  # pages
        logging_config=None,
    )


def _form_tokens(desk: Desk) -> CSRFConfig:
    return CSRFConfig(
        secret=desk.staff.key.csrf_secret,
        cookie_name="__Host-form" if desk.is_secure else "form",
        cookie_secure=desk.is_secure,
        cookie_httponly=True,
        cookie_samesite="lax",
    )


def _add_headers(headers: Mapping[str, str]) -> Callable[[Message, Scope], Awaitable[None]]:
    """Add headers to every response, refusals too, that has none of that name."""

    async def add(message: Message, _: Scope) -> None:
        if message["type"] == "http.response.start":
            own = MutableScopeHeaders.from_message(message)
            for name, value in headers.items():
                own.setdefault(name, value)

    return add
