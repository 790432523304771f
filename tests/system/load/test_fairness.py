"""Light requests stay quick while many clients ask for the heaviest things, and the heavy work goes on."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.system.load.place import build, heavy_paths, light_paths, percentile, running

pytestmark = [pytest.mark.soak, pytest.mark.program]

RECORDS = 20_000
CLIENTS = 64
SECONDS = 60
LONGEST_LIGHT = 0.25
"""Seconds of the 99th percentile of light requests."""
LEAST_SHARE = 0.7
MOST_MEMORY = 1 << 30
LONGEST_HEAVY = 60.0


def test_nobody_starves_the_others(tmp_path: Path) -> None:
    build(tmp_path, RECORDS)
    heavy, light = heavy_paths(), light_paths(tmp_path)
    with running(tmp_path) as place:
        alone = place.visitors("heavy", SECONDS, 1, heavy[len(heavy) // 2 :]).visits()
        work = place.visitors("heavy", SECONDS, CLIENTS, heavy)
        watch = place.visitors("light", SECONDS, 8, light)
        most = 0
        while watch.are_there():
            most = max(most, sum(place.memory().values()))
            time.sleep(0.5)
        quick, slow = watch.visits(), work.visits()
    seconds = [took for _, took, _, _ in quick]
    light_answers, heavy_answers = (Counter(status for status, *_ in v) for v in (quick, slow))
    done_alone = sum(status == 200 for status, *_ in alone)
    figures = {
        "load of the machine": os.getloadavg(),
        "light": light_answers,
        "light p50, p99, longest": (percentile(seconds, 0.5), percentile(seconds, 0.99), max(seconds)),
        "heavy of one client": done_alone,
        "heavy of all": heavy_answers,
        "longest heavy": max(took for _, took, _, _ in slow),
        "memory in MiB": most >> 20,
    }
    print(figures)
    assert set(light_answers) == {200}, figures
    assert set(heavy_answers) <= {200, 304, 429, 503}, figures
    assert percentile(seconds, 0.99) <= LONGEST_LIGHT, figures
    assert heavy_answers[200] >= LEAST_SHARE * done_alone, figures
    assert max(took for _, took, _, _ in slow) <= LONGEST_HEAVY, figures
    assert most <= MOST_MEMORY, figures
