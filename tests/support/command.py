"""The command as people run it, and small workbooks of departments."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import xlwt
from litestar.testing import TestClient

from publisher import cli
from publisher.app import create_app
from publisher.settings import read_settings
from tests.support import sqlite
from tests.support.servers.shared_server import PROJECT

HEADINGS = ("序号", "事项名称", "权力类型", "实施依据", "行使主体", "承诺办结时限", "法定办结时限", "备注")
QINGDAN = [sys.executable, "-c", "from publisher.cli import main; main()"]


@dataclass(frozen=True, slots=True)
class CommandResult:
    """Exit code and output of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Home:
    """A site's folder, and the command for it."""

    home: Path

    def run(self, *arguments: object) -> CommandResult:
        """Run the command in this process."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.run(["--home", str(self.home), *map(str, arguments)])
        return CommandResult(code, out.getvalue(), err.getvalue())

    def ok(self, *arguments: object) -> CommandResult:
        """Run a command, which has to succeed."""
        result = self.run(*arguments)
        assert result.code == 0, result.err + result.out
        return result

    def spawn(self, *arguments: object, prefix: Sequence[str] = ()) -> subprocess.Popen[str]:
        """Start the command in a separate process."""
        return subprocess.Popen(
            [*prefix, *QINGDAN, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment(),
        )

    def environment(self) -> Mapping[str, str]:
        return {**os.environ, "QINGDAN_HOME": str(self.home), "PYTHONPATH": str(PROJECT), "PYTHONUTF8": "1"}

    def init(self) -> None:
        """Create the site. On SQLite its database has the tables already: migrations take long."""
        if not os.environ.get("QINGDAN_DATABASE"):
            sqlite.new(self.home / "qingdan.db")
        self.ok("init", "--base", "https://data.example.gov.cn")

    def dataset(self, name: str = "shili-power-list", *parts: str, catalogue: str = "power-list") -> None:
        """Create the site with a dataset. On SQLite the same site is created once for each process."""
        if os.environ.get("QINGDAN_DATABASE"):
            self._create(name, parts, catalogue)
            return
        self.home.mkdir(0o700, parents=True)
        for path, data in _new_site(name, parts, catalogue).items():
            file = self.home / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
            file.chmod(0o600)  # a key that others can read is refused

    def publish(self, dataset: str, file: Path, *, effective_on: str = "2024-01-01") -> dict[str, Any]:
        """Import a file and publish it → the report of the import."""
        report: dict[str, Any] = self.ok("import", file, "--dataset", dataset, "--json").json
        basis = ("--basis", "示政发〔2024〕1号", "--accept", "basis-missing", "--accept", "many-removed")
        self.ok("publish", dataset, "--effective-on", effective_on, *basis)
        return report

    def publish_text(self, dataset: str, text: str) -> dict[str, Any]:
        """Import and publish a CSV file with this text → the report of the import."""
        file = self.home.with_name(f"{dataset}.csv")
        file.write_text(text, encoding="utf-8")
        return self.publish(dataset, file)

    @contextmanager
    def client(self, **environ: str) -> Iterator[httpx.Client]:
        """Serve the site to a client."""
        with TestClient(create_app(read_settings(self.home, environ))) as client:
            yield client

    def copy_to(self, folder: Path) -> Home:
        """Copy a site that no process has open."""
        return Home(shutil.copytree(self.home, folder))

    def _create(self, name: str, parts: Sequence[str], catalogue: str) -> None:
        self.init()
        self.ok(*create_arguments(name, catalogue))
        if parts:
            self.ok("dataset", "part", "add", name, *parts)

    def files(self) -> Mapping[str, bytes]:
        """Contents of every file of the home, to check that a command wrote nothing."""
        return dict(_files(self.home))


@cache
def _new_site(name: str, parts: tuple[str, ...], catalogue: str) -> Mapping[str, bytes]:
    """Files of a site with a dataset."""
    with tempfile.TemporaryDirectory() as folder:
        site = Home(Path(folder) / "home")
        site._create(name, parts, catalogue)
        return site.files()


def _files(home: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(home.rglob("*")):
        # Reading also opens the database, which creates a lock file and an empty write-ahead log.
        if path.is_file() and path.suffix not in {".db-shm", ".lock"}:
            yield str(path.relative_to(home)), path.read_bytes()


def create_arguments(name: str, catalogue: str, title: str = "示例市清单") -> tuple[str, ...]:
    """Return the arguments of the command that creates a dataset."""
    return (
        *("dataset", "create", name, "--catalogue", catalogue, "--division", "210300"),
        *("--title", title, "--body", "示例市人民政府"),
        *("--licence", "CC0-1.0", "--contact", "a@b.example"),
    )


def item(name: str, *, promised: str = "10个工作日", kind: str = "行政许可", remark: str = "") -> list[str]:
    """Build a row of a power list, without its number."""
    basis = "《危险化学品安全管理条例》（国务院令第591号）第三十三条"
    return [name, kind, basis, "市应急管理局", promised, "20个工作日", remark]


def rows(title: str, items: Sequence[Sequence[str]]) -> list[list[str]]:
    """Build the rows of a sheet: its title, its headings, and the items with their numbers."""
    return [[title], list(HEADINGS), *([str(n), *one] for n, one in enumerate(items, start=1))]


def xlsx(
    path: Path,
    items: Sequence[Sequence[str]],
    *,
    title: str = "权责清单",
    last_heading: str = HEADINGS[-1],
) -> Path:
    book = openpyxl.Workbook()
    heading, *lines = rows(title, items)
    for row in (heading, [*lines[0][:-1], last_heading], *lines[1:]):
        book.active.append(row)
    book.save(path)
    return path


def xls(path: Path, items: Sequence[Sequence[str]], *, title: str = "权责清单") -> Path:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Sheet1")
    for y, row in enumerate(rows(title, items)):
        for x, text in enumerate(row):
            sheet.write(y, x, text)
    book.save(str(path))
    return path
