"""A site that is created and changed by the clerk's commands and read over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from click.testing import CliRunner
from litestar.testing import TestClient

from publisher import settings
from publisher.app import create_app
from publisher.cli.root import root
from tests.support import sqlite

BASE = "https://data.example.gov.cn"


class CommandSite:
    def __init__(self, folder: Path) -> None:
        """Create a site in ``folder``, without a dataset."""
        self.folder, self.home = folder, folder / "site"
        sqlite.new(self.home / "qingdan.db")
        self.run("init", "--base", BASE, "--tag-authority", "example.gov.cn,2024-01-01")

    def run(self, *arguments: str) -> str:
        """Run a command that succeeds → its standard output."""
        result = CliRunner().invoke(root, ["--home", str(self.home), *arguments])
        assert result.exit_code == 0, result.output + repr(result.exception)
        return result.stdout

    def create_dataset(self, name: str, catalogue: str, title: str = "示例市清单（演示数据）") -> None:
        self.run(
            *("dataset", "create", name, "--catalogue", catalogue, "--title", title),
            *("--body", "示例市人民政府", "--licence", "CC0-1.0", "--contact", "data@example.gov.cn"),
        )

    def publish(self, dataset: str, file: Path, *, effective_on: str = "2024-01-01") -> dict[str, Any]:
        """Import a file and publish it → the report of the import."""
        report: dict[str, Any] = json.loads(self.run("import", str(file), "--dataset", dataset, "--json"))
        basis = ("--basis", "示政发〔2024〕1号", "--accept", "basis-missing", "--accept", "many-removed")
        self.run("publish", dataset, "--effective-on", effective_on, *basis)
        return report

    def publish_text(self, dataset: str, text: str, **options: str) -> dict[str, Any]:
        """Import and publish a CSV file with this text → the report of the import."""
        file = self.folder / f"{dataset}.csv"
        file.write_text(text, encoding="utf-8")
        return self.publish(dataset, file, **options)

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        with TestClient(create_app(settings.read_settings(self.home, environ={}))) as client:
            yield client
