"""Bodies of requests in JSON: one that cannot be decoded is a bad request."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.exceptions import SerializationException


class JsonRequest(Request[Any, Any, Any]):
    """A request. Litestar (2.25) fails for a body that is not UTF-8, or is nested too deeply."""

    async def json(self) -> Any:
        try:
            return await super().json()
        except (UnicodeDecodeError, RecursionError) as error:
            raise SerializationException("the body is not UTF-8, or is nested too deeply") from error
