"""Where a site lives and what it uses; read once, from arguments or ``QINGDAN_*`` variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from search.elastic.connection import Connection


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting has a row in ``docs/settings.md``; a test holds the two together."""

    home: Path
    """``QINGDAN_HOME``: the folder that holds the site."""
    database: str
    """``QINGDAN_DATABASE``: SQLAlchemy URL; SQLite in the home unless set."""
    boundaries: Path | None = None
    """``QINGDAN_BOUNDARIES``: GeoJSON of administrative divisions; no map without it."""
    loopback: bool = False
    """``QINGDAN_LOOPBACK=1``: pages and callbacks may lie on this machine itself; for tests."""

    hub: str = ""
    """``QINGDAN_HUB``: address of the WebSub hub that is told of every change; none unless set."""
    cluster: Connection | None = None
    """``QINGDAN_SEARCH=elasticsearch`` and how the cluster is reached; None is the embedded engine."""

    @property
    def sources(self) -> Path:
        return self.home / "sources"

    @property
    def files(self) -> Path:
        """Files for downloading, made when first asked for; an erasure empties it."""
        return self.home / "files"

    @property
    def index(self) -> Path:
        return self.home / "index"


def read(home: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment; ``home`` (``--home``) goes before ``QINGDAN_HOME``."""
    env = os.environ if environ is None else environ
    folder = home or Path(env.get("QINGDAN_HOME") or "qingdan-site")
    boundaries = env.get("QINGDAN_BOUNDARIES")
    return Settings(
        home=folder,
        database=env.get("QINGDAN_DATABASE") or f"sqlite:///{folder / 'qingdan.db'}",
        boundaries=Path(boundaries) if boundaries else None,
        loopback=env.get("QINGDAN_LOOPBACK") == "1",
        hub=_hub(env),
        cluster=_cluster(env),
    )


def _hub(env: Mapping[str, str]) -> str:
    """Raises ``ValueError`` for what is no address on the web."""
    hub = env.get("QINGDAN_HUB") or ""
    if hub and not hub.startswith(("http://", "https://")):
        raise ValueError(f"QINGDAN_HUB: {hub!r} (https://…)")
    return hub


def _cluster(env: Mapping[str, str]) -> Connection | None:
    """Raises ``ValueError`` for an engine that there is not."""
    engine = env.get("QINGDAN_SEARCH") or "embedded"
    if engine == "embedded":
        return None
    if engine != "elasticsearch":
        raise ValueError(f"QINGDAN_SEARCH: {engine!r} (embedded, elasticsearch)")
    ca = env.get("QINGDAN_ELASTICSEARCH_CA")
    return Connection(
        hosts=tuple(
            (env.get("QINGDAN_ELASTICSEARCH_HOSTS") or "http://127.0.0.1:9200").replace(",", " ").split()
        ),
        alias=env.get("QINGDAN_ELASTICSEARCH_ALIAS") or "qingdan",
        api_key=env.get("QINGDAN_ELASTICSEARCH_API_KEY") or "",
        user=env.get("QINGDAN_ELASTICSEARCH_USER") or "",
        password=env.get("QINGDAN_ELASTICSEARCH_PASSWORD") or "",
        ca=Path(ca) if ca else None,
        shards=int(env.get("QINGDAN_ELASTICSEARCH_SHARDS") or 1),
        replicas=int(env.get("QINGDAN_ELASTICSEARCH_REPLICAS") or 0),
    )
