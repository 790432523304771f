"""Routes below ``/.well-known``: the API catalog (RFC 9727) and ``security.txt`` (RFC 9116)."""

from __future__ import annotations

from datetime import date
from typing import Any

from openapi.operation import Operation
from publisher.views.api import requested_view
from publisher.views.discovery import vocabulary
from publisher.web.conditional_requests import Validity
from publisher.web.problems import ProblemError
from publisher.web.route import AnyRoute, Call, Reply, route
from publisher.web.service import Service

_OPENAPI = "application/vnd.oai.openapi+json"
_PROFILE = 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'


@route(
    Operation(
        name="get_api_catalog",
        path="/.well-known/api-catalog",
        tag="operation",
        summary="本站接口一览（RFC 9727）",
        description="各接口的文档地址，格式为 RFC 9264 的 linkset。\n\n"
        "The APIs of the site with their definitions, as a linkset (RFC 9264).",
        answer=dict[str, Any],
        media_type=_PROFILE,
        also=("application/linkset+json", "application/json"),
    )
)
def get_api_catalog(service: Service, call: Call) -> Reply:
    requested_view.refuse_parameters(call)

    def api(path: str, definition: str, media: str, *documents: str) -> dict[str, Any]:
        pages = [{"href": service.link(page), "type": "text/html"} for page in documents]
        definitions = [{"href": service.link(definition), "type": media}]
        return {"anchor": service.link(path), "service-desc": definitions, "service-doc": pages}

    catalog = {
        "linkset": [
            {**api("/v1", "/openapi.json", _OPENAPI, "/docs", "/developers"), "status": _status(service)},
            api("/ogc", "/ogc/api", f"{_OPENAPI};version=3.0", "/ogc/api?f=html"),
        ]
    }
    return Reply(Validity((service.site.base,)), lambda: catalog, {"content-type": _PROFILE})


def _status(service: Service) -> list[dict[str, str]]:
    return [{"href": service.link("/readyz"), "type": "application/json"}]


@route(
    Operation(
        name="file:security.txt",
        path="/.well-known/security.txt",
        tag="",
        summary="",
        description="",
        media_type="text/plain; charset=utf-8",
    )
)
def get_security_txt(service: Service, call: Call) -> Reply:
    """Read the contact of the site. Raises ``no-such-route`` where none is set."""
    requested_view.refuse_parameters(call)
    contacts = [node["@id"] for node in vocabulary.contact(service.site_details().details.contact).values()]
    if not contacts:
        raise ProblemError("no-such-route")
    lines = [f"Contact: {address}" for address in contacts]
    lines += [
        f"Expires: {_month_after_next(service.today())}T00:00:00Z",
        "Preferred-Languages: zh, en",
        f"Canonical: {service.link(call.address)}",
    ]
    body = "".join(f"{line}\n" for line in lines).encode()
    return Reply(Validity((body,)), lambda: body)


def _month_after_next(day: date) -> date:
    """Return the first day of the month after next: the file changes once a month, so caches may keep it."""
    months = day.year * 12 + day.month + 1
    return date(months // 12, months % 12 + 1, 1)


ROUTES: tuple[AnyRoute, ...] = (get_api_catalog,)
STATIC: tuple[AnyRoute, ...] = (get_security_txt,)
"""Files that are not part of the contract."""
