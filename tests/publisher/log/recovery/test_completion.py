"""A log that is restored from an older backup and completed from an archive is the log that was lost."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, true

from publisher.log.clocks import utc_now
from publisher.log.database import held_records
from publisher.log.database import tables as t
from publisher.log.database.derived import graph_tables as g
from publisher.log.log import Log
from publisher.log.model import LogError, Part
from publisher.log.recovery import restoration
from publisher.log.transparency import erasure_ledger
from publisher.log.transparency.audit_heads import AuditHead
from publisher.views.exports.log_archive import log_archive_writer
from tests.publisher.log.test_replay import HistoryRun, histories
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.log import EARLY, MIDDLE, entry, fees_dataset, ids, release, stage

SAME = {
    "release": ("actor", "actor_salt", "seal"),
    "change": ("revision", "before", "record"),
    "entry": (),
    "tile": (),
    "tally": (),
}
"""Tables that are equal again, but for these columns: names of clerks, internal keys, seals of both."""


def rows(log: Log, name: str, except_: tuple[str, ...] = ()) -> list[tuple[Any, ...]]:
    table = {**t.metadata.tables}[name]
    columns = [column for column in table.c if column.name not in except_]
    with log._session.read() as conn:
        return sorted(map(tuple, conn.execute(select(*columns))), key=repr)


def files_of_records(log: Log) -> set[tuple[Any, ...]]:
    """Ids of records, each with a release and the digest of its file that an erasure destroys."""
    files, i = held_records.select_files(lambda _: true()).subquery(), t.import_.c
    query = (
        select(t.record.c.id, i.release, i.digest)
        .join_from(files, t.record, t.record.c.key == files.c[0])
        .join(t.import_, i.key == files.c[1])
        .where(i.release.is_not(None))
    )
    with log._session.read() as conn:
        return set(map(tuple, conn.execute(query)))


def states(log: Log) -> list[tuple[Any, ...]]:
    """Everything that readers see: states on both clocks with their contents, by id of the record."""
    s, r, v = t.span.c, t.record.c, t.revision.c
    query = (
        select(
            *(r.id, r.identity, r.erased_by, r.withdrawn_at, s.made, s.effective_from, s.effective_to),
            *(s.known_from, s.known_to, s.status, s.title, s.brought, v.hash, v.content, v.title, v.locator),
            *(v.originals, v.source_text, v.provenance, v.corrects),
        )
        .join_from(t.span, t.record, r.key == s.record)
        .join(t.revision, v.key == s.revision)
    )
    with log._session.read() as conn:
        return sorted(map(tuple, conn.execute(query)), key=repr)


def values(log: Log) -> list[tuple[Any, ...]]:
    w, v = t.value.c, t.revision.c
    query = select(v.hash, w.field, w.text, w.number).join_from(t.value, t.revision, v.key == w.revision)
    with log._session.read() as conn:
        return sorted(map(tuple, conn.execute(query)), key=repr)


def days_of_files(log: Log) -> list[tuple[Any, ...]]:
    i = t.import_.c
    query = select(i.release, i.digest, i.effective_from, i.effective_to).where(i.release.is_not(None))
    with log._session.read() as conn:
        return sorted(map(tuple, conn.execute(query)), key=repr)


def write_archive(log: Log, path: Path) -> Path:
    log_archive_writer(log, with_actors=False)(path)
    return path


def restore(folder: Path, home: Path, notes: tuple[str, ...] = (), clock: Clock | None = None) -> Log:
    url = f"sqlite:///{home}/qingdan.db"
    restoration.restore(folder, url=url, home=home, notes=notes)
    return Log.open(url, sources=home / "sources", clock=clock or utc_now)


def differences(some: list[tuple[Any, ...]], others: list[tuple[Any, ...]]) -> list[tuple[Any, Any]]:
    """Pairs of values that differ, row by row."""
    pairs = zip_longest(some, others, fillvalue=())
    return [pair for a, b in pairs for pair in zip_longest(a, b) if pair[0] != pair[1]]


def assert_same(restored: Log, original: Log) -> None:
    for name, except_ in SAME.items():
        assert rows(restored, name, except_) == rows(original, name, except_), name
    assert differences(states(restored), states(original)) == []
    assert values(restored) == values(original)
    assert days_of_files(restored) == days_of_files(original)
    assert files_of_records(restored) >= files_of_records(original)


@pytest.mark.slow
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.tuples(histories, histories))
@example(
    (
        [("publish", "A", {"A甲": "1"}, 0, "refuse")],
        [("erase", "A甲"), ("publish", "A", {"A甲": "2"}, 3, "keep")],
    )
)
def test_any_history_is_completed(both: tuple[list[Any], list[Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home, clock = Path(folder), Clock(datetime(2020, 1, 1, 4, tzinfo=UTC))
        log = Log.open(sqlite.new(home / "old" / "qingdan.db"), sources=home / "old" / "sources", clock=clock)
        log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
        log.datasets.create(*fees_dataset(parts=("A", "B")))
        log.keys.create()
        run = HistoryRun(log, clock)
        for step in both[0]:
            run.tell(step)
        log.recovery.back_up(home / "old", home / "backups")
        for step in both[1]:
            run.tell(step)
        log.datasets.add_part("fees", Part("新部门", aliases=("新",)))
        log.datasets.rename_part("fees", "A", "甲部门")
        log.proofs.append_audit_head(lambda: AuditHead(3, "0" * 64))
        note = log.proofs.checkpoint() or ""
        restored = restore(home / "backups", home / "new", (note,))
        try:
            with pytest.raises(LogError, match="can only be read"):
                restored.datasets.add_part("fees", Part("另一个"))
            assert not restored.integrity.verify().ok
            done = restored.recovery.complete(write_archive(log, home / "log.zip"), lambda *_: None)
            assert done.missing == 0
            restored.releases.finish_erasure()
            assert_same(restored, log)
            assert restored.proofs.audit_heads() == [AuditHead(3, "0" * 64)]
            problems = [p for p in restored.integrity.verify().problems if "文件不存在" not in p]
            assert problems == []
            restored.datasets.add_part("fees", Part("另一个"))  # it can be written again
        finally:
            restored.close()
            log.close()


def citations(log: Log) -> list[tuple[Any, ...]]:
    """List the citations, by hash of the revision."""
    v, columns = t.revision.c, [column for column in g.citation.c if column.name != "revision"]
    query = select(v.hash, *columns).join_from(g.citation, t.revision, v.key == g.citation.c.revision)
    with log._session.read() as conn:
        return sorted(map(tuple, conn.execute(query)), key=repr)


@pytest.mark.slow
def test_citations_of_a_completed_log_are_those_that_were_lost(tmp_path: Path) -> None:
    clock = Clock(datetime(2020, 1, 1, 4, tzinfo=UTC))
    old, new = tmp_path / "old", tmp_path / "new"
    log = Log.open(sqlite.new(old / "qingdan.db"), sources=old / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    log.datasets.create(*fees_dataset())
    log.keys.create()
    release(log, entry("登记费", "《水法》第七条"), entry("证照费", "《档案法》第八条"))
    log.graph.update()
    release(log, entry("登记费", "《水法》第七条"), entry("证照费", "《档案法》第九条"))
    log.recovery.back_up(old, tmp_path / "backups")  # half of it is derived
    release(log, entry("登记费", "财综〔2015〕1号"), entry("证照费", "《档案法》第九条"))
    log.graph.update()
    restored = restore(tmp_path / "backups", new, (log.proofs.checkpoint() or "",))
    try:
        restored.recovery.complete(write_archive(log, tmp_path / "log.zip"), lambda *_: None)
        assert len(citations(restored)) == 2
        restored.graph.update()
        assert citations(restored) == citations(log)
        assert len(citations(restored)) == 4
    finally:
        restored.close()
        log.close()


@pytest.mark.slow
def test_a_cancellation_is_completed_with_the_days_of_the_files(tmp_path: Path) -> None:
    clock = Clock(datetime(2020, 1, 1, 4, tzinfo=UTC))
    old = tmp_path / "old"
    log = Log.open(sqlite.new(old / "qingdan.db"), sources=old / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    log.datasets.create(*fees_dataset())
    log.keys.create()
    release(log, entry("登记费", "1"))
    log.recovery.back_up(old, tmp_path / "backups")
    release(log, entry("登记费", "2"), entry("证照费"), on=date(2030, 1, 1))
    log.releases.cancel("fees", 2, reason="有误")
    restored = restore(tmp_path / "backups", tmp_path / "new", (log.proofs.checkpoint() or "",))
    try:
        restored.recovery.complete(write_archive(log, tmp_path / "log.zip"), lambda *_: None)
        assert_same(restored, log)
    finally:
        restored.close()
        log.close()


@pytest.mark.slow
def test_a_completed_release_is_announced_on_its_later_day_unless_it_was_cancelled(tmp_path: Path) -> None:
    clock = Clock(datetime(2020, 1, 1, 4, tzinfo=UTC))
    old, day = tmp_path / "old", date(2030, 1, 1)
    log = Log.open(sqlite.new(old / "qingdan.db"), sources=old / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    log.datasets.create(*fees_dataset())
    log.keys.create()
    release(log, entry("登记费"), on=day)
    log.recovery.back_up(old, tmp_path / "backups")
    log.releases.cancel("fees", 1, reason="有误")
    release(log, entry("登记费", "2"), on=day)
    release(log, entry("证照费"), on=day, part="民政局")
    log.releases.cancel("fees", 4, reason="有误")
    restored = restore(tmp_path / "backups", tmp_path / "new", (log.proofs.checkpoint() or "",), clock)
    try:
        restored.recovery.complete(write_archive(log, tmp_path / "log.zip"), lambda *_: None)
        problems = restored.integrity.verify().problems
        assert [problem for problem in problems if "文件不存在" not in problem] == []
        items = restored.outbox.items()
        assert [item.key for item in items if item.kind == "release"] == ["1"]  # of the backup
        clock.now = datetime(2030, 1, 2, tzinfo=UTC)
        restored.outbox.mark_done([item.sequence for item in items])
        assert [(item.kind, item.key) for item in restored.outbox.items()] == [("release", "3")]
    finally:
        restored.close()
        log.close()


def contains(folder: Path, words: str) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and words.encode() in path.read_bytes()]


@pytest.mark.slow
@pytest.mark.parametrize("partial", [False, True])
def test_an_erasure_destroys_the_files_of_completed_releases_that_had_the_record_unchanged(
    tmp_path: Path, partial: bool
) -> None:
    """An archive names only the file of a new content; the bytes are there when they are handed in again."""
    clock = Clock(datetime(2020, 1, 1, 4, tzinfo=UTC))
    old, new = tmp_path / "old", tmp_path / "new"
    log = Log.open(sqlite.new(old / "qingdan.db"), sources=old / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    log.datasets.create(*fees_dataset())
    log.keys.create()
    files = {1: "张三丰，第一份", 2: "张三丰，第二份"}
    stage(log, entry("张三丰"), entry("登记费"), file=files[1])
    log.releases.publish("fees", effective_on=EARLY)
    log.recovery.back_up(old, tmp_path / "backups")
    stage(log, entry("张三丰"), entry("登记费", "2"), file=files[2], partial=partial)
    log.releases.publish("fees", effective_on=MIDDLE)
    stage(log, entry("别处"), part="民政局", file="别处", partial=partial)
    log.releases.publish("fees", effective_on=MIDDLE)
    person = ids(log)["张三丰"]
    restored = restore(tmp_path / "backups", new, (log.proofs.checkpoint() or "",))
    try:
        restored.recovery.complete(write_archive(log, tmp_path / "log.zip"), lambda *_: None)
        assert_same(restored, log)
        if not partial:
            assert files_of_records(restored) == files_of_records(log)
        for text, part in ((files[2], "财政局"), ("别处", "民政局")):
            stage(restored, entry("登记费", "2"), part=part, file=text)
        restored.drafts.discard("fees")
        assert len(contains(new / "sources", "张三丰")) == 2
        preview = restored.releases.preview_erasure("fees", [person])
        assert len(preview.files) == 2
        restored.releases.erase(records=[("fees", person)], ground="判决书")
        restored.releases.finish_erasure()
        assert contains(new / "sources", "张三丰") == []
        assert len(contains(new / "sources", "别处")) == 1
        with restored._session.read() as conn:
            (one,) = (one for one in erasure_ledger.erasures(conn) if one.dataset)
        assert len(one.sources) == 2
        assert restored.integrity.verify().problems == ()
    finally:
        restored.close()
        log.close()
