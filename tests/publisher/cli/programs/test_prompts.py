"""Commands that ask on a terminal: what was published until the answer is not overwritten."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from tests.support.command import QINGDAN, Home, item, xlsx

pytestmark = pytest.mark.slow

DATASET = "shili-power-list"
BASIS = ("--basis", "鞍政发〔2015〕34号")
REASON = ("--reason", "录入错误")


class Prompt:
    """A command on a terminal of its own, which waits for an answer."""

    def __init__(self, site: Home, arguments: Sequence[object]) -> None:
        self._terminal, end = pty.openpty()
        self._process = subprocess.Popen(
            [*QINGDAN, *map(str, arguments)], stdin=end, stdout=end, stderr=end, env=site.environment()
        )
        os.close(end)

    def __enter__(self) -> Prompt:
        self._read_until(b"[y/N]")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)

    def answer(self, text: str) -> tuple[int, str]:
        """Type an answer → exit code and output."""
        os.write(self._terminal, text.encode() + b"\n")
        output = self._read_until(None)
        return self._process.wait(timeout=30), output

    def _read_until(self, end: bytes | None) -> str:
        output, deadline = b"", time.monotonic() + 60
        while end is None or end not in output:
            assert time.monotonic() < deadline, output.decode()
            if not select.select([self._terminal], [], [], 1)[0]:
                continue
            try:
                output += os.read(self._terminal, 4096)
            except OSError:  # the process ended
                assert end is None, output.decode()
                break
        return output.decode()


@pytest.fixture
def published(site: Home, tmp_path: Path) -> Home:
    """Two items in effect, and another one that comes with the second release."""
    site.dataset(DATASET, "应急管理局")
    items = [item("危险化学品经营许可"), item("危险化学品使用许可")]
    site.ok("import", xlsx(tmp_path / "应急管理局.xlsx", items), "--dataset", DATASET)
    site.ok("publish", DATASET, "--effective-on", "2015-12-01", *BASIS)
    items = [*items, item("烟花爆竹经营许可")]
    site.ok("import", xlsx(tmp_path / "应急管理局.xlsx", items), "--dataset", DATASET)
    later = f"{date.today().year + 1}-12-01"  # noqa: DTZ011 - only the year counts
    site.ok("publish", DATASET, "--effective-on", later, *BASIS)
    return site


@pytest.mark.parametrize(
    "command",
    [
        ("correct", DATASET, "危险化学品经营许可", "承诺办结时限=3个工作日", *REASON),
        ("rename", DATASET, "危险化学品经营许可", "事项名称=危化品经营许可", *REASON),
        ("withdraw", DATASET, "危险化学品经营许可", *REASON),
        ("erase", DATASET, "危险化学品经营许可", "--ground", "判决"),
        ("cancel", DATASET, "2", *REASON),
        ("publish", DATASET, "--effective-on", "2016-01-01", "--basis", "无文号", "--keep-later"),
    ],
    ids=lambda command: command[0],
)
def test_what_another_clerk_does_until_the_answer_is_not_overwritten(
    published: Home, tmp_path: Path, command: tuple[str, ...]
) -> None:
    if command[0] == "publish":
        items = [item("危险化学品经营许可", promised="5个工作日"), item("危险化学品使用许可")]
        published.ok("import", xlsx(tmp_path / "应急管理局.xlsx", items), "--dataset", DATASET)
    (coming,) = published.ok("changes", DATASET, "--release", "2", "--json").json
    record = coming["record"] if command[0] == "cancel" else "危险化学品经营许可"
    with Prompt(published, command) as prompt:
        published.ok("correct", DATASET, record, "法定办结时限=15个工作日", *REASON, "--yes")
        code, output = prompt.answer("y")
    assert (code, "state-moved" in output) == (1, True), output
    assert len(published.ok("releases", DATASET, "--json").json) == 3


def test_a_correction_is_published_where_nothing_happened_until_the_answer(published: Home) -> None:
    correct = ("correct", DATASET, "危险化学品经营许可", "法定办结时限=15个工作日", *REASON)
    with Prompt(published, correct) as prompt:
        code, output = prompt.answer("y")
    assert code == 0, output
    assert len(published.ok("releases", DATASET, "--json").json) == 3
