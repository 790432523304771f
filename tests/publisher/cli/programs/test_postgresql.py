"""The command with a site on PostgreSQL, and a site that is transferred there."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from litestar.testing import TestClient

from publisher.app import create_app
from publisher.settings import read_settings
from tests.support.command import Home, item, xlsx
from tests.support.servers.postgresql import Server

NAME = "shili-power-list"


@pytest.fixture
def on_postgresql(tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("QINGDAN_DATABASE", postgresql_url)
    return Home(tmp_path / "home")


def test_a_clerk_publishes_and_a_reader_finds_it(
    on_postgresql: Home, postgresql_url: str, tmp_path: Path
) -> None:
    site = on_postgresql
    site.dataset(NAME, "应急管理局")
    first = xlsx(tmp_path / "一.xlsx", [item("危险化学品经营许可"), item("烟花爆竹经营许可")])
    site.ok("import", first, "--dataset", NAME, "--part", "应急管理局")
    site.ok("publish", NAME, "--effective-on", "2015-12-01", "--basis", "示发〔2015〕1号")
    second = xlsx(tmp_path / "二.xlsx", [item("危险化学品经营许可", promised="5个工作日")])
    site.ok("import", second, "--dataset", NAME, "--part", "应急管理局")
    site.ok("publish", NAME, "--effective-on", "2016-12-01", "--basis", "示发〔2016〕1号")
    (hit,) = site.ok("search", "危險化學品經營許可", "--json").json["hits"]
    assert "危险化学品" in str(hit)
    kinds = [c["kind"] for c in site.ok("changes", NAME, "--release", 2, "--json").json]
    assert sorted(kinds) == ["changed", "removed"]
    assert site.ok("verify", "--json").json["ok"]
    with psycopg.connect(postgresql_url) as conn:
        stored_files = [bytes(row[0]) for row in conn.execute("SELECT data FROM source_bytes")]
    assert sorted(stored_files) == sorted(path.read_bytes() for path in (first, second))
    assert not (site.home / "sources").exists()


def test_the_command_moves_a_site_and_says_how_to_go_on(
    tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Home(tmp_path / "home")
    site.dataset(NAME, "应急管理局")
    site.ok("import", xlsx(tmp_path / "一.xlsx", [item("甲许可")]), "--dataset", NAME, "--part", "应急管理局")
    site.ok("publish", NAME, "--effective-on", "2015-12-01", "--basis", "示发〔2015〕1号")
    assert site.run("move", "--to", "mysql://x").code == 2
    assert "QINGDAN_DATABASE" in site.ok("move", "--to", postgresql_url).err
    assert site.run("move", "--to", postgresql_url).code == 1
    before = site.ok("changes", NAME, "--json").json
    monkeypatch.setenv("QINGDAN_DATABASE", postgresql_url)
    assert site.ok("changes", NAME, "--json").json == before
    site.ok("reindex")
    assert site.ok("search", "甲许可", "--json").json["total"] == 1


def test_a_site_on_postgresql_is_backed_up_and_restored_by_its_own_tools(
    on_postgresql: Home, postgresql_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older backup forgets nothing that was erased since, and goes on once it is completed."""
    site = on_postgresql
    site.dataset(NAME)
    site.ok("key", "new")
    site.ok("import", xlsx(tmp_path / "一.xlsx", [item("甲许可"), item("乙许可")]), "--dataset", NAME)
    site.ok("publish", NAME, "--effective-on", "2015-12-01", "--basis", "示发〔2015〕1号")
    report = site.ok("backup", tmp_path / "backups", "--keys", tmp_path / "keys", "--json").json
    assert (report["entries"], report["keys"]) == (4, 2)  # of the log and of the inbox
    site.ok("erase", NAME, "乙许可", "--ground", "判决书", "--yes")
    rewritten = site.run("backup", tmp_path / "backups", "--forget-erased", "--json")
    assert (rewritten.code, len(rewritten.json["not_rewritten"])) == (1, 1)
    with TestClient(create_app(read_settings(site.home))) as client:
        (tmp_path / "log.zip").write_bytes(client.get("/v1/log.zip").content)
        (tmp_path / "kept").write_bytes(client.get("/log/checkpoint").content)
    changes = site.ok("changes", NAME, "--json").json
    with postgresql_server.database(migrated=False) as other:
        monkeypatch.setenv("QINGDAN_DATABASE", other)
        new = Home(tmp_path / "new")
        options = ("--checkpoint", tmp_path / "kept", "--keys", tmp_path / "keys")
        assert new.ok("restore", tmp_path / "backups", *options, "--json").json["missing"] == 1
        with psycopg.connect(other) as conn:
            rows = conn.execute("SELECT count(*) FROM revision WHERE content LIKE '%乙许可%'").fetchone()
        assert rows == (0,)
        new.ok("log", "complete", tmp_path / "log.zip")
        assert new.ok("verify", "--json").json["problems"] == []
        assert new.ok("changes", NAME, "--json").json == changes
        assert "home-not-empty" in new.run("restore", tmp_path / "backups", "--no-checkpoint").err
