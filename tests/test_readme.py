"""What the READMEs tell a publisher to type works as printed, with a file that ships."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.support.servers.http_service import free_port

PROJECT = Path(__file__).resolve().parents[1]
README = {"README.md": "Publish a list", "README.zh-CN.md": "发布一份清单"}


def publish_block(name: str) -> str:
    text = (PROJECT / name).read_text(encoding="utf-8")
    match = re.search(rf"^## {README[name]}\n\n```\n(.*?)^```$", text, re.M | re.S)
    assert match is not None
    return match[1]


def commands(block: str) -> list[str]:
    """The commands of a block, without comments."""
    joined = block.replace("\\\n", " ")
    return [" ".join(line.partition(" #")[0].split()) for line in joined.splitlines()]


def test_both_readmes_print_the_same_commands() -> None:
    english, chinese = (commands(publish_block(name)) for name in README)
    assert english == chinese


@pytest.mark.slow
def test_the_commands_run_as_printed(tmp_path: Path) -> None:
    """The other README prints the same commands."""
    *block, serve = publish_block("README.zh-CN.md").strip().splitlines()
    assert serve == "qingdan serve --work"
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "QINGDAN_HOME": str(tmp_path / "site"), "PYTHONUTF8": "1"}
    ran = subprocess.run(
        ["sh", "-eu", "-c", "\n".join(block)],
        check=False,
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert ran.returncode == 0, ran.stderr + ran.stdout
    assert "第1次发布" in ran.stderr
    assert ran.stdout.count("危险化学品经营许可") >= 2
    port = free_port()
    server = subprocess.Popen(
        [*serve.split(), "--port", str(port)],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert "示例市权责清单" in fetch_when_ready(f"http://127.0.0.1:{port}/")
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(30) == 0


def fetch_when_ready(address: str) -> str:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - our own server
                return str(answer.read().decode())
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
