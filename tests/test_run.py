"""Behaviour of a test run: one server for all its processes, and conditions that fail it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psycopg
import pytest

from tests.support.required import skip_or_fail
from tests.support.servers import postgresql

PROJECT = Path(__file__).resolve().parents[1]
USER = """
import sys, time
from pathlib import Path
from tests.support.servers import postgresql
from tests.support.required import skip_or_fail
with postgresql.of_the_run(Path(sys.argv[1])) as server:
    print(server.url(), flush=True)
    time.sleep(600)
"""


def user(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", USER, str(folder)]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)


def address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def stops_answering(url: str) -> bool:
    for _ in range(600):
        try:
            psycopg.connect(url, connect_timeout=1).close()
        except psycopg.OperationalError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.server
def test_processes_share_one_server_and_it_ends_with_the_last_of_them_however_that_ends(
    tmp_path: Path,
) -> None:
    if postgresql.find_programs() is None:
        skip_or_fail("PostgreSQL is not installed")
    with user(tmp_path) as one, user(tmp_path) as other:
        urls = {address(one), address(other)}
        one.send_signal(signal.SIGKILL)
        one.wait()
        assert len(urls) == 1
        (url,) = urls
        psycopg.connect(url, connect_timeout=30).close()
        other.send_signal(signal.SIGKILL)
    assert stops_answering(url)
    with user(tmp_path) as again:
        psycopg.connect(address(again), connect_timeout=30).close()
        again.send_signal(signal.SIGKILL)


def run(folder: Path, body: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run one test file in two processes, with this project's hooks."""
    hooks = "from tests.support.skips import pytest_sessionfinish, pytest_terminal_summary"
    (folder / "conftest.py").write_text(hooks, encoding="utf-8")
    (folder / "test_it.py").write_text("import os, pytest\n" + textwrap.dedent(body), encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = shared\n", encoding="utf-8")
    options = ("-q", "-n", "2", "--max-worker-restart=0", "-p", "no:cacheprovider", "-c", "pytest.ini")
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **environ}
    for name in [name for name in environment if name.startswith("PYTEST_XDIST")]:
        del environment[name]
    command = [sys.executable, "-m", "pytest", *options, "-p", "xdist.plugin"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


SKIPPED = """
def test_runs(): pass
def test_is_skipped(): pytest.skip("no browser here")
"""
WITHOUT_DATA = """
from tests.support import shared_data
def test_runs(): pass
@pytest.mark.shared
def test_needs_data(): shared_data.require("no such folder")
"""
CRASHES = """
def test_runs(): pass
def test_ends_its_process(): os._exit(0)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "environ", "fails"),
    [
        pytest.param(SKIPPED, {"CI": "true"}, True, id="skipped in CI"),
        pytest.param(SKIPPED, {"CI": ""}, False, id="skipped on a laptop"),
        pytest.param(WITHOUT_DATA, {"CI": "true", "QINGDAN_SHARED": ""}, False, id="no data in a fork"),
        pytest.param(WITHOUT_DATA, {"CI": "true", "QINGDAN_SHARED": "required"}, True, id="no data here"),
        pytest.param(CRASHES, {"CI": ""}, True, id="a process ends"),
    ],
)
def test_what_fails_a_run(tmp_path: Path, body: str, environ: dict[str, str], fails: bool) -> None:
    process = run(tmp_path, body, **environ)
    assert (process.returncode != 0) is fails, process.stdout + process.stderr
    if body == WITHOUT_DATA and not fails:
        assert "skipped: 1 tests, as shared/data" in process.stdout
