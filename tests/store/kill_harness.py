"""A process that stages and publishes one version of a list after another, to be killed at any moment.

Run as a program it forks the victims; imported, it has them killed and looks at what they left.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from publisher.store.model import RecordQuery
from publisher.store.store import Store
from tests.store.site import entry, fees_dataset

ROWS = 200
"""Enough that staging and publishing take some hundredths of a second each."""


def rows(version: int) -> dict[str, str]:
    """Name → value: each version changes a third, adds some and drops some."""
    names = [f"项目{n}" for n in range(version % 7, ROWS + version % 7)]
    return {name: str(version if n % 3 == version % 3 else 0) for n, name in enumerate(names)}


def found(url: str, sources: Path) -> None:
    """Make the site that victims publish to."""
    store = Store.open(url, sources=sources)
    store.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026")
    store.create_dataset(*fees_dataset(parts=()))
    store.close()


def publish(store: Store, version: int) -> None:
    """What an import and a publication do, one version."""
    source = store.put_source(f"version {version}".encode(), name=f"{version}.xls", media_type="text/plain")
    store.stage(
        "fees",
        (entry(name, value) for name, value in rows(version).items()),
        part=None,
        source=source,
        parser_version="1",
    )
    store.publish("fees", effective_on=date(2020, 1, 1) + timedelta(days=version), note=str(version))


class Nursery:
    """A process that has everything imported and forks a victim in no time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, version: int, *, seconds: float) -> None:
        """Publish versions from ``version`` on, and be killed as by a power switch after some seconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{version} {seconds}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "killed\n"


@contextmanager
def nursery(url: str, sources: Path) -> Iterator[Nursery]:
    with subprocess.Popen(
        [sys.executable, "-m", __name__, url, str(sources)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Nursery(process)


def survivor(store: Store, heard: set[str]) -> int:
    """The newest version that was published; asserts that the log is whole. 0: none yet.

    ``heard`` gathers the spans that search was told of.
    """
    assert store.verify().problems == ()
    releases = store.releases("fees")
    assert [r.number for r in releases] == list(range(1, len(releases) + 1))
    versions = [int(r.note) for r in releases]
    assert versions == sorted(set(versions)), "a version was published twice"
    last = versions[-1] if versions else 0
    page = store.records("fees", RecordQuery(limit=10 * ROWS))
    said = {str(r.content["name"]): str(r.content["standard"]) for r in page.records}
    assert said == (rows(last) if last else {})
    assert page.total == len(said)
    told = [item for item in store.outbox(limit=10**6) if item.kind == "span"]
    spans = {span.id: span.sequence for span in store.spans(ids=[item.key for item in told])}
    assert set(spans) == {item.key for item in told}, "search would hear of what is not there"
    assert all(spans[item.key] >= item.sequence for item in told)
    heard.update(spans)
    store.outbox_done(upto=max((item.sequence for item in told), default=0))
    draft = store.draft("fees")
    for source in (s for r in releases for s in r.sources):
        assert store.source_bytes(source.digest)
    for staged in draft.imports if draft else ():
        assert staged.records == ROWS, "half a file was staged"
        assert store.source_bytes(staged.source.digest)
    return last


def moments(seed: int, kills: int, longest: float) -> Iterator[float]:
    """Seeded moments to kill at, in seconds; the first at once."""
    chance = random.Random(seed)
    return (chance.uniform(0, longest) if n else 0.0 for n in range(kills))


def main(url: str, sources: Path) -> None:
    for line in sys.stdin:
        version, seconds = line.split()
        ready, told = os.pipe()
        child = os.fork()
        if child == 0:
            store = Store.open(url, sources=sources)
            os.write(told, b"!")
            for number in range(int(version), int(version) + 1_000):
                publish(store, number)
            os._exit(1)
        os.read(ready, 1)
        time.sleep(float(seconds))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(ready)
        os.close(told)
        print("killed", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
