"""Mixed load for an hour, or ``QINGDAN_SOAK_MINUTES``, while releases are published and processes are killed.

No answer is wrong: an answer that is pinned to a release never changes, and the present is always a whole
release. The memory of the processes is flat.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import anyio
import pytest

from publisher.log.log import Log
from publisher.log.model import RecordQuery, View
from publisher.settings import read_settings
from tests.system.load.place import NAME, RELEASES, Place, build, heavy_paths, light_paths, publish, running
from tests.system.load.visitors import fetch

pytestmark = [pytest.mark.soak, pytest.mark.program]

RECORDS = 2_000
MINUTES = float(os.environ.get("QINGDAN_SOAK_MINUTES", "60"))
ALLOWED = {0, 200, 429, 502, 503}
"""0 and 502: the process was killed while it answered, or was not there."""
_ROUND = 20.0
"""Seconds between two events: a release, a correction, a rebuild of the index, a backup, a killed process."""
_EVENTS = ("publish", "publish", "correct", "reindex", "back up", "kill serve", "kill work", "erase")
_GROWTH = 1.3
"""Most growth of the memory of a process from the second quarter to the end."""


def test_nothing_is_wrong_or_lost_under_mixed_load(tmp_path: Path) -> None:
    build(tmp_path, RECORDS)
    settings = read_settings(tmp_path, {})
    log = Log.open(settings.database, sources=settings.sources)
    chance = random.Random(20161130)
    answers: Counter[int] = Counter()
    events: Counter[str] = Counter()
    memory: list[dict[str, int]] = []
    pinned: dict[str, bytes] = {}
    with running(tmp_path) as place:
        until = time.monotonic() + MINUTES * 60
        version = RELEASES
        while time.monotonic() < until:
            clients = (
                place.visitors("light", _ROUND, 4, light_paths(tmp_path)),
                place.visitors("heavy", _ROUND, 2, heavy_paths()[version * 31 % 3_000 :]),
            )
            event = chance.choice(_EVENTS)
            version += _happen(event, log, place, version, chance)
            events[event] += 1
            _check_pinned(place, log, pinned)
            _check_present(place, log)
            for group in clients:
                visits = group.visits()
                answers += Counter(status for status, *_ in visits)
                wrong = {path: status for status, _, _, path in visits if status not in ALLOWED}
                assert not wrong, (event, wrong, place.logged("serve"))
            memory.append(place.memory())
        place.revive()
        assert log.integrity.verify().problems == ()
    log.close()
    figures = {"answers": answers, "events": events, "memory": [memory[0], memory[-1]], "rounds": len(memory)}
    print(figures)
    if len(memory) >= 40:
        quarter = memory[len(memory) // 4 : len(memory) // 2]
        for name in ("serve", "work"):
            before = max(m[name] for m in quarter)
            assert max(m[name] for m in memory[-len(quarter) :]) < before * _GROWTH, figures


def _happen(event: str, log: Log, place: Place, version: int, chance: random.Random) -> int:
    """Let something happen to the site → number of releases of the list that it published."""
    if event == "publish":
        publish(log, RECORDS, version)
        return 1
    if event in ("correct", "erase"):
        records = list(log.queries.find_by_title(NAME, f"第{chance.randrange(RECORDS):06}项许可"))
        if records and event == "correct":
            changed = {**records[0].content, "basis": f"更正于第{version}版"}
            log.releases.correct(NAME, {records[0].id: changed}, reason="示例更正")
        elif records:
            log.releases.erase(records=[(NAME, records[0].id)], ground="示例")
        return 0
    if event == "reindex":
        place.command("reindex")
        return 0
    if event == "back up":
        backup = place.command("backup", str(place.folder / "backup"))
        assert backup.returncode == 0, backup.stderr
        return 0
    process = place.processes[event.split()[1]]
    process.send_signal(signal.SIGKILL)
    process.wait()
    place.revive()
    return 0


def _get(place: Place, path: str) -> tuple[int, bytes]:
    return anyio.run(fetch, place.port, path, "198.19.9.9")


def _check_pinned(place: Place, log: Log, pinned: dict[str, bytes]) -> None:
    """Compare pages that are pinned to a release with what they were, unless a record of them was erased."""
    if log.queries.erased_since(_last_seen(pinned)):
        pinned.clear()
    pinned["last"] = str(log.queries.last_release_sequence()).encode()
    for path in _pinned_paths():
        status, body = _get(place, path)
        if status == 200:
            document = json.loads(body)
            content = json.dumps([record["content"] for record in document["records"]]).encode()
            assert pinned.setdefault(path, content) == content, path


def _last_seen(pinned: dict[str, bytes]) -> int:
    return int(pinned.get("last", b"0"))


def _pinned_paths() -> Iterator[str]:
    for release in (1, 5, RELEASES):
        yield f"/v1/datasets/{NAME}/records?release={release}&limit=50"


def _check_present(place: Place, log: Log) -> None:
    """Compare what the site says of the last release with the log, on the day of that release."""
    last = log.queries.releases(NAME)[-1]
    status, body = _get(place, f"/v1/datasets/{NAME}/records?release={last.number}&limit=1")
    if status == 200:
        query = RecordQuery(view=View(release=last.number), limit=1)
        assert json.loads(body)["total"] == log.queries.records(NAME, query).total
    assert status in (0, 200, 502, 503), status
    status, body = _get(place, f"/v1/search?q={quote('许可')}&dataset={NAME}&limit=5")
    assert status in (0, 200, 502, 503), (status, body[:300])
