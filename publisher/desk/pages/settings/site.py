"""Details of the site: its name, the body responsible for it and its registrations."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.params import Body
from msgspec import structs

from publisher.desk import work
from publisher.desk.accounts.roles import Action
from publisher.desk.acts import audited
from publisher.desk.desk import Desk
from publisher.desk.http.form_values import changed_details, write_shown
from publisher.desk.http.guards import ACTION
from publisher.desk.http.in_thread import in_thread
from publisher.desk.pages.printing import DeskRequest, page, see
from publisher.desk.work import person_of

LONGEST = 500
"""Characters of a detail."""
type _Detail = Annotated[str, msgspec.Meta(max_length=LONGEST)] | None


class SiteForm(msgspec.Struct, frozen=True):
    """Details of the site by their names; absent ones stay. ``shown``: those that the form showed."""

    name: _Detail = None
    name_en: _Detail = None
    owner: _Detail = None
    operator: _Detail = None
    contact: _Detail = None
    corrections: _Detail = None
    code: _Detail = None
    icp: _Detail = None
    police: _Detail = None
    shown: str = ""


@get("/settings", opt={ACTION: Action.READ_SETTINGS})
@in_thread
def settings_page(request: DeskRequest, state: State) -> Response[bytes]:
    """Show the form of the site's details."""
    desk: Desk = state.desk
    one, changed_at = desk.log.datasets.site_details()
    details = structs.asdict(one)
    return page(
        request,
        "site_settings.html",
        details=details,
        shown=write_shown(details),
        changed_at=changed_at,
        longest=LONGEST,
    )


@post("/settings", opt={ACTION: Action.MANAGE_DATASETS}, status_code=200)
@in_thread
def change_settings(
    request: DeskRequest,
    state: State,
    data: Annotated[SiteForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Change details of the site, as an entry of the log; a blank one is not stated any more."""
    desk: Desk = state.desk
    present = structs.asdict(desk.log.datasets.site_details()[0])
    typed = {name: getattr(data, name) for name in present}
    sent = {name: text.strip() for name, text in typed.items() if text is not None}
    changes = changed_details(sent, data.shown, present)
    if changes:
        with audited(desk, "site-changed", work.event_of(person_of(request), "", {"details": changes})):
            desk.log.datasets.change_site(**changes)
    return see("/settings")


HANDLERS = [settings_page, change_settings]
