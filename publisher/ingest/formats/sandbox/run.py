"""A native parser run in a process of its own, so that a hostile file ends that process and nothing else."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import msgspec

from publisher.ingest.findings.files import DAMAGED, ENCRYPTED, TOO_LARGE
from publisher.ingest.findings.kind import Bilingual
from publisher.ingest.formats.errors import ReaderError


def run(module: ModuleType, data: bytes, seconds: float) -> bytes:
    """What the module says, run as a script, of a file: MessagePack. Raises :class:`ReaderError`."""
    command = [sys.executable, "-I", str(module.__file__)]
    try:
        done = subprocess.run(  # noqa: S603 -- our own interpreter and our own file
            command, input=data, capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as problem:
        raise ReaderError(
            TOO_LARGE, Bilingual(f"读取超过{seconds:g}秒", f"reading took more than {seconds:g} s")
        ) from problem
    if done.returncode:
        raise ReaderError(
            DAMAGED,
            Bilingual(f"识读程序中止（{done.returncode}）", f"the parser stopped ({done.returncode})"),
        )
    return done.stdout


def refuse(error: str, detail: str) -> None:
    """Raises :class:`ReaderError` where the process says what is wrong."""
    if error:
        kind = {"encrypted": ENCRYPTED, "too-large": TOO_LARGE}.get(error, DAMAGED)
        raise ReaderError(kind, detail)


class Failure(msgspec.Struct):
    """The part that every such answer has."""

    error: str = ""
    detail: str = ""
