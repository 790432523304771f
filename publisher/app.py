"""The application, built from settings; importing this module has no side effects."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import FrameType

import anyio
import uvicorn
from litestar import Litestar
from litestar.concurrency import sync_to_thread
from msgspec import structs

from publisher.inbox.correction_form import CorrectionForm
from publisher.inbox.follow_form import FollowForm
from publisher.inbox.form_limits import DailyLimits, FormTokens
from publisher.inbox.public_inbox import PublicInbox
from publisher.indexing.open_engine import open_engine
from publisher.log.clocks import utc_now
from publisher.log.database.postgresql import ServerLimits
from publisher.log.log import Log
from publisher.log.transparency.key_files import KeyFiles
from publisher.mac_key import read_or_replace_key
from publisher.prepared_files import prepare_files
from publisher.settings import Settings
from publisher.telemetry.request_metrics import RequestMetrics
from publisher.views.api import contract
from publisher.views.api.routes import datasets, feeds, proofs, well_known
from publisher.views.mcp import endpoint as mcp_endpoint
from publisher.views.ogc import routes as ogc_routes
from publisher.views.pages import error, home
from publisher.views.pages import routes as page_routes
from publisher.views.pages.corrections import submission
from publisher.views.pages.follow import follow_submission
from publisher.views.pages.printing import page_request
from publisher.views.pages.printing.templates import Press
from publisher.web import endpoints, error_responses
from publisher.web.asgi_edge import Edge
from publisher.web.capacity.heavy_work_processes import HeavyWorkProcesses, Perform
from publisher.web.error_log import ErrorLog
from publisher.web.http_protocol import BODY_SECONDS, bounded_protocol, listen
from publisher.web.route import Call, Endpoint
from publisher.web.service import Service, create_service
from search.contract import Request, SearchEngine, SearchError

type Task = Callable[[], Awaitable[object]]

STATEMENT_SECONDS = 60
"""Seconds after which a database server ends a statement of the public side."""
_WORK_SECONDS, _SHUTDOWN_SECONDS = 5, 8
"""Seconds after SIGTERM for which heavy work may still run, and any request at all."""
_SWITCH_SECONDS = 0.0005
"""Seconds for which a thread keeps the interpreter; Python's default is ten times as long."""
logger = logging.getLogger(__name__)


def create_app(
    settings: Settings,
    *,
    log: Log | None = None,
    search: SearchEngine | None = None,
    clock: Callable[[], datetime] = utc_now,
    background: Sequence[Task] = (),
    perform: Perform | None = None,
) -> Edge:
    """Create the service.

    A passed log and engine are closed by the caller; otherwise they are opened by ``settings`` and closed at
    shutdown. ``background``: tasks that run from startup until they are cancelled at shutdown.
    ``perform``: see :func:`publisher.heavy_work.perform`; without it threads do that work. Raises
    ``LogError`` if the folder does not contain a site.
    """
    closers: list[Task] = []
    if log is None:
        new_log = log = _open_log(settings, clock)
        closers.append(lambda: sync_to_thread(new_log.close))
    if search is None:
        search = open_engine(settings)
        closers.append(search.close)
    service = create_service(settings, log, search, clock)
    if (inbox := _open_inbox(settings, clock)) is not None:
        closers.append(lambda: sync_to_thread(inbox.close))
        service = _with_forms(service, settings, inbox)
    processes = None
    if perform is not None:
        most = settings.queries.at_once + settings.exports.at_once
        processes = HeavyWorkProcesses(partial(perform, settings, service.start), most)
        service = replace(service, processes=processes)
    press = Press()
    geo = ogc_routes.open_geo(service, settings.boundaries, press)
    errors = ErrorLog()
    assistants = mcp_endpoint.McpEndpoint(service, errors)
    return Edge(
        endpoints=[
            *_build_endpoints(service, press),
            *ogc_routes.endpoints(geo, errors),
            submission.endpoint(service, press),
            *follow_submission.endpoints(service, press),
        ],
        mounts={mcp_endpoint.PATH: assistants},
        prepare=partial(_run_and_log, partial(_prepare, service, press)),
        stop_work=service.pools.stop,
        metrics=RequestMetrics(),
        address_of=service.budgets.address_of,
        explain=error_responses.explainer(service.site.base, error.make_problem_page(press, service), errors),
        # Names and files of many records take seconds, so they are read and made in the background.
        lifespan=[
            _build_lifespan(
                (service.names.update_until_cancelled, partial(prepare_files, service), *background), closers
            ),
            lambda _: assistants.running(),
            *([lambda _: processes.running()] if processes else []),
        ],
        openapi_config=None,
        logging_config=None,
    )


def _open_log(settings: Settings, clock: Callable[[], datetime]) -> Log:
    keys = KeyFiles(settings.keys, settings.key_passphrase)
    limits = ServerLimits(settings.database_connections, STATEMENT_SECONDS, "qingdan serve")
    return Log.open(settings.database, sources=settings.sources, clock=clock, keys=keys, limits=limits)


