"""Functions run on a file in a process of their own, with limits on memory and time.

Parsers written in C, and our own loops, can take any time and memory for a hostile file. A server process
without threads forks one process for each file; this takes some milliseconds, and the limits end only that
process. The result comes back as MessagePack, so the process can send data and nothing else. Where processes
cannot be forked (Windows) the function runs in the calling process.
"""

from __future__ import annotations

import atexit
import importlib
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NoReturn

import msgspec

from publisher.ingest.findings.files import DAMAGED, TOO_LARGE
from publisher.ingest.findings.kind import Bilingual, Finding, Kind
from publisher.ingest.formats.errors import ReaderError, ReaderStoppedError
from publisher.ingest.parsed_file import UnreadableFile

MEMORY = 400 << 20
"""Bytes of data of the process; with the processes that wait for it, a file takes less than 512 MiB."""
SECONDS = 50
"""Seconds of processor time."""
_PATIENCE = 300.0
"""Seconds until a process that neither ends nor computes is given up."""
_MOST_RESULT = 128 << 20
"""Bytes of a result; its objects take about three times as much."""
_BOOT = """import pickle, sys
sys.path[:] = pickle.loads(bytes.fromhex(sys.argv[1]))
from publisher.ingest.formats.sandbox import fork_server
fork_server.serve()
"""


def _encode_mapping(value: object) -> dict[object, object]:
    """Encode a read-only mapping like a dict. Raises ``NotImplementedError`` for other types."""
    if isinstance(value, Mapping):
        return dict(value)
    raise NotImplementedError(type(value).__name__)


_encoder = msgspec.msgpack.Encoder(enc_hook=_encode_mapping)
FAILED_ZH, FAILED_EN = "识读程序出错：", "the parser failed:"
"""Beginning of the detail of an error that no reader should raise."""
_NAME_BYTES = 128
"""Bytes of a message that names the function's module."""


class _Refusal(msgspec.Struct):
    """A :class:`ReaderError` or :class:`UnreadableFile` of the function."""

    kind: Kind | None = None
    detail: str | Bilingual = ""
    row: int | None = None
    finding: Finding | None = None

    def to_error(self) -> ReaderError | UnreadableFile:
        if self.finding is not None:
            return UnreadableFile(self.finding)
        return ReaderError(self.kind or DAMAGED, self.detail, row=self.row)


def run_limited(function: Callable[..., Any], *arguments: Any, result: Any) -> Any:
    """Call a function of a module within the limits. Its result is decoded as the type ``result``.

    Raises what the function raises of :class:`ReaderError` and :class:`UnreadableFile`, ``ReaderError`` where
    it exceeds a limit, and ``ReaderStoppedError`` where its process ends otherwise.
    """
    if not hasattr(os, "fork"):
        return msgspec.msgpack.decode(_encoder.encode(function(*arguments)), type=result)
    request = pickle.dumps((function.__module__, function.__qualname__, arguments), protocol=5)
    started = time.monotonic()
    answer = _exchange(function.__module__, request)
    if not answer and _SERVER.has_ended():  # something killed it, but hardly the file
        answer = _exchange(function.__module__, request)
    if not answer:
        raise _explain_end(time.monotonic() - started)
    if answer[:1] == b"r":
        raise msgspec.msgpack.decode(answer[1:], type=_Refusal).to_error()
    return msgspec.msgpack.decode(memoryview(answer)[1:], type=result)


def _exchange(module: str, request: bytes) -> bytes:
    """Send a request and return the answer; empty if the process ended without one."""
    answer = bytearray()
    with _SERVER.connect(module) as connection, suppress(OSError):  # it ended, or takes too long
        connection.settimeout(_PATIENCE)
        connection.sendall(len(request).to_bytes(8))
        connection.sendall(request)
        while piece := connection.recv(1 << 20):
            answer += piece
    size = int.from_bytes(answer[:8])
    return bytes(memoryview(answer)[8:]) if len(answer) > 8 and len(answer) == size + 8 else b""


