"""Dump and restoration of a PostgreSQL database by PostgreSQL's own programs."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy.engine import URL

from publisher.log.model import LogError

_DEBIAN = Path("/usr/lib/postgresql")
_VERSION = re.compile(r"\d+(\.\d+)*", re.ASCII)


def dump(url: URL, file: Path, snapshot: str, excluded_tables: Sequence[str] = ()) -> None:
    """Write the state of an exported snapshot, without the rows of some tables.

    Raises ``LogError('backup-tool')``.
    """
    options = ["--format=custom", "--no-owner", "--no-acl", f"--snapshot={snapshot}", f"--file={file}"]
    options += [f"--exclude-table-data={table}" for table in excluded_tables]
    _run("pg_dump", [*options, "--dbname", _connection(url)], url)


def list_dump(file: Path) -> None:
    """Read the table of contents, to check the file. Raises ``LogError('backup-tool')``."""
    _run("pg_restore", ["--list", str(file)], None)


def restore(url: URL, file: Path) -> None:
    """Restore into an empty database, in one transaction. Raises ``LogError('backup-tool')``."""
    options = ("--no-owner", "--no-acl", "--single-transaction", "--exit-on-error")
    _run("pg_restore", [*options, "--dbname", _connection(url), str(file)], url)


def _connection(url: URL) -> str:
    """Write the URL without its password, which the list of processes would show."""
    return url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)


def _run(program: str, arguments: Sequence[str], url: URL | None) -> None:
    environment: Mapping[str, str] = os.environ
    if url is not None and url.password:
        environment = {**os.environ, "PGPASSWORD": str(url.password)}
    try:
        subprocess.run(  # noqa: S603 - PostgreSQL's own program
            [find_newest(program) or program, *arguments],
            check=True,
            capture_output=True,
            text=True,
            env=environment,
        )
    except OSError as error:
        raise _failed(program, str(error)) from error
    except subprocess.CalledProcessError as error:
        raise _failed(program, error.stderr.strip()[-500:]) from error


def find_newest(program: str, debian: Path = _DEBIAN) -> Path | None:
    """Find a program in the folder of the newest version, such as 17 or 9.6, which reads older servers too.

    Debian does not put all of them on the path.
    """
    installed = (path for path in debian.glob(f"*/bin/{program}") if _VERSION.fullmatch(path.parts[-3]))
    return max(installed, key=lambda path: [int(n) for n in path.parts[-3].split(".")], default=None)


def _failed(program: str, why: str) -> LogError:
    return LogError(
        "backup-tool",
        f"{program} 没有成功：{why}。请安装与服务器版本相同的 PostgreSQL 客户端程序。",
        f"{program} failed: {why}. Install PostgreSQL's client programs in the version of the server.",
    )