async def _prepare(service: Service, press: Press) -> None:
    """Compile templates, print the home page and read the word lists of the search."""
    await sync_to_thread(press.compile_templates)
    visit = page_request.parse_visit(service, Call({}, b"", "/"), service.site_details().details)
    await (await home.home(press, visit)).build()
    with suppress(SearchError):
        await service.search.search(Request("许可", as_of=service.today().toordinal(), limit=1))


def _open_inbox(settings: Settings, clock: Callable[[], datetime]) -> PublicInbox | None:
    """Open the inbox; None if the site takes neither corrections nor followers, or has none."""
    if not (settings.corrections or settings.mail):
        return None
    key = read_or_replace_key(settings.cursor_key)
    capacity = settings.corrections or 1  # without a form of corrections none comes
    return PublicInbox.open(settings.database, settings.inbox, key, capacity=capacity, clock=clock)


def _with_forms(service: Service, settings: Settings, inbox: PublicInbox) -> Service:
    """Add the forms that the site has."""
    clock = service.clock
    tokens = FormTokens(read_or_replace_key(settings.cursor_key), clock)
    corrections = CorrectionForm(inbox, tokens, DailyLimits(clock)) if settings.corrections else None
    mail = FollowForm(inbox.followers(), tokens, DailyLimits(clock)) if settings.mail else None
    start = structs.replace(
        service.start, takes_corrections=corrections is not None, sends_mail=mail is not None
    )
    return replace(service, corrections=corrections, mail=mail, start=start)


def _build_endpoints(service: Service, press: Press) -> list[Endpoint]:
    feeds_of_log = {str(form): route for form, route in feeds.ROUTES.items()}
    all_routes = (
        *contract.ROUTES,
        *proofs.STATIC,
        *well_known.STATIC,
        *page_routes.routes(press),
    )
    by_suffix = (*feeds.ROUTES.values(), *datasets.RDF_ROUTES.values(), datasets.get_dataset)
    return [
        *(endpoints.endpoint(route, service) for route in all_routes if route not in by_suffix),
        endpoints.by_suffix("/feeds/{dataset}", feeds_of_log, service),
        endpoints.by_suffix(
            "/v1/datasets/{dataset}", datasets.RDF_ROUTES, service, plain=datasets.get_dataset
        ),
    ]


def _build_lifespan(
    background: Sequence[Task], closers: Sequence[Task]
) -> Callable[[Litestar], contextlib.AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        try:
            # anyio waits for the threads of cancelled tasks, so that no read continues on a closed log.
            async with anyio.create_task_group() as group:
                for task in background:
                    group.start_soon(_run_and_log, task)
                try:
                    yield
                finally:
                    group.cancel_scope.cancel()
        finally:
            for close in closers:
                await close()

    return lifespan


async def _run_and_log(task: Task) -> None:
    """Run a task; a failure is logged and does not end the service."""
    try:
        await task()
    except Exception:
        logger.exception("a background task failed")


def serve(
    app: Litestar,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    on_start: Callable[[], None] | None = None,
    max_connections: int = 1000,
    body_seconds: float = BODY_SECONDS,
) -> None:
    """Serve ``app`` in this process until it is interrupted. ``on_start`` is called when it is ready.

    ``max_connections``: open at once; a further one gets 503. ``body_seconds``: for a whole body.
    Raises ``OSError`` if the address is not available.
    """
    config = uvicorn.Config(
        app,
        http=bounded_protocol(max_connections, body_seconds),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,  # longer than proxies keep theirs, so that they close first
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )
    # A request that waits for the interpreter waits this long for each thread of heavy work before it.
    sys.setswitchinterval(_SWITCH_SECONDS)
    with listen(host, port) as listener:
        _Server(config, on_start).run(sockets=[listener])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._on_start = on_start
        self._preparation: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop the service; a second Ctrl-C interrupts work, and the application is still closed."""
        if self.should_exit and self._loop is not None and isinstance(self.config.app, Edge):
            self._loop.call_soon_threadsafe(self.config.app.stop_work)
        super().handle_exit(sig, frame)
        self.force_exit = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        gc.freeze()  # objects of the startup are permanent; the garbage collector skips them from now on
        gc.enable()
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        if not self.started:
            return
        if isinstance(self.config.app, Edge):  # beside the first answers
            self._preparation = asyncio.create_task(self.config.app.prepare())
        if self._on_start is not None:
            self._on_start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if isinstance(self.config.app, Edge):
            asyncio.get_running_loop().call_later(_WORK_SECONDS, self.config.app.stop_work)
        if self._preparation is not None:  # its threads read the log, which is closed next
            await self._preparation
        await super().shutdown(sockets)
