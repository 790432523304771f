"""The public side and the worker as processes of their own."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from publisher.log.log import Log
from publisher.log.model import LogError
from tests.support.command import QINGDAN, Home, item, xlsx
from tests.support.required import skip_or_fail
from tests.support.servers.http_service import free_port

pytestmark = pytest.mark.slow

NAME = "shili-power-list"


def published(site: Home, folder: Path, count: int = 2) -> None:
    site.dataset(NAME, "应急管理局")
    rows = [item(f"第{number}类经营许可") for number in range(count)]
    site.ok("import", xlsx(folder / "市应急管理局.xlsx", rows), "--dataset", NAME)
    site.ok("publish", NAME, "--effective-on", "2015-12-01", "--basis", "鞍政发〔2015〕34号")


def fetch(address: str, timeout: float = 30) -> int:
    """Return the status of a response, 0 if there is none."""
    try:
        with urllib.request.urlopen(address, timeout=timeout) as answer:  # noqa: S310 - ours
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def wait_for(address: str, status: int = 200) -> None:
    deadline = time.monotonic() + 60
    while fetch(address) != status:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_the_public_side_indexes_nothing_and_the_worker_does(site: Home, tmp_path: Path) -> None:
    published(site, tmp_path)
    for path in sorted((site.home / "index").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    serve = site.spawn("serve", "--port", port)
    try:
        wait_for(f"{base}/healthz")
        assert fetch(f"{base}/v1/datasets/{NAME}/records") == 200
        search = f"{base}/v1/search?q=%E8%AE%B8%E5%8F%AF"
        assert fetch(f"{base}/readyz") == 200
        assert fetch(search) == 503
        work = site.spawn("work")
        try:
            wait_for(search)
            work.send_signal(signal.SIGTERM)
            _, err = work.communicate(timeout=30)
            assert (work.returncode, "Traceback" in err) == (0, False), err
        finally:
            work.kill()
            work.communicate()
        assert fetch(search) == 200
    finally:
        serve.kill()
        serve.communicate()


def test_one_command_starts_and_stops_both(site: Home, tmp_path: Path) -> None:
    published(site, tmp_path)
    port = free_port()
    serve = site.spawn("serve", "--work", "--port", port)
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz")
        (worker,) = children(serve.pid)
        serve.send_signal(signal.SIGTERM)
        serve.communicate(timeout=30)
        assert serve.returncode == 0
        assert not Path(f"/proc/{worker}/stat").exists()
    finally:
        serve.kill()
        serve.communicate()


def test_the_worker_ends_with_the_process_that_started_it(site: Home, tmp_path: Path) -> None:
    published(site, tmp_path)
    port = free_port()
    serve = site.spawn("serve", "--work", "--port", port)
    wait_for(f"http://127.0.0.1:{port}/healthz")
    (worker,) = children(serve.pid)
    serve.kill()
    serve.communicate()
    deadline = time.monotonic() + 30
    while Path(f"/proc/{worker}/cmdline").exists() and Path(f"/proc/{worker}/cmdline").read_bytes():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def children(process: int) -> list[int]:
    return [
        int(number)
        for task in Path(f"/proc/{process}/task").iterdir()
        for number in (task / "children").read_text().split()
    ]


def test_a_service_full_of_exports_ends_within_ten_seconds(site: Home, tmp_path: Path) -> None:
    published(site, tmp_path, count=1_500)
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    serve = site.spawn("serve", "--port", port)
    try:
        wait_for(f"{base}/healthz")
        days = [f"2016-{month:02}-{day:02}" for month in range(1, 13) for day in (1, 11, 21)]
        addresses = [f"{base}/v1/datasets/{NAME}/files/xlsx?as_of={day}" for day in days]
        clients = [threading.Thread(target=fetch, args=(address,), daemon=True) for address in addresses]
        for client in clients:
            client.start()
        time.sleep(1)
        started = time.monotonic()
        assert fetch(f"{base}/readyz", timeout=5) == 200
        assert fetch(f"{base}/v1/datasets", timeout=5) == 200
        assert time.monotonic() - started < 5
        started = time.monotonic()
        serve.send_signal(signal.SIGTERM)
        _, err = serve.communicate(timeout=60)
        assert time.monotonic() - started < 10
        assert (serve.returncode, "Traceback" in err) == (0, False), err
    finally:
        serve.kill()
        serve.communicate()


@pytest.mark.parametrize("pause", [0.02, 0.3])
def test_ctrl_c_twice_ends_the_service_without_a_traceback(site: Home, tmp_path: Path, pause: float) -> None:
    published(site, tmp_path, count=1_500)
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    serve = site.spawn("serve", "--port", port)
    try:
        wait_for(f"{base}/healthz")
        export = f"{base}/v1/datasets/{NAME}/files/xlsx"
        threading.Thread(target=fetch, args=(export,), daemon=True).start()
        time.sleep(0.5)
        serve.send_signal(signal.SIGINT)
        time.sleep(pause)
        serve.send_signal(signal.SIGINT)
        _, err = serve.communicate(timeout=30)
        assert (serve.returncode, "Traceback" in err) == (0, False), err
    finally:
        serve.kill()
        serve.communicate()


def test_a_read_only_log_refuses_to_write(site: Home, tmp_path: Path) -> None:
    published(site, tmp_path)
    log = Log.open(f"sqlite:///{site.home / 'qingdan.db'}", sources=site.home / "sources", read_only=True)
    try:
        assert log.datasets.get(NAME).name == NAME
        with pytest.raises(LogError) as caught:
            log.datasets.init_site("https://other.example", "other.example,2016-01-01")
        assert caught.value.code == "read-only"
    finally:
        log.close()


@pytest.mark.program
def test_a_home_on_a_read_only_medium_is_verified_searched_and_served(site: Home, tmp_path: Path) -> None:
    if shutil.which("unshare") is None:
        skip_or_fail("unshare is not installed")
    published(site, tmp_path)
    port = free_port()
    home, python = shlex.quote(str(site.home)), shlex.quote(sys.executable)
    qingdan = f'{python} -c "from publisher.cli import main; main()" --home {home}'
    addresses = [f"http://127.0.0.1:{port}/v1/datasets/{NAME}/{part}" for part in ("records", "files/csv")]
    fetch_list = f"import urllib.request as u; [u.urlopen(one) for one in {addresses}]"
    backups = shlex.quote(str(tmp_path / "backups"))
    script = f"""
        mount --bind {home} {home} && mount -o remount,ro,bind {home} || exit 99
        touch {home}/x 2>/dev/null && exit 98
        {qingdan} verify && {qingdan} search 许可 && {qingdan} history {NAME} 第1类经营许可 || exit 97
        {qingdan} backup {backups} || exit 95
        {qingdan} serve --port {port} &
        for i in $(seq 100); do
          {python} -c "{fetch_list}" 2>/dev/null && {{ kill %1; wait %1; exit 0; }}
          sleep 0.3
        done
        exit 96
    """
    ran = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "bash", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_worker_ends_with_its_standard_input_whatever_that_is(site: Home) -> None:
    site.init()
    command = [*QINGDAN, "work", "--until-eof"]
    ran = subprocess.run(
        command,
        env=site.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
