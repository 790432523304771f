"""The thread of the worker that encodes what was indexed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from publisher.indexing.encoder_thread import encoding
from publisher.log.log import Log
from search.embedded.engine import EmbeddedEngine
from search.semantic.encoder import Encoder
from tests.search.documents import call, index
from tests.search.meaning import LISTS, encoded_documents
from tests.support.clock import Clock
from tests.support.log import entry, fees_dataset, release
from tests.support.servers.language_model import require_model


@pytest.mark.slow
def test_nothing_is_encoded_while_anything_is_to_be_indexed(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    log = Log.open(f"sqlite:///{tmp_path}/log.db", sources=tmp_path / "sources", clock=Clock())
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    log.datasets.create(*fees_dataset())
    release(log, entry("甲"))
    engine = EmbeddedEngine(tmp_path / "index", encoder=Encoder(require_model(tmp_path_factory)))
    index(engine, LISTS)
    with encoding(log, engine):
        time.sleep(2)
        assert encoded_documents(engine) == 0
        log.subscriptions.complete_items(upto=log.outbox.last_written())
        deadline = time.monotonic() + 60
        while encoded_documents(engine) < len(LISTS):
            assert time.monotonic() < deadline
            time.sleep(0.1)
    call(engine.close)
    log.close()


_NICE_WORKER = """
import ctypes, os, sys, threading, time
from pathlib import Path
from publisher.indexing.encoder_thread import encoding
from publisher.log.log import Log
from search.embedded.engine import EmbeddedEngine

folder = Path(sys.argv[1])
log = Log.open(f"sqlite:///{folder}/log.db", sources=folder / "sources")
os.nice(12)
if os.geteuid() == 0:  # like any other user: without CAP_SYS_NICE (23)
    libc, header, sets = ctypes.CDLL(None), (ctypes.c_uint * 2)(0x20080522, 0), (ctypes.c_uint * 6)()
    assert libc.capget(header, sets) == 0
    sets[0] &= ~(1 << 23)
    assert libc.capset(header, sets) == 0
with encoding(log, EmbeddedEngine(folder / "index")):
    time.sleep(0.5)
    (thread,) = (one for one in threading.enumerate() if one.name == "encoder")
    print(os.getpriority(os.PRIO_PROCESS, thread.native_id) > 12)
log.close()
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no priority of their own")
def test_the_thread_of_a_nice_worker_runs(tmp_path: Path) -> None:
    log = Log.open(f"sqlite:///{tmp_path}/log.db", sources=tmp_path / "sources", clock=Clock())
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    log.close()
    command = [sys.executable, "-c", _NICE_WORKER, str(tmp_path)]
    worker = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (worker.stdout, worker.stderr, worker.returncode) == ("True\n", "", 0)
