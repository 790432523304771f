"""Import, publication and indexing in a process that may be killed, with a report of each step.

``python -m tests.system.kill.job HOME`` imports everything once, then forks one process for each line of its
stdin (the number of a version). The child prints its process id and its steps to the same stdout.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import anyio

from publisher import settings
from publisher.log.log import Log
from publisher.workflow import publish_draft
from publisher.workflow.import_files import InputFile, import_files
from search.embedded.engine import EmbeddedEngine

DATASET = "shili-power-list"
ITEMS = 300
STEPS = ("import", "publish", "index", "done")


def content(version: int) -> dict[str, str]:
    """Title → remark of every record of a version; some are removed or added, some change, most stay."""
    return {
        f"第{n}项许可": f"自第{version - (version - n) % 10}版"
        for n in range(version % 7, ITEMS + version % 5)
        if (n + version) % 11
    }


def table(version: int) -> bytes:
    rows = (f"{title},行政许可,市应急管理局,{remark}" for title, remark in content(version).items())
    return "\n".join(("事项名称,权力类型,行使主体,备注", *rows)).encode()


def effective_on(version: int) -> date:
    return date(2015, 1, 1) + timedelta(days=version)


def open_site(home: Path) -> tuple[Log, EmbeddedEngine]:
    place = settings.read_settings(home, environ={})
    return Log.open(place.database, sources=place.sources), EmbeddedEngine(place.index)


def work(home: Path, version: int) -> Iterator[str]:
    """Import, publish and index; yield the name of each step before it begins."""
    log, engine = open_site(home)
    yield "import"
    import_files(log, DATASET, [InputFile(f"第{version}版.csv", table(version))])
    yield "publish"
    release = publish_draft.publish_draft(
        log, DATASET, effective_on=effective_on(version), basis=f"第{version}号"
    )
    yield "index"
    if release is not None:
        anyio.run(publish_draft.await_searchable, log, engine, release)
    yield "done"


def main() -> None:
    home = Path(sys.argv[1])
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            print(os.getpid(), flush=True)
            for step in work(home, int(line)):
                print(step, flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        print("over", flush=True)


if __name__ == "__main__":
    main()
