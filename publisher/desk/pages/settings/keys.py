"""Keys that sign checkpoints: 安全管理 makes and replaces them, as the commands of ``key`` do."""

from __future__ import annotations

import hashlib
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import State

from publisher.desk import work
from publisher.desk.accounts.roles import Action
from publisher.desk.acts import audited
from publisher.desk.desk import Desk
from publisher.desk.http.guards import ACTION
from publisher.desk.http.in_thread import in_thread
from publisher.desk.pages.printing import DeskRequest, page, see
from publisher.desk.work import person_of
from publisher.log.model import LogError


@get("/keys", opt={ACTION: Action.READ_ACCOUNTS})
@in_thread
def keys_page(request: DeskRequest, state: State) -> Response[bytes]:
    """List the keys of the site."""
    return _print_keys(request, state.desk, None)


@post("/keys", opt={ACTION: Action.MANAGE_KEYS}, status_code=200)
@in_thread
def replace_key(request: DeskRequest, state: State) -> Response[Any]:
    """Create the first key, or replace the key: the old and the new one sign."""
    desk: Desk = state.desk
    keys, command = desk.log.keys, desk.settings.sign_command
    try:
        with audited(desk, "key-changed", work.event_of(person_of(request), "", {})) as details:
            new = keys.rotate(command=command) if keys.all() else keys.create(command=command)
            details["key"] = str(new)
    except LogError as error:
        return _print_keys(request, desk, error)
    return see("/keys")


def _print_keys(request: DeskRequest, desk: Desk, fault: LogError | None) -> Response[bytes]:
    keys = [
        (one, hashlib.sha256(one.key.public).hexdigest(), desk.log.keys.has_file(one.key))
        for one in reversed(desk.log.keys.all())
    ]
    return page(request, "keys.html", keys=keys, fault=fault)


HANDLERS = [keys_page, replace_key]
