"""``qingdan witness``: it cosigns what continues a log, and strangers' programs agree with it."""

from __future__ import annotations

import base64
import hashlib
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from aics_tlog import checkpoint as foreign_checkpoint
from aics_tlog import note as foreign_note
from aics_tlog.cosign import verify_cosignature
from aics_witness.feeder import WitnessClient

from publisher.log.model import LogError
from publisher.log.transparency import merkle_tree, signed_note
from publisher.log.transparency.key_files import KeyFiles
from publisher.log.transparency.merkle_tree import MerkleTree
from publisher.log.transparency.signed_note import COSIGNATURE, VerifierKey
from publisher.log.transparency.witness_protocol import AddCheckpoint
from publisher.witness import Witness
from tests.support.command import QINGDAN
from tests.support.servers.http_service import free_port

NAME, ORIGIN = "witness.example.org", "log.example.org/log"


class SmallLog:
    """A log of made-up entries and its key."""

    def __init__(self, folder: Path, origin: str = ORIGIN) -> None:
        self.files = KeyFiles(folder)
        self.key = self.files.create(origin)

    def tree(self, size: int, past: bytes = b"") -> MerkleTree:
        tiles: dict[tuple[int, int], bytes] = {}
        for n in range(size):
            merkle_tree.append_leaf(
                lambda level, number: tiles.get((level, number), b""),
                lambda level, number, hashes: tiles.update({(level, number): hashes}),
                n,
                merkle_tree.leaf_hash(b"%d" % n + past),
            )
        return MerkleTree(lambda level, number: tiles[level, number], size)

    def note(self, size: int, past: bytes = b"") -> str:
        root = base64.b64encode(self.tree(size, past).root()).decode()
        text = f"{self.key.name}\n{size}\n{root}\n"
        return signed_note.format_note(text, [self.files.sign(self.key, text)])

    def request(self, old: int, size: int, past: bytes = b"") -> bytes:
        proof = self.tree(size, past).consistency_proof(old)
        return AddCheckpoint(old, tuple(proof), self.note(size, past)).encode()


@pytest.fixture
def small(tmp_path: Path) -> SmallLog:
    return SmallLog(tmp_path / "small")


@pytest.fixture
def witness(tmp_path: Path, small: SmallLog) -> Witness:
    return Witness(tmp_path / "witness", NAME, [small.key])


