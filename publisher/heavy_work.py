"""Heavy work, in a process of its own: files to generate and long queries of the public site.

Every function here runs in such a process, which opens the site when it begins.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from publisher import app
from publisher.indexing.open_engine import open_engine
from publisher.log.database.postgresql import ServerLimits
from publisher.log.log import Log
from publisher.settings import Settings
from publisher.views.api import contract
from publisher.views.ogc import routes as ogc_routes
from publisher.views.ogc.site import Geo
from publisher.views.pages import routes as page_routes
from publisher.views.pages.printing.templates import Press
from publisher.web import endpoints
from publisher.web.bytes_response import BytesResponse
from publisher.web.capacity.heavy_work_processes import Work
from publisher.web.file_cache import Coding
from publisher.web.route import AnyRoute, Call, FileRoute, Route
from publisher.web.service import Service, ServiceStart, create_service

_CONNECTIONS = 2


class _Site:
    """The site of this process, with its routes."""

    def __init__(self, settings: Settings, start: ServiceStart) -> None:
        limits = ServerLimits(_CONNECTIONS, app.STATEMENT_SECONDS, "qingdan serve work")
        log = Log.open(settings.database, sources=settings.sources, public=True, limits=limits)
        service = create_service(settings, log, open_engine(settings))
        self.service: Service = replace(service, start=start)
        press = Press()
        self.geo: Geo = ogc_routes.open_geo(self.service, settings.boundaries, press)
        routes: tuple[AnyRoute, ...] = (*contract.ROUTES, *page_routes.routes(press))
        self.files = {route.operation.name: route for route in routes if isinstance(route, FileRoute)}
        self.queries = {route.operation.name: route for route in routes if isinstance(route, Route)}

    def generate_file(self, operation: str, call: Call, coding: Coding) -> None:
        endpoints.generate_file(self.files[operation], self.service, call, coding)

    def answer_query(self, operation: str, call: Call, headers: Mapping[str, str]) -> BytesResponse:
        return endpoints.answer(self.queries[operation], self.service, call, headers)


def perform(settings: Settings, start: ServiceStart, work: Work, *arguments: Any) -> BytesResponse | None:
    """Perform work of the public side.

    ``file`` (operation, call, coding): generate a file into the cache. ``query`` (operation, call, headers)
    and ``features`` (request, path): respond. Raises what the same work raises in the service.
    """
    site = _open_site(settings, start)
    try:
        match work:
            case "file":
                site.generate_file(*arguments)
                return None
            case "query":
                return site.answer_query(*arguments)
            case "features":
                return ogc_routes.list_features(site.geo, *arguments)
    except Exception as error:
        error.add_note(traceback.format_exc())  # a traceback does not reach the other process
        raise


@cache
def _open_site(settings: Settings, start: ServiceStart) -> _Site:
    return _Site(settings, start)
