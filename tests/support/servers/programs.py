"""Programs of the operating system that tests run, as an operator does."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path
from typing import Any

from tests.support.required import skip_or_fail


def program(name: str) -> str:
    """Return the path of a program; a test without it is skipped, and fails in CI."""
    return (
        shutil.which(name)
        or shutil.which(name, path="/usr/sbin:/sbin")
        or skip_or_fail(f"{name} is not installed")
    )


def other_user(*names: str) -> pwd.struct_passwd | None:
    """First of these users that exists, for a server that refuses to run as root. None: we are not root."""
    if os.geteuid() != 0:
        return None
    users = {user.pw_name: user for user in pwd.getpwall()}
    return next(users[name] for name in (*names, "nobody") if name in users)


def memory_folder() -> str | None:
    """Return a folder in memory, for the data of a server, if there is room; None: the usual one.

    A database of PostgreSQL is hundreds of files: created on a disk it takes ten times as much of a core.
    """
    place = Path("/dev/shm")  # noqa: S108 - servers get new folders of their own in it
    if not (place.is_dir() and os.access(place, os.W_OK)):
        return None
    return str(place) if shutil.disk_usage(place).free > 4 << 30 else None


def run_as(user: pwd.struct_passwd | None) -> dict[str, Any]:
    """Arguments of :mod:`subprocess` to run a process as that user."""
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
