"""What a process may do to a PostgreSQL server: bounds of waits, statements and connections; previews."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from litestar.testing import TestClient
from sqlalchemy import func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from publisher.app import create_app
from publisher.log.database import postgresql, sqlite
from publisher.log.database.connection import Database
from publisher.log.database.postgresql import ServerLimits
from publisher.log.log import Log
from publisher.log.model import LogError, Proposal
from publisher.settings import Settings
from search.embedded.engine import EmbeddedEngine
from tests.support.clock import Clock
from tests.support.log import MIDDLE, entry, fees_dataset, ids, release, stage, standards
from tests.support.servers.shared_server import PROJECT


def open_log(url: str, folder: Path) -> Log:
    log = Log.open(url, sources=folder / "sources", clock=Clock())
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    log.datasets.create(*fees_dataset())
    return log


def test_a_publisher_waits_no_longer_than_the_bound_for_another(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_MILLISECONDS", 300)
    log, other = open_log(url, tmp_path), Database(url)
    with other.write(), pytest.raises(LogError) as refused:
        stage(log, entry("甲"))
    assert refused.value.code == "busy"
    stage(log, entry("甲"))
    other.close()
    log.close()


def test_a_preview_holds_up_no_publisher(url: str, tmp_path: Path) -> None:
    log, other = open_log(url, tmp_path), Log.open(url, sources=tmp_path / "sources", clock=Clock())
    release(log, entry("甲"))
    stage(log, entry("丙"), part="民政局")
    at_work, go_on = threading.Event(), threading.Event()

    def entries() -> Iterator[object]:
        yield entry("乙")
        at_work.set()
        assert go_on.wait(60)

    with ThreadPoolExecutor(1) as pool:
        proposal = Proposal(entries(), part="财政局", name="一.xlsx")  # type: ignore[arg-type]
        preview = pool.submit(log.drafts.preview, "fees", [proposal])
        assert at_work.wait(60)
        assert release(other, entry("丁"), on=MIDDLE, part="民政局").number == 2
        go_on.set()
        diff = preview.result(60)
    titles = [sorted(change.title for change in changes) for changes in (diff.added, diff.removed)]
    assert titles == [["丙", "乙"], ["甲"]], "the state when the preview began"
    assert standards(log) == {"甲": "1", "丁": "1"}
    assert log.drafts.get("fees") is None
    log.close()
    other.close()


def test_a_preview_and_a_publication_agree(url: str, tmp_path: Path) -> None:
    log = open_log(url, tmp_path)
    release(log, entry("甲"), entry("乙"))
    stage(log, entry("甲", "2"), entry("丙"))
    before = log.drafts.get("fees")
    diff = log.drafts.diff("fees", effective_on=MIDDLE)
    assert log.drafts.get("fees") == before
    counts = {"added": len(diff.added), "changed": len(diff.changed), "removed": len(diff.removed)}
    published = log.releases.publish("fees", effective_on=MIDDLE)
    assert published is not None
    assert counts == {kind: published.counts[kind] for kind in counts}
    log.close()


def test_an_erasure_says_how_much_it_rewrites(url: str, tmp_path: Path) -> None:
    log = open_log(url, tmp_path)
    release(log, entry("甲"))
    preview = log.releases.preview_erasure("fees", [ids(log)["甲"]])
    assert preview.rewritten_bytes > 8_192
    log.close()


def test_statements_and_connections_have_a_bound(postgresql_url: str) -> None:
    database = Database(postgresql_url, limits=ServerLimits(2, 1, "qingdan serve"))
    with database.read() as conn:
        assert conn.scalar(text("SHOW application_name")) == "qingdan serve"
        with pytest.raises(OperationalError, match="statement timeout"):
            conn.execute(select(func.pg_sleep(3)))
    with database.read(), database.read(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(database.engine.pool, "_timeout", 0.2)
        with pytest.raises(NoConnectionError), database.read():
            pass
    with psycopg.connect(postgresql_url) as conn:
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'qingdan serve'"
        assert conn.execute(query).fetchone() == (2,)
    database.close()


def test_a_reader_that_does_not_end_ends_the_rewriting_and_not_the_other_readers(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "_TURN_MILLISECONDS", 100)
    monkeypatch.setattr(postgresql, "_TURNS", 2)
    log, other = open_log(postgresql_url, tmp_path), Log.open(postgresql_url, sources=tmp_path / "sources")
    release(log, entry("甲"))
    with other.snapshot():
        standards(other)
        with pytest.raises(LogError) as refused:
            log.releases.erase(records=[("fees", ids(log)["甲"])], ground="示例")
        assert refused.value.code == "erasure-incomplete"
        assert standards(log) == {}
    log.releases.scrub()
    log.close()
    other.close()


def test_serve_needs_no_right_but_to_read_and_none_to_the_secrets(
    postgresql_url: str, tmp_path: Path
) -> None:
    """The statements of docs/postgresql.md; those of the inbox have a test of their own."""
    log = open_log(postgresql_url, tmp_path)
    release(log, entry("甲"))
    role = f"serve_{uuid4().hex}"
    guide = (PROJECT / "docs/postgresql.md").read_text(encoding="utf-8")
    of_log, _, _ = guide.partition("GRANT USAGE ON SCHEMA qingdan_inbox")
    statements = [line for line in of_log.splitlines() if re.match(r"GRANT|REVOKE|ALTER DEFAULT", line)]
    assert len(statements) == 5
    with psycopg.connect(postgresql_url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {role} LOGIN".encode())
        for statement in statements:
            own = statement.replace("DATABASE qingdan ", f'DATABASE "{admin.info.dbname}" ')
            own = own.replace("ROLE qingdan ", "ROLE postgres ")
            admin.execute(own.replace("qingdan_serve", role).encode())
    url = make_url(postgresql_url).set(username=role).render_as_string()
    reader = Log.open(url, sources=tmp_path / "sources", read_only=True)
    app = create_app(
        Settings(home=tmp_path, database=url), log=reader, search=EmbeddedEngine(tmp_path / "index")
    )
    with TestClient(app) as client:
        for path in (
            "/",
            "/datasets/fees",
            "/v1/datasets/fees",
            "/feeds/fees.atom",
            "/v1/datasets/fees/files/csv",
        ):
            assert client.get(path).status_code == 200, path
        assert client.get("/v1/datasets/fees/records").json()["total"] == 1
    reader.close()
    with psycopg.connect(url) as serve, pytest.raises(psycopg.errors.InsufficientPrivilege):
        serve.execute("SELECT secret FROM subscription")
    with psycopg.connect(postgresql_url, autocommit=True) as admin:
        admin.execute(f"DROP OWNED BY {role}".encode())
        admin.execute(f"DROP ROLE {role}".encode())
    log.close()


def test_a_large_draft_has_statistics_as_soon_as_it_is_staged(postgresql_url: str, tmp_path: Path) -> None:
    """Without them the planner guesses one row, and looking for duplicates took minutes."""
    log = open_log(postgresql_url, tmp_path)
    stage(log, *(entry(f"第{number}项") for number in range(1_500)))
    with psycopg.connect(postgresql_url) as conn:
        query = "SELECT reltuples FROM pg_class WHERE relname = 'draft_entry'"
        assert conn.execute(query).fetchone() == (1_500,)
    log.close()
