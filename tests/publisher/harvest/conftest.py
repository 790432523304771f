"""A site with a dataset of documents, and a government site on loopback to collect from."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient
from sqlalchemy import text

from publisher import settings
from publisher.app import create_app
from publisher.log.log import Log
from publisher.web.asgi_edge import Edge
from tests.support.command import CommandResult, Home, create_arguments
from tests.support.servers.loopback import Loopback, loopback_server

DATASET = "zhengce"


@dataclass(frozen=True)
class Collector:
    """The command with a home whose ``sources.toml`` names one source, ``anshan``."""

    site: Home
    web: Loopback

    def source(self, name: str = "anshan", *, web: Loopback | None = None, **keys: Any) -> str:
        web = web or self.web
        keys = {"title": "鞍山市人民政府", "dataset": DATASET, "hosts": [web.host], "pace": 0.0, **keys}
        keys.setdefault("lists", [f"{web.base}/list.html"])
        return f"[{name}]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in keys.items())

    def write(self, *sources: str) -> None:
        (self.site.home / "sources.toml").write_text("\n".join(sources), encoding="utf-8")

    def collect(self, *arguments: object) -> dict[str, Any]:
        """Run ``collect`` → the report of the only source."""
        ran = self.run(*arguments)
        (report,) = ran.json["sources"]
        assert isinstance(report, dict)
        return report

    def run(self, *arguments: object) -> CommandResult:
        return self.site.run("collect", "--json", *arguments)

    def publish(self) -> None:
        self.site.ok("publish", DATASET, "--effective-on", "2015-12-01", "--basis", "示政发〔2015〕1号")

    def draft(self) -> list[dict[str, Any]]:
        """Contents that the draft adds or changes, sorted by title."""
        ran = self.site.run("draft", "diff", DATASET, "--json")
        changes = [*ran.json["added"], *ran.json["changed"]] if ran.out else []
        return sorted((one["after"] for one in changes), key=lambda c: str(c["title"]))

    def log(self) -> Log:
        return Log.open(f"sqlite:///{self.site.home / 'qingdan.db'}", sources=self.site.home / "sources")

    @contextmanager
    def served(self) -> Iterator[TestClient[Edge]]:
        """Serve the site → HTTP client."""
        with TestClient(create_app(settings.read_settings(self.site.home, {}))) as client:
            yield client


def codes(report: dict[str, object]) -> list[str]:
    return [finding["code"] for finding in report["findings"]]  # type: ignore[attr-defined]


def make_due(collector: Collector) -> None:
    """Mark every page as checked long ago."""
    log = collector.log()
    with log._session.database.write() as conn:
        conn.execute(text("UPDATE page SET checked_at = 1 WHERE checked_at IS NOT NULL"))
    log.close()


@pytest.fixture
def web() -> Iterator[Loopback]:
    with loopback_server() as web:
        yield web


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create a site with its dataset, for tests to copy."""
    site = Home(tmp_path_factory.mktemp("made") / "home")
    site.init()
    site.ok(*create_arguments(DATASET, "policies"))
    return site.home


@pytest.fixture
def collector(tmp_path: Path, home: Path, web: Loopback, monkeypatch: pytest.MonkeyPatch) -> Collector:
    monkeypatch.setenv("QINGDAN_LOOPBACK", "1")
    site = Home(tmp_path / "home")
    shutil.copytree(home, site.home)
    collector = Collector(site, web)
    collector.write(collector.source())
    return collector


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return repr(value) if isinstance(value, int | float) else f"'{value}'"
