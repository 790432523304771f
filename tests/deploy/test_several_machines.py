"""Several machines as in docs/operate.md: PostgreSQL, Elasticsearch, two ``serve`` and ``work``, a proxy."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from search.elastic.connection import Connection
from tests.deploy.conftest import NAME, running
from tests.support.command import QINGDAN, create_arguments, item, xlsx
from tests.support.servers.http_service import free_ports
from tests.support.servers.postgresql import connect_as_serve
from tests.support.servers.programs import program

pytestmark = [pytest.mark.program, pytest.mark.slow, pytest.mark.server]
PATIENCE = 120.0
PROJECT = Path(__file__).parents[2]


@dataclass
class Machines:
    """Homes of the machines, and the addresses of their public sides and of the proxy."""

    folder: Path
    environment: dict[str, str]
    serves: dict[str, subprocess.Popen[str]] = field(default_factory=dict)
    proxy: str = ""

    def command(self, *words: object) -> str:
        """Run a command on the machine of the worker."""
        ran = subprocess.run(
            [*QINGDAN, "--home", str(self.folder / "work"), *map(str, words)],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr + ran.stdout
        return ran.stdout

    def publish(self, names: list[str], day: str) -> None:
        file = xlsx(self.folder / f"{day}.xlsx", [item(name) for name in names])
        self.command("import", file, "--dataset", NAME)
        self.command("publish", NAME, "--effective-on", day, "--basis", f"示发〔{day[:4]}〕1号")

    def everywhere(self, path: str) -> list[httpx.Response]:
        """Ask each public side, then the proxy."""
        return [httpx.get(address + path, timeout=60) for address in (*self.serves, self.proxy)]


@pytest.fixture
def machines(postgresql_url: str, elasticsearch: Connection, tmp_path: Path) -> Iterator[Machines]:
    environment = {
        "QINGDAN_DATABASE": postgresql_url,
        "QINGDAN_SEARCH": "elasticsearch",
        "QINGDAN_ELASTICSEARCH_HOSTS": ",".join(elasticsearch.hosts),
        "QINGDAN_ELASTICSEARCH_ALIAS": elasticsearch.alias,
        "QINGDAN_CLIENT_HEADER": "X-Forwarded-For",
    }
    own = Machines(tmp_path, environment)
    own.command("init", "--base", "https://data.example.gov.cn")
    own.command(*create_arguments(NAME, "power-list"))
    public = environment | {"QINGDAN_DATABASE": connect_as_serve(postgresql_url)}
    first, second, port = free_ports(3)
    with ExitStack() as stack:
        key: Path | None = None
        for place, number in (("one", first), ("two", second)):
            home = tmp_path / place
            home.mkdir(mode=0o700)
            if key is not None:
                shutil.copy(key, home / "cursor.key")
            serve = running("--home", home, "serve", "--port", number, **public)
            own.serves[f"http://127.0.0.1:{number}"] = stack.enter_context(serve)
            key = home / "cursor.key"
        own.proxy = f"http://127.0.0.1:{port}"
        stack.enter_context(proxied(tmp_path, port, [first, second]))
        await_that(lambda: httpx.get(own.proxy).status_code == 200)
        yield own


@contextmanager
def proxied(folder: Path, port: int, serves: list[int]) -> Iterator[None]:
    """Run the block for several machines of ``deploy/proxy/Caddyfile``; TLS has a test of its own."""
    text = (PROJECT / "deploy" / "proxy" / "Caddyfile").read_text(encoding="utf-8")
    block = re.search(r"\treverse_proxy \S*127\.0\.0\.1:8000\S* \{.*?\n\t\}\n", text, re.S)
    assert block is not None
    own = block[0].replace("127.0.0.1:8000", " ".join(f"127.0.0.1:{number}" for number in serves))
    site = f"http://127.0.0.1:{port} {{\n{own}}}\n"
    (folder / "Caddyfile").write_text(f"{{\n\tadmin off\n\tauto_https off\n}}\n{site}", encoding="utf-8")
    command = [program("caddy"), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    environment = {"HOME": str(folder), "PATH": "/usr/bin:/usr/sbin"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)


def await_that(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            if reached():
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < end
        time.sleep(0.2)


def works(machines: Machines) -> AbstractContextManager[subprocess.Popen[str]]:
    return running("--home", machines.folder / "work", "work", **machines.environment)


def totals(machines: Machines, words: str) -> set[int]:
    answers = machines.everywhere(f"/v1/search?q={words}&dataset={NAME}")
    return {
        answer.json()["total"] if answer.status_code == 200 else -answer.status_code for answer in answers
    }


def test_a_site_on_several_machines(machines: Machines) -> None:
    first, second = machines.serves
    with works(machines) as worker, works(machines):
        machines.publish([f"第{n}类经营许可" for n in range(30)], "2015-12-01")
        await_that(lambda: totals(machines, "经营许可") == {30})
        check_cursors(first, second)
        check_erasure(machines)
        # One of two workers dies: the other goes on with the next release.
        worker.kill()
        machines.publish([f"第{n}类经营许可" for n in range(28)], "2016-12-01")
        await_that(lambda: totals(machines, "经营许可") == {28})
        check_loss_of_a_machine(machines)
    machines.command("verify", "--sources", "--index")


def check_cursors(first: str, second: str) -> None:
    """Pages of a list go on at another machine."""
    path = f"/v1/datasets/{NAME}/records?limit=10"
    records: list[str] = []
    for address in (first, second, first):
        page = httpx.get(address + path).raise_for_status().json()
        records += [record["id"] for record in page["records"]]
        path = re.sub(r"^https?://[^/]+", "", page["links"].get("next") or "")
    assert len(records) == len(set(records)) == 30


def check_erasure(machines: Machines) -> None:
    """What was erased on one machine is served by none."""
    first, *_ = machines.serves
    (record,) = httpx.get(f"{first}/v1/datasets/{NAME}/records?limit=1").json()["records"]
    title = record["content"]["name"]
    path = f"/v1/datasets/{NAME}/releases/1/files/csv"
    assert all(title in answer.text for answer in machines.everywhere(path))
    machines.command("erase", NAME, record["id"], "--ground", "示例", "--yes")
    for answer in machines.everywhere(path):
        assert title not in answer.text
    for answer in machines.everywhere(f"/v1/datasets/{NAME}/records/{record['id']}"):
        assert title not in answer.text


def check_loss_of_a_machine(machines: Machines) -> None:
    """No request is lost with a machine."""
    first, second = machines.serves
    for number in range(60):
        if number == 20:
            machines.serves[first].kill()
        answer = httpx.get(f"{machines.proxy}/v1/datasets/{NAME}/records?limit=1")
        assert answer.status_code == 200, (number, answer.text)
    assert httpx.get(f"{second}/readyz").status_code == 200
