"""A plan of 5,000 commitments: its page and its calendar, and what a reader waits for meanwhile.

``python -m benchmarks.web.commitments [--number N]``: a site with rules and statements, served by ``qingdan
serve``. Each request of the page has another filter, so that no cache answers; the calendar of all deadlines
is requested once without and once from the cache.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import quote

from benchmarks.support.load import Server, get
from benchmarks.support.site import new_site, publish
from publisher.log.model import DraftEntry
from schemas.definition.catalogue import Content
from tests.support.command import QINGDAN
from tests.support.datasets import create_dataset

PLAN = "示政发〔2024〕1号"
_BODIES = tuple(f"市第{n}局" for n in range(30))
_LISTS = {
    "plans": "commitments",
    "evidence": "commitment-evidence",
    "statements": "commitment-statements",
    "documents": "policies",
}
_START = date(2024, 1, 1)
MOST_MILLISECONDS = 300
"""Bar of the slowest page of the plan."""


def tasks(number: int) -> Iterator[Content]:
    for n in range(number):
        due = _START + timedelta(days=n % 700)
        yield {
            "plan": PLAN,
            "section": f"{n % 15}、第{n % 15}项工作",
            "task": f"第{n}项：编制并公布行政职权清单，接受社会监督",
            "lead": _BODIES[n % len(_BODIES)],
            "responsible": "市财政局、市民政局、各县（市）区人民政府",
            "deadline": due.isoformat(),
            "due_on": due.isoformat(),
            "result": f"第{n}项清单",
        }


def build(home: Path, number: int) -> None:
    """Publish a plan with a rule for every third and a statement about every fifth commitment."""
    log = new_site(home)
    for name, catalogue in _LISTS.items():
        create_dataset(log, name, catalogue)
    plan = list(tasks(number))
    title = f"示例市清单工作方案{_START}"
    documents: list[Content] = [
        {"number": PLAN, "title": title, "issuer": "示例市人民政府", "date_written": "2024-01-01"}
    ]
    rules: list[Content] = [
        {"plan": PLAN, "task": one["task"], "condition": "文件", "contains": "工作方案" if n % 2 else "办法"}
        for n, one in enumerate(plan[::3])
    ]
    statements: list[Content] = [
        {
            "plan": PLAN,
            "task": one["task"],
            "progress": "已完成",
            "stated_on": "2024-06-01",
            "judge": one["lead"],
            "role": "自报",
        }
        for one in plan[::5]
    ]
    for name, contents in zip(_LISTS, (plan, rules, statements, documents), strict=True):
        publish(log, name, map(DraftEntry, contents), _START, basis=PLAN)
    log.graph.update()
    log.findings.update()
    log.commitments.update()
    log.close()


def milliseconds_of(server: Server, path: str, accept: str = "text/html", *, connection: int = 0) -> float:
    return server.time_request(get(path, accept=accept), connection)[0]


def time_beside(server: Server, path: str, quick: str) -> tuple[float, list[float]]:
    """Request a slow file → milliseconds of it, and of each quick request that was sent meanwhile."""
    times: list[float] = []
    maker = threading.Thread(
        target=lambda: times.append(milliseconds_of(server, path, "text/calendar", connection=1))
    )
    waits = []
    maker.start()
    while maker.is_alive():
        waits.append(milliseconds_of(server, quick, "application/json"))
        time.sleep(0.02)
    return times[0], waits


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=5_000)
    parser.add_argument("--requests", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        build(home, options.number)
        with Server([*QINGDAN, "--home", str(home), "serve"]) as server:
            plan = f"/commitments?plan={quote(PLAN)}"
            milliseconds_of(server, plan)
            days = [f"{plan}&due_from={_START + timedelta(days=n - 400)}" for n in range(options.requests)]
            pages = sorted(milliseconds_of(server, path) for path in days)
            body = [
                milliseconds_of(server, f"{plan}&lead={quote(one)}") for one in _BODIES[: options.requests]
            ]
            print(
                f"page of a plan of {options.number:,} commitments: p50 {statistics.median(pages):.0f} ms, "
                f"worst {pages[-1]:.0f} ms (bar {MOST_MILLISECONDS}); "
                f"of one body p50 {statistics.median(body):.0f} ms"
            )
            cold, waits = time_beside(server, "/commitments.ics", "/v1/datasets/plans")
            warm = milliseconds_of(server, "/commitments.ics", "text/calendar")
            print(
                f"calendar of all: {cold:.0f} ms cold, {warm:.0f} ms from the cache; a dataset meanwhile: "
                f"worst {max(waits):.0f} ms of {len(waits)}"
            )
            feed = milliseconds_of(server, "/commitments.atom", "application/atom+xml")
            csv = milliseconds_of(server, "/commitments.csv", "text/csv")
            one = milliseconds_of(server, "/datasets/documents")
            print(f"feed {feed:.0f} ms, CSV {csv:.0f} ms, list of documents {one:.0f} ms")
    return 0 if pages[-1] <= MOST_MILLISECONDS else 1


if __name__ == "__main__":
    raise SystemExit(main())
