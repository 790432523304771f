"""The command over a site on PostgreSQL, and a site that moves there."""

from __future__ import annotations

import concurrent.futures
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from publisher.log.log import Log
from publisher.log.model import LogError, RecordQuery, View
from tests.cli.site import Site, item, xlsx
from tests.store.site import MIDDLE, Clock, entry, fees_dataset, ids, lay, put, release, said

NAME = "shili-power-list"


@pytest.fixture
def on_postgresql(home: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("QINGDAN_DATABASE", database)
    return Site(home)


def test_a_clerk_publishes_and_a_reader_finds_it(on_postgresql: Site, database: str, tmp_path: Path) -> None:
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
    with psycopg.connect(database) as conn:
        held = [bytes(row[0]) for row in conn.execute("SELECT data FROM source_bytes")]
    assert sorted(held) == sorted(path.read_bytes() for path in (first, second))
    assert not (site.home / "sources").exists()


def fees(url: str, folder: Path, clock: Clock) -> Log:
    log = Log.open(url, sources=folder / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    log.datasets.create(*fees_dataset())
    return log


def filled(folder: Path) -> Log:
    """On SQLite, with all that a log can hold: releases, 勘误, withdrawal, erasure, a rename, a draft."""
    clock = Clock()
    log = fees(f"sqlite:///{folder / 'qingdan.db'}", folder, clock)
    release(log, entry("甲"), entry("乙"), entry("丙"), entry("丁"))
    clock.advance(days=1)
    release(log, entry("甲", "2"), entry("乙"), entry("丁"), on=MIDDLE)
    clock.advance(days=1)
    known = ids(log)
    log.releases.correct("fees", {known["甲"]: entry("甲", "3").content}, reason="勘误")
    log.releases.withdraw("fees", [known["乙"]], reason="误发")
    log.releases.rename(
        "fees", known["丁"], {"name": "丁丁", "standard": "1"}, effective_on=MIDDLE, reason="更名"
    )
    gone = next(c.record for c in log.queries.changes(dataset="fees") if c.title == "丙")
    log.releases.erase(records=[("fees", gone)], ground="判决")
    lay(log, entry("戊"), part="民政局")
    return log


def later() -> datetime:
    """When all that :func:`filled` holds is due."""
    return datetime(2021, 1, 1, tzinfo=UTC)


def told(log: Log) -> dict[str, Any]:
    """All that a reader can see, but for when a source was got."""
    releases = log.queries.releases("fees")
    views = [View(release=r.number) for r in releases] + [View(), View(as_of=MIDDLE)]
    return {
        "releases": releases,
        "states": [log.queries.records("fees", RecordQuery(view=view, limit=100)).records for view in views],
        "changes": log.queries.changes(dataset="fees", limit=1000),
        "draft": log.drafts.get("fees"),
        "erased": log.queries.erased_records("fees"),
        "spans": sorted(log.queries.spans(), key=lambda span: span.id),
        "verified": log.releases.verify(),
        "outbox": log.outbox.items(due_by=later()),
    }


def test_a_site_moves_whole_and_goes_on_there(tmp_path: Path, database: str) -> None:
    old = filled(tmp_path)
    moved = old.move(database, sources=tmp_path / "none")
    assert moved.releases == 6
    assert moved.sources == 1
    new = Log.open(database, sources=tmp_path / "none", clock=later)
    assert told(new) == told(old)
    (source,) = {s.digest for r in new.queries.releases("fees") for s in r.sources} - {""}
    assert new.evidence.source_bytes(source) == old.evidence.source_bytes(source)
    made = new.releases.publish("fees", effective_on=MIDDLE)
    assert made is not None
    release(new, entry("己"), on=MIDDLE, part="财政局", on_conflict="replace")
    assert {"戊", "己"} <= said(new).keys()
    assert new.releases.verify().ok
    assert new.releases.rebuild_spans() == 0
    old.close()
    new.close()


def test_a_site_moves_back_to_a_file(tmp_path: Path, database: str) -> None:
    old = filled(tmp_path)
    old.move(database, sources=tmp_path / "none")
    there = Log.open(database, sources=tmp_path / "none", clock=Clock())
    there.move(f"sqlite:///{tmp_path / 'back.db'}", sources=tmp_path / "back")
    back = Log.open(f"sqlite:///{tmp_path / 'back.db'}", sources=tmp_path / "back", clock=later)
    assert told(back) == told(old)
    for log in (old, there, back):
        log.close()


def test_a_site_moves_onto_no_other(tmp_path: Path, database: str) -> None:
    here, there = filled(tmp_path), fees(database, tmp_path, Clock())
    for target in (database, f"sqlite:///{tmp_path / 'qingdan.db'}"):
        with pytest.raises(LogError) as refused:
            here.move(target, sources=tmp_path / "none")
        assert refused.value.code == "move-target"
    assert there.queries.releases("fees") == ()
    here.close()
    there.close()


def test_what_arrives_changed_does_not_stay(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = filled(tmp_path)
    Log.open(database, sources=tmp_path / "none").close()
    fees(database, tmp_path, Clock()).close()
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("TRUNCATE site, dataset, part, catalogue CASCADE")
        conn.execute(
            "CREATE FUNCTION spoil() RETURNS trigger AS "
            "$$ BEGIN NEW.title := 'x'; RETURN NEW; END $$ LANGUAGE plpgsql"
        )
        conn.execute("CREATE TRIGGER spoil BEFORE INSERT ON revision FOR EACH ROW EXECUTE FUNCTION spoil()")
    with pytest.raises(LogError) as refused:
        old.move(database, sources=tmp_path / "none")
    assert refused.value.code == "move-differs"
    with psycopg.connect(database) as conn:
        assert conn.execute("SELECT count(*) FROM site").fetchone() == (0,)
    old.close()


def test_the_command_moves_a_site_and_says_how_to_go_on(
    home: Path, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(home)
    site.dataset(NAME, "应急管理局")
    site.ok("import", xlsx(tmp_path / "一.xlsx", [item("甲许可")]), "--dataset", NAME, "--part", "应急管理局")
    site.ok("publish", NAME, "--effective-on", "2015-12-01", "--basis", "示发〔2015〕1号")
    assert site.run("move", "--to", "mysql://x").code == 2
    assert "QINGDAN_DATABASE" in site.ok("move", "--to", database).err
    assert site.run("move", "--to", database).code == 1
    before = site.ok("changes", NAME, "--json").json
    monkeypatch.setenv("QINGDAN_DATABASE", database)
    assert site.ok("changes", NAME, "--json").json == before
    site.ok("reindex")
    assert site.ok("search", "甲许可", "--json").json["total"] == 1


def publishing(log: Log, part: str, prefix: str, rounds: int) -> list[int]:
    numbers = []
    for n in range(rounds):
        log.drafts.stage(
            "fees",
            [entry(f"{prefix}{m}", str(n)) for m in range(5)],
            part=part,
            source=put(log, f"{prefix} {n}"),
            parser_version="test 1",
        )
        try:
            made = log.releases.publish("fees", effective_on=MIDDLE, on_conflict="replace")
        except LogError as told:
            if told.code != "no-draft":
                raise
            continue  # the other one's release took this part of the draft along
        if made is not None:
            numbers.append(made.number)
    return numbers


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'qingdan.db'}"
        return
    yield request.getfixturevalue("database")


def test_two_publish_at_once_and_each_release_is_whole(either: str, tmp_path: Path) -> None:
    rounds = 8
    logs = [fees(either, tmp_path, Clock()), Log.open(either, sources=tmp_path / "sources")]
    logs[0].datasets.create(*fees_dataset("others"))
    seen: list[dict[str, str]] = []
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        writers = [
            pool.submit(publishing, log, part, prefix, rounds)
            for log, part, prefix in zip(logs, ("财政局", "民政局"), "甲乙", strict=True)
        ]
        while not all(writer.done() for writer in writers):
            seen.append(said(logs[1]))
        numbers = [number for writer in writers for number in writer.result()]
    assert len(set(numbers)) == len(numbers)
    assert sorted(numbers) == [r.number for r in logs[0].queries.releases("fees")]
    for state in [*seen, said(logs[0])]:
        for prefix in "甲乙":
            mine = {text for name, text in state.items() if name.startswith(prefix)}
            assert len(mine) <= 1, "a reader saw half a release"
    assert set(said(logs[0]).values()) == {str(rounds - 1)}
    assert logs[0].releases.verify().ok
    assert logs[0].releases.rebuild_spans() == 0
    for log in logs:
        log.close()


def test_who_reads_while_another_publishes_sees_one_state_throughout(either: str, tmp_path: Path) -> None:
    log, other = fees(either, tmp_path, Clock()), Log.open(either, sources=tmp_path / "sources")
    release(log, entry("甲"))
    with other.snapshot():
        before = said(other)
        release(log, entry("甲", "2"), on=MIDDLE)
        assert said(other) == before
        assert len(other.queries.releases("fees")) == 1
    assert said(other) == {"甲": "2"}
    log.close()
    other.close()


def test_a_publisher_that_dies_holding_the_lock_does_not_hold_up_the_next(
    either: str, tmp_path: Path
) -> None:
    log = fees(either, tmp_path, Clock())
    holding = f"""
import sys, time
from publisher.log.database.connection import Database
with Database({either!r}).write() as conn:
    print("held", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", holding], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(release, log, entry("甲"))
            time.sleep(0.5)
            assert not waiting.done(), "two wrote at once"
            os.kill(process.pid, signal.SIGKILL)
            assert waiting.result(timeout=30).number == 1
    assert said(log) == {"甲": "1"}
    log.close()
