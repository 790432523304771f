"""A pgbouncer in transaction mode for tests, from Debian; ended by its process id."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from tests.support.http_service import free_port
from tests.support.required import lacks

POOL = 4
"""Connections to the server; clients beyond that take turns."""


@contextmanager
def in_transaction_mode(url: str, folder: Path) -> Iterator[str]:
    """Run a pooler before the database at ``url`` → the address of the database behind it."""
    program = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
    if program is None:
        lacks("pgbouncer is not installed")
    database, port = make_url(url), free_port()
    with tempfile.TemporaryDirectory(prefix="qingdan-pgbouncer-", dir="/tmp") as home:
        settings = Path(home) / "pgbouncer.ini"
        users = Path(home) / "users.txt"
        users.write_text('"postgres" ""\n')
        settings.write_text(
            f"[databases]\n{database.database} = host=127.0.0.1 port={database.port} user=postgres\n"
            "[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {users}\n"
            f"pool_mode = transaction\ndefault_pool_size = {POOL}\nmax_client_conn = 100\n"
        )
        Path(home).chmod(0o755)
        user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        own = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        with (folder / "pgbouncer.log").open("wb") as log:
            server = subprocess.Popen([program, str(settings)], stdout=log, stderr=log, cwd=home, **own)  # type: ignore[call-overload]
        try:
            address = f"postgresql://postgres@127.0.0.1:{port}/{database.database}"
            _wait(server, address, folder / "pgbouncer.log")
            yield address
        finally:
            server.terminate()
            server.wait(timeout=30)


def _wait(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    for _ in range(200):
        if server.poll() is not None:
            raise RuntimeError(log.read_text())
        try:
            psycopg.connect(address, connect_timeout=1).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(log.read_text())
