"""The feed of what is noticed at the sources that are collected, in three formats."""

from __future__ import annotations

from openapi.model import Operation
from publisher.announcing.scope import FORMS, TITLES, Form
from publisher.announcing.sources import SOURCES, sources_feed
from publisher.api import parameters
from publisher.api.conditional import Validity
from publisher.api.parameters import Grammar
from publisher.api.routing import AnyRoute, Call, Reply, Route, Service

_PLAIN = Grammar()


def _of_sources(form: Form) -> Route:
    operation = Operation(
        name=f"get_sources_{form}_feed",
        path=f"/feeds/{SOURCES}.{form}",
        tag="订阅",
        summary=f"来源网站的变动({TITLES[form]})",
        description="所采集的网页在来源网站上的改动、消失和恢复, 新的在前, 至多 100 条。\n\n"
        "What was noticed at the sites that are collected: pages changed, gone or back; the newest 100.",
        media_type=FORMS[form] + ("" if form == "json" else "; charset=utf-8"),
    )

    def handle(service: Service, call: Call) -> Reply:
        parameters.parse(call.query, _PLAIN)
        noticed = service.store.noticed()
        return Reply(Validity(("sources", noticed)), lambda: sources_feed(service.store, form))

    return Route(operation, handle)


ROUTES: tuple[AnyRoute, ...] = tuple(_of_sources(form) for form in FORMS)
