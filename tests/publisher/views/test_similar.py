"""What is similar by meaning, in the API and on the page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import anyio
import pytest
from litestar.testing import TestClient

from publisher.app import create_app
from schemas.definition.catalogue import Content
from search.embedded.engine import EmbeddedEngine
from search.semantic.encoder import Encoder
from tests.support.servers.language_model import require_model
from tests.support.site import BASE, FEES, PLAIN, Site, four_releases, publish

QUESTION = "残障人士"
"""Shares no word with the records that it means."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return require_model(tmp_path_factory)


@pytest.fixture
def site(tmp_path: Path, database: str) -> Iterator[Site]:
    """The same site, for a test that writes."""
    with four_releases(tmp_path / "site", database=database) as site:
        yield site


@pytest.mark.slow
def test_similar_records_stand_apart_from_the_hits(site: Site, model: Path) -> None:
    records: list[Content] = [
        {"name": name, "department": "市民政局", "management": "缴入地方国库"}
        for name in ("残疾人证办理", "残疾人证换领", "残疾人证补办")
    ]
    publish(site.log, FEES, [*PLAIN, *records], date(2016, 3, 4), "示政发〔2016〕9号")
    site.index()
    engine = EmbeddedEngine(site.settings.index, encoder=Encoder(model))
    app = create_app(site.settings, log=site.log, search=engine, clock=site.clock)
    assert site.client.get("/v1/search", params={"q": QUESTION}).json()["similar"] is None
    with TestClient(app, base_url=BASE) as client:
        before = client.get("/v1/search", params={"q": QUESTION})
        assert before.json()["similar"] == {"total": 0, "hits": [], "next": None}

        async def encode() -> None:
            while await engine.encode(8):
                pass

        anyio.run(encode)
        first = client.get("/v1/search", params={"q": QUESTION, "limit": 2, "facets": "dataset"})
        assert first.headers["etag"] != before.headers["etag"]
        answer = first.json()
        assert (answer["total"], answer["hits"], answer["facets"][0]["values"]) == (0, [], [])
        assert answer["similar"]["total"] == 3
        assert len(answer["similar"]["hits"]) == 2
        following = client.get(answer["similar"]["next"]).json()
        assert (following["hits"], following["similar"]["next"]) == ([], None)
        titles = [hit["title"]["text"] for one in (answer, following) for hit in one["similar"]["hits"]]
        assert sorted(titles) == sorted(str(record["name"]) for record in records)
        assert (
            client.get("/v1/search", params={"q": QUESTION, "as_of": "2016-01-20"}).json()["similar"]["hits"]
            == []
        )
        page = client.get("/search", params={"q": QUESTION, "limit": 2}).text
        _, heading, after = page.partition('<h2 id="similar">意思相近</h2>')
        assert heading
        assert "残疾人证" in after
        assert answer["not_held"] == ["残障", "人士"]
        assert "没有内容含有<bdi>“残障”</bdi>" in page
        assert "本站没有收录" not in page
        denied = client.get("/search", params={"q": "燃气灶具火星移民"}).text
        assert "本站没有收录" in denied
        assert 'id="similar"' not in denied
        feed = client.get("/feeds/search.json", params={"q": QUESTION}).json()
        assert feed["items"] == []
