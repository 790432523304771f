"""A large site behind Caddy: `qingdan serve`, `qingdan work` and the proxy as processes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import IO
from urllib.parse import quote

import anyio

from publisher.indexing import indexer
from publisher.log.log import Log
from publisher.log.model import DraftEntry, RecordQuery
from publisher.settings import read_settings
from schemas.definition.catalogue import Json
from search.embedded.engine import EmbeddedEngine
from tests.support.command import QINGDAN, Home
from tests.support.datasets import create_dataset
from tests.support.required import skip_or_fail
from tests.support.servers.http_service import free_ports
from tests.support.servers.shared_server import PROJECT
from tests.system.load.visitors import Visit, visit

NAME = "shili-power-list"
FIRST = date(2015, 1, 1)
RELEASES = 12
_SENTENCE = "申请人应当依照法律法规的规定提出申请，由有关部门依法受理、审查和决定；"


def content(number: int, version: int) -> dict[str, Json]:
    """Content of a record: a twentieth of them changes with each version."""
    changed = version - (version - number) % 20 if version >= number % 20 else 0
    return {
        "name": f"第{number:06}项许可",
        "power_type": ("行政许可", "行政检查", "行政处罚")[number % 3],
        "remark": f"第{changed}版：{_SENTENCE * 4}",
    }


def publish(log: Log, records: int, version: int) -> None:
    source = log.evidence.put_source(f"{version}".encode(), name=f"{version}.csv", media_type="text/csv")
    entries = (DraftEntry(content=content(number, version)) for number in range(records))
    log.drafts.stage(NAME, entries, part=None, source=source, parser_version="1")
    day = FIRST + timedelta(days=30 * version)
    log.releases.publish(NAME, effective_on=day, basis=f"示发〔2015〕{version + 1}号")


def build(home: Path, records: int) -> None:
    """Create a site with twelve releases of one dataset, and its index."""
    settings = read_settings(home, {})
    log = Log.open(settings.database, sources=settings.sources)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2015-11-23")
    create_dataset(log, NAME)
    for version in range(RELEASES):
        publish(log, records, version)
    anyio.run(indexer.index_outbox, log, EmbeddedEngine(settings.index))
    log.close()


def heavy_paths() -> list[str]:
    """The heaviest requests: files, comparisons and scans, of states that nobody asked for yet."""
    home = f"/v1/datasets/{NAME}"
    paths: list[str] = []
    for number in range(900):
        day = FIRST + timedelta(days=number % 350)
        other = day + timedelta(days=31 + number // 350 * 17)
        word = quote(f"第{number % 12}版")
        condition = quote(f"remark LIKE '%{number % 12}版%' AND name LIKE '%{number % 10}%'")
        limit = number * 7 % 100 + 1
        paths += [
            f"{home}/files/xlsx?as_of={day}",
            f"{home}/records?remark.gte={word}&sort=-remark&limit={limit}&as_of={day}",
            f"{home}/compare.xlsx?from={day}&to={other}",
            f"{home}/files/csv?as_of={day}",
            f"{home}/compare?from={day}&to={other}&limit=100",
            f"/ogc/collections/{NAME}/items?filter={condition}&limit=100",
        ]
    return paths


@dataclass(frozen=True)
class Visitors:
    program: subprocess.Popen[str]
    output: IO[str]

    def are_there(self) -> bool:
        return self.program.poll() is None

    def visits(self) -> list[Visit]:
        """Wait for the end → every visit."""
        assert self.program.wait(timeout=600) == 0
        with self.output as output:
            output.seek(0)
            return [(status, seconds, size, path) for status, seconds, size, path in json.load(output)]


@dataclass(frozen=True)
class Place:
    """A running site. ``port``: of the proxy; ``folder``: of its settings and of all logs."""

    home: Path
    port: int
    folder: Path
    commands: Mapping[str, Sequence[str]]
    environment: Mapping[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def revive(self) -> None:
        """Start the processes that do not run, and wait until the site answers."""
        for name, command in self.commands.items():
            if name not in self.processes or self.processes[name].poll() is not None:
                with (self.folder / f"{name}.log").open("ab") as log:
                    self.processes[name] = subprocess.Popen(
                        command, stdout=log, stderr=log, env=self.environment
                    )
        deadline = time.monotonic() + 120
        while anyio.run(visit, self.port, "/readyz", "198.19.0.1")[0] != 200:
            ended = [name for name, process in self.processes.items() if process.poll() is not None]
            logs = {name: (self.folder / f"{name}.log").read_text()[-2_000:] for name in self.commands}
            assert not ended, (ended, logs)
            assert time.monotonic() < deadline, logs
            time.sleep(0.2)

    def logged(self, name: str) -> str:
        """The end of what a process wrote to its log."""
        return (self.folder / f"{name}.log").read_text()[-4_000:]

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the site."""
        return subprocess.run(
            [*QINGDAN, *words], env=self.environment, check=False, capture_output=True, text=True
        )

    def visitors(self, kind: str, seconds: float, clients: int, paths: Sequence[str]) -> Visitors:
        """Start clients of :mod:`tests.system.load.visitors`."""
        command = [sys.executable, "-m", "tests.system.load.visitors", kind, self.port, seconds, clients]
        output = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the object, after it was read
        program = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=output, text=True, cwd=PROJECT
        )
        assert program.stdin is not None
        program.stdin.write("\n".join(paths))
        program.stdin.close()
        return Visitors(program, output)

    def memory(self) -> dict[str, int]:
        """Resident bytes of each process of the site with its children; pages of files do not count."""
        return {name: _memory(process.pid) for name, process in self.processes.items() if name != "caddy"}


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _memory(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return 0
    match = re.search(r"RssAnon:\s+(\d+)", status)
    return (int(match[1]) * 1024 if match else 0) + sum(_memory(int(child)) for child in children)


def light_paths(home: Path) -> list[str]:
    """Requests of readers: the first page, records, searches, readiness."""
    settings = read_settings(home, {})
    log = Log.open(settings.database, sources=settings.sources, read_only=True)
    records = log.queries.records(NAME, RecordQuery(limit=20)).records
    log.close()
    return [
        path
        for record in records
        for path in (
            "/",
            f"/v1/datasets/{NAME}/records/{record.id}",
            f"/v1/search?q={quote(record.title)}",
            "/readyz",
            f"/datasets/{NAME}/records/{record.id}",
        )
    ]


@contextmanager
def running(home: Path, **environment: str) -> Iterator[Place]:
    """Run the site behind Caddy, which says which client it is in ``X-Forwarded-For``."""
    if shutil.which("caddy") is None:
        skip_or_fail("Caddy is not installed")
    port, own = free_ports(2)
    with tempfile.TemporaryDirectory(prefix="qingdan-caddy-") as name:
        folder = Path(name)
        (folder / "Caddyfile").write_text(
            "{\n admin off\n auto_https off\n}\n"
            f"http://127.0.0.1:{port} {{\n reverse_proxy 127.0.0.1:{own} {{\n"
            "  header_up X-Forwarded-For {http.request.header.X-Client}\n }\n}\n"
        )
        environment = {
            **Home(home).environment(),
            "QINGDAN_CLIENT_HEADER": "X-Forwarded-For",
            **dict.fromkeys(("XDG_DATA_HOME", "XDG_CONFIG_HOME"), name),
            **environment,
        }
        commands = {
            "serve": [*QINGDAN, "serve", "--port", str(own)],
            "work": [*QINGDAN, "work"],
            "caddy": ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"],
        }
        place = Place(home, port, folder, commands, environment)
        try:
            place.revive()
            yield place
        finally:
            for process in place.processes.values():
                _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