def _explain_end(seconds: float) -> ReaderError:
    if seconds >= SECONDS:
        detail = Bilingual(f"读取超过{SECONDS}秒", f"reading took more than {SECONDS} s")
        return ReaderError(TOO_LARGE, detail)
    return ReaderStoppedError(DAMAGED, Bilingual("识读程序中止", "the parser stopped"))


class _Server:
    """The server process of this process, started when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def connect(self, module: str) -> socket.socket:
        """Return a connection to a new process for one file, which has imported a module."""
        ours, theirs = socket.socketpair()
        message = [module.encode().ljust(_NAME_BYTES)]
        with theirs, self._lock:
            control = self._control
            if control is None or self._owner != os.getpid():  # none yet, or that of a parent
                control = self._start()
            try:
                socket.send_fds(control, message, [theirs.fileno()])
            except OSError:  # the server was killed
                socket.send_fds(self._start(), message, [theirs.fileno()])
        return ours

    def _start(self) -> socket.socket:
        if self._process is None:
            atexit.register(self.stop)
        if self._control is not None:
            self._control.close()
            if self._process is not None and self._owner == os.getpid():
                self._process.wait()  # it ended, or ends with its connection
        ours, theirs = socket.socketpair()
        with theirs:
            # A group of its own: Ctrl-C reaches this process only. In a session of its own, Linux (autogroup)
            # would schedule it as the equal of all processes of the site together, whatever its niceness.
            self._process = subprocess.Popen(  # noqa: S603 -- our own interpreter and our own code
                [sys.executable, "-c", _BOOT, pickle.dumps(sys.path).hex()],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                process_group=0,
            )
        self._control, self._owner = ours, os.getpid()
        return ours

    def has_ended(self) -> bool:
        """Test whether the server is gone; wait a moment for a process that is about to end."""
        with suppress(subprocess.TimeoutExpired):
            return self._process is None or self._process.wait(timeout=0.2) is not None
        return False

    def stop(self) -> None:
        """Close the connection to the server, which ends it."""
        if self._control is not None and self._owner == os.getpid():
            self._control.close()
            if self._process is not None:
                self._process.wait()


_SERVER = _Server()


def serve() -> None:
    """Fork a process for each connection that arrives on standard input, until it is closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=0)
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, _NAME_BYTES, 1)
        if not message:
            return
        connection = socket.socket(fileno=descriptors[0])
        importlib.import_module(message.decode().strip())  # before the fork, so that it is imported once
        if os.fork() == 0:
            control.close()
            _answer(connection)
        connection.close()


def _answer(connection: socket.socket) -> NoReturn:
    """Call the function of one request in this process, which ends with it."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _limit_resources()
        with connection.makefile("rb") as file:
            module, name, arguments = pickle.loads(file.read(int.from_bytes(file.read(8))))  # noqa: S301 -- ours
        answer = _call(getattr(importlib.import_module(module), name), arguments)
        connection.sendall((len(answer)).to_bytes(8))
        connection.sendall(answer)
    finally:
        os._exit(0)


def _call(function: Callable[..., Any], arguments: tuple[Any, ...]) -> bytes:
    """Return the result with a leading ``o``, or the refusal with a leading ``r``."""
    try:
        result = _encoder.encode(function(*arguments))
        if len(result) <= _MOST_RESULT:
            return b"o" + result
        refusal = _Refusal(TOO_LARGE, Bilingual("内容过多", "too much content"))
    except UnreadableFile as unreadable:
        refusal = _Refusal(finding=unreadable.finding)
    except ReaderError as problem:
        refusal = _Refusal(problem.kind, problem.detail, problem.row)
    except MemoryError:
        size = f"{MEMORY >> 20} MiB"
        refusal = _Refusal(
            TOO_LARGE, Bilingual(f"读取需要超过 {size} 内存", f"reading takes more than {size}")
        )
    except Exception as error:  # noqa: BLE001 -- a hostile file may cause any error
        detail = f"{type(error).__name__}: {error}"[:200]
        refusal = _Refusal(DAMAGED, Bilingual(f"{FAILED_ZH} {detail}", f"{FAILED_EN} {detail}"))
    return b"r" + msgspec.msgpack.encode(refusal)


def _limit_resources() -> None:
    import resource  # noqa: PLC0415 -- absent on Windows, where nothing is forked

    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
