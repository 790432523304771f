"""Several processes write and read one log at the same time."""

from __future__ import annotations

import concurrent.futures
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from publisher.log.log import Log
from publisher.log.model import LogError
from tests.publisher.log.test_transfer import site_of_fees
from tests.support.clock import Clock
from tests.support.log import MIDDLE, entry, fees_dataset, put_workbook, rebuild_spans, release, standards


def publishing(log: Log, part: str, prefix: str, rounds: int) -> list[int]:
    numbers = []
    for n in range(rounds):
        log.drafts.stage(
            "fees",
            [entry(f"{prefix}{m}", str(n)) for m in range(5)],
            part=part,
            source=put_workbook(log, f"{prefix} {n}"),
            parser_version="test 1",
        )
        try:
            release = log.releases.publish("fees", effective_on=MIDDLE, on_conflict="replace")
        except LogError as error:
            if error.code != "no-draft":
                raise
            continue  # the other release included this part of the draft
        if release is not None:
            numbers.append(release.number)
    return numbers


@pytest.mark.slow
def test_two_publish_at_once_and_each_release_is_whole(url: str, tmp_path: Path) -> None:
    rounds = 8
    logs = [site_of_fees(url, tmp_path, Clock()), Log.open(url, sources=tmp_path / "sources", clock=Clock())]
    logs[0].datasets.create(*fees_dataset("others"))
    states: list[dict[str, str]] = []
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        writers = [
            pool.submit(publishing, log, part, prefix, rounds)
            for log, part, prefix in zip(logs, ("财政局", "民政局"), "甲乙", strict=True)
        ]
        while not all(writer.done() for writer in writers):
            states.append(standards(logs[1]))
        numbers = [number for writer in writers for number in writer.result()]
    assert len(set(numbers)) == len(numbers)
    assert sorted(numbers) == [r.number for r in logs[0].queries.releases("fees")]
    for state in [*states, standards(logs[0])]:
        for prefix in "甲乙":
            mine = {text for name, text in state.items() if name.startswith(prefix)}
            assert len(mine) <= 1, "a reader saw half a release"
    assert set(standards(logs[0]).values()) == {str(rounds - 1)}
    assert logs[0].integrity.verify().ok
    assert rebuild_spans(logs[0]) == 0
    for log in logs:
        log.close()


def test_who_reads_while_another_publishes_sees_one_state_throughout(url: str, tmp_path: Path) -> None:
    log, other = site_of_fees(url, tmp_path, Clock()), Log.open(url, sources=tmp_path / "sources")
    release(log, entry("甲"))
    with other.snapshot():
        before = standards(other)
        release(log, entry("甲", "2"), on=MIDDLE)
        assert standards(other) == before
        assert len(other.queries.releases("fees")) == 1
    assert standards(other) == {"甲": "2"}
    log.close()
    other.close()


@pytest.mark.slow
def test_a_publisher_that_dies_holding_the_lock_does_not_hold_up_the_next(url: str, tmp_path: Path) -> None:
    log = site_of_fees(url, tmp_path, Clock())
    holding = f"""
import sys, time
from publisher.log.database.connection import Database
with Database({url!r}).write() as conn:
    print("held", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", holding], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(release, log, entry("甲"))
            time.sleep(0.5)
            assert not waiting.done(), "two wrote at once"
            os.kill(process.pid, signal.SIGKILL)
            assert waiting.result(timeout=30).number == 1
    assert standards(log) == {"甲": "1"}
    log.close()
