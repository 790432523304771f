"""A large workbook at the desk, and readers of the public site meanwhile: ``python -m benchmarks.web.desk``.

Serves a site and its desk in a process each. A clerk hands in a workbook of 20,000 rows, looks at the
findings and turns the pages of the sheet, in turns with pauses. A reader asks the public site all the time,
so that times with and without the clerk come from the same minutes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from http.client import HTTPConnection
from itertools import cycle
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import quote

import httpx

from benchmarks.support.load import Server
from publisher.desk.accounts.roles import Grant, Role
from publisher.desk.desk import open_staff
from publisher.log.log import Log
from publisher.log.model import DraftEntry
from publisher.settings import read_settings
from tests.support import sqlite
from tests.support.command import QINGDAN, item, xlsx
from tests.support.desk import POWER_LIST, create_power_list, forms
from tests.support.servers.http_service import free_port

FIRST_FINDINGS = 10.0
"""Seconds until the page with the first findings is complete."""
GRID_PAGE = 0.3
"""Seconds of a page of the sheet, at p50."""
SLOWER = 1.2
"""Greatest ratio of the readers' p99 with the clerk to that without."""
_PART, _PUBLISHED = "应急管理局", "民政局"
_PAUSE = 0.02
"""Seconds between two requests of the reader."""
_DESK_NICENESS = 10
"""As in ``deploy/systemd/qingdan-desk.service``."""
_PAGES = 30
"""Pages of the sheet that the clerk looks at, in every round."""
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass
class DeskSeconds:
    """Seconds of what was measured; of the reader by rounds, with (``busy``) and without the clerk."""

    findings: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    busy: list[Sequence[float]] = field(default_factory=list)
    quiet: list[Sequence[float]] = field(default_factory=list)


def read_pages(port: int, paths: Sequence[str], control: Connection) -> None:
    """Ask for pages in turn, with a pause after each answer, until the parent ends it; send the times.

    A process of its own: what the clerk's browser computes must not delay a measured answer.
    """
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    answers: list[tuple[float, float]] = []
    for path in cycle(paths):
        if control.poll(_PAUSE):
            break
        started = time.perf_counter()
        connection.request("GET", path)
        response = connection.getresponse()
        assert response.status == 200, (path, response.status)
        response.read()
        answers.append((started, time.perf_counter() - started))
    control.send(answers)


def build(home: Path, base: str) -> tuple[str, Sequence[str]]:
    """Create a site with published records → the clerk's link, and addresses of public pages."""
    settings = read_settings(home, {"QINGDAN_DESK_BASE": base})
    assert sqlite.new(home / "qingdan.db") == settings.database
    with (
        closing(Log.open(settings.database, sources=settings.sources)) as log,
        closing(open_staff(settings, create=True)) as staff,
    ):
        log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2020-01-01")
        create_power_list(log)
        log.datasets.change(POWER_LIST, two_persons=False)
        source = log.evidence.put_source(b"x", name="a.csv", media_type="text/csv")
        entries = [
            DraftEntry({"name": f"第{n}类登记", "power_type": "行政确认", "actor": "市民政局"}, f"{n}")
            for n in range(2_000)
        ]
        log.drafts.stage(POWER_LIST, entries, part=_PUBLISHED, source=source, parser_version="1")
        log.releases.publish(POWER_LIST, effective_on=date(2020, 1, 1), basis="示政发〔2020〕1号")
        token = staff.accounts.add("clerk", "clerk", [Grant(Role.DRAFTER, POWER_LIST, _PART)], demo=True)
        records = log.queries.find_by_title(POWER_LIST, "第1")[:200]
        home_page = f"/datasets/{POWER_LIST}"
        api = f"/v1{home_page}/records"
        paths = [f"{home_page}/records/{state.id}" for state in records]
        return f"/link/{token}", [path for one in paths for path in (one, f"{api}?limit=20", home_page)]


def server(home: Path, command: str, port: int, *, desk_base: str) -> Server:
    """Prepare the server of a command of the program."""
    niceness = _DESK_NICENESS if command == "desk" else 0
    start = ["nice", "-n", str(niceness), *QINGDAN, "--home", str(home), command]
    return Server(start, port, {**os.environ, "QINGDAN_DESK_BASE": desk_base}, subprocess.DEVNULL)


