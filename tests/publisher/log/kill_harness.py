"""A process that stages and publishes one version of a list after another and may be killed at any moment.

As a program it forks the processes to kill; as a module it controls that program and checks the log.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import NoReturn

from sqlalchemy import event

from publisher.log.log import Log
from publisher.log.model import RecordQuery
from tests.support.log import entry, fees_dataset

ROWS = 200
"""Rows per version, so many that staging and publishing take some hundredths of a second each."""


def rows(version: int) -> dict[str, str]:
    """Name → value; each version changes a third of the rows, adds some and removes some."""
    names = [f"项目{n}" for n in range(version % 7, ROWS + version % 7)]
    return {name: str(version if n % 3 == version % 3 else 0) for n, name in enumerate(names)}


def create_site(url: str, sources: Path) -> None:
    """Create the site to publish to."""
    log = Log.open(url, sources=sources)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026")
    log.datasets.create(*fees_dataset(parts=()))
    log.close()


def publish(log: Log, version: int) -> None:
    """Stage and publish one version, as an import and a publication do."""
    source = log.evidence.put_source(
        f"version {version}".encode(), name=f"{version}.xls", media_type="text/plain"
    )
    log.drafts.stage(
        "fees",
        (entry(name, value) for name, value in rows(version).items()),
        part=None,
        source=source,
        parser_version="1",
    )
    log.releases.publish("fees", effective_on=date(2020, 1, 1) + timedelta(days=version), note=str(version))


@dataclass(frozen=True, slots=True)
class Moment:
    """Moment to kill at: before the n-th statement, or if that is 0 after some seconds."""

    seconds: float = 0.0
    statement: int = 0


class ForkServer:
    """A process that has imported everything and therefore forks without delay."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, version: int, moment: Moment) -> None:
        """Publish versions from ``version`` on, in a process that is killed at the moment."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{version} {moment.seconds} {moment.statement}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "killed\n"


@contextmanager
def start_fork_server(url: str, sources: Path) -> Iterator[ForkServer]:
    with subprocess.Popen(
        [sys.executable, "-m", __name__, url, str(sources)],
        cwd=Path(__file__).parents[3],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield ForkServer(process)


def check_log(log: Log, indexed: set[str]) -> int:
    """Assert that the log is complete and consistent → the newest published version, or 0.

    ``indexed``: set to which the spans in the outbox are added.
    """
    assert log.integrity.verify().problems == ()
    releases = log.queries.releases("fees")
    assert [r.number for r in releases] == list(range(1, len(releases) + 1))
    versions = [int(r.note) for r in releases]
    assert versions == sorted(set(versions)), "a version was published twice"
    last = versions[-1] if versions else 0
    page = log.queries.records("fees", RecordQuery(limit=10 * ROWS))
    values = {str(r.content["name"]): str(r.content["standard"]) for r in page.records}
    assert values == (rows(last) if last else {})
    assert page.total == len(values)
    items = [item for item in log.outbox.items(limit=10**6) if item.kind == "span"]
    spans = {span.id: span.sequence for span in log.queries.spans(ids=[item.key for item in items])}
    assert set(spans) == {item.key for item in items}, "the outbox names a span that does not exist"
    assert all(spans[item.key] >= item.sequence for item in items)
    indexed.update(spans)
    log.subscriptions.complete_items(upto=max((item.sequence for item in items), default=0))
    draft = log.drafts.get("fees")
    for source in (s for r in releases for s in r.sources):
        assert log.evidence.source_bytes(source.digest)
    for staged in draft.imports if draft else ():
        assert staged.records == ROWS, "a file was staged partially"
        assert log.evidence.source_bytes(staged.source.digest)
    return last


def moments(seed: int, kills: int, *, longest: float, statements: int) -> Iterator[Moment]:
    """Seeded moments to kill at: by the clock, which may hit anything, and by the statement, which is exact.

    The first is before anything of a version is written, the second after a complete version, independent of
    the machine's speed. ``statements``: number that the first version took.
    """
    chance = random.Random(seed)
    yield Moment(statement=1)
    yield Moment(statement=3 * statements)
    for n in range(kills - 2):
        if n % 2:
            yield Moment(statement=chance.randint(1, 2 * statements))
        else:
            yield Moment(seconds=chance.uniform(0, longest))


def statements(log: Log) -> Callable[[], int]:
    """Count the statements that the log sends to its database from now on."""
    count = 0

    def one_more(*_: object) -> None:
        nonlocal count
        count += 1

    event.listen(log._session.database.engine, "before_cursor_execute", one_more)
    return lambda: count


def main(url: str, sources: Path) -> None:
    for line in sys.stdin:
        version, seconds, statement = line.split()
        ready, ready_end = os.pipe()
        child = os.fork()
        if child == 0:
            _publish_until_killed(url, sources, int(version), int(statement), ready_end)
        os.read(ready, 1)
        if not int(statement):
            time.sleep(float(seconds))
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(ready)
        os.close(ready_end)
        print("killed", flush=True)


def _publish_until_killed(url: str, sources: Path, version: int, statement: int, ready_end: int) -> NoReturn:
    """Publish until killed: by the parent, or before its own ``statement``-th statement."""
    log = Log.open(url, sources=sources)
    count_statements = statements(log)

    def end(*_: object) -> None:
        if count_statements() == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(log._session.database.engine, "before_cursor_execute", end)
    os.write(ready_end, b"!")
    for number in range(version, version + 1_000):
        publish(log, number)
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
