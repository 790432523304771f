"""Rows of the graph: written with each release, equal to a rebuild, and gone with an erased record."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select

from publisher.log.database import graph_tables as g
from publisher.log.log import Log
from tests.support.clock import Clock
from tests.support.log import MIDDLE, entry, ids, release

BASES = ["《水法》第七条", "《水法》第七条、第九条", "财综〔2015〕1号", "国务院令第412号第3项", "无"]


def rows(log: Log) -> dict[str, list[tuple[Any, ...]]]:
    with log._session.read() as conn:
        tables = (g.citation, g.work_name, g.effect)
        return {t.name: sorted(map(tuple, conn.execute(select(t)).all()), key=repr) for t in tables}


def test_an_erased_record_has_no_citations(log: Log) -> None:
    release(log, entry("登记费", "《水法》第七条"), entry("证照费", "财综〔2015〕1号"))
    assert {row[6] for row in rows(log)["citation"]} == {"水法", "财综〔2015〕1号"}
    log.releases.erase(records=[("fees", ids(log)["登记费"])], ground="司法")
    assert {row[6] for row in rows(log)["citation"]} == {"财综〔2015〕1号"}
    assert log.integrity.verify().problems == ()


def test_what_releases_wrote_is_what_a_rebuild_writes(log: Log, clock: Clock) -> None:
    for seed in range(20):
        chance = random.Random(seed)
        names = chance.sample(["登记费", "证照费", "查询费", "复印费"], 3)
        release(log, *(entry(name, f"{seed}；{'；'.join(chance.sample(BASES, 2))}") for name in names))
        clock.advance(days=1)
    written = rows(log)
    assert len(written["citation"]) > 60
    log.graph.rebuild()
    assert rows(log) == written
    assert log.integrity.verify().problems == ()


def test_a_site_without_rows_gets_them_when_opened(log: Log, url: str, tmp_path: Path, clock: Clock) -> None:
    release(log, entry("登记费", "\n".join(BASES)), on=MIDDLE)
    written = rows(log)
    with log._session.write() as conn:
        for table in (g.citation, g.graph_run):
            conn.execute(delete(table))
    assert not log.graph.is_current()
    opened = Log.open(url, sources=tmp_path / "sources", clock=clock)
    assert opened.graph.is_current()
    assert rows(opened) == written
    assert not opened.graph.update()
    opened.close()
