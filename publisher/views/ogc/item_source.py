"""What one request for items asks for, and what answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class Window:
    """Which of the items that were asked for, and how much of each."""

    offset: int
    limit: int
    sort: tuple[tuple[str, bool], ...] = ()
    """(property, descending)."""
    properties: Sequence[str] = ()
    """Empty: all."""
    geometry: bool = True


@dataclass(frozen=True, slots=True)
class Items:
    features: Sequence[msgspec.Raw]
    matched: int
    more: Mapping[str, str] | None = None
    """Parameters that the next page is asked for with; None at the end."""


@dataclass(slots=True)
class Source:
    """One request's; ``found`` and ``item`` are what pygeoapi's provider was answered."""

    fields: Mapping[str, Mapping[str, Any]]
    query: Callable[[Window], Items]
    get: Callable[[str], msgspec.Raw | None]
    found: Items | None = None
    item: msgspec.Raw | None = None
