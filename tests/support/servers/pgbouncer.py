"""A pgbouncer in transaction mode for tests, from Debian; ended by its process id."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from tests.support.servers.http_service import free_port
from tests.support.servers.postgresql import await_connection
from tests.support.servers.programs import other_user, program, run_as

POOL = 4
"""Connections to the server; clients beyond that take turns."""


@contextmanager
def run_pgbouncer(url: str, folder: Path) -> Iterator[str]:
    """Run a pooler before the database at ``url`` → the address of the database behind it."""
    pgbouncer = program("pgbouncer")
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
        with (folder / "pgbouncer.log").open("wb") as log:
            server = subprocess.Popen(
                [pgbouncer, str(settings)], stdout=log, stderr=log, cwd=home, **run_as(other_user())
            )
        try:
            address = f"postgresql://postgres@127.0.0.1:{port}/{database.database}"
            await_connection(server, address)
            yield address
        finally:
            server.terminate()
            server.wait(timeout=30)
