"""Backups and restorations that are killed leave what was there before, or the whole."""

from __future__ import annotations

import random
import shutil
import time
from pathlib import Path

import pytest

from tests.publisher.log.recovery.test_drill import NAME, Drill
from tests.support.command import Home

KILLS = 60


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("killed")
    Drill(folder).build()
    return folder


def kill_after(home: Home, seconds: float, *arguments: object) -> bool:
    """Run a command and kill it → whether it was killed before its end."""
    with home.spawn(*arguments) as process:
        time.sleep(seconds)
        process.kill()
        process.communicate()
    return process.returncode == -9


def measure(home: Home, *arguments: object) -> float:
    """Run a command to its end → its seconds on this machine."""
    started = time.monotonic()
    with home.spawn(*arguments) as process:
        process.communicate()
    return time.monotonic() - started


@pytest.mark.soak
def test_a_killed_backup_is_no_backup_and_the_next_one_is_whole(built: Path) -> None:
    drill, draw = Drill(built), random.Random(16)
    whole, killed = measure(drill.site, "backup", drill.backups), 0
    for _ in range(KILLS):
        before = {path.name for path in drill.backups.glob("*Z")}
        killed += kill_after(drill.site, draw.uniform(0, 1.5 * whole), "backup", drill.backups)
        for name in {path.name for path in drill.backups.glob("*Z")} - before:
            home = Home(built / "check")
            restored = home.run("restore", drill.backups, "--backup", name, "--no-checkpoint", "--json").json
            assert restored["problems"] == []
            shutil.rmtree(home.home)
    assert killed > KILLS // 4
    drill.site.ok("backup", drill.backups)
    assert not list(drill.backups.glob(".part-*"))


@pytest.mark.soak
def test_a_killed_restoration_serves_nothing_half(built: Path) -> None:
    drill, draw = Drill(built), random.Random(17)
    drill.site.ok("backup", drill.backups)
    home = Home(built / "restored")
    whole, killed = measure(home, "restore", drill.backups, "--no-checkpoint"), 0
    shutil.rmtree(home.home)
    for _ in range(KILLS):
        seconds = draw.uniform(0, 1.5 * whole)
        killed += kill_after(home, seconds, "restore", drill.backups, "--no-checkpoint")
        if (home.home / "qingdan.db").exists():
            assert home.ok("verify", "--json").json["problems"] == []
        else:
            assert home.ok("restore", drill.backups, "--no-checkpoint", "--json").json["problems"] == []
        assert [dataset["name"] for dataset in home.ok("status", "--json").json["datasets"]] == [NAME]
        shutil.rmtree(home.home)
    assert killed > KILLS // 4
