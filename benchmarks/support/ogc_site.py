"""Site with many features, and the servers that are compared on it."""

from __future__ import annotations

import http.client
import os
import random
import re
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from publisher.settings import read_settings
from tests.support.servers.http_service import free_port

DATASET = "bench-items"
BOUNDARIES = "divisions.geojson"
_SENTENCE = "行政相对人应当依照法律法规的规定提出申请，由有关部门依法受理审查决定。"


def contents(count: int, size: int) -> list[dict[str, Any]]:
    """Generate records of about ``size`` bytes, the same in every run."""
    draw = random.Random(8)
    records = []
    for number in range(count):
        text = "".join(draw.sample(_SENTENCE, len(_SENTENCE)))
        long = (text * (size // len(text.encode()) + 1)).encode()[:size].decode(errors="ignore")
        records.append(
            {"name": f"第{number:06}项", "power_type": draw.choice(["行政许可", "行政检查"]), "remark": long}
        )
    return records


def build(home: Path, base: str, records: Sequence[dict[str, Any]]) -> None:
    from publisher.log.log import Log
    from publisher.log.model import Dataset
    from schemas.definition import file_loader as catalogues

    home.mkdir()
    settings = read_settings(home, {})
    log = Log.open(settings.database, sources=settings.sources)
    log.datasets.init_site(base, "bench.example,2026-01-01")
    dataset = Dataset(
        name=DATASET,
        catalogue="power-list",
        title="测速用清单",
        title_en="For measuring",
        body="示例市",
        division="210300",
        licence="CC0-1.0",
        contact="bench",
    )
    log.datasets.create(dataset, catalogues.load_catalogue("power-list"))
    publish(log, records, date(2015, 1, 1))
    log.close()


def publish(log: Any, records: Sequence[dict[str, Any]], on: date) -> None:
    from publisher.log.model import Entry

    source = log.evidence.put_source(repr(on).encode(), name="bench.csv", media_type="text/csv")
    entries = (Entry(content=dict(content)) for content in records)
    log.drafts.stage(DATASET, entries, part=None, source=source, parser_version="1")
    log.releases.publish(DATASET, effective_on=on)


class PinnedServer:
    """A server process on the first core."""

    def __init__(self, kind: str, home: Path, port: int | None = None) -> None:
        self.port = port or free_port()
        command = [sys.executable, "-m", "benchmarks.ogc", "--serve", kind, "--home", str(home)]
        self.process = subprocess.Popen([*command, "--port", str(self.port)])
        pin(self.process.pid, 0)
        for _ in range(600):
            try:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
                self.connection.connect()
                break
            except OSError:
                time.sleep(0.05)
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, path: str) -> tuple[float, bytes]:
        """Send a request and return milliseconds and body."""
        started = time.perf_counter()
        self.connection.request("GET", path)
        response = self.connection.getresponse()
        body = response.read()
        milliseconds = (time.perf_counter() - started) * 1000
        assert response.status == 200, (path, response.status, body[:500])
        return milliseconds, body

    def cpu(self) -> float:
        """Return the processor time used, in seconds."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> int:
        """Return the resident memory, in kB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        match = re.search(r"VmRSS:\s+(\d+)", status)
        assert match
        return int(match[1])

    def end(self) -> None:
        self.connection.close()
        self.process.terminate()
        self.process.wait()


def pin(pid: int, core: int) -> None:
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(pid, {core})