@contextmanager
def running(folder: Path, *logs: VerifierKey) -> Iterator[tuple[str, VerifierKey]]:
    """Run the command → its address and the key that it prints."""
    port = free_port()
    options = [option for key in logs for option in ("--log", str(key))]
    command = [*QINGDAN, "witness", str(folder), "--name", NAME, "--port", str(port), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            key = VerifierKey.parse(process.stdout.readline(), COSIGNATURE)
            yield f"http://127.0.0.1:{port}", key
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def test_each_answer_is_that_of_the_standard(witness: Witness, small: SmallLog, tmp_path: Path) -> None:
    other = SmallLog(tmp_path / "other", "other.example.org/log")
    impostor = SmallLog(tmp_path / "impostor")
    for body, status in (
        (b"", 400),
        (b"old 1\n" + small.request(0, 1)[6:], 400),  # the old size is larger than none, and 1 entry follows
        (small.request(0, 3).replace(b"old 0", b"old 00"), 400),
        (small.request(0, 3).replace(b"old 0", b"old 4"), 400),
        (small.request(0, 3).replace(b"old 0\n", b"old 0\nAAAA\n"), 400),
        (other.request(0, 3), 404),
        (impostor.request(0, 3), 403),
        (small.request(0, 3).replace("\n— ".encode(), "\n— x".encode()), 403),
    ):
        answer = witness.add_checkpoint(body)
        assert answer.status == (409 if body.startswith(b"old 1\n") else status), (body, answer)
    first = witness.add_checkpoint(small.request(0, 3))
    assert first.status == 200
    for body, status, text in (
        (small.request(0, 7), 409, "3\n"),
        (small.request(2, 7), 409, "3\n"),
        (small.request(3, 3, past=b"x"), 409, "3\n"),
        (small.request(3, 7, past=b"x"), 422, ""),
        (small.request(3, 7).replace(b"old 3\n", b"old 3\n" + b"A" * 43 + b"=\n"), 422, ""),
    ):
        answer = witness.add_checkpoint(body)
        assert answer.status == status
        assert (answer.media_type == "text/x.tlog.size") == (status == 409)
        assert not text or answer.text == text
    assert witness.add_checkpoint(small.request(3, 3)).status == 200  # the same once more
    assert witness.add_checkpoint(small.request(3, 300)).status == 200
    assert witness.add_checkpoint(small.request(300, 300)).status == 200


def test_a_cosignature_is_valid_for_a_strangers_program(witness: Witness, small: SmallLog) -> None:
    answer = witness.add_checkpoint(small.request(0, 5))
    note = foreign_note.parse_note(small.note(5) + answer.text)
    checkpoint = foreign_checkpoint.parse_checkpoint(note.text)
    line = note.signatures[1]
    assert line.name == NAME
    key = foreign_note.parse_vkey(str(witness.key)).public_key
    assert verify_cosignature(line.signature, NAME, key, ORIGIN, checkpoint.size, checkpoint.root)
    digest = hashlib.sha256(ORIGIN.encode()).hexdigest()
    assert witness.newest(digest).text.endswith(answer.text)
    assert witness.newest("0" * 64).status == 404


def test_a_witness_remembers_and_refuses_to_run_without_its_memory(
    witness: Witness, small: SmallLog, tmp_path: Path
) -> None:
    witness.add_checkpoint(small.request(0, 5))
    again = Witness(tmp_path / "witness", NAME, [small.key])
    assert again.key == witness.key
    assert again.add_checkpoint(small.request(0, 4, past=b"x")).status == 409
    with pytest.raises(LogError, match="name of this witness"):
        Witness(tmp_path / "witness", "another.example.org", [small.key])
    (tmp_path / "witness" / "witness.db").unlink()
    with pytest.raises(LogError, match="lost its memory"):
        Witness(tmp_path / "witness", NAME, [small.key])
    (tmp_path / "witness" / "witness.db").touch()
    with pytest.raises(LogError, match="lost its memory"):
        Witness(tmp_path / "witness", NAME, [small.key])


@pytest.mark.parametrize("is_key_lost", [False, True])
def test_a_first_start_that_was_killed_is_made_up_for(
    small: SmallLog, tmp_path: Path, *, is_key_lost: bool
) -> None:
    """Killed before the tables were stored, or between the file of the key and its row."""
    folder = tmp_path / "witness"
    folder.mkdir()
    (folder / "witness.db").touch()
    if is_key_lost:
        Witness(folder, NAME, [small.key])
        with closing(sqlite3.connect(folder / "witness.db")) as conn, conn:
            conn.execute("DELETE FROM witness")
    witness = Witness(folder, NAME, [small.key])
    assert witness.add_checkpoint(small.request(0, 5)).status == 200
    assert Witness(folder, NAME, [small.key]).key == witness.key


def test_of_two_pasts_that_arrive_at_once_one_is_cosigned(witness: Witness, small: SmallLog) -> None:
    witness.add_checkpoint(small.request(0, 5))
    bodies = [small.request(5, size) for size in range(6, 14)]
    with ThreadPoolExecutor(8) as pool:
        statuses = [answer.status for answer in pool.map(witness.add_checkpoint, bodies)]
    assert statuses.count(200) == 1
    assert statuses.count(409) == 7


@pytest.mark.slow
def test_a_witness_whose_port_is_in_use_does_not_say_that_it_runs(small: SmallLog, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        options = ("--name", NAME, "--log", small.key, "--port", taken.getsockname()[1])
        command = [*QINGDAN, "witness", tmp_path / "w", *options]
        ran = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (4, "")
    assert "address-in-use" in ran.stderr


@pytest.mark.slow
def test_a_strangers_client_is_served_by_the_command(small: SmallLog, tmp_path: Path) -> None:
    with running(tmp_path / "run", small.key) as (address, key):
        client = WitnessClient(address, str(key), max_attempts=1)

        def proof(old: int, size: int) -> list[bytes]:
            return small.tree(size).consistency_proof(old)

        for size in (1, 2, 255, 256, 257, 600):
            assert client.submit(small.note(size), proof).startswith(f"— {NAME} ")
        client.known_sizes.clear()  # it asks with 0, and is told the size
        assert client.submit(small.note(601), proof)
        with pytest.raises(Exception, match="different root"):
            client.submit(small.note(601, past=b"x"), (601, []))
        client.close()
        assert httpx.get(f"{address}/").status_code == 404
        assert httpx.post(f"{address}/add-checkpoint", content=b"x" * 200_000).status_code == 413
    # Killed and started again: it knows what it cosigned.
    with running(tmp_path / "run", small.key) as (address, again):
        assert again == key
        assert httpx.post(f"{address}/add-checkpoint", content=small.request(0, 3)).text == "601\n"
