"""How a cluster is reached; a module of its own, for settings are read without loading the client."""

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
    """Seconds that a search may take. Writing may take ten times as long."""
    shards: int = 1
    replicas: int = 0
