"""Transfer of a complete site from one database to another."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from publisher.log.log import Log
from publisher.log.model import LogError, RecordQuery, View
from publisher.log.verification.integrity import Scope
from tests.publisher.log.evidence.test_evidence import add_page, exchange
from tests.publisher.log.test_migrations import restore
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.log import MIDDLE, entry, fees_dataset, ids, rebuild_spans, release, stage, standards


def site_of_fees(url: str, folder: Path, clock: Clock) -> Log:
    log = Log.open(url, sources=folder / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    log.datasets.create(*fees_dataset())
    return log


def fill_log(folder: Path) -> Log:
    """Fill a log on SQLite: releases, 勘误, withdrawal, erasure, a rename, a draft."""
    clock = Clock()
    log = site_of_fees(sqlite.new(folder / "qingdan.db"), folder, clock)
    release(log, entry("甲"), entry("乙"), entry("丙"), entry("丁"))
    clock.advance(days=1)
    release(log, entry("甲", "2"), entry("乙"), entry("丁"), on=MIDDLE)
    clock.advance(days=1)
    records = ids(log)
    log.releases.correct("fees", {records["甲"]: entry("甲", "3").content}, reason="勘误")
    log.releases.withdraw("fees", [records["乙"]], reason="误发")
    log.releases.rename(
        "fees", records["丁"], {"name": "丁丁", "standard": "1"}, effective_on=MIDDLE, reason="更名"
    )
    erased = next(c.record for c in log.queries.changes(dataset="fees") if c.title == "丙")
    log.releases.erase(records=[("fees", erased)], ground="判决")
    stage(log, entry("戊"), part="民政局")
    return log


def due_time() -> datetime:
    """Time at which all of :func:`fill_log` is due."""
    return datetime(2021, 1, 1, tzinfo=UTC)


def read_everything(log: Log) -> dict[str, Any]:
    """Everything that a reader can see, except when a source was received."""
    releases = log.queries.releases("fees")
    views = [View(release=r.number) for r in releases] + [View(), View(as_of=MIDDLE)]
    return {
        "releases": releases,
        "states": [log.queries.records("fees", RecordQuery(view=view, limit=100)).records for view in views],
        "changes": log.queries.changes(dataset="fees", limit=1000),
        "draft": log.drafts.get("fees"),
        "erased": log.queries.erasures("fees"),
        "spans": sorted(log.queries.spans(), key=lambda span: span.id),
        "verified": log.integrity.verify(),
        "outbox": log.outbox.items(due_by=due_time()),
    }


def test_a_site_moves_completely_and_works_there(tmp_path: Path, postgresql_url: str) -> None:
    old = fill_log(tmp_path)
    moved = old.move(postgresql_url, sources=tmp_path / "none")
    assert moved.releases == 6
    assert moved.sources == 1
    new = Log.open(postgresql_url, sources=tmp_path / "none", clock=due_time)
    assert read_everything(new) == read_everything(old)
    (source,) = {s.digest for r in new.queries.releases("fees") for s in r.sources} - {""}
    assert new.evidence.source_bytes(source) == old.evidence.source_bytes(source)
    published = new.releases.publish("fees", effective_on=MIDDLE)
    assert published is not None
    release(new, entry("己"), on=MIDDLE, part="财政局", on_conflict="replace")
    assert {"戊", "己"} <= standards(new).keys()
    assert new.integrity.verify().ok
    assert rebuild_spans(new) == 0
    old.close()
    new.close()


def test_a_site_moves_back_to_a_file(tmp_path: Path, postgresql_url: str) -> None:
    old = fill_log(tmp_path)
    old.move(postgresql_url, sources=tmp_path / "none")
    there = Log.open(postgresql_url, sources=tmp_path / "none", clock=Clock())
    there.move(f"sqlite:///{tmp_path / 'back.db'}", sources=tmp_path / "back")
    assert (tmp_path / "back.db").stat().st_mode & 0o077 == 0
    back = Log.open(f"sqlite:///{tmp_path / 'back.db'}", sources=tmp_path / "back", clock=due_time)
    assert read_everything(back) == read_everything(old)
    for log in (old, there, back):
        log.close()


def test_a_site_does_not_overwrite_another(tmp_path: Path, postgresql_url: str) -> None:
    here, there = fill_log(tmp_path), site_of_fees(postgresql_url, tmp_path, Clock())
    other = sqlite.new(tmp_path / "other" / "qingdan.db")
    site_of_fees(other, tmp_path / "other", Clock()).close()
    for target in (postgresql_url, other, f"sqlite:///{tmp_path / 'qingdan.db'}"):
        with pytest.raises(LogError) as refused:
            here.move(target, sources=tmp_path / "other" / "sources")
        assert refused.value.code == "move-target"
    assert there.queries.releases("fees") == ()
    assert not list((tmp_path / "other").rglob("sources/**/*")), "the sources of the other site stay"
    with psycopg.connect(postgresql_url) as conn:
        assert conn.execute("SELECT count(*) FROM source_bytes").fetchone() == (0,)
    here.close()
    there.close()


@pytest.mark.slow
def test_a_site_of_another_version_is_not_upgraded_by_a_refusal(tmp_path: Path) -> None:
    here, target = fill_log(tmp_path), tmp_path / "old.db"
    restore(f"sqlite:///{target}", "0022")
    with pytest.raises(LogError) as refused:
        here.move(f"sqlite:///{target}", sources=tmp_path / "none")
    assert refused.value.code == "move-target"
    with closing(sqlite3.connect(target)) as conn:
        assert conn.execute("SELECT version_num FROM alembic_version").fetchone() == ("0022",)
    here.close()


@pytest.mark.slow
@pytest.mark.parametrize("to", ["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def test_a_part_that_was_merged_into_a_newer_one_moves(
    tmp_path: Path, request: pytest.FixtureRequest, to: str
) -> None:
    old = fill_log(tmp_path)
    old.drafts.discard("fees")
    old.datasets.merge_parts("fees", "财政局", "民政局")
    url = (
        request.getfixturevalue("postgresql_url")
        if to == "postgresql"
        else f"sqlite:///{tmp_path / 'new.db'}"
    )
    old.move(url, sources=tmp_path / "none")
    new = Log.open(url, sources=tmp_path / "none", clock=due_time)
    assert read_everything(new) == read_everything(old)
    assert {r.part for r in new.queries.records("fees", RecordQuery()).records} == {"民政局"}
    old.close()
    new.close()


def test_a_site_whose_derived_tables_were_edited_is_not_moved(tmp_path: Path, postgresql_url: str) -> None:
    old = fill_log(tmp_path)
    with old._session.database.write() as conn:
        conn.execute(text("UPDATE span SET title = 'x' WHERE made = 1"))
    with pytest.raises(LogError) as refused:
        old.move(postgresql_url, sources=tmp_path / "none")
    assert refused.value.code == "move-damaged"
    assert "span.title" in refused.value.en
    with psycopg.connect(postgresql_url) as conn:
        assert conn.execute("SELECT count(*) FROM site").fetchone() == (0,)
    old.integrity.repair(tmp_path / "replaced.jsonl")
    assert old.move(postgresql_url, sources=tmp_path / "none").releases == 6
    old.close()


def test_pages_and_their_responses_move_with_their_bytes(tmp_path: Path, postgresql_url: str) -> None:
    old = fill_log(tmp_path)
    old.evidence.store_exchanges([exchange(add_page(old))])
    old.move(postgresql_url, sources=tmp_path / "none")
    there = Log.open(postgresql_url, sources=tmp_path / "none", clock=due_time)
    (response,) = there.evidence.responses(1)
    assert there.evidence.source_bytes(response.digest) == b"warc one200"
    assert there.integrity.verify(Scope(sources=True)).ok
    old.close()
    there.close()


def test_a_copy_that_differs_is_rolled_back(
    tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = fill_log(tmp_path)
    Log.open(postgresql_url, sources=tmp_path / "none").close()
    site_of_fees(postgresql_url, tmp_path, Clock()).close()
    with psycopg.connect(postgresql_url, autocommit=True) as conn:
        conn.execute("TRUNCATE site, dataset, part, catalogue, entry, tile, checkpoint CASCADE")
        conn.execute(
            "CREATE FUNCTION spoil() RETURNS trigger AS "
            "$$ BEGIN NEW.title := 'x'; RETURN NEW; END $$ LANGUAGE plpgsql"
        )
        conn.execute("CREATE TRIGGER spoil BEFORE INSERT ON revision FOR EACH ROW EXECUTE FUNCTION spoil()")
    with pytest.raises(LogError) as refused:
        old.move(postgresql_url, sources=tmp_path / "none")
    assert refused.value.code == "move-differs"
    with psycopg.connect(postgresql_url) as conn:
        assert conn.execute("SELECT count(*) FROM site").fetchone() == (0,)
    old.close()
