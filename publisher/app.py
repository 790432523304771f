"""The application: everything is built here, from settings and what they name; nothing at import."""

from __future__ import annotations

import contextlib
import gc
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from importlib import metadata

import anyio
import uvicorn
from litestar import Litestar
from litestar.concurrency import sync_to_thread

from publisher.indexing.open_engine import open_engine
from publisher.indexing.site_names import SiteNames
from publisher.log.clocks import utc_now
from publisher.log.log import Log
from publisher.settings import Settings
from publisher.views.api import contract
from publisher.views.api.routes import docs_viewer, feeds
from publisher.views.ogc import routes
from publisher.views.pages import error
from publisher.views.pages import routes as people
from publisher.views.pages.printing.templates import Press
from publisher.web import litestar_adapter
from publisher.web.asgi_edge import Edge
from publisher.web.route import Endpoint
from publisher.web.service import Service
from search.contract import SearchEngine

type Task = Callable[[], Awaitable[object]]

logger = logging.getLogger(__name__)


def create_app(
    settings: Settings,
    *,
    log: Log | None = None,
    search: SearchEngine | None = None,
    clock: Callable[[], datetime] = utc_now,
    background: Sequence[Task] = (),
) -> Litestar:
    """The service. A log and an engine that are given stay the caller's to close; what is not given is
    opened where ``settings`` say and closed at shutdown.

    ``background`` runs from startup to shutdown and is cancelled then. Raises ``LogError`` where the
    folder holds no site.
    """
    own: list[Task] = []
    if log is None:
        opened = log = Log.open(settings.database, sources=settings.sources, clock=clock)
        own.append(lambda: sync_to_thread(opened.close))
    if search is None:
        search = open_engine(settings)
        own.append(search.close)
    service = service_of(settings, log, search, clock)
    press = Press()
    geo = routes.opened(service, settings.boundaries, press.assets)
    return Edge(
        endpoints=[*_endpoints(service, press), *routes.endpoints(geo)],
        explain=litestar_adapter.explainer(service.site.base, error.printer(press, service)),
        # Of many records the names take seconds to read: none who asks should wait for them.
        lifespan=[_running((service.names.follow, *background), own)],
        openapi_config=None,
        logging_config=None,
    )


def service_of(
    settings: Settings, log: Log, search: SearchEngine, clock: Callable[[], datetime] = utc_now
) -> Service:
    """What answers are made from."""
    return Service(
        site=log.datasets.site(),
        log=log,
        search=search,
        names=SiteNames(log),
        clock=clock,
        version=metadata.version("qingdan"),
        hub=settings.hub,
        embedded=settings.database.startswith("sqlite"),
    )


def _endpoints(service: Service, press: Press) -> list[Endpoint]:
    feeds_of_log = {str(form): route for form, route in feeds.ROUTES.items()}
    every = (*contract.ROUTES, *docs_viewer.ROUTES, *people.routes(press))
    plain = [route for route in every if route not in feeds.ROUTES.values()]
    return [
        *(litestar_adapter.endpoint(route, service) for route in plain),
        litestar_adapter.by_suffix("/feeds/{dataset}", feeds_of_log, service),
    ]


def _running(
    background: Sequence[Task], own: Sequence[Task]
) -> Callable[[Litestar], contextlib.AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        try:
            # Of anyio, which waits for what a cancelled task has begun in a thread: a read outlives no log.
            async with anyio.create_task_group() as group:
                for task in background:
                    group.start_soon(_lasting, task)
                try:
                    yield
                finally:
                    group.cancel_scope.cancel()
        finally:
            for close in own:
                await close()

    return lifespan


async def _lasting(task: Task) -> None:
    """A task that fails ends alone, and says so."""
    try:
        await task()
    except Exception:
        logger.exception("a background task of the service ended")


def serve(
    app: Litestar, *, host: str = "127.0.0.1", port: int = 8000, started: Callable[[], None] | None = None
) -> None:
    """Serve ``app`` in this process until it is interrupted. ``started`` is called once it answers.

    Raises ``OSError`` where the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    config = uvicorn.Config(
        app,
        http="httptools",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,  # longer than proxies keep theirs, so that they close first
    )
    gc.collect()
    gc.freeze()  # what is made at the start stays: no collection has to walk through it again
    with socket.create_server((host, port), family=family, backlog=2048) as bound:
        _Server(config, started).run(sockets=[bound])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, then: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._then = then

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._then is not None:
            self._then()
