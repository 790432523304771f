"""Processes for long work: killed with their caller, and replaced when the system kills them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from anyio import CancelScope
from litestar.concurrency import sync_to_thread

from publisher.log.model import LogError
from publisher.web.capacity.heavy_work_processes import HeavyWorkProcesses, Work
from publisher.web.problems import ProblemError


def note_process(_: Work, folder: str, seconds: float) -> None:
    """Write the number of this process into a folder, and work for some time."""
    (Path(folder) / f"{os.getpid()}").touch()
    time.sleep(seconds)


def refuse(_: Work) -> None:
    raise LogError("files-busy", "正在删除", "an erasure runs", details=(1,))


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def _first_process(folder: Path) -> int:
    await sync_to_thread(_wait_until, lambda: names_in(folder))
    return int(names_in(folder)[0])


def _wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


async def _until_ended(process: int) -> None:
    await sync_to_thread(_wait_until, lambda: not is_running(process))


@pytest.mark.slow
def test_a_process_is_used_again_and_ends_with_the_service(tmp_path: Path) -> None:
    async def story() -> None:
        processes = HeavyWorkProcesses(note_process, 1)
        async with processes.running():
            await processes.run("file", str(tmp_path), 0)
            await processes.run("file", str(tmp_path), 0)
            process = await _first_process(tmp_path)
            assert process != os.getpid()
            assert len(names_in(tmp_path)) == 1
            assert is_running(process)
        await _until_ended(process)

    anyio.run(story)


@pytest.mark.slow
def test_work_ends_with_its_caller(tmp_path: Path) -> None:
    async def story() -> None:
        processes = HeavyWorkProcesses(note_process, 1)
        async with processes.running(), anyio.create_task_group() as group:
            with CancelScope() as scope:
                group.start_soon(_cancel_when_running, scope, tmp_path)
                await processes.run("file", str(tmp_path), 60)
            assert scope.cancelled_caught
            await _until_ended(await _first_process(tmp_path))

    anyio.run(story)


async def _cancel_when_running(scope: CancelScope, folder: Path) -> None:
    await _first_process(folder)
    scope.cancel()


@pytest.mark.slow
def test_after_a_kill_the_caller_is_told_to_retry_and_the_next_file_is_generated(tmp_path: Path) -> None:
    async def story() -> None:
        processes = HeavyWorkProcesses(note_process, 1)
        async with processes.running(), anyio.create_task_group() as group:
            group.start_soon(_kill_when_running, tmp_path)
            with pytest.raises(ProblemError) as caught:
                await processes.run("file", str(tmp_path), 60)
            assert caught.value.kind.code == "file-being-made"
            assert int(caught.value.headers["retry-after"]) > 0
            await processes.run("file", str(tmp_path), 0)
            assert len(names_in(tmp_path)) == 2

    anyio.run(story)


async def _kill_when_running(folder: Path) -> None:
    os.kill(await _first_process(folder), signal.SIGKILL)


@pytest.mark.slow
def test_a_process_does_not_outlive_a_service_that_was_killed(tmp_path: Path) -> None:
    script = f"""
import anyio, os, signal
from publisher.web.capacity.heavy_work_processes import HeavyWorkProcesses
from tests.publisher.web.capacity.test_heavy_work_processes import note_process

async def story():
    processes = HeavyWorkProcesses(note_process, 1)
    async with processes.running():
        await processes.run("file", {str(tmp_path)!r}, 0)
        os.kill(os.getpid(), signal.SIGKILL)

anyio.run(story, backend_options={{"use_uvloop": True}})
"""
    ended = subprocess.run([sys.executable, "-c", script], check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    _wait_until(lambda: not is_running(int(names_in(tmp_path)[0])))


@pytest.mark.slow
def test_what_is_refused_is_refused_here_too() -> None:
    async def story() -> None:
        processes = HeavyWorkProcesses(refuse, 1)
        async with processes.running():
            with pytest.raises(LogError) as caught:
                await processes.run("query")
            assert (caught.value.code, caught.value.zh, caught.value.details) == (
                "files-busy",
                "正在删除",
                (1,),
            )

    anyio.run(story)
