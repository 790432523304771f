"""Errors of the database reach callers as what they are."""

from __future__ import annotations

import sqlite3
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import QueuePool, bindparam, func, make_url, select, update
from sqlalchemy.exc import DataError, OperationalError

from publisher.cli.terminal.failures import explain
from publisher.log.database import sqlite
from publisher.log.database.connection import Database
from publisher.log.database.prepared_statement import PreparedStatement
from publisher.log.database.tables import site
from publisher.log.log import Log
from publisher.log.model import LogError
from tests.support.sqlite import new as new_sqlite


def test_a_database_that_cannot_be_written_is_not_called_away(tmp_path: Path) -> None:
    file = tmp_path / "qingdan.db"
    Log.open(new_sqlite(file), sources=tmp_path / "sources").datasets.init_site("https://a.cn", "a.cn,2026")
    database = Database(f"sqlite:///file:{file}?mode=ro&uri=true")
    with pytest.raises(OperationalError) as error, database.write() as conn:
        conn.execute(update(site).values(details="{}"))
    failure = explain(error.value)
    assert failure is not None
    assert failure.code == "no-permission"
    database.close()


def test_readers_of_sqlite_wait_for_no_other_reader_and_leave_writers_their_connection(
    tmp_path: Path,
) -> None:
    database = Database(new_sqlite(tmp_path / "qingdan.db"))
    with ExitStack() as readers:
        connections = [readers.enter_context(database.read()) for _ in range(60)]
        assert len({id(conn) for conn in connections}) == 60
    assert database.has_idle_connection()
    with database.write() as conn:
        assert conn.scalar(select(func.count()).select_from(site)) == 0
    pool = database.engine.pool
    assert isinstance(pool, QueuePool)
    assert pool.checkedout() <= 16, "the others are closed, and so is the memory of their pages"
    database.close()


def test_an_error_of_the_driver_is_one_of_sqlalchemy(tmp_path: Path) -> None:
    database = Database(new_sqlite(tmp_path / "qingdan.db"))
    too_long = PreparedStatement(select(func.zeroblob(bindparam("size")).label("bytes")))
    with database.read() as conn:
        with pytest.raises(DataError):
            too_long.first(conn, {"size": 2**31 - 1})
        with pytest.raises(DataError):
            list(too_long.batches(conn, {"size": 2**31 - 1}, 10))
    database.close()


def test_only_another_writer_makes_a_database_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_MILLISECONDS", 10)
    database, other = (Database(new_sqlite(tmp_path / "qingdan.db")) for _ in range(2))
    with database.write(), pytest.raises(LogError) as busy, other.write():
        pass
    assert busy.value.code == "busy"
    missing = sqlite.create_sqlite_engine(make_url(f"sqlite:///{tmp_path}/none/qingdan.db"))
    with pytest.raises(OperationalError) as error, missing.connect():
        pass
    assert not sqlite.is_lock_timeout(error.value)
    for one in (database, other):
        one.close()


@pytest.mark.parametrize("name", ["\x00", "\udcff", "甲\x00乙"])
def test_a_name_that_no_database_stores_is_not_there(log: Log, name: str) -> None:
    with pytest.raises(LogError, match="There is no dataset"):
        log.datasets.get(name)
    with pytest.raises(LogError, match="Nothing names"):
        log.graph.work(name)
    with pytest.raises(LogError, match="There is no subscription"):
        log.subscriptions.get(name)


def test_what_others_answer_is_stored_whatever_it_contains(log: Log) -> None:
    answer = "\x00\udcff" * 2_000
    key = log.keys.create()
    log.witnesses.record_attempt(key, answer)
    assert 0 < len(log.witnesses.state(key).error) <= 2_000
    hub = "https://hub.example.org/"
    log.subscriptions.set_hub(hub)
    (subscription,) = log.subscriptions.all()
    log.subscriptions.mark_unconfirmed(subscription.id, answer)
    assert log.subscriptions.get(subscription.id).reason
    log.outbox.mark_failed(1, answer)
    log.outbox.set_aside({1: answer})


def test_a_reader_that_does_not_end_holds_up_an_erasure_for_the_pauses_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("publisher.log.database.connection._CHECKPOINT_TRIES", 3)
    file = tmp_path / "qingdan.db"
    log = Log.open(new_sqlite(file), sources=tmp_path / "sources")
    log.datasets.init_site("https://a.cn", "a.cn,2026")
    with closing(sqlite3.connect(file)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM site").fetchall()
        log.datasets.change_site(name="示例市清单公开")
        begun = time.monotonic()
        with pytest.raises(LogError, match="a reader prevents"):
            log.releases.scrub()
    assert time.monotonic() - begun < 20, "a minute at each try"
    log.releases.scrub()
    log.close()
