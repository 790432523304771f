"""A PostgreSQL of the tests' own: started in a temporary folder, ended by its process id."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


def binaries() -> Path | None:
    """The folder of ``initdb`` and ``postgres``: Debian keeps them off the path."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    return folders[-1].parent if folders else None


class Server:
    """Hands out empty databases."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._template = "template0"

    def url(self, name: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self._port}/{name}"

    def use_template(self, name: str, prepare: Callable[[str], None]) -> None:
        """Databases are copies of one that is prepared here, once."""
        self._create(name)
        prepare(self.url(name))
        self._template = name

    def _create(self, name: str, template: str = "") -> None:
        options = f"TEMPLATE {template or self._template} ENCODING 'UTF8' LOCALE 'C'"
        with psycopg.connect(self.url(), autocommit=True) as admin:
            admin.execute(f'CREATE DATABASE "{name}" {options}')

    @contextmanager
    def database(self, *, migrated: bool = True) -> Iterator[str]:
        """The address of a database of one's own, dropped at the end; empty unless ``migrated``."""
        name = f"t{uuid.uuid4().hex}"
        self._create(name, "" if migrated else "template0")
        try:
            yield self.url(name)
        finally:
            with psycopg.connect(self.url(), autocommit=True) as admin:
                admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def running() -> Iterator[Server | None]:
    """A server, or None where PostgreSQL is not installed."""
    folder = binaries()
    if folder is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="qingdan-postgresql-") as home:
        user = _other_user()
        data = Path(home) / "data"
        data.mkdir(mode=0o700)
        if user is not None:
            Path(home).chmod(0o755)
            os.chown(data, user.pw_uid, user.pw_gid)
        port = _free_port()
        initdb = [folder / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]
        _run(initdb, user, check=True)
        options = [
            *("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"),
            *("-c", f"unix_socket_directories={data}", "-c", "max_connections=200"),
        ]
        server = subprocess.Popen(
            [folder / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **_as(user),
        )
        try:
            _wait(server, Server(port).url())
            yield Server(port)
        finally:
            server.send_signal(signal.SIGQUIT)
            server.wait(timeout=30)


def _other_user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _as(user: pwd.struct_passwd | None) -> dict[str, int | list[int]]:
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _run(command: list[object], user: pwd.struct_passwd | None, *, check: bool) -> None:
    subprocess.run([str(part) for part in command], check=check, capture_output=True, cwd="/", **_as(user))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(server: subprocess.Popen[bytes], url: str) -> None:
    for _ in range(300):
        if server.poll() is not None:
            raise RuntimeError("PostgreSQL ended while starting")
        try:
            psycopg.connect(url, connect_timeout=1).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("PostgreSQL did not start")
