"""Connection settings of a cluster, in a separate module so that settings load without the client."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Connection:
    hosts: tuple[str, ...]
    alias: str = "qingdan"
    api_key: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
    ca: Path | None = None
    timeout: float = 10.0
    """Timeout of a request, in seconds. Bulk writes have their own."""
    deadline: float = 2.0
    """Seconds for a whole search, so that a frozen node does not hold up readers."""
    shards: int = 1
    replicas: int = 0
