"""``kill -9`` during import, publication and indexing leaves the old or the new release, complete."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import anyio
import pytest

from publisher.indexing import indexer
from publisher.log.log import Log
from publisher.log.model import RecordQuery
from search.contract import Request
from search.embedded.engine import EmbeddedEngine
from tests.support.datasets import create_dataset
from tests.support.log import count_documents
from tests.system.kill import job

SEED = 20151123


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "kills"),
    [(SEED, 15), *(pytest.param(seed, 30, marks=pytest.mark.soak) for seed in range(7))],
)
def test_a_killed_process_leaves_the_old_release_or_the_new_one(
    tmp_path: Path, seed: int, kills: int
) -> None:
    """Many sites rather than one with many releases: each is verified as a whole after every kill."""
    site = _Site(tmp_path / "home")
    chance = random.Random(seed)
    with start_fork_server(site.home) as server:
        site.expect(server.whole(1), version=1)
        typical = server.whole(2)
        site.expect(typical, version=2)
        killed: Counter[str] = Counter()
        version = 3
        while sum(killed.values()) < kills:
            step = job.STEPS[sum(killed.values()) % 3]
            # Sometimes after the step's usual end: during the next step, or after the process has ended.
            delay = chance.uniform(0, 1.2) * typical.seconds[step]
            ran = server.killed(version, step, delay)
            killed[ran.last] += 1
            version += site.expect(ran, version=version)
    assert {"import", "publish", "index"} <= set(killed), killed


@dataclass
class _Run:
    """Progress of a process: its last step, and the duration of each."""

    last: str = "start"
    seconds: dict[str, float] = field(default_factory=dict)


class _Site:
    """A home, and its expected content."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir()
        log, self._engine = job.open_site(home)
        log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2015-11-23")
        create_dataset(log, job.DATASET)
        log.close()
        self.versions: list[int] = []

    def expect(self, ran: _Run, *, version: int) -> bool:
        """Check the log and index that the process left → whether its release was published."""
        log, _ = job.open_site(self.home)
        try:
            releases = log.queries.releases(job.DATASET)
            published = len(releases) == len(self.versions) + 1
            assert published or len(releases) == len(self.versions), ran
            assert published or ran.last in {"import", "publish"}, "a release that was announced is lost"
            if published:
                self.versions.append(version)
            self._log(log)
            self._index(log, self._engine)
        finally:
            log.close()
        return published

    def _log(self, log: Log) -> None:
        releases = log.queries.releases(job.DATASET)
        assert [r.number for r in releases] == list(range(1, len(self.versions) + 1))
        assert [r.basis for r in releases] == [f"第{v}号" for v in self.versions]
        for release in releases[-2:]:
            for source in release.sources:
                assert log.evidence.source_bytes(source.digest)
        assert log.integrity.verify().ok
        page = log.queries.records(job.DATASET, RecordQuery(limit=1_000))
        records = [(r.title, r.content["remark"]) for r in page.records]
        assert sorted(records) == sorted(job.content(self.versions[-1]).items())
        draft = log.drafts.get(job.DATASET)
        assert draft is None or draft.records == len(job.content(int(draft.imports[0].source.name[1:-5])))

    def _index(self, log: Log, engine: EmbeddedEngine) -> None:
        """Index what was published and not indexed, and check that it happens once."""
        assert anyio.run(indexer.await_indexed, log, engine)
        assert log.outbox.due_count() == 0
        assert anyio.run(engine.count) == count_documents(log)
        today = job.effective_on(self.versions[-1]).toordinal()
        page = anyio.run(engine.search, Request(text="", filters={"dataset": (job.DATASET,)}, as_of=today))
        assert page.total == len(job.content(self.versions[-1]))


class ForkServer:
    """Process that forks the processes to be killed."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        assert child.stdin is not None
        assert child.stdout is not None
        self._in: IO[str] = child.stdin
        self._out: IO[str] = child.stdout
        assert self._read_line() == "ready"

    def whole(self, version: int) -> _Run:
        return self._run(version)

    def killed(self, version: int, step: str, delay: float) -> _Run:
        return self._run(version, step, delay)

    def _run(self, version: int, kill_at: str | None = None, delay: float = 0.0) -> _Run:
        print(version, file=self._in, flush=True)
        ran = _Run()
        child, began = 0, time.perf_counter()
        while (word := self._read_line()) != "over":
            if word.isdecimal():
                child = int(word)
                continue
            now = time.perf_counter()
            ran.seconds[ran.last] = now - began
            ran.last, began = word, now
            if word == kill_at:
                assert child
                time.sleep(delay)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
        return ran

    def _read_line(self) -> str:
        line = self._out.readline()
        assert line, "the fork server has ended"
        return line.strip()


@contextlib.contextmanager
def start_fork_server(home: Path) -> Iterator[ForkServer]:
    project = str(Path(__file__).resolve().parents[3])
    command = [sys.executable, "-m", "tests.system.kill.job", str(home)]
    with subprocess.Popen(
        command, cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ}
    ) as child:
        try:
            yield ForkServer(child)
        finally:
            assert child.stdin is not None
            child.stdin.close()
            child.wait(timeout=60)
