"""``qingdan verify --index``: what was changed outside the database is named, and ``--repair`` mends it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import anyio
import pytest

from publisher.log.log import Log
from publisher.settings import read_settings
from search.embedded.engine import EmbeddedEngine
from tests.support.command import Home

pytestmark = pytest.mark.slow

TABLE = "事项名称,权力类型,行使主体\n甲项许可,行政许可,市统计局\n乙项许可,行政许可,市统计局\n"


@pytest.fixture
def site(tmp_path: Path) -> Home:
    """Two records in the index, and one generated file."""
    site = Home(tmp_path / "site")
    site.dataset("shili")
    site.publish_text("shili", TABLE)
    with site.client() as client:
        client.get("/v1/datasets/shili/releases/1/files/csv").raise_for_status()
    return site


def verify(site: Home, *options: str) -> list[str]:
    """Run the command → the problems that it named."""
    answer = site.run("verify", "--index", "--json", *options).json
    assert answer["ok"] == (not answer["problems"])
    problems: list[str] = answer["problems"]
    return problems


def damage_index(site: Home) -> None:
    """Erase a document from the index, and nothing from the log."""
    settings = read_settings(site.home, {})
    log = Log.open(settings.database, sources=settings.sources, read_only=True)
    span = min(log.queries.spans(), key=lambda span: span.record)
    log.close()
    engine = EmbeddedEngine(settings.index)
    anyio.run(engine.erase, [f"{span.record}.1.{date(2024, 1, 1).toordinal()}"])
    anyio.run(engine.close)


def test_what_the_index_lacks_and_a_file_that_was_changed_are_named_and_mended(site: Home) -> None:
    assert verify(site) == []
    damage_index(site)
    (file,) = (site.home / "files" / "release").glob("*.csv")
    honest = file.read_bytes()
    file.write_bytes(honest.replace("甲".encode(), "乙".encode()))
    problems = verify(site)
    assert any("索引中没有 not in the index" in problem for problem in problems)
    assert any(file.name in problem for problem in problems)
    list_of_old = site.home.parent / "replaced.jsonl"
    assert verify(site, "--repair", str(list_of_old)) == []
    assert len(list_of_old.read_text("utf-8").splitlines()) == len(problems) == 2
    with site.client() as client:
        assert client.get("/v1/datasets/shili/releases/1/files/csv").content == honest
        assert client.get("/v1/search", params={"q": "甲项许可"}).json()["total"] >= 1
