"""Rows of the graph: derived after a release, equal to a rebuild, and gone with an erased record."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from publisher.log.citations import graph_rows
from publisher.log.citations.revision_graph import VERSION
from publisher.log.database.derived import graph_tables as g
from publisher.log.graph.work_query import WorkQuery
from publisher.log.log import Log
from tests.support.clock import Clock
from tests.support.log import MIDDLE, entry, ids, problems_after, release

BASES = ["《水法》第七条", "《水法》第七条、第九条", "财综〔2015〕1号", "国务院令第412号第3项", "无"]


def rows(log: Log) -> dict[str, list[tuple[Any, ...]]]:
    with log._session.read() as conn:
        tables = (g.citation, g.work_name, g.effect)
        return {t.name: sorted(map(tuple, conn.execute(select(t)).all()), key=repr) for t in tables}


def test_an_erased_record_has_no_citations(log: Log) -> None:
    release(log, entry("登记费", "《水法》第七条"), entry("证照费", "财综〔2015〕1号"))
    log.graph.update()
    assert {row[6] for row in rows(log)["citation"]} == {"水法", "财综〔2015〕1号"}
    log.releases.erase(records=[("fees", ids(log)["登记费"])], ground="司法")
    assert {row[6] for row in rows(log)["citation"]} == {"财综〔2015〕1号"}
    assert log.integrity.verify().problems == ()


@pytest.mark.slow
def test_what_releases_wrote_is_what_a_rebuild_writes(log: Log, clock: Clock) -> None:
    for seed in range(20):
        chance = random.Random(seed)
        names = chance.sample(["登记费", "证照费", "查询费", "复印费"], 3)
        release(log, *(entry(name, f"{seed}；{'；'.join(chance.sample(BASES, 2))}") for name in names))
        clock.advance(days=1)
        if seed % 3:
            assert log.graph.update()
    log.graph.update()
    written = rows(log)
    assert len(written["citation"]) > 60
    assert not log.graph.update()
    log.graph.rebuild()
    assert rows(log) == written
    assert log.integrity.verify().problems == ()


def test_a_publication_waits_for_no_citation(log: Log) -> None:
    release(log, entry("登记费", "\n".join(BASES)), entry("证照费", "《水法》第七条"))
    assert not log.graph.is_current()
    assert not any(rows(log).values())
    assert log.graph.works(WorkQuery()).works == ()
    assert log.integrity.verify().problems == ()
    before = log.graph.validator()
    assert log.graph.update()
    assert log.graph.is_current()
    assert log.graph.validator() != before
    derived = rows(log)
    assert len(derived["citation"]) == 6
    log.graph.rebuild()
    assert rows(log) == derived


@pytest.mark.slow
def test_an_update_that_is_killed_between_batches_goes_on(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(3):
        release(log, *(entry(f"第{n}项", f"{seed}；《水法》第七条") for n in range(4)))
    monkeypatch.setattr(graph_rows, "_BATCH", 5)
    with monkeypatch.context() as broken:
        broken.setattr(log.graph, "_next_batch", next_batches(log, 2))
        with pytest.raises(KeyboardInterrupt):
            log.graph.update()
    assert len(rows(log)["citation"]) == 10
    assert log.integrity.verify().problems == ()
    log.graph.update()
    derived = rows(log)
    assert len(derived["citation"]) == 12
    log.graph.rebuild()
    assert rows(log) == derived


def next_batches(log: Log, number: int) -> Callable[[], graph_rows.Batch | None]:
    """Return a method that gives some batches and then ends the process."""
    batches, real = iter(range(number)), log.graph._next_batch

    def next_batch() -> graph_rows.Batch | None:
        if next(batches, None) is None:
            raise KeyboardInterrupt
        return real()

    return next_batch


def test_a_batch_that_another_process_wrote_is_not_written_twice(log: Log) -> None:
    release(log, entry("登记费", "《水法》第七条"))
    batch = log.graph._next_batch()
    assert batch is not None
    log.graph.update()
    release(log, entry("登记费", "《水法》第七条"), entry("证照费", "《水法》第九条"))
    log.graph.update()
    derived, position = rows(log), log.graph.validator()
    with log._session.write() as conn:
        graph_rows.write_batch(conn, batch)
    assert (rows(log), log.graph.validator()) == (derived, position)


def test_what_is_erased_while_it_is_read_is_not_written(log: Log) -> None:
    release(log, entry("登记费", "《水法》第七条"), entry("证照费", "财综〔2015〕1号"))
    batch = log.graph._next_batch()
    assert batch is not None
    log.releases.erase(records=[("fees", ids(log)["登记费"])], ground="司法")
    with log._session.write() as conn:
        graph_rows.write_batch(conn, batch)
    assert {row[6] for row in rows(log)["citation"]} == {"财综〔2015〕1号"}
    assert log.integrity.verify().problems == ()


def test_higher_rules_replace_every_row_after_the_site_was_opened(
    log: Log, url: str, tmp_path: Path, clock: Clock
) -> None:
    release(log, entry("登记费", "\n".join(BASES)), on=MIDDLE)
    log.graph.update()
    derived = rows(log)
    with log._session.write() as conn:
        conn.execute(update(g.citation).values(place="旧"))
        conn.execute(update(g.graph_run).values(version=VERSION - 1))  # sealed as by an older program
    opened = Log.open(url, sources=tmp_path / "sources", clock=clock)
    assert not opened.graph.is_current()
    assert {row[-2] for row in rows(opened)["citation"]} == {"旧"}
    assert opened.integrity.verify().problems == ()
    assert opened.graph.update()
    assert rows(opened) == derived
    opened.close()


def test_a_position_that_something_else_changed_is_named(log: Log) -> None:
    release(log, entry("登记费", "《水法》第七条"))
    log.graph.update()
    for statement in (
        "UPDATE graph_run SET revision = 0",
        "UPDATE graph_run SET version = 1",
        "UPDATE graph_run SET release = 9",
    ):
        (problem,) = problems_after(log, statement)
        assert "graph_run" in problem
