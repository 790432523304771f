"""Programs of the operating system that tests run, as an operator does."""

from __future__ import annotations

import shutil

from tests.support.required import lacks


def program(name: str) -> str:
    """Return the path of a program; a test without it is skipped, and fails in CI."""
    return (
        shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin") or lacks(f"{name} is not installed")
    )
