"""Several processes share one folder: one writes, all search, and a killed writer leaves complete commits."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import anyio
import pytest

from search.contract import DamagedIndexError, SearchError
from search.embedded.engine import EmbeddedEngine
from search.embedded.index_folder import Generations
from tests.search.documents import call, document, index, search, spans

ROOT = Path(__file__).resolve().parents[3]

WRITER = """
import sys
from pathlib import Path
from search.embedded.engine import EmbeddedEngine
from tests.search.documents import call, document, index
folder, command, first, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
engine = EmbeddedEngine(folder)
documents = [document(f"x{i}", f"第{i}项许可", version=i) for i in range(first, first + count)]
print("ready", flush=True)
if command == "rebuild":
    print(call(engine.rebuild, documents))
else:
    for i in range(0, count, 10):
        print(index(engine, documents[i : i + 10]), flush=True)
"""


def start_process(folder: Path, command: str, first: int, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), command, str(first), str(count)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def run_process(folder: Path, command: str, first: int, count: int) -> None:
    with start_process(folder, command, first, count) as process:
        assert process.wait(60) == 0


def test_others_cannot_read_the_folder_whichever_lock_creates_it(tmp_path: Path) -> None:
    encoding, writing = Generations(tmp_path / "encoding"), Generations(tmp_path / "writing")
    with encoding.lock_for_encoding():
        pass
    writing.mark(1)
    assert [(tmp_path / name).stat().st_mode & 0o077 for name in ("encoding", "writing")] == [0, 0]


@pytest.mark.slow
def test_a_reader_sees_what_another_process_wrote_and_rebuilt(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path)
    assert search(engine, "许可").total == 0
    run_process(tmp_path, "index", 0, 20)
    assert search(engine, "许可").total == 20
    run_process(tmp_path, "rebuild", 100, 30)
    assert search(engine, "许可").total == 30
    assert len(list(tmp_path.glob("g-*"))) == 1


@pytest.mark.slow
def test_two_writers_take_turns_and_lose_nothing(tmp_path: Path) -> None:
    with start_process(tmp_path, "index", 0, 60) as one, start_process(tmp_path, "index", 1000, 60) as other:
        assert [one.wait(120), other.wait(120)] == [0, 0]
    assert call(EmbeddedEngine(tmp_path).count) == 120


@pytest.mark.slow
def test_searches_are_answered_while_another_process_writes(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path)
    index(engine, [document("first", "第一项许可", version=0)])
    totals = []
    with start_process(tmp_path, "index", 0, 100) as writer:
        while writer.poll() is None:
            totals.append(search(engine, "许可").total)
    totals.append(search(engine, "许可").total)
    assert writer.returncode == 0
    assert totals == sorted(totals)
    assert totals[-1] == 101


@pytest.mark.slow
@pytest.mark.parametrize("command", ["index", "rebuild"])
@pytest.mark.parametrize("seed", range(4))
def test_a_killed_writer_leaves_complete_commits_and_the_next_one_continues(
    tmp_path: Path, command: str, seed: int
) -> None:
    engine = EmbeddedEngine(tmp_path)
    index(engine, [document(f"o{i}", f"旧{i}许可", version=0) for i in range(25)])
    with start_process(tmp_path, command, 0, 200 if command == "index" else 4000) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(random.Random(seed).uniform(0.1, 1.2))
        writer.send_signal(signal.SIGKILL)
        acknowledged = sum(int(line) for line in writer.stdout)
    count = call(engine.count)
    if command == "index":
        assert (count - 25) % 10 == 0
        assert count - 25 >= acknowledged
    else:
        assert count in {25, 4000}
    index(engine, [document("after", "事后许可", version=9999)])
    assert call(engine.count) == count + 1
    assert call(engine.position) == 9999
    assert len(list(tmp_path.glob("g-*"))) <= 2


def test_an_index_of_another_format_says_how_to_rebuild_it_and_can_be(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path)
    index(engine, [document("x", "许可")])
    pointer = json.loads((tmp_path / "current").read_text())
    (tmp_path / "current").write_text(json.dumps(pointer | {"format": 0}))
    with pytest.raises(SearchError, match="qingdan reindex"):
        search(EmbeddedEngine(tmp_path), "许可")
    assert call(engine.rebuild, [document("y", "许可")]) == 1
    assert spans(engine, "许可") == ["y"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["current", "meta.json"])
@pytest.mark.parametrize("damage", ["{", "{}", ""])
def test_a_damaged_index_is_an_error_that_names_the_fix(tmp_path: Path, name: str, damage: str) -> None:
    index(EmbeddedEngine(tmp_path), [document("x", "许可")])
    for path in tmp_path.rglob(name):
        path.write_text(damage)
    damaged = EmbeddedEngine(tmp_path)
    with pytest.raises(SearchError, match="qingdan reindex"):
        search(damaged, "许可")
    assert call(damaged.rebuild, [document("y", "许可")]) == 1
    assert search(damaged, "许可").total == 1


@pytest.mark.parametrize("suffix", ["store", "fast"])
def test_a_file_that_is_damaged_inside_is_an_error_of_search_and_no_panic(
    tmp_path: Path, suffix: str
) -> None:
    index(EmbeddedEngine(tmp_path), [document(f"x{n}", f"第{n}项许可") for n in range(50)])
    for path in tmp_path.rglob(f"*.{suffix}"):
        content = path.read_bytes()
        third, half = len(content) // 3, len(content) // 2
        path.write_bytes(content[:third] + bytes(b ^ 0x5A for b in content[third:half]) + content[half:])
    damaged = EmbeddedEngine(tmp_path)
    with pytest.raises(DamagedIndexError):
        call(damaged.erase, ["x1"])
    with pytest.raises(DamagedIndexError):
        call(damaged.visit_documents, lambda _: None)
    if suffix == "fast":
        with pytest.raises(DamagedIndexError):
            call(damaged.position)


def test_searches_for_ever_new_words_do_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.embedded.tantivy_index._MAX_CACHED_TERMS", 5)
    engine = EmbeddedEngine(tmp_path)
    index(engine, [document(f"x{n}", "许可") for n in range(50)])
    index(engine, [document("x1", "许可", version=2)])
    reader = Generations(tmp_path).reader()
    assert reader is not None
    assert reader.replaced
    assert [reader.frequency("grams", f"a{n}") for n in range(20)] == [0] * 20
    assert reader.frequency("grams", "许可") == 50
    assert len(reader._frequencies) <= 5


def test_the_first_search_of_a_new_engine_needs_no_writing(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path / "not there")
    anyio.run(engine.count)
    assert not (tmp_path / "not there").exists()
