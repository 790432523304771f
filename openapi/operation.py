"""An operation of the API as a value: document, routes, docs and tests are built from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query or path parameter. ``schema`` is JSON Schema (2020-12)."""

    name: str
    description: str
    schema: Mapping[str, Any]
    where: Literal["query", "path"] = "query"
    required: bool = False
    example: Any = None
    free_form: bool = False
    """Stands for many names (``field=value``): an exploded object in OpenAPI's words."""


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One kind of problem (RFC 9457): ``code`` ends its ``type`` URI and never changes its meaning."""

    code: str
    status: int
    title: str
    title_en: str
    advice: str
    """What a caller does about it, Chinese."""
    advice_en: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One GET. HEAD answers the same without a body and is not listed by itself."""

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
    """The struct of a 200; None where the body is not JSON of ours."""
    parameters: tuple[Parameter, ...] = ()
    problems: tuple[str, ...] = ()
    media_type: str = "application/json"
    also: tuple[str, ...] = ()
    """Other media types of the same answer; to this contract an object where JSON, else text."""
    conditional: bool = True
    """Sends an ETag and answers If-None-Match with 304."""
