"""A site that processes serve, as in production."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.command import QINGDAN, Home, item, xlsx

NAME = "shili-power-list"


@contextmanager
def running(*arguments: object, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """Run a command that runs until it is stopped; it has started when the block begins."""
    command = [*QINGDAN, *map(str, arguments)]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, **environ}
    ) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if "已启动" in line:
                    break
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("deployed")
    site = Home(folder / "site")
    site.dataset(NAME)
    rows = [item(f"第{n}类经营许可") for n in range(40)]
    site.ok("import", xlsx(Path(folder) / "一.xlsx", rows), "--dataset", NAME)
    site.ok("publish", NAME, "--effective-on", "2015-12-01", "--basis", "示发〔2015〕1号")
    site.ok("desk", "user", "add", "an", "--role", "安全管理")
    return site
