"""The indexer of the outbox: once, in order, after any failure, by one process at a time."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import anyio
import pytest

from publisher.cli.commands.operation.status.site import _describe_search
from publisher.indexing import indexer
from publisher.log.citations import graph_rows
from publisher.log.graph.work_query import WorkQuery
from publisher.log.log import Log
from publisher.workflow import publish_draft
from publisher.workflow.import_files import InputFile, import_files
from search.contract import DamagedIndexError, Document, Request, SearchError
from search.embedded.engine import EmbeddedEngine
from tests.support import sqlite
from tests.support.datasets import create_dataset

TABLE = "事项名称,权力类型,行使主体\n甲项许可,行政许可,市统计局\n乙项许可,行政许可,市统计局\n"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with open_site(sqlite.new(tmp_path / "qingdan.db"), tmp_path) as site:
        yield site


@contextmanager
def open_site(database: str, home: Path) -> Iterator[Log]:
    """Create a site with one dataset, ``shili``."""
    opened = Log.open(database, sources=home / "sources")
    opened.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2015-11-23")
    create_dataset(opened, "shili", body="示例市")
    yield opened
    opened.close()


@pytest.fixture
def engine(tmp_path: Path) -> EmbeddedEngine:
    return EmbeddedEngine(tmp_path / "index")


def release(log: Log, table: str = TABLE, *, day: date = date(2015, 12, 1)) -> None:
    import_files(log, "shili", [InputFile("a.csv", table.encode())])
    assert publish_draft.publish_draft(log, "shili", effective_on=day) is not None


def total(engine: EmbeddedEngine, day: date = date(2015, 12, 1)) -> int:
    return anyio.run(engine.search, Request(text="", as_of=day.toordinal())).total


class _Failing(EmbeddedEngine):
    """Engine that fails ``failures`` times before it indexes."""

    def __init__(self, folder: Path, failures: int) -> None:
        super().__init__(folder)
        self.failures = failures

    async def index(self, documents: Iterable[Document]) -> int:
        if self.failures:
            self.failures -= 1
            raise SearchError("away", retry_after=0)
        return await super().index(documents)


def test_what_was_published_can_be_searched_after_a_drain(log: Log, engine: EmbeddedEngine) -> None:
    release(log)
    assert anyio.run(indexer.index_outbox, log, engine) > 0
    assert total(engine) == 2
    assert log.outbox.due_count() == 0


def test_records_are_found_by_the_new_body_and_division_of_their_dataset(
    log: Log, engine: EmbeddedEngine
) -> None:
    release(log, "事项名称,权力类型\n甲项许可,行政许可\n")
    anyio.run(indexer.index_outbox, log, engine)
    log.datasets.change("shili", body="新示例市", division="210300")
    assert anyio.run(indexer.index_outbox, log, engine) == 1
    for facet, value in (("body", "新示例市"), ("division", "2103")):
        request = Request(text="", as_of=date(2015, 12, 1).toordinal(), filters={facet: (value,)})
        assert anyio.run(engine.search, request).total == 1
    log.datasets.change("shili", title="新标题")
    assert log.outbox.due_count() == 0
    assert log.integrity.verify().problems == ()


def test_a_second_drain_does_nothing(log: Log, engine: EmbeddedEngine) -> None:
    release(log)
    anyio.run(indexer.index_outbox, log, engine)
    assert anyio.run(indexer.index_outbox, log, engine) == 0
    assert anyio.run(engine.count) == 2


def test_an_index_that_was_lost_is_made_again_from_the_log(log: Log, engine: EmbeddedEngine) -> None:
    release(log)
    anyio.run(indexer.index_outbox, log, engine)
    shutil.rmtree(engine._folder._path)
    fresh = EmbeddedEngine(engine._folder._path)
    anyio.run(indexer.index_outbox, log, fresh)
    assert total(fresh) == 2


def test_a_release_that_comes_into_effect_later_is_indexed_at_once_and_never_rebuilt(
    log: Log, engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(log, day=date(2999, 1, 1))
    anyio.run(indexer.index_outbox, log, engine)
    assert total(engine) == 0
    assert total(engine, date(2999, 1, 1)) == 2

    async def rebuilt(*_: object) -> int:
        raise AssertionError

    monkeypatch.setattr(engine, "rebuild", rebuilt)
    assert anyio.run(indexer.index_outbox, log, engine) == 0


def test_the_worker_tries_again_until_search_is_back(log: Log, tmp_path: Path) -> None:
    release(log)
    failing = _Failing(tmp_path / "index", failures=2)

    async def until_done() -> None:
        stop = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: indexer.run_indexer(log, failing, stop=stop, poll=0.01))
            with anyio.fail_after(30):
                while log.outbox.due_count():  # noqa: ASYNC110 - a database tells nobody of its changes
                    await anyio.sleep(0.02)
            stop.set()

    anyio.run(until_done)
    assert failing.failures == 0
    assert total(failing) == 2


def test_findings_that_cannot_be_computed_keep_nothing_out_of_the_index(
    log: Log, engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> bool:
        raise RuntimeError("a check failed")

    release(log)
    monkeypatch.setattr(log.findings, "update", fail)
    with pytest.raises(RuntimeError, match="a check failed"):
        anyio.run(indexer.index_outbox, log, engine)
    assert anyio.run(engine.count) == 2
    assert log.outbox.due_count() == 0


def test_findings_do_not_wait_for_a_search_engine_that_is_away(
    log: Log, engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> int:
        raise SearchError("away")

    release(log)
    monkeypatch.setattr(engine, "position", away)
    with pytest.raises(SearchError):
        anyio.run(indexer.index_outbox, log, engine)
    assert log.findings.is_current()


def test_the_worker_reads_for_the_graph_what_was_published(log: Log, engine: EmbeddedEngine) -> None:
    release(log, TABLE.replace("乙项许可", "《水法》许可"))
    anyio.run(indexer.index_outbox, log, engine)
    assert [work.key for work in log.graph.works(WorkQuery()).works] == ["水法"]
    with log._session.write() as conn:
        graph_rows.forget(conn)
    anyio.run(indexer.run_round, log, engine)  # nothing waits to be indexed
    assert log.graph.is_current()
    assert [work.key for work in log.graph.works(WorkQuery()).works] == ["水法"]


def test_a_failure_is_shown_by_the_status(log: Log, tmp_path: Path) -> None:
    release(log)
    failing = _Failing(tmp_path / "index", failures=1)
    with pytest.raises(SearchError):
        anyio.run(indexer.run_round, log, failing)
    status = anyio.run(indexer.status, log, failing)
    assert status.error == "away"
    assert status.pending == log.outbox.due_count() > 0


def test_all_that_was_set_aside_and_is_accepted_now_leaves_the_outbox(
    log: Log, engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(log)
    spans = [one.sequence for one in log.outbox.items() if one.kind == "span"]
    log.outbox.set_aside(dict.fromkeys(spans, "too long"))
    assert log.outbox.aside_count() == 2
    monkeypatch.setattr(indexer, "BATCH", 1)
    assert anyio.run(indexer.reindex, log, engine) == 2
    assert log.outbox.aside_count() == 0


@pytest.mark.slow
def test_a_publication_does_not_wait_for_ever_for_who_holds_the_lock(
    log: Log, engine: EmbeddedEngine
) -> None:
    release(log)
    other = Log.open(str(log._session.database.url), sources=Path("unused"))
    with other.outbox.lock() as locked:
        assert locked
        assert not anyio.run(lambda: indexer.await_indexed(log, engine, patience=0.3))
    assert anyio.run(lambda: indexer.await_indexed(log, engine, patience=0.3))
    other.close()


@pytest.mark.slow
def test_reindexing_reports_its_progress_and_the_total(log: Log, engine: EmbeddedEngine) -> None:
    rows = "".join(f"第{i}项许可,行政许可,市统计局\n" for i in range(1_500))
    release(log, f"事项名称,权力类型,行使主体\n{rows}")
    (erased,) = log.queries.find_by_title("shili", "第7项许可")
    log.releases.erase(records=[("shili", erased.id)], ground="示例判决")
    progress: list[tuple[str, int, int | None]] = []
    anyio.run(indexer.reindex, log, engine, lambda *step: progress.append(step))
    steps = [(count, of) for name, count, of in progress if name == indexer.REBUILDING]
    assert steps == [(0, 1_499), (1_000, 1_499), (1_499, 1_499)]


@pytest.mark.slow
def test_a_reindex_that_is_given_up_reads_no_further_and_leaves_the_old_index(
    log: Log, engine: EmbeddedEngine
) -> None:
    rows = "".join(f"第{i}项许可,行政许可,市统计局\n" for i in range(2_500))
    release(log, f"事项名称,权力类型,行使主体\n{rows}")
    anyio.run(indexer.index_outbox, log, engine)
    counts: list[int] = []

    async def given_up() -> None:
        ended = threading.Event()
        loop = asyncio.get_running_loop()

        def progress(_step: str, count: int, _total: int | None) -> None:
            counts.append(count)
            if count:  # in the engine's thread, which continues after the task is cancelled
                loop.call_soon_threadsafe(task.cancel)
                assert ended.wait(30)

        task = asyncio.create_task(indexer.reindex(log, engine, progress))
        task.add_done_callback(lambda _: ended.set())
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(given_up())
    assert total(engine) == 2_500
    assert anyio.run(indexer.reindex, log, engine) == 2_500  # waits for the thread that is still writing
    assert counts == [0, 1_000]


def test_reindexing_while_another_process_indexes_is_refused(log: Log, engine: EmbeddedEngine) -> None:
    release(log)
    other = Log.open(str(log._session.database.url), sources=Path("unused"))
    with other.outbox.lock(), pytest.raises(SearchError):
        anyio.run(indexer.reindex, log, engine)
    assert anyio.run(indexer.reindex, log, engine) == 2
    other.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("suffix", "how"),
    [
        (".store", "flip"),
        (".idx", "flip"),
        (".fast", "cut"),
        (".pos", "delete"),
        ("meta.json", "flip"),
        ("meta.json", "delete"),
        ("current", "cut"),
    ],
)
def test_a_damaged_index_is_rebuilt_by_the_worker_and_never_answers_wrong(
    log: Log, engine: EmbeddedEngine, tmp_path: Path, suffix: str, how: str
) -> None:
    release(log)
    anyio.run(indexer.run_round, log, engine)
    (file,) = [path for path in (tmp_path / "index").rglob(f"*{suffix}") if path.is_file()]
    content = file.read_bytes()
    middle = len(content) // 2
    if how == "delete":
        file.unlink()
    else:
        file.write_bytes(
            content[:middle]
            if how == "cut"
            else content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]
        )
    fresh = EmbeddedEngine(tmp_path / "index")
    anyio.run(_run_indexer_briefly, log, fresh)
    assert total(fresh) == 2
    assert anyio.run(fresh.position) >= log.outbox.last_completed()
    anyio.run(fresh.check)


async def _run_indexer_briefly(log: Log, engine: EmbeddedEngine) -> None:
    stop = anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: indexer.run_indexer(log, engine, stop=stop, poll=0.01))
        with anyio.move_on_after(20):
            while True:
                await anyio.sleep(0.05)
                try:
                    await engine.check()
                    if await engine.position() >= log.outbox.last_completed() and await engine.count():
                        break
                except SearchError:
                    continue
        stop.set()


class DamagedLater(EmbeddedEngine):
    """An index that is damaged after its first check."""

    checks = 0

    async def check(self) -> None:
        self.checks += 1

    async def index(self, documents: Iterable[Document]) -> int:
        if self.checks < 2:
            raise DamagedIndexError("a.store")
        return await super().index(documents)


def test_damage_that_a_write_meets_is_looked_for_at_once(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexer, "_LONGEST_PAUSE", 0.01)
    release(log)
    damaged = DamagedLater(tmp_path / "index")

    async def run() -> None:
        stop = anyio.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: indexer.run_indexer(log, damaged, stop=stop, poll=0.01))
            with anyio.move_on_after(5):
                while log.outbox.due_count():  # noqa: ASYNC110 - the outbox has no event
                    await anyio.sleep(0.02)
            stop.set()

    anyio.run(run)
    assert (damaged.checks, log.outbox.due_count(), total(damaged)) == (2, 0, 2)


@pytest.mark.slow
def test_a_search_in_damaged_files_is_an_error_and_no_answer(
    log: Log, engine: EmbeddedEngine, tmp_path: Path
) -> None:
    release(log)
    anyio.run(indexer.run_round, log, engine)
    for file in (tmp_path / "index").rglob("*.*"):
        if file.suffix in {".store", ".idx", ".term"}:
            file.write_bytes(bytes(file.stat().st_size))
    with pytest.raises(SearchError):
        total(EmbeddedEngine(tmp_path / "index"))


def test_an_index_that_was_deleted_by_hand_is_never_called_up_to_date(
    log: Log, engine: EmbeddedEngine, tmp_path: Path
) -> None:
    release(log)
    anyio.run(indexer.run_round, log, engine)
    assert not anyio.run(indexer.status, log, engine).incomplete
    shutil.rmtree(tmp_path / "index")
    state = anyio.run(indexer.status, log, EmbeddedEngine(tmp_path / "index"))
    assert (state.documents, state.pending, state.incomplete) == (0, 0, True)
    described = _describe_search(state)
    assert "reindex" in described
    assert "up to date" not in described