class Clerk:
    """Signed in at the desk."""

    def __init__(self, base: str, link: str) -> None:
        self._client = httpx.Client(base_url=base, timeout=120, follow_redirects=True)
        self._send(link, link)
        self._draft = f"/drafts/{POWER_LIST}?part={quote(_PART)}"

    def _send(self, page: str, action: str, **more: object) -> httpx.Response:
        form = forms(self._client.get(page).text)[action]
        answer = self._client.post(action, data=form.fields, **more)  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.text[:500]
        return answer

    def hand_in(self, data: bytes) -> float:
        """Hand in a workbook → seconds until the page with findings is complete."""
        form = forms(self._client.get(self._draft).text)[f"/drafts/{POWER_LIST}/imports"]
        started = time.perf_counter()
        answer = self._client.post(
            form.action, data=form.fields, files={"files": ("市应急管理局.xlsx", data, _XLSX)}
        )
        assert "检查问题" in answer.text, answer.text[:500]
        return time.perf_counter() - started

    def turn_pages(self, rows: int) -> Iterator[float]:
        """Look at pages all over the sheet → seconds of each."""
        sheet = self._draft.replace("?", "/sheet?")
        for number in range(_PAGES):
            first = number * (rows // 100) // _PAGES * 100
            started = time.perf_counter()
            answer = self._client.get(f"{sheet}&from={first}")
            assert answer.text.count('<tr id="r') == 100, first
            yield time.perf_counter() - started


def measure(rows: int, rounds: int, folder: Path) -> DeskSeconds:
    port, desk_port = free_port(), free_port()
    base, times = f"http://127.0.0.1:{desk_port}", DeskSeconds()
    home = folder / "site"
    home.mkdir()
    link, paths = build(home, base)
    workbooks = [xlsx(folder / f"{n}.xlsx", list(_rows(rows, n))).read_bytes() for n in range(rounds)]
    with server(home, "serve", port, desk_base=base), server(home, "desk", desk_port, desk_base=base):
        ours, theirs = get_context("spawn").Pipe()
        get_context("spawn").Process(target=read_pages, args=(port, paths, theirs), daemon=True).start()
        os.nice(_DESK_NICENESS)  # the clerk's browser is on another machine
        clerk, periods = Clerk(base, link), []
        time.sleep(3)  # until templates are compiled and pages known
        for workbook in workbooks:
            started = time.perf_counter()
            times.findings.append(clerk.hand_in(workbook))
            times.pages += clerk.turn_pages(rows)
            ended = time.perf_counter()
            time.sleep(ended - started)
            periods.append((started, ended, time.perf_counter()))
        ours.send("end")
        answers: Sequence[tuple[float, float]] = ours.recv()
    for begin, middle, end in periods:
        times.busy.append([seconds for at, seconds in answers if begin <= at < middle])
        times.quiet.append([seconds for at, seconds in answers if middle <= at < end])
    return times


def _rows(count: int, number: int) -> Iterator[list[str]]:
    for n in range(count):
        promised = "尽快" if n % 100 == number else "5个工作日"
        yield item(f"第{n}类经营许可", promised=promised)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=6)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        times = measure(options.rows, options.rounds, Path(folder))
    findings, page = max(times.findings), statistics.median(times.pages)
    busy, quiet = (
        [statistics.quantiles(one, n=100)[98] for one in half] for half in (times.busy, times.quiet)
    )
    slower = statistics.median(one / other for one, other in zip(busy, quiet, strict=True))
    print(f"{options.rows:,} rows: first findings within {findings:.1f} s (at most {FIRST_FINDINGS:.0f})")
    print(f"page of the sheet: p50 {page * 1e3:.0f} ms (at most {GRID_PAGE * 1e3:.0f})")
    print(
        f"reader: p99 {statistics.median(busy) * 1e3:.1f} ms with the clerk, "
        f"{statistics.median(quiet) * 1e3:.1f} ms without; median of {options.rounds} rounds: "
        f"{slower:.2f} times (at most {SLOWER})"
    )
    return int(findings > FIRST_FINDINGS or page > GRID_PAGE or slower > SLOWER)


if __name__ == "__main__":
    sys.exit(main())
