"""Runner of a native parser in a separate process, so that a hostile file can end only that process."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import msgspec

from publisher.ingest.findings.files import DAMAGED, ENCRYPTED, TOO_LARGE
from publisher.ingest.findings.kind import Bilingual
from publisher.ingest.formats.errors import ReaderError


def run(module: ModuleType, data: bytes, seconds: float) -> bytes:
    """Run a module as a script on a file and return its MessagePack output. Raises :class:`ReaderError`."""
    command = [sys.executable, "-I", str(module.__file__)]
    try:
        process = subprocess.run(  # noqa: S603 -- our own interpreter and our own file
            command, input=data, capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as problem:
        raise ReaderError(
            TOO_LARGE, Bilingual(f"读取超过{seconds:g}秒", f"reading took more than {seconds:g} s")
        ) from problem
    if process.returncode:
        raise ReaderError(
            DAMAGED,
            Bilingual(f"识读程序中止（{process.returncode}）", f"the parser stopped ({process.returncode})"),
        )
    return process.stdout


def refuse(error: str, detail: str) -> None:
    """Raise :class:`ReaderError` where the process reports an error."""
    if error:
        kind = {"encrypted": ENCRYPTED, "too-large": TOO_LARGE}.get(error, DAMAGED)
        raise ReaderError(kind, detail)


class ParserOutput(msgspec.Struct):
    """Error fields that every output of a parser has."""

    error: str = ""
    detail: str = ""
