"""A PostgreSQL for tests: started in a temporary folder, ended by its process id."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from publisher.log.log import Log
from publisher.log.recovery.postgresql_dump import find_newest
from tests.support.required import skip_or_fail
from tests.support.servers.http_service import free_port
from tests.support.servers.programs import memory_folder, other_user, run_as
from tests.support.servers.shared_server import PROJECT, keep, shared

MIGRATED = "migrated"
"""Template of all other databases, with the tables."""
CHINESE = "LOCALE_PROVIDER icu ICU_LOCALE 'zh-Hans-CN' LOCALE 'C.UTF-8'"
"""Locale of the databases of tests: it orders by Pinyin, so that whatever relies on the locale fails."""


def find_programs() -> Path | None:
    """Folder of ``initdb`` and ``postgres``, which Debian does not put on the path."""
    initdb = shutil.which("initdb")
    if initdb:
        return Path(initdb).resolve().parent
    newest = find_newest("initdb")
    return None if newest is None else newest.parent


class Server:
    """Server that creates databases for tests."""

    def __init__(self, port: int) -> None:
        self._port = port

    def url(self, name: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self._port}/{name}"

    def prepare(self) -> None:
        """Create the template that :meth:`database` copies, once."""
        self._create(MIGRATED, "template0")
        Log.open(self.url(MIGRATED), sources=Path("sources")).close()

    def _create(self, name: str, template: str, locale: str = CHINESE) -> None:
        options = f"TEMPLATE {template} ENCODING 'UTF8' {locale}"
        with psycopg.connect(self.url(), autocommit=True) as admin:
            admin.execute(f'CREATE DATABASE "{name}" {options}')

    @contextmanager
    def database(self, *, migrated: bool = True, locale: str = CHINESE) -> Iterator[str]:
        """Create a database → its address; drop it at the end. It is empty unless ``migrated``."""
        name = f"t{uuid.uuid4().hex}"
        self._create(name, MIGRATED if migrated else "template0", locale)
        try:
            yield self.url(name)
        finally:
            with psycopg.connect(self.url(), autocommit=True) as admin:
                admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    @contextmanager
    def copied(self, name: str) -> Iterator[str]:
        """Copy a database that nobody uses → the address of the copy; drop it at the end."""
        copy = f"t{uuid.uuid4().hex}"
        self._create(copy, name)
        try:
            yield self.url(copy)
        finally:
            with psycopg.connect(self.url(), autocommit=True) as admin:
                admin.execute(f'DROP DATABASE "{copy}" WITH (FORCE)')


@contextmanager
def of_the_run(folder: Path) -> Iterator[Server]:
    """Server of a test run, whose processes share ``folder``."""
    if find_programs() is None:
        skip_or_fail("PostgreSQL is not installed")
    with shared(folder, __name__) as port:
        yield Server(int(port))


@contextmanager
def _running(programs: Path) -> Iterator[str]:
    """Run a server → its port."""
    with tempfile.TemporaryDirectory(prefix="qingdan-postgresql-", dir=memory_folder()) as home:
        user = other_user("postgres")
        data = Path(home) / "data"
        data.mkdir(mode=0o700)
        if user is not None:
            Path(home).chmod(0o755)
            os.chown(data, user.pw_uid, user.pw_gid)
        port = free_port()
        initdb = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        command = [*map(str, initdb), "--locale=C"]
        subprocess.run(command, check=True, capture_output=True, cwd="/", **run_as(user))
        options = [
            *("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"),
            *("-c", f"unix_socket_directories={data}", "-c", "max_connections=200"),
        ]
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **run_as(user),
        )
        try:
            await_connection(server, Server(port).url())
            Server(port).prepare()
            yield str(port)
        finally:
            server.send_signal(signal.SIGQUIT)
            server.wait(timeout=30)


def await_connection(server: subprocess.Popen[bytes], url: str) -> None:
    """Return when the server accepts connections. Raises ``RuntimeError`` if it ends or does not start."""
    for _ in range(300):
        if server.poll() is not None:
            raise RuntimeError(f"{server.args!r} ended while starting")
        try:
            psycopg.connect(url, connect_timeout=1).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{server.args!r} did not start")


def connect_as_serve(url: str) -> str:
    """Create the role of docs/postgresql.md → the address for ``serve``. SQLite has no roles."""
    if url.startswith("sqlite"):
        return url
    guide = (PROJECT / "docs" / "postgresql.md").read_text(encoding="utf-8")
    statements = re.search(r"```\n(CREATE ROLE qingdan_serve.*?)```", guide, re.S)
    grants = re.search(r"```\n(GRANT USAGE ON SCHEMA qingdan_inbox.*?)```", guide, re.S)
    assert statements
    assert grants
    role = statements[1].replace("CREATE ROLE qingdan_serve LOGIN PASSWORD '…';\n", "")
    role = role.replace("DATABASE qingdan", f'DATABASE "{make_url(url).database}"')
    role = role.replace("ROLE qingdan ", "ROLE postgres ")
    with psycopg.connect(url, autocommit=True) as admin:
        if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = 'qingdan_serve'").fetchone():
            admin.execute("CREATE ROLE qingdan_serve LOGIN")
        admin.execute(role + grants[1])
    return url.replace("postgres@", "qingdan_serve@")


if __name__ == "__main__":
    programs = find_programs()
    assert programs is not None
    keep(Path(sys.argv[1]), "tests.support.servers.postgresql", _running(programs))
