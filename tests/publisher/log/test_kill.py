"""``kill -9`` while staging and publishing leaves the old or the new release, complete, with nothing lost."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest

from publisher.log.log import Log
from tests.publisher.log import kill_harness as harness

SEED = 20151201


@pytest.mark.slow
@pytest.mark.parametrize(
    "kills", [pytest.param(12, id="a few"), pytest.param(240, id="many", marks=pytest.mark.soak)]
)
def test_a_killed_process_leaves_one_whole_release_or_the_next(url: str, tmp_path: Path, kills: int) -> None:
    if kills < 100 and not url.startswith("sqlite"):
        kills //= 3  # PostgreSQL's recovery is its own; the code under test is the same
    sources = tmp_path / "sources"
    harness.create_site(url, sources)
    with contextlib.closing(Log.open(url, sources=sources)) as log:
        count_statements, started = harness.statements(log), time.monotonic()
        harness.publish(log, 1)
        longest, statements = 2.5 * (time.monotonic() - started), count_statements()
        version = 1
        hits: list[bool] = []
        indexed: set[str] = set()
        with harness.start_fork_server(url, sources) as server:
            for moment in harness.moments(SEED, kills, longest=longest, statements=statements):
                server.run(version + 1, moment)
                survived = harness.check_log(log, indexed)
                assert survived >= version, "a release was lost"
                hits.append(survived > version)
                version = survived
        assert indexed == {span.id for span in log.queries.spans()}, "the outbox did not contain every span"
        assert set(hits) == {False, True}, "the moments hit publications, and what lies between them"
