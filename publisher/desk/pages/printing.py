"""Rendering of the desk's pages, with the layout of the public site."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlencode

import msgspec
from jinja2 import Environment
from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.enums import MediaType
from litestar.response import Redirect
from litestar.utils.scope.state import ScopeState

from publisher.desk.accounts.roles import Action
from publisher.desk.desk import Desk
from publisher.log.model import LogError
from publisher.views.pages.printing.templates import (
    POLICY,
    Asset,
    clean,
    create_environments,
    page_assets,
)
from schemas.words import Lang

DeskRequest = Request[Any, Any, Any]

HEADERS = {
    "content-security-policy": POLICY,
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
"""Headers of every response of the desk."""
_PACKAGE = "publisher.desk.pages"
_PACKAGES = ("publisher.views.pages", _PACKAGE)
_LANGUAGE = "lang"
_YEAR = 365 * 24 * 3600


def static_files() -> dict[str, Asset]:
    """Return the static files of pages, the public site's too, by their names with a digest."""
    return {asset.name: asset for package in _PACKAGES for asset in page_assets(package).values()}


@cache  # to compile templates takes a second
def _environments() -> dict[str, Environment]:
    environments = dict(create_environments(_PACKAGE))
    for environment in environments.values():
        environment.globals["assets"] = {
            name: asset.name for package in _PACKAGES for name, asset in page_assets(package).items()
        }
    return environments


def language(request: DeskRequest) -> Lang:
    """Return the language of labels: that of the query, of the cookie that keeps it, or Chinese."""
    chosen = request.query_params.get(_LANGUAGE) or request.cookies.get(_LANGUAGE)
    return "en" if chosen == "en" else "zh"


def page(
    request: DeskRequest,
    template: str,
    *,
    status_code: int | None = None,
    fault: LogError | None = None,
    sent: Mapping[str, Any] | msgspec.Struct | None = None,
    **variables: Any,
) -> Response[bytes]:
    """Render a page with the account, its permissions and the form token.

    ``fault``: why the form that was sent is refused; the status is then 409, unless another one is given.
    ``sent``: what that form had, for the template's ``sent_to``.
    """
    desk: Desk = request.app.state.desk
    fields = msgspec.structs.asdict(sent) if isinstance(sent, msgspec.Struct) else sent or {}

    def sent_to(action: str) -> Mapping[str, Any]:
        """Return what the form of an address had: a page has several, and one of them was refused."""
        return fields if action == request.url.path else {}

    lang = language(request)
    html = (
        _environments()[lang]
        .get_template(template)
        .render(
            account=request.scope.get("user"),
            csrf=ScopeState.from_scope(request.scope).csrf_token or "",
            lang=lang,
            tongues={one: _address_in(request, one) for one in _environments()},
            path=request.url.path,
            site_name=desk.site_name,
            actions=Action,
            fault=fault,
            sent_to=sent_to,
            **variables,
        )
    )
    status = status_code or (200 if fault is None else 409)
    response = Response(clean(html), media_type=MediaType.HTML, status_code=status)
    if request.query_params.get(_LANGUAGE):
        response.set_cookie(
            Cookie(
                key=_LANGUAGE, value=lang, max_age=_YEAR, httponly=True, samesite="lax", secure=desk.is_secure
            )
        )
    return response


def _address_in(request: DeskRequest, lang: str) -> str:
    """Return the address of a page in a language; that of the start after a form, whose address has none."""
    pairs = [(name, text) for name, text in request.query_params.multi_items() if name != _LANGUAGE]
    start = "" if request.method == "GET" else "/"
    return f"{start}?{urlencode([*pairs, (_LANGUAGE, lang)], errors='replace')}"


def see(address: str) -> Redirect:
    """Answer a form with the page to look at next."""
    return Redirect(address, status_code=303)


def own_path(path: str) -> str:
    """Return a path of the desk; ``/`` for another site's address."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"
