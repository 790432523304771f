"""The feed of what is noticed at the sources that are collected, in three formats."""

from __future__ import annotations

from openapi.model import Operation
from publisher.announcing.scope import FORMS, TITLES, Form
from publisher.announcing.selection import NoSuchArchiveError
from publisher.announcing.sources import SOURCES, sources_feed
from publisher.api import parameters
from publisher.api.conditional import Validity
from publisher.api.feeds import ARCHIVE, no_such_archive
from publisher.api.parameters import Grammar
from publisher.api.routing import AnyRoute, Call, Reply, Route, Service

_GRAMMAR = Grammar(names=frozenset({"archive"}))


def _of_sources(form: Form) -> Route:
    operation = Operation(
        name=f"get_sources_{form}_feed",
        path=f"/feeds/{SOURCES}.{form}",
        tag="订阅",
        summary=f"来源网站的变动({TITLES[form]})",
        description="所采集的网页在来源网站上的改动、消失和恢复, 新的在前, 至多 200 条; "
        "更早的在存档里。\n\nWhat was noticed at the sites that are collected: pages changed, gone or back; "
        "the newest, up to 200. What is older is in the archives.",
        parameters=(ARCHIVE,),
        media_type=FORMS[form] + ("" if form == "json" else "; charset=utf-8"),
    )

    def handle(service: Service, call: Call) -> Reply:
        asked = parameters.parse(call.query, _GRAMMAR)
        noticed = service.store.noticed()

        def build() -> bytes:
            try:
                return sources_feed(service.store, form, asked.archive)
            except NoSuchArchiveError:
                raise no_such_archive() from None

        return Reply(Validity(("sources", noticed)), build)

    return Route(operation, handle)


ROUTES: tuple[AnyRoute, ...] = tuple(_of_sources(form) for form in FORMS)
