"""The log behind a pooler in transaction mode: two transactions of one process may use two connections."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from publisher.log.database import sqlite
from publisher.log.database.connection import Database
from publisher.log.database.postgresql import ServerLimits
from publisher.log.log import Log
from publisher.log.model import LogError
from tests.publisher.log import test_concurrency
from tests.publisher.log.test_transfer import site_of_fees
from tests.support.clock import Clock
from tests.support.log import MIDDLE, entry, ids, release, stage, standards
from tests.support.servers.pgbouncer import POOL, run_pgbouncer

pytestmark = [pytest.mark.program, pytest.mark.server]


@pytest.fixture
def pooled(postgresql_url: str, tmp_path: Path) -> Iterator[str]:
    with run_pgbouncer(postgresql_url, tmp_path) as address:
        yield address


def test_two_publish_at_once_through_the_pooler(pooled: str, tmp_path: Path) -> None:
    test_concurrency.test_two_publish_at_once_and_each_release_is_whole(pooled, tmp_path)


def test_a_lock_of_the_site_belongs_to_who_took_it(pooled: str) -> None:
    first, second = Database(pooled), Database(pooled)
    with first.lock("worker") as is_first, second.lock("worker") as is_second:
        assert (is_first, is_second) == (True, False)
        with first.lock("collecting") as is_other:
            assert is_other
        with ThreadPoolExecutor(POOL) as pool:  # other work of both processes takes turns meanwhile
            assert list(pool.map(lambda n: _read(first if n % 2 else second), range(50))) == [1] * 50
        with second.lock("worker") as is_third:
            assert not is_third
    with second.lock("worker") as is_second:
        assert is_second
    first.close()
    second.close()


def _read(database: Database) -> int:
    with database.read() as conn:
        return conn.scalar(select(1)) or 0


def test_a_writer_waits_no_longer_than_the_bound(pooled: str, tmp_path: Path) -> None:
    log, other = site_of_fees(pooled, tmp_path, Clock()), Database(pooled)
    with pytest.MonkeyPatch.context() as patch, other.write():
        patch.setattr(sqlite, "BUSY_MILLISECONDS", 300)
        with pytest.raises(LogError) as refused:
            stage(log, entry("甲"))
        assert refused.value.code == "busy"
    other.close()
    log.close()


def test_bounds_and_temporary_tables_end_with_the_transaction(
    pooled: str, postgresql_url: str, tmp_path: Path
) -> None:
    log = site_of_fees(pooled, tmp_path, Clock())
    release(log, entry("甲"), entry("乙"))
    stage(log, entry("甲", "2"))
    for _ in range(12):  # psycopg would prepare a statement that it has run five times
        assert len(log.drafts.diff("fees", effective_on=MIDDLE).changed) == 1
        assert standards(log) == {"甲": "1", "乙": "1"}
    log.releases.publish("fees", effective_on=MIDDLE)
    impatient = Database(pooled, limits=ServerLimits(2, 1))
    with impatient.read() as conn, pytest.raises(OperationalError, match="statement timeout"):
        conn.execute(select(func.pg_sleep(3)))
    with ExitStack() as clients:
        for _ in range(POOL):
            client = clients.enter_context(psycopg.connect(pooled))
            assert client.execute("SHOW statement_timeout").fetchone() == ("0",)
            assert client.execute("SELECT count(*) FROM pg_prepared_statements").fetchone() == (0,)
    with psycopg.connect(postgresql_url) as conn2:
        temporary = "SELECT count(*) FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'"
        assert conn2.execute(temporary).fetchone() == (0,)
    impatient.close()
    log.releases.erase(records=[("fees", ids(log)["甲"])], ground="示例")
    assert log.integrity.verify().ok
    log.close()


def test_a_site_made_through_the_pooler_is_the_same_without(
    pooled: str, postgresql_url: str, tmp_path: Path
) -> None:
    log = site_of_fees(pooled, tmp_path, Clock())
    release(log, entry("甲"))
    log.close()
    direct = Log.open(postgresql_url, sources=tmp_path / "sources", clock=Clock())
    assert standards(direct) == {"甲": "1"}
    direct.close()
