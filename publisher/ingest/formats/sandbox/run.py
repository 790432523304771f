"""Runner of a native parser in a separate process, so that a hostile file can end only that process."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import msgspec

from publisher.ingest.findings.files import DAMAGED, ENCRYPTED, TOO_LARGE
from publisher.ingest.findings.kind import Bilingual
from publisher.ingest.formats.errors import ReaderError

_LIMIT_SIGNALS = frozenset({6, 9, 24})
"""SIGABRT (a native parser got no memory), SIGKILL, SIGXCPU."""


class ParserOutput(msgspec.Struct):
    """Error fields that every output of a parser has."""

    error: str = ""
    detail: str = ""


def run_parser[Output: ParserOutput](module: ModuleType, data: bytes, output_type: type[Output]) -> Output:
    """Run a module as a script on a file, for at most its ``SECONDS``, and decode its MessagePack output.

    Raises :class:`ReaderError`, also for an error that the script reports.
    """
    command = [sys.executable, "-I", str(module.__file__)]
    try:
        process = subprocess.run(  # noqa: S603 -- our own interpreter and our own file
            command, input=data, capture_output=True, timeout=module.SECONDS, check=False
        )
    except subprocess.TimeoutExpired as problem:
        raise ReaderError(
            TOO_LARGE, Bilingual(f"读取超过{module.SECONDS}秒", f"reading took more than {module.SECONDS} s")
        ) from problem
    if -process.returncode in _LIMIT_SIGNALS:
        detail = Bilingual("读取需要过多内存或时间", "reading takes too much memory or time")
        raise ReaderError(TOO_LARGE, detail)
    if process.returncode:
        raise ReaderError(
            DAMAGED,
            Bilingual(f"识读程序中止（{process.returncode}）", f"the parser stopped ({process.returncode})"),
        )
    output = msgspec.msgpack.decode(process.stdout, type=output_type)
    if output.error:
        kind = {"encrypted": ENCRYPTED, "too-large": TOO_LARGE}.get(output.error, DAMAGED)
        raise ReaderError(kind, output.detail)
    return output
