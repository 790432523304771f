"""The guard of every route: its action must be permitted to the account."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler

from publisher.desk.accounts.accounts import Account
from publisher.desk.accounts.roles import Action

ACTION = "action"
"""Key of a handler's ``opt``: an :class:`.Action`, or :data:`ENTRANCE`."""
ENTRANCE = "entrance"
"""Routes for people who are not signed in."""
PASSWORDS = "passwords"
"""Key of a handler's ``opt``: its form has passwords, which no page repeats."""


def permit(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Deny a request unless a role permits the action of its route, on some part of its dataset.

    Which part is known to the function that acts, which calls :func:`require`.

    Raises ``NotAuthorizedException`` without a session, ``PermissionDeniedException`` without the role.
    """
    action = handler.opt.get(ACTION)
    if action == ENTRANCE:
        return
    account: Account | None = connection.user
    if account is None:
        raise NotAuthorizedException("sign-in needed")
    if not isinstance(action, Action) or not account.may_in(action, connection.path_params.get("dataset")):
        raise PermissionDeniedException("not permitted")


def check_actions(handlers: list[HTTPRouteHandler]) -> None:
    """Raise ``ValueError`` for a route that belongs to no action."""
    for handler in handlers:
        action = handler.opt.get(ACTION)
        if action != ENTRANCE and not isinstance(action, Action):
            raise ValueError(f"{sorted(handler.paths)} belongs to no action")


def require(account: Account, action: Action, dataset: str, part: str | None) -> None:
    """Deny an action on one part of a dataset. Raises ``PermissionDeniedException``."""
    if not account.may(action, dataset, part):
        raise PermissionDeniedException("not permitted")
