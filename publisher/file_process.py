"""Generation of files in processes of their own: writing a workbook holds the interpreter from readers.

Every function here runs in such a process, which opens the site when it begins.
"""

from __future__ import annotations

import os
import traceback
from contextlib import suppress
from functools import cache

from publisher import app
from publisher.indexing.open_engine import open_engine
from publisher.log.database.postgresql import ServerLimits
from publisher.log.log import Log
from publisher.settings import Settings
from publisher.views.api import contract
from publisher.web import endpoints
from publisher.web.file_cache import Coding
from publisher.web.route import Call, FileRoute
from publisher.web.service import Service

_NICENESS = 5
"""Added to that of the service, so that readers go first where the processors are busy."""
_CONNECTIONS = 2
_ROUTES = {route.operation.name: route for route in contract.ROUTES if isinstance(route, FileRoute)}


def generate_file(settings: Settings, operation: str, call: Call, coding: Coding) -> None:
    """Generate the file of a request into the cache. Raises what :func:`.endpoints.generate_file` raises."""
    try:
        endpoints.generate_file(_ROUTES[operation], _open_service(settings), call, coding)
    except Exception as error:
        error.add_note(traceback.format_exc())  # a traceback does not reach the other process
        raise


@cache
def _open_service(settings: Settings) -> Service:
    with suppress(OSError):  # a container may forbid it
        os.nice(_NICENESS)
    limits = ServerLimits(_CONNECTIONS, app.STATEMENT_SECONDS, "qingdan serve files")
    log = Log.open(settings.database, sources=settings.sources, read_only=True, limits=limits)
    return app.create_service(settings, log, open_engine(settings))
