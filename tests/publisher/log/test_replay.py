"""Generated histories: every query at every view returns what a simple model of the log returns."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from publisher.log.log import Log
from publisher.log.model import LogError, RecordQuery, View
from tests.publisher.log.replay import DAYS, Replay
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.log import entry, fees_dataset, rebuild_spans, stage
from tests.support.servers.postgresql import Server

START = date(2020, 1, 1)
NAMES = ("A甲", "A乙", "A丙", "B甲", "B乙")

rows = st.dictionaries(st.sampled_from(NAMES), st.sampled_from("123"), max_size=4)
publishing = st.tuples(
    st.just("publish"),
    st.sampled_from("AB"),
    rows,
    st.integers(0, DAYS - 2),
    st.sampled_from(["refuse", "keep", "replace"]),
)
again = st.tuples(
    st.just("again"),
    st.integers(1, 3),
    st.integers(1, DAYS - 2),
    st.sampled_from(["keep", "replace"]),
)
cancelling = st.tuples(st.just("cancel"), st.integers(1, 3))
amending = st.one_of(
    st.tuples(st.just("correct"), st.sampled_from(NAMES), st.sampled_from("123456")),
    st.tuples(st.just("withdraw"), st.sampled_from(NAMES)),
    st.tuples(st.just("erase"), st.sampled_from(NAMES)),
    st.tuples(st.just("wait"), st.integers(1, 2)),
)
histories = st.lists(st.one_of(publishing, publishing, again, cancelling, amending), min_size=1, max_size=9)


class HistoryRun:
    """One history, applied to the log and to the model."""

    def __init__(self, log: Log, clock: Clock) -> None:
        self.log, self.clock, self.replay = log, clock, Replay()
        self.ids: dict[str, str] = {}
        self.files: list[tuple[str, dict[str, str]]] = []
        self.erased: dict[str, list[str]] = {}
        self.cancelled: set[str] = set()
        """Names of records that never took effect. A later record of the name is another one."""

    @property
    def today(self) -> int:
        return (self.clock.now.date() - START).days

    def tell(self, step: tuple[Any, ...]) -> None:
        getattr(self, step[0])(*step[1:])
        self.clock.advance(minutes=1)

    def wait(self, days: int) -> None:
        if self.today + days < DAYS:
            self.clock.advance(days=days)

    def publish(self, part: str, rows: dict[str, str], day: int, on_conflict: Any) -> None:
        self.files.append((part, rows))
        here = {n: text for n, text in rows.items() if n[0] == part}
        stage(self.log, *(entry(n, text) for n, text in here.items()), part=part)
        boundary = self.replay.boundary(part, day)
        effective_on = START + timedelta(days=day)
        if on_conflict == "refuse" and boundary is not None:
            with pytest.raises(LogError) as refused:
                self.log.releases.publish("fees", effective_on=effective_on)
            assert refused.value.code == "later-effect"
            self.log.drafts.discard("fees")
            return
        end = boundary if on_conflict == "keep" and boundary is not None else DAYS
        release = self.log.releases.publish("fees", effective_on=effective_on, on_conflict=on_conflict)
        assert (release is not None) == self.replay.publish(part, here, day, end)
        if release is not None:
            for change in self.log.queries.changes(dataset="fees", release=release.number):
                self.ids[change.title] = change.record

    def again(self, back: int, day: int, on_conflict: str) -> None:
        """Publish an earlier file on another day."""
        if back <= len(self.files):
            self.publish(*self.files[-back], day, on_conflict)

    def correct(self, name: str, text: str) -> None:
        if name not in self.replay.table or self.replay.day_to_amend(name, self.today) is None:
            return
        corrections = {self.ids[name]: entry(name, text).content}
        if self.replay.correct(name, text, self.today):
            self.log.releases.correct("fees", corrections, reason="更正")
        else:
            with pytest.raises(LogError, match="Nothing changed"):
                self.log.releases.correct("fees", corrections, reason="更正")

    def withdraw(self, name: str) -> None:
        if name in self.replay.table and self.replay.day_to_amend(name, self.today) is not None:
            self.replay.withdraw(name, self.today)
            self.log.releases.withdraw("fees", [self.ids[name]], reason="误发")

    def cancel(self, back: int) -> None:
        """Cancel the last release, or one of those before it."""
        release = len(self.replay.after) - back
        if release < 0 or self.log.queries.release("fees", release + 1).effective_on <= self.clock.now.date():
            return
        days = self.replay.find_cancellable(release)
        if days:
            self.log.releases.cancel("fees", release + 1, reason="误发")
            self.replay.cancel(release, days)
            self.cancelled |= days.keys() - self.replay.table.keys()

    def erase(self, name: str) -> None:
        # Once: a later record of the same name is another record, and the model identifies records by name.
        if name in self.replay.table and not self.erased:
            self.replay.erase(name)
            self.log.releases.erase(records=[("fees", self.ids[name])], ground="判决")
            self.erased[name] = [self.ids.pop(name)]

    def compare(self) -> None:
        releases = self.log.queries.releases("fees")
        assert len(releases) == len(self.replay.after)
        for n, release in enumerate(releases):
            for day in range(DAYS):
                as_of = START + timedelta(days=day)
                self._compare_list(View(as_of=as_of, known_at=release.published_at), n, day)
            effective = (release.effective_on - START).days
            self._compare_list(View(release=release.number), n, effective)
        for day in range(DAYS if releases else 0):
            self._compare_list(View(as_of=START + timedelta(days=day)), len(releases) - 1, day)
        self._compare_records(releases)

    def _compare_list(self, view: View, release: int, day: int) -> None:
        page = self.log.queries.records("fees", RecordQuery(view=view, limit=100))
        values = {str(r.content["name"]): str(r.content["standard"]) for r in page.records}
        assert values == self.replay.in_force(release, day), (view, release)
        assert page.total == len(values)
        assert [r.title for r in page.records] == sorted(values)

    def _compare_records(self, releases: tuple[Any, ...]) -> None:
        for name, record in self.ids.items():
            if name in self.erased or name in self.cancelled:
                continue
            for n, release in enumerate(releases):
                for day in range(DAYS):
                    view = View(as_of=START + timedelta(days=day), known_at=release.published_at)
                    expected = self.replay.status(n, day, name)
                    if expected is None:
                        continue
                    state = self.log.queries.record("fees", record, view)
                    assert (state.status, state.content.get("standard", "")) == expected, (name, view)
        for records in self.erased.values():
            for record in records:
                assert self.log.queries.record("fees", record).status == "erased"


@contextmanager
def a_site(url: str, folder: Path) -> Iterator[HistoryRun]:
    clock = Clock(datetime(2020, 1, 1, 4, tzinfo=UTC))
    log = Log.open(url, sources=folder / "sources", clock=clock)
    try:
        log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2020")
        log.datasets.create(*fees_dataset(parts=("A", "B")))
        yield HistoryRun(log, clock)
    finally:
        log.close()


@contextmanager
def a_site_on_sqlite() -> Iterator[HistoryRun]:
    """Create a site in a temporary folder, for each history that hypothesis generates."""
    with (
        tempfile.TemporaryDirectory() as folder,
        a_site(sqlite.new(Path(folder) / "qingdan.db"), Path(folder)) as story,
    ):
        yield story


def apply_history(story: HistoryRun, history: list[tuple[Any, ...]]) -> None:
    for step in history:
        story.tell(step)
    story.compare()
    assert story.log.integrity.verify().problems == ()
    assert rebuild_spans(story.log) == 0
    story.compare()


RELAXED = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


FIRST_TO_COME = [
    # An earlier file removes the record that takes effect first, not the one written first.
    ("publish", "A", {"A乙": "2"}, 7, "refuse"),
    ("publish", "A", {"A乙": "1"}, 4, "keep"),
    ("publish", "A", {}, 1, "replace"),
]
ERASED_LATER = [
    # An erased record does not block a later file.
    ("publish", "A", {"A丙": "2", "A乙": "2"}, 7, "refuse"),
    ("erase", "A丙"),
    ("publish", "A", {}, 1, "replace"),
    ("publish", "A", {}, 2, "refuse"),
]

CANCELLED_AND_PUBLISHED_AGAIN = [
    # The days that a cancelled release left are open to the same file.
    ("publish", "A", {"A甲": "1"}, 0, "refuse"),
    ("publish", "A", {"A甲": "1", "A乙": "1"}, 1, "refuse"),
    ("cancel", 1),
    ("again", 1, 4, "keep"),
    ("again", 1, 2, "keep"),
]
CANCELLED_BEFORE_ANOTHER = [
    # A record that is in force on later days is not withdrawn by a cancellation.
    ("publish", "A", {"A甲": "1"}, 0, "refuse"),
    ("publish", "A", {"A甲": "1", "A乙": "1"}, 1, "refuse"),
    ("cancel", 1),
    ("again", 1, 4, "keep"),
    ("publish", "A", {"A甲": "1", "A乙": "2"}, 2, "keep"),
    ("cancel", 1),
    ("publish", "A", {"A甲": "1"}, 6, "keep"),
    ("cancel", 1),
]


@pytest.mark.slow
@example(history=CANCELLED_AND_PUBLISHED_AGAIN)
@example(history=CANCELLED_BEFORE_ANOTHER)
@example(history=FIRST_TO_COME)
@example(history=ERASED_LATER)
@settings(max_examples=15, deadline=None, suppress_health_check=RELAXED)
@given(history=histories)
def test_every_read_equals_the_replay_on_sqlite(history: list[tuple[Any, ...]]) -> None:
    with a_site_on_sqlite() as story:
        apply_history(story, history)


@pytest.mark.slow
@settings(max_examples=6, deadline=None, suppress_health_check=RELAXED)
@given(history=histories)
def test_every_read_equals_the_replay_on_postgresql(
    postgresql_server: Server, history: list[tuple[Any, ...]]
) -> None:
    with postgresql_server.database() as url, a_site(url, Path(tempfile.gettempdir())) as story:
        apply_history(story, history)


@pytest.mark.soak
@settings(max_examples=1_000, deadline=None, suppress_health_check=RELAXED)
@given(history=histories)
def test_every_read_equals_the_replay_over_long_runs(history: list[tuple[Any, ...]]) -> None:
    with a_site_on_sqlite() as story:
        apply_history(story, history)
