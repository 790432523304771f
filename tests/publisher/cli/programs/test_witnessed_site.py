"""A site, its worker and two witnesses as processes: one witness cosigns, and one is dead."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from publisher.log.log import Log
from publisher.log.transparency import signed_note
from publisher.log.transparency.key_files import KeyFiles
from publisher.log.transparency.signed_note import COSIGNATURE, Signature, VerifierKey
from tests.support.command import Home, item, xlsx
from tests.support.servers.http_service import free_port

NAME = "witness.example.org"
DATASET = "shili-power-list"
PATIENCE = 60.0


@contextmanager
def process(home: Home, *arguments: object) -> Iterator[str]:
    """Run a command until the end of the block → the first line that it prints."""
    with home.spawn(*arguments) as running:
        assert running.stdout is not None
        try:
            yield running.stdout.readline().strip() if arguments[0] == "witness" else ""
        finally:
            running.terminate()
            running.communicate(timeout=30)


def wait_for_cosignature(home: Home) -> Sequence[Signature]:
    """Wait until the newest checkpoint has a second line → its lines."""
    deadline = time.monotonic() + PATIENCE
    log = Log.open(f"sqlite:///{home.home / 'qingdan.db'}", sources=home.home / "sources", read_only=True)
    try:
        while time.monotonic() < deadline:
            lines = signed_note.parse_note(log.proofs.checkpoint() or "")[1]
            if len(lines) > 1:
                return lines
            time.sleep(0.2)
        raise AssertionError("no witness cosigned")
    finally:
        log.close()


@pytest.mark.slow
def test_the_worker_has_each_checkpoint_cosigned_and_a_dead_witness_delays_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "site")
    home.dataset(DATASET)
    log_key = home.ok("key", "new").out.strip()
    port, dead = free_port(), KeyFiles(tmp_path / "dead").create("dead.example.org", COSIGNATURE)
    witness = ("witness", tmp_path / "witness", "--name", NAME, "--log", log_key, "--port", port)
    with process(home, *witness) as text:
        key = VerifierKey.parse(text, COSIGNATURE)
        both = f"http://127.0.0.1:{free_port()} {dead}, http://127.0.0.1:{port} {key}"
        monkeypatch.setenv("QINGDAN_WITNESSES", both)
        with process(home, "work"):
            for n in (1, 2):
                file = xlsx(tmp_path / f"{n}.xlsx", [item(f"许可{m}") for m in range(n)])
                home.ok("import", file, "--dataset", DATASET)
                basis = ("--basis", "示政发〔2024〕1号", "--accept", "basis-missing")
                home.ok("publish", DATASET, "--effective-on", f"2024-01-0{n}", *basis)
                lines = wait_for_cosignature(home)
                assert [line.name for line in lines] == ["data.example.gov.cn/log", NAME]
    states = {one["name"]: one for one in home.ok("status", "--json").json["checkpoint"]["witnesses"]}
    assert states[NAME]["error"] == ""
    assert "ConnectError" in states["dead.example.org"]["error"]
