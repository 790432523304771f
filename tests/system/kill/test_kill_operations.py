"""``kill -9`` during an erasure, an export, a move and a migration: before or after, and never half."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.log.model import LogError, RecordQuery
from tests.publisher.log.test_migrations import restore
from tests.support.servers.shared_server import PROJECT
from tests.system.kill import operations
from tests.system.kill.operations import COUNT, create_site, open_log, secret

SEED = 20161201
pytestmark = pytest.mark.slow
A_FEW_OR_MANY = pytest.mark.parametrize(
    "kills", [pytest.param(4, id="a few"), pytest.param(100, id="many", marks=pytest.mark.soak)]
)


class ForkServer:
    """The program that forks the processes to be killed."""

    def __init__(self, program: subprocess.Popen[str]) -> None:
        assert program.stdin is not None
        assert program.stdout is not None
        self._in, self._out = program.stdin, program.stdout
        assert self._out.readline() == "ready\n"

    def run(self, name: str, folder: Path, argument: object, kill_after: float | None = None) -> float:
        """Run an operation, killed after some seconds → how long it took."""
        print(name, folder, argument, file=self._in, flush=True)
        child, started = int(self._out.readline()), time.perf_counter()
        if kill_after is not None:
            time.sleep(kill_after)
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        assert self._out.readline() == "over\n"
        return time.perf_counter() - started


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ForkServer]:
    command = [sys.executable, "-m", "tests.system.kill.operations", str(tmp_path / "warm")]
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        try:
            yield ForkServer(program)
        finally:
            assert program.stdin is not None
            program.stdin.close()
            program.wait(timeout=60)


def moments(kills: int, longest: float) -> Iterator[float]:
    chance = random.Random(SEED)
    return (chance.uniform(0, 1.1 * longest) for _ in range(kills))


@A_FEW_OR_MANY
def test_an_erasure_that_is_killed_is_completed_or_was_none(
    server: ForkServer, tmp_path: Path, kills: int
) -> None:
    site = tmp_path / "site"
    create_site(site)
    longest = server.run("erase", site, 0)
    erased = {0}
    # The last one is not killed: on a busy machine every kill of a few can come before the end.
    for number, moment in enumerate((*moments(kills, longest), None), start=1):
        server.run("erase", site, number, moment)
        log = open_log(site)  # completes the deletion of bytes
        titles = {record.title for record in log.queries.records("fees", RecordQuery(limit=1_000)).records}
        if secret(number) not in titles:
            erased.add(number)
        assert titles == {secret(n) for n in range(COUNT)} - {secret(n) for n in erased}
        assert len(log.queries.releases("fees")) == 3 + len(erased)
        assert log.integrity.verify().problems == ()
        log.close()
        stored = b"".join(path.read_bytes() for path in site.glob("qingdan.db*"))
        assert not [n for n in erased if secret(n).encode() in stored]
    assert kills + 1 in erased


@A_FEW_OR_MANY
def test_an_export_that_is_killed_leaves_whole_files(server: ForkServer, tmp_path: Path, kills: int) -> None:
    site, reference = tmp_path / "site", tmp_path / "reference"
    create_site(site)
    longest = server.run("export", site, reference)
    names = {path.name for path in reference.iterdir()}
    for number, moment in enumerate(moments(kills, longest)):
        folder = tmp_path / f"export-{number}"
        server.run("export", site, folder, moment)
        for path in [path for path in folder.glob("*") if path.is_file()]:
            assert path.name in names
            assert path.name in ("SHA256SUMS", "checkpoint") or _is_whole(path, reference / path.name), path
        operations.export(site, str(folder))
        assert {path.name for path in folder.iterdir()} == names
        sums = (folder / "SHA256SUMS").read_text().splitlines()
        for line in sums:
            digest, name = line.split("  ")
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
        shutil.rmtree(folder)


def _is_whole(path: Path, reference: Path) -> bool:
    """Compare sizes: some formats have the time of their writing in them."""
    return abs(path.stat().st_size - reference.stat().st_size) < 64


@A_FEW_OR_MANY
def test_a_move_that_is_killed_moved_all_or_nothing(server: ForkServer, tmp_path: Path, kills: int) -> None:
    site = tmp_path / "site"
    create_site(site)
    (tmp_path / "whole").mkdir()
    longest = server.run("move", site, tmp_path / "whole")
    moved = []
    for number, moment in enumerate(moments(kills, longest)):
        target = tmp_path / f"move-{number}"
        target.mkdir()
        server.run("move", site, target, moment)
        log = open_log(target)
        try:
            log.datasets.site()
            moved.append(True)
        except LogError:  # there is no site
            moved.append(False)
        log.close()
        if not moved[-1]:
            operations.move(site, str(target))
        log = open_log(target)
        assert log.queries.records("fees", RecordQuery(limit=1)).total == COUNT
        assert log.integrity.verify().problems == ()
        log.close()
        shutil.rmtree(target)
    assert False in moved


@A_FEW_OR_MANY
def test_a_migration_that_is_killed_is_done_by_the_next_command(
    server: ForkServer, tmp_path: Path, kills: int
) -> None:
    old = tmp_path / "old"
    old.mkdir()
    restore(f"sqlite:///{old / 'qingdan.db'}", "0006")
    shutil.copytree(old, tmp_path / "first")
    longest = server.run("migrate", tmp_path / "first", "-")
    for number, moment in enumerate(moments(kills, longest)):
        site = tmp_path / f"site-{number}"
        shutil.copytree(old, site)
        server.run("migrate", site, "-", moment)
        log = open_log(site)
        assert log.integrity.verify().problems == ()
        assert [r.number for r in log.queries.releases("fees")] == [1, 2, 3, 4, 5, 6]
        log.close()
        shutil.rmtree(site)
