"""No file makes a reader fail: each is read, or refused by one of the documented findings."""

from __future__ import annotations

from collections import Counter

import pytest

from publisher.ingest.findings.all_kinds import KINDS_BY_STEP
from publisher.ingest.formats.sandbox.fork_server import FAILED_EN, run_limited
from publisher.ingest.limited_reading import read_within_limits
from publisher.ingest.parsed_file import UnreadableFile
from schemas.definition.file_loader import load_catalogue
from tests.system.files.hostile_files import SOUND, hostile_file, read_all

_BATCH = 20
"""Files that one process reads, so that the time of its start does not count for each."""


@pytest.mark.parametrize("name", SOUND)
def test_the_files_are_sound_before_they_are_changed(name: str) -> None:
    reading = read_within_limits(SOUND[name], name=name, catalogue=load_catalogue("power-list"))
    assert len(reading.records) == 5


@pytest.mark.slow
@pytest.mark.parametrize(
    "count", [pytest.param(400, id="some"), pytest.param(50_000, id="many", marks=pytest.mark.soak)]
)
def test_hostile_files_are_read_or_refused_by_name(count: int) -> None:
    outcomes: Counter[str] = Counter()
    for first in range(0, count, _BATCH):
        outcomes += Counter(run_limited(read_all, list(range(first, first + _BATCH)), result=dict[str, int]))
    known = {kind.code for kinds in KINDS_BY_STEP.values() for kind in kinds} | {"read"}
    assert not {outcome: n for outcome, n in outcomes.items() if outcome not in known}
    assert outcomes["read"] > count // 10
    assert len(outcomes) > 4


@pytest.mark.slow
def test_one_file_after_the_other_is_refused_without_the_parser_failing() -> None:
    refusals = []
    for seed in range(100_000, 100_060):
        name, content = hostile_file(seed)
        try:
            read_within_limits(content, name=name, catalogue=load_catalogue("power-list"))
        except UnreadableFile as refused:
            refusals.append(refused.finding)
    assert len(refusals) > 10
    assert not [finding for finding in refusals if FAILED_EN in finding.message_en]
