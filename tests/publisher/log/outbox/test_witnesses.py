"""Cosignatures of a site's checkpoints: a stranger's witness gives them, and a dead one delays nothing."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from aics_tlog import note as foreign_note
from aics_witness import LogConfig, WitnessStore, make_server
from aics_witness import Witness as ForeignWitness
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete

from publisher.log.database.entry_tables import checkpoint
from publisher.log.log import Log
from publisher.log.transparency.key_files import KeyFiles
from publisher.log.transparency.signed_note import COSIGNATURE, NoteError, VerifierKey, parse_note
from publisher.log.transparency.witness_protocol import cosign
from publisher.notify import witnesses
from publisher.notify.witnesses import WitnessError, request_cosignature
from tests.support.log import LATE, MIDDLE, entry, release
from tests.support.servers.http_service import free_port
from tests.support.servers.loopback import Answer, loopback_server

NAME = "witness.example.org"


@contextmanager
def foreign_witness(folder: Path, key: VerifierKey) -> Iterator[witnesses.SiteWitness]:
    """Run the witness of another project for this log."""
    log_key = foreign_note.parse_vkey(str(key))
    folder.mkdir()
    with WitnessStore(folder / "witness.db", create=True) as store:
        own = ForeignWitness(NAME, Ed25519PrivateKey.generate(), store, [LogConfig(key.name, (log_key,))])
        server = make_server(own)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield witnesses.SiteWitness(server.url, VerifierKey.parse(own.vkey_text, COSIGNATURE))
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


@pytest.mark.slow
def test_a_strangers_witness_cosigns_each_checkpoint_of_a_site(log: Log, tmp_path: Path) -> None:
    key = log.keys.create()
    with foreign_witness(tmp_path / "foreign", key) as witness:
        for n, day in ((1, MIDDLE), (2, LATE)):
            release(log, entry("证照费", str(n)), on=day)
            assert request_cosignature(log, witness) is True
            assert request_cosignature(log, witness) is False
            state = log.witnesses.state(witness.key)
            assert (state.size, state.error) == (log.proofs.size(), "")
            note = foreign_note.parse_note(log.proofs.checkpoint() or "")
            assert [line.name for line in note.signatures] == [key.name, NAME]
            assert note == foreign_note.parse_note(log.proofs.entry(log.proofs.size() - 1).note or "")
    assert log.integrity.verify().problems == ()
    with log._session.database.write() as conn:
        conn.exec_driver_sql("UPDATE cosignature SET cosigned_at = cosigned_at + 1")
    problems = log.integrity.verify().problems
    assert len([problem for problem in problems if "时间或文字不符" in problem]) == 2
    assert all(NAME in problem for problem in problems)


@pytest.mark.slow
def test_a_log_that_lost_entries_or_has_another_past_is_not_cosigned(log: Log, tmp_path: Path) -> None:
    key = log.keys.create()
    with foreign_witness(tmp_path / "foreign", key) as witness:
        release(log, entry("证照费"))
        request_cosignature(log, witness)
        with log._session.database.write() as conn:  # as a site that was restored from an older backup
            conn.exec_driver_sql("DELETE FROM cosignature")
            conn.execute(delete(checkpoint).where(checkpoint.c.size == log.proofs.size()))
        with pytest.raises(WitnessError, match="entries, which are not those of this log"):
            request_cosignature(log, witness)
        assert "entries" in log.witnesses.state(witness.key).error


@pytest.mark.slow
def test_a_dead_or_slow_witness_delays_no_publication(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witnesses, "_SECONDS", 3.0)
    log.keys.create()
    key = VerifierKey(NAME, b"\1" * 32, COSIGNATURE)
    release(log, entry("证照费"))
    with pytest.raises(WitnessError, match="ConnectError"):
        request_cosignature(log, witnesses.SiteWitness(f"http://127.0.0.1:{free_port()}", key))
    assert "ConnectError" in log.witnesses.state(key).error
    with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor(1) as pool:
        slow = witnesses.SiteWitness(f"http://127.0.0.1:{silent.getsockname()[1]}", key)
        waiting = pool.submit(request_cosignature, log, slow)
        time.sleep(0.2)
        published = release(log, entry("证照费", "2"), on=MIDDLE)
        assert not waiting.done()
        assert log.proofs.first_checkpoint(published.entry) is not None
        with pytest.raises(WitnessError, match="Timeout"):
            waiting.result()


@pytest.mark.slow
def test_an_answer_without_a_valid_cosignature_is_refused(log: Log, tmp_path: Path) -> None:
    key = log.keys.create()
    release(log, entry("证照费"))
    with foreign_witness(tmp_path / "foreign", key) as witness:
        other = witnesses.SiteWitness(witness.url, VerifierKey(NAME, b"\1" * 32, COSIGNATURE))
        with pytest.raises(WitnessError, match="no cosignature"):
            request_cosignature(log, other)
    assert log.witnesses.state(other.key).size == 0


@pytest.mark.slow
def test_a_size_beyond_all_numbers_is_a_failure_that_the_status_states(log: Log) -> None:
    log.keys.create()
    release(log, entry("证照费"))
    with loopback_server() as server:
        server.answers["/add-checkpoint"] = Answer(b"1" * 5_000, status=409)
        one = witnesses.SiteWitness(server.base, VerifierKey(NAME, b"\1" * 32, COSIGNATURE))
        with pytest.raises(WitnessError, match="HTTP 409"):
            request_cosignature(log, one)
    assert "HTTP 409" in log.witnesses.state(one.key).error


@pytest.mark.parametrize("at", [10**13, 2**63])
def test_a_cosignature_of_a_time_that_no_calendar_has_is_refused(log: Log, tmp_path: Path, at: int) -> None:
    log.keys.create()
    release(log, entry("证照费"))
    keys = KeyFiles(tmp_path / "witness")
    key = keys.create(NAME, COSIGNATURE)
    request = log.witnesses.request(key)
    assert request is not None
    text, _ = parse_note(request.note)
    with pytest.raises(NoteError):
        log.witnesses.accept(key, request, str(cosign(keys, key, text, at)))
