"""Files are read in a process with limits: the same reading, or a refusal by name within memory and time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from publisher.ingest import reading_budget
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.formats.sandbox import fork_server
from publisher.ingest.limited_reading import read_within_limits
from publisher.ingest.parsed_file import UnreadableFile
from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue
from tests.publisher.ingest.formats import samples
from tests.publisher.ingest.formats.samples import SHEET, sheet_xml, with_parts
from tests.support.shared_data import require

CATALOGUE = load_catalogue("power-list")
MOST_MEMORY, MOST_SECONDS = 512, 60


def sparse_sheet() -> bytes:
    """Build a workbook of some kilobytes that spans eight million cells."""
    cell = '<c r="{c}{r}" t="inlineStr"><is><t>x</t></is></c>'
    rows = (
        f'<row r="{r}">{cell.format(c="A", r=r)}{cell.format(c="SF", r=r)}</row>' for r in range(1, 16_000)
    )
    return with_parts(samples.xlsx(), {SHEET: sheet_xml("".join(rows))})


def shared_string() -> bytes:
    """Build a workbook of two million cells that repeat one long text."""
    rows = "".join(f'<row r="{r}">{"<c t='s'><v>0</v></c>" * 60}</row>' for r in range(1, 40_000))
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    strings = f'<sst xmlns="{space}"><si><t>{"长" * 10_000}</t></si></sst>'
    return with_parts(samples.xlsx(), {SHEET: sheet_xml(rows), "xl/sharedStrings.xml": strings})


def repeated_ods() -> bytes:
    cell = '<table:table-cell table:number-columns-repeated="500"><text:p>x</text:p></table:table-cell>'
    row = f'<table:table-row table:number-rows-repeated="15000">{cell}</table:table-row>'
    return samples.ods(f'<table:table table:name="t">{row}</table:table>')


BOMBS: dict[str, Callable[[], bytes]] = {
    "million.csv": lambda: b"name,basis\n" + b"a,b\n" * 1_000_000,
    "lines.txt": lambda: b"a\n" * 2_000_000,
    "colspans.html": lambda: b"<table>" + b"<tr><td colspan=2 rowspan=60000>x</tr>" * 8_000,
    "sparse.xlsx": sparse_sheet,
    "shared.xlsx": shared_string,
    "repeated.ods": repeated_ods,
    "objects.json": lambda: b"[" + b"{}," * 5_000_000 + b'{"a":1}]',
    "lines.jsonl": lambda: b'{"name":"a"}\n' * 1_000_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_by_name_within_the_limits(name: str, tmp_path: Path) -> None:
    """Measure all processes that one file takes: this program, the server and the reader."""
    path = tmp_path / name
    path.write_bytes(BOMBS[name]())
    command = [sys.executable, "-m", "tests.publisher.ingest.test_limited_reading", str(path)]
    started, peak = time.monotonic(), 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            peak = max(peak, measure_tree(process.pid))
            time.sleep(0.02)
        output, _ = process.communicate()
    assert output.strip() == "file-too-large"
    assert peak >> 10 < MOST_MEMORY
    assert time.monotonic() - started < 3 * MOST_SECONDS  # other tests run at the same time


def measure_tree(pid: int) -> int:
    """Return the KiB of anonymous memory of a process and its descendants."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    except OSError:
        return 0
    own = sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))
    return own + sum(measure_tree(int(child)) for child in children)


def main(path: Path) -> None:
    try:
        read_within_limits(path.read_bytes(), name=path.name, catalogue=CATALOGUE)
    except UnreadableFile as refused:
        print(refused.finding.code)


@pytest.mark.slow
@pytest.mark.shared
def test_every_real_workbook_gives_the_same_reading_as_without_limits() -> None:
    for path in sorted(require("power-list-karamay").iterdir()):
        data = path.read_bytes()
        limited = read_within_limits(data, name=path.name, catalogue=CATALOGUE)
        assert limited == read_file(data, name=path.name, catalogue=CATALOGUE)


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "file-empty"), (samples.xls()[:3000], "file-damaged"), (b"\x1f\x8b\x08", "file-damaged")],
)
def test_a_refusal_names_the_file(data: bytes, code: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read_within_limits(data, name="清单.xls", catalogue=CATALOGUE)
    assert (caught.value.finding.code, caught.value.finding.file) == (code, "清单.xls")


def fail() -> None:
    raise KeyError("no such thing")


def end() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fill_memory() -> int:
    return len([bytes(1 << 20) for _ in range(4096)])


def spin() -> None:
    while True:
        pass


def stop_server() -> None:
    os.kill(os.getppid(), signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("function", "code", "words"),
    [
        (fail, "file-damaged", "KeyError"),
        (end, "file-damaged", "stopped"),
        (fill_memory, "file-too-large", "400 MiB"),
        pytest.param(spin, "file-too-large", "50 s", marks=pytest.mark.soak),
    ],
    ids=["error", "killed", "memory", "time"],
)
def test_a_reader_that_fails_in_any_way_ends_only_its_own_process(
    function: Callable[[], object], code: str, words: str
) -> None:
    with pytest.raises(ReaderError) as caught:
        fork_server.run_limited(function, result=object)
    assert caught.value.kind.code == code
    assert words in str(caught.value)
    assert fork_server.run_limited(len, "abc", result=int) == 3


def test_a_server_that_was_killed_is_started_again() -> None:
    fork_server.run_limited(stop_server, result=type(None))
    assert fork_server.run_limited(len, "abc", result=int) == 3


if __name__ == "__main__":
    main(Path(sys.argv[1]))


def test_the_different_keys_of_json_lines_count_for_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_budget, "MEMORY", 1 << 20)
    keys = ",".join(f'"k{n}":1' for n in range(2_000))
    lines = f'{{"事项名称":"甲"}}\n{{"事项名称":"乙",{keys}}}\n'
    with pytest.raises(UnreadableFile) as caught:
        read_within_limits(lines.encode(), name="f.jsonl", catalogue=load_catalogue("power-list"))
    assert caught.value.finding.code == "file-too-large"
