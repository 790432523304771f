"""Operation of the API as data, from which document, routes, documentation and tests are built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec


class Parameter(msgspec.Struct, frozen=True):
    """A query or path parameter. ``schema`` is JSON Schema (2020-12)."""

    name: str
    description: str
    schema: Mapping[str, Any]
    where: Literal["query", "path"] = "query"
    required: bool = False
    example: Any = None
    free_form: bool = False
    """Whether it represents any name (``field=value``): an exploded object in OpenAPI."""


class ProblemKind(msgspec.Struct, frozen=True):
    """One kind of problem (RFC 9457): ``code`` ends its ``type`` URI and never changes its meaning."""

    code: str
    status: int
    title: str
    title_en: str
    advice: str
    """Advice for the client, in Chinese."""
    advice_en: str


class Operation(msgspec.Struct, frozen=True):
    """One GET operation. HEAD returns the same without a body and is not listed separately."""

    name: str
    """``operationId``; generated clients name their methods by it."""
    path: str
    """With ``{dataset}`` for a path parameter."""
    tag: str
    summary: str
    """Chinese."""
    description: str
    """Chinese, then English."""
    answer: type | None = None
    """Struct of a 200 response; None if its body is not JSON of our own."""
    parameters: tuple[Parameter, ...] = ()
    problems: tuple[str, ...] = ()
    media_type: str = "application/json"
    also: tuple[str, ...] = ()
    """Other media types of the same response, documented as an object if JSON, else as a string."""
    conditional: bool = True
    """Whether it sends an ETag and answers If-None-Match with 304."""
