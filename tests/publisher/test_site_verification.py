"""``qingdan verify --index``: what was changed outside the database is named, and ``--repair`` mends it."""

from __future__ import annotations

import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import date
from pathlib import Path

import anyio
import httpx
import psycopg
import pytest

from publisher.log.log import Log
from publisher.settings import read_settings
from search.embedded.engine import EmbeddedEngine
from tests.support.command import Home
from tests.support.servers.http_service import free_port

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


@contextmanager
def served(site: Home) -> Iterator[httpx.Client]:
    """Serve the site by another process, until the end of the block."""
    port = free_port()
    serve = site.spawn("serve", "--port", port)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            deadline = time.monotonic() + 60
            while True:
                with suppress(httpx.TransportError):
                    if client.get("/healthz").is_success:
                        break
                assert time.monotonic() < deadline
                time.sleep(0.1)
            yield client
    finally:
        serve.terminate()
        with suppress(subprocess.TimeoutExpired):
            serve.communicate(timeout=30)
        serve.kill()


def damage_database(site: Home, database: str, *statements: str) -> None:
    if database:
        address = database.replace("postgresql+psycopg:", "postgresql:")
        with psycopg.connect(address) as server:
            for statement in statements:
                server.execute(statement.encode())
        return
    with closing(sqlite3.connect(site.home / "qingdan.db")) as file, file:
        for statement in statements:
            file.execute(statement)


@pytest.mark.both_databases
def test_no_cache_keeps_what_a_repair_replaced(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database:
        monkeypatch.setenv("QINGDAN_DATABASE", database)
    site = Home(tmp_path / "site")
    site.dataset("shili")
    site.publish_text("shili", TABLE)
    damage_database(
        site,
        database,
        "UPDATE span SET status = 'removed' WHERE record = 2",
        "UPDATE dataset SET created_at = 5",
    )
    lists = "/v1/datasets/shili/records", "/v1/datasets/shili/releases/1/files/csv"
    paths = (*lists, *(f"{path}?release=1" for path in lists[:1]), "/datasets/shili")
    with served(site) as client:
        before = {path: client.get(path) for path in paths}
        assert [path for path, answer in before.items() if "乙项许可" in answer.text] == []
        site.run("verify", "--repair", tmp_path / "replaced.jsonl")
        for path, old in before.items():
            tags = {"if-none-match": old.headers["etag"]}
            new = client.get(path, headers=tags)
            assert (new.status_code, "乙项许可" in new.text) == (200, True), path
            dated = client.get(path, headers={"if-modified-since": old.headers["last-modified"]})
            assert dated.status_code == 200, path
    problems = "\n".join(site.run("verify", "--json").json["problems"])
    assert "dataset, 1 shili" in problems, "a repair of other tables does not seal a row that was changed"
