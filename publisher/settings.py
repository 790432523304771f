"""Where a site lives and what it uses; read once, from arguments or ``QINGDAN_*`` variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting has a row in ``docs/settings.md``; a test holds the two together."""

    home: Path
    """``QINGDAN_HOME``: the folder that holds the site."""
    database: str
    """``QINGDAN_DATABASE``: SQLAlchemy URL; SQLite in the home unless set."""
    boundaries: Path | None = None
    """``QINGDAN_BOUNDARIES``: GeoJSON of administrative divisions; no map without it."""

    @property
    def sources(self) -> Path:
        return self.home / "sources"

    @property
    def index(self) -> Path:
        return self.home / "index"

    @property
    def worker_lock(self) -> Path:
        return self.home / "worker.lock"


def read(home: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment; ``home`` (``--home``) goes before ``QINGDAN_HOME``."""
    env = os.environ if environ is None else environ
    folder = home or Path(env.get("QINGDAN_HOME") or "qingdan-site")
    boundaries = env.get("QINGDAN_BOUNDARIES")
    return Settings(
        home=folder,
        database=env.get("QINGDAN_DATABASE") or f"sqlite:///{folder / 'qingdan.db'}",
        boundaries=Path(boundaries) if boundaries else None,
    )
