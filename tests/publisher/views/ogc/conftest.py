"""A site on loopback for real clients: service halls, fees of four releases, documents, two divisions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from publisher.log.log import Log
from publisher.log.model import DraftEntry
from schemas.definition import file_loader as catalogues
from schemas.definition.catalogue import Content
from search.embedded.engine import EmbeddedEngine
from tests.publisher.views.ogc.places import PLACES, catalogue, halls
from tests.support.clock import Clock
from tests.support.servers.http_service import address, loopback_socket, serving
from tests.support.site import FEES, Site, demo_dataset, fill, opened, ticking_clock

POLICIES = "policy-documents"
HALLS = 80
DOCUMENTS: list[Content] = [
    {
        "number": "示政发〔2015〕34号",
        "title": "示例市推进简政放权工作方案的通知",
        "issuer": "示例市人民政府",
        "kind": "通知",
        "date_written": "2015-10-30",
    },
    {
        "number": "示政发〔2015〕35号",
        "title": "示例市行政审批事项取消的决定",
        "issuer": "示例市人民政府",
        "kind": "决定",
        "date_written": "2015-11-20",
    },
]


def boundaries() -> dict[str, Any]:
    """Build two invented squares; one has its code in ``gb``, as in Chinese national data sets."""

    def square(west: float, south: float, **properties: str) -> dict[str, Any]:
        east, north = west + 0.5, south + 0.5
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        return {"type": "Feature", "properties": properties, "geometry": geometry}

    features = [square(123.0, 41.0, gb="156210302", name="甲区"), square(122.0, 40.5, code="210303")]
    return {"type": "FeatureCollection", "features": features}


@dataclass(frozen=True)
class Live:
    base: str
    log: Log
    engine: EmbeddedEngine
    client: httpx.Client
    halls: Sequence[Content]

    def get(self, path: str, **params: Any) -> httpx.Response:
        """Request an address below the landing page."""
        return self.client.get(f"{self.base}/ogc{path}", params=params or None)

    def items(self, collection: str, **params: Any) -> dict[str, Any]:
        response = self.get(f"/collections/{collection}/items", **params)
        assert response.status_code == 200, response.text
        page: dict[str, Any] = response.json()
        return page

    def walk(self, collection: str, **params: Any) -> list[dict[str, Any]]:
        """Return all features, following the links to the next pages."""
        page = self.items(collection, **params)
        features = list(page["features"])
        while (following := link(page, "next")) is not None:
            page = self.client.get(following).json()
            features += page["features"]
        return features


def link(document: dict[str, Any], rel: str) -> str | None:
    return next((entry["href"] for entry in document["links"] if entry["rel"] == rel), None)


def publish_halls(log: Log, contents: Sequence[Content], on: date) -> None:
    source = log.evidence.put_source(json.dumps(contents).encode(), name="大厅.csv", media_type="text/csv")
    entries = [DraftEntry(content=content) for content in contents]
    log.drafts.stage(PLACES, entries, part=None, source=source, parser_version="1")
    log.releases.publish(PLACES, effective_on=on)


def content(log: Log, clock: Clock, contents: Sequence[Content]) -> None:
    fill(log, clock)
    log.datasets.create(
        demo_dataset(PLACES, catalogue="halls", title="办事大厅(演示数据)", title_en="Service halls (demo)"),
        catalogue(),
    )
    publish_halls(log, contents, date(2015, 6, 1))
    titles = {"title": "政策文件(演示数据)", "title_en": "Policy documents (demo)"}
    log.datasets.create(
        demo_dataset(POLICIES, catalogue="policies", **titles), catalogues.load_catalogue("policies")
    )
    source = log.evidence.put_source(b"documents", name="文件.txt", media_type="text/plain")
    entries = [DraftEntry(content=content) for content in DOCUMENTS]
    log.drafts.stage(POLICIES, entries, part=None, source=source, parser_version="1")
    log.releases.publish(POLICIES, effective_on=date(2015, 11, 20))


@contextmanager
def served(home: Path, database: str) -> Iterator[Live]:
    """Serve the site on loopback. ``database`` is the URL of an empty database; empty means SQLite."""
    contents = halls(HALLS)
    file = home / "divisions.geojson"
    file.write_text(json.dumps(boundaries()), encoding="utf-8")
    bound = loopback_socket()
    with (
        opened(
            home,
            Site,
            content=partial(content, contents=contents),
            clock=ticking_clock(datetime(2016, 1, 4, 1, tzinfo=UTC)),
            base=address(bound),
            QINGDAN_BOUNDARIES=str(file),
            QINGDAN_DATABASE=database,
        ) as site,
        serving(site.app, bound) as base,
        httpx.Client(timeout=60) as client,
    ):
        yield Live(base, site.log, site.engine, client, contents)


@pytest.fixture(scope="session")
def live(new_session_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with served(tmp_path_factory.mktemp("geo"), new_session_database()) as live:
        yield live


__all__ = ["FEES", "HALLS", "PLACES", "POLICIES", "Live", "link", "live", "publish_halls"]
