"""An upgrade under load: from the commit before to this tree, process by process; and the way back."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from publisher.log.database.tables import HEAD
from tests.support.command import create_arguments, item, xlsx
from tests.support.required import skip_or_fail
from tests.support.servers.http_service import free_ports

PROJECT = Path(__file__).resolve().parents[3]
NAME = "shili-power-list"
PACKAGES = ("feeds", "openapi", "publisher", "schemas", "search")
pytestmark = [pytest.mark.slow, pytest.mark.program]


class Program:
    """A version of the program, from a tree, for one home."""

    def __init__(self, tree: Path, home: Path) -> None:
        self.tree, self.home = tree, home

    def command(self, *arguments: object) -> list[str]:
        start = "from publisher.cli import main; main()"
        return [sys.executable, "-c", start, "--home", str(self.home), *map(str, arguments)]

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(self.tree), "PYTHONUTF8": "1"}

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            env=self.environment(),
            cwd=self.tree,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def ok(self, *arguments: object) -> str:
        ran = self.run(*arguments)
        assert ran.returncode == 0, ran.stderr + ran.stdout
        return ran.stdout

    @contextmanager
    def running(self, *arguments: object) -> Iterator[None]:
        with subprocess.Popen(
            self.command(*arguments), env=self.environment(), cwd=self.tree, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                assert process.stderr is not None
                assert any("已启动" in line for line in process.stderr)
                yield
            finally:
                process.send_signal(signal.SIGTERM)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the packages of the commit before."""
    folder = tmp_path_factory.mktemp("before")
    archive = folder / "tree.tar"
    command = ["git", "archive", "--output", str(archive), "HEAD^", *PACKAGES]
    if subprocess.run(command, cwd=PROJECT, check=False, capture_output=True).returncode:
        skip_or_fail("git has no commit before this one")
    with tarfile.open(archive) as tar:
        tar.extractall(folder / "tree", filter="data")
    return folder / "tree"


class Visitor:
    """Asks without a pause; what one process does not answer the other does, as a proxy tries both."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports, self._ends = ports, threading.Event()
        self.answered, self.failed = 0, list[str]()

    @contextmanager
    def visiting(self) -> Iterator[None]:
        thread = threading.Thread(target=self._visit)
        thread.start()
        try:
            yield
        finally:
            self._ends.set()
            thread.join()

    def _visit(self) -> None:
        paths = (f"/v1/datasets/{NAME}", "/", f"/datasets/{NAME}", f"/feeds/{NAME}.atom", "/log/checkpoint")
        while not self._ends.is_set():
            for path in paths:
                self._ask(path)

    def _ask(self, path: str) -> None:
        for port in self._ports:
            with contextlib.suppress(httpx.TransportError):
                status = httpx.get(f"http://127.0.0.1:{port}{path}", timeout=20).status_code
                self.answered += 1
                if status >= 500:
                    self.failed.append(f"{path}: {status}")
                return
        self.failed.append(f"{path}: no answer")


def published(program: Program, folder: Path) -> None:
    program.ok("init", "--base", "https://data.example.gov.cn")
    program.ok(*create_arguments(NAME, "power-list"))
    program.ok("key", "new")
    publish(program, folder, ["甲许可", "乙许可"], "2024-01-01")


def publish(program: Program, folder: Path, names: Sequence[str], day: str) -> None:
    program.ok("import", xlsx(folder / f"{day}.xlsx", [item(name) for name in names]), "--dataset", NAME)
    accepted = ("--accept", "basis-missing", "--accept", "many-removed")
    program.ok("publish", NAME, "--effective-on", day, "--basis", "示发〔2024〕1号", *accepted)


def test_no_request_is_lost_while_one_process_after_the_other_is_replaced(
    before: Path, tmp_path: Path
) -> None:
    home = tmp_path / "site"
    old, new = Program(before, home), Program(PROJECT, home)
    published(old, tmp_path)
    ports = free_ports(2)
    visitor = Visitor(ports)
    with contextlib.ExitStack() as second:
        with old.running("serve", "--port", ports[0]):
            second.enter_context(old.running("serve", "--port", ports[1]))
            with visitor.visiting():
                new.ok("backup", tmp_path / "backups")
                new.ok("status")  # upgrades the tables; both old processes go on reading
                time.sleep(1)
        first = contextlib.ExitStack()
        with first:
            first.enter_context(new.running("serve", "--port", ports[0]))
            more = Visitor(ports)
            with more.visiting():
                second.close()
                second.enter_context(new.running("serve", "--port", ports[1]))
                publish(new, tmp_path, ["甲许可", "丙许可"], "2024-02-01")
                time.sleep(1)
    assert visitor.failed == []
    assert more.failed == []
    assert min(visitor.answered, more.answered) > 20
    assert '"problems": []' in new.ok("verify", "--json")


BROKEN = '''"""A migration that fails when it is half done."""
import sqlalchemy as sa
from alembic import op
revision = "9999"
down_revision = "{head}"
branch_labels = depends_on = None
def upgrade() -> None:
    op.add_column("site", sa.Column("half", sa.Text()))
    op.execute("UPDATE site SET base = 'https://wrong.example'")
    raise RuntimeError("the disk is full")
'''


def test_after_a_migration_that_failed_the_backup_made_first_goes_on(tmp_path: Path) -> None:
    """The migration itself leaves nothing behind; the backup is for what nobody foresaw."""
    home = tmp_path / "site"
    now = Program(PROJECT, home)
    published(now, tmp_path)
    now.ok("backup", tmp_path / "backups", "--keys", tmp_path / "keys")
    for package in PACKAGES:
        shutil.copytree(PROJECT / package, tmp_path / "next" / package)
    database = tmp_path / "next" / "publisher" / "log" / "database"
    (database / "migrations" / "versions" / "9999_broken.py").write_text(BROKEN.format(head=HEAD))
    tables = database / "tables.py"
    tables.write_text(tables.read_text().replace(f'HEAD = "{HEAD}"', 'HEAD = "9999"'))
    broken = Program(tmp_path / "next", home)
    failed = broken.run("status")
    assert failed.returncode != 0
    assert "https://data.example.gov.cn" in now.ok("status")  # as it was
    home.rename(tmp_path / "damaged")
    restored = Program(PROJECT, tmp_path / "site")
    options = ("--no-checkpoint", "--keys", tmp_path / "keys", "--json")
    assert '"read_only": false' in restored.ok("restore", tmp_path / "backups", *options)
    publish(restored, tmp_path, ["甲许可", "丙许可"], "2024-02-01")
    assert '"problems": []' in restored.ok("verify", "--json")
