"""Texts are cut in processes beside this one: the same fields in the same order, whatever happens to them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from search.chinese import thesaurus
from search.contract import Document
from search.embedded import analysis_processes
from search.embedded.analysis_processes import analyse
from search.embedded.engine import EmbeddedEngine
from search.indexed_document import build_fields
from tests.search.documents import call, document, index, spans

ROOT = Path(__file__).resolve().parents[3]
_HERE = 900
"""Documents of :func:`documents` that are more than this process analyses itself."""
_PARAGRAPH = "第{0}条 申请人应当自{0}日内向县级以上人民政府住房城乡建设主管部门提交材料，逾期不予受理。" * 40

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="children are counted in /proc"),
]


@pytest.fixture(autouse=True)
def _three_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis_processes, "_processors", lambda: 3)


def documents(count: int) -> Iterator[Document]:
    for n in range(count):
        yield document(f"d{n}", f"第{n}项許可", _PARAGRAPH.format(n), version=n, body="示例市民政局")


def children() -> list[int]:
    """List the processes that this thread started and that have not ended."""
    return list(map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()))


def test_fields_do_not_depend_on_where_a_document_is_analysed() -> None:
    started = set(children())
    analyzer, _ = thesaurus.load_language()
    expected = [build_fields(one, analyzer) for one in documents(_HERE + 300)]
    analysed, most = [], 0
    for one in analyse(documents(_HERE + 300)):
        analysed.append(one)
        most = max(most, len(set(children()) - started))
    assert [one.fields for one in analysed] == expected
    assert [one.document for one in analysed] == list(documents(_HERE + 300))
    assert most == 2
    assert set(children()) <= started


@pytest.mark.parametrize(("processors", "processes"), [(1, 0), (2, 1), (8, 2)])
def test_a_processor_is_left_to_the_one_that_writes(
    monkeypatch: pytest.MonkeyPatch, processors: int, processes: int
) -> None:
    monkeypatch.setattr(analysis_processes, "_processors", lambda: processors)
    started, most = set(children()), 0
    for _ in analyse(documents(_HERE)):
        most = max(most, len(set(children()) - started))
    assert most == processes


def test_few_documents_start_no_process() -> None:
    started = children()
    assert all(children() == started for _ in analyse(documents(100)))


@pytest.mark.parametrize("killed", [1, 2])
def test_a_killed_process_loses_nothing(tmp_path: Path, killed: int) -> None:
    started, engine = set(children()), EmbeddedEngine(tmp_path)

    def kill_in_between() -> Iterator[Document]:
        for n, one in enumerate(documents(_HERE + 400)):
            if n == _HERE + 200:
                victims = sorted(_analysing_processes(started))[:killed]
                assert len(victims) == killed
                for pid in victims:
                    os.kill(pid, signal.SIGKILL)
            yield one

    assert index(engine, kill_in_between()) == _HERE + 400
    assert call(engine.count) == _HERE + 400
    assert spans(engine, f"第{_HERE + 399}项许可")[0] == f"d{_HERE + 399}"


def _analysing_processes(started: set[int]) -> set[int]:
    """Find the processes of this one, whichever of its threads started them."""
    tasks = Path("/proc/self/task").iterdir()
    return {int(pid) for task in tasks for pid in (task / "children").read_text().split()} - started


def test_whoever_gives_up_leaves_no_process() -> None:
    started = set(children())
    analysed = analyse(documents(10**6))
    for _ in range(_HERE):
        next(analysed)
    assert len(set(children()) - started) == 2
    analysed.close()  # type: ignore[attr-defined]  # it is a generator
    assert set(children()) <= started


def test_processes_end_with_the_one_that_started_them() -> None:
    script = (
        "from tests.search.embedded.test_analysis_processes import *\n"
        "analysis_processes._processors = lambda: 3\n"
        "for n, _ in enumerate(analyse(documents(10**6))):\n"
        "    if n == 1000: print(*children(), flush=True)\n"
    )
    command = [sys.executable, "-c", script]
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pids = process.stdout.readline().split()
        process.kill()
    assert len(pids) == 2
    deadline = time.monotonic() + 20
    while any(_is_running(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _is_running(pid: str) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
