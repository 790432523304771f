"""Whatever is changed behind the log's back is named; what is derived is repaired."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DatabaseError

from publisher.log.blob_store import DatabaseBlobs, FolderBlobs, digest_of
from publisher.log.database.all_tables import ALL_TABLES
from publisher.log.database.tables import record as record_table
from publisher.log.database.tables import source_bytes
from publisher.log.log import Log
from publisher.log.model import LogError
from publisher.log.verification.integrity import Scope
from publisher.log.verification.record_checks import Growth
from publisher.log.verification.span_fold import ReleaseRow
from publisher.log.verification.table_checks import _count_in_force
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.log import (
    LATE,
    MIDDLE,
    entry,
    fees_dataset,
    ids,
    problems_after,
    put_workbook,
    release,
    stage,
)

DERIVED = [
    ("UPDATE span SET revision = 1 WHERE revision = 3", "span.revision"),
    ("DELETE FROM span WHERE made = 2", "span: "),
    ("UPDATE span SET status = 'removed' WHERE made = 1 AND record = 2", "span.status"),
    ("UPDATE span SET known_to = 5 WHERE made = 1 AND record = 1", "span.known_to"),
    ("UPDATE span SET part = NULL WHERE record = 2", "span.part"),
    ("UPDATE span SET title = 'x' WHERE record = 2", "span.title"),
    ("UPDATE span SET sequence = 99999 WHERE record = 2", "span.sequence"),
    ("DELETE FROM value", "value.kind"),
    ("UPDATE value SET text = 'x' WHERE revision = 1", "value.kind"),
    ("UPDATE value SET dataset = 9 WHERE revision = 1", "value.kind"),
    ("DELETE FROM citation", "graph.citation"),
    ("UPDATE citation SET role = 'basis'", "graph.citation"),
    ("UPDATE citation SET revision = 999", "graph"),
    ("DELETE FROM tally", "tally.records"),
    ("UPDATE tally SET records = records + 1", "tally.records"),
    ("UPDATE revision SET title = 'x' WHERE key = 2", "revision.title"),
    ("UPDATE revision SET corrects = (1 = 1) WHERE key = 2", "revision.corrects"),
    ("UPDATE record SET identity = 'x' WHERE key = 1", "record.identity"),
    ("UPDATE record SET identity = NULL WHERE key = 1", "record.identity"),
    ("UPDATE record SET withdrawn_at = 1 WHERE key = 1", "record.withdrawn_at"),
    ("UPDATE record SET withdrawn_at = NULL", "record.withdrawn_at"),
    ("UPDATE release SET erased = (1 = 1) WHERE sequence = 1", "release.erased"),
    ("UPDATE site SET change_sequence = 1", "site.change_sequence"),
]
"""Damage to what is derived, and the field that is named."""
LOGGED = [
    ("UPDATE revision SET locator = '{}' WHERE key = 1", "locator"),
    ("UPDATE revision SET locator = 'no JSON' WHERE key = 1", "locator"),
    ('UPDATE revision SET originals = \'{"name": "x"}\' WHERE key = 1', "originals"),
    ("UPDATE catalogue SET source = replace(source, '收费', '税费')", "catalogue.source"),
    ("UPDATE dataset SET name = 'taxes' WHERE name = 'fees'", "dataset taxes"),
    ("UPDATE dataset SET details = replace(details, 'CC0', 'CC1')", "details"),
    ("UPDATE dataset SET catalogue = 'x'", "dataset.catalogue"),
    ("UPDATE change SET dataset = (SELECT max(key) FROM dataset) WHERE sequence = 1", "change.dataset"),
    ("UPDATE import SET destroyed = (1 = 1) WHERE key = 1", "import.destroyed"),
    ("UPDATE import SET left_out = '[1]' WHERE key = 1", "import.left_out"),
    ("DELETE FROM held WHERE record = 1", "held"),
    ("UPDATE draft_entry SET content = replace(content, '4', '5')", "does not match its hash"),
    ("UPDATE draft_entry SET identity = 'x'", "draft_entry.identity"),
    ("UPDATE draft_entry SET title = 'x'", "draft_entry.title"),
    ("UPDATE draft_entry SET locator = '{\"rows\":[9]}'", "draft_entry, 4, 0"),
    ("UPDATE draft_entry SET in_error = (1 = 1)", "draft_entry, 4, 0"),
    ("DELETE FROM draft_entry", "entries"),
    ("UPDATE import SET parser_version = 'x' WHERE release IS NULL", "import, 4 a workbook"),
    (
        "DELETE FROM held WHERE record = 2 AND import = (SELECT max(import) FROM held WHERE record = 2)",
        "list of records",
    ),
    ("UPDATE subscription SET callback = 'https://other.example/'", "subscription, 1"),
    ("UPDATE subscription SET seal = ''", "subscription, 1"),
    ("UPDATE page SET vanished_at = 1", "page, 1 https://a.example/"),
    ("UPDATE dataset SET named_at = 5 WHERE name = 'fees'", "dataset, 1 fees"),
    ("UPDATE site SET created_at = 5", "site, 1"),
    ("UPDATE entry SET appended_at = 5 WHERE position = 1", "entry, 1"),
    ("UPDATE entry SET format = 99999 WHERE position = 1", "cannot be read"),
    ("UPDATE outbox SET due_at = 9000000000000000 WHERE kind = 'span'", "outbox.due_at"),
    ("UPDATE outbox SET attempts = 3 WHERE kind = 'span'", "it was tried"),
    ("UPDATE outbox SET key = '9' WHERE kind = 'release'", "outbox.key"),
    ("UPDATE revision SET locator = '{\"rows\":[9]}' WHERE content IS NULL", "revision.locator"),
    ("UPDATE release SET actor = '', actor_salt = NULL WHERE sequence = 1", "release, 1 1"),
    ("UPDATE release SET note = '', note_salt = NULL WHERE sequence = 1", "release 1: note 已缺失"),
    (
        "UPDATE release SET basis = '', basis_salt = NULL WHERE sequence = 1",
        "release 1: basis 已缺失",
    ),
    (
        "UPDATE release SET left_out = NULL, left_out_salt = NULL WHERE sequence = 1",
        "release, 1 1",
    ),
    ("UPDATE release SET left_out_salt = NULL WHERE sequence = 1", "its list of rows left out"),
    ("UPDATE change SET before_part = 99 WHERE sequence = 1", "change.before_part"),
]
"""Damage to the log itself, to what describes it, to drafts, and to what no entry determines."""


@pytest.fixture
def site(log: Log) -> Log:
    """Five releases and a draft; 登记费 is withdrawn, 查询费 of another dataset erased."""
    log.datasets.create(*fees_dataset("others"))
    fees = (
        entry("证照费", kind="行政"),
        entry("登记费", kind="事业", place="《旧收费办法》第三条"),
    )
    release(log, *fees)
    release(log, entry("证照费", "2", kind="行政"), *fees[1:], on=MIDDLE)
    own = put_workbook(log, "another workbook")
    log.drafts.stage("others", [entry("查询费")], part="财政局", source=own, parser_version="test 1")
    log.releases.publish("others", effective_on=MIDDLE)
    log.releases.withdraw("fees", [ids(log)["登记费"]], reason="误发")
    log.releases.erase(records=[("others", ids(log, "others")["查询费"])], ground="司法")
    log.subscriptions.subscribe("https://a.example/hook", "{}")
    log.evidence.add_links("site", [("https://a.example/", "标题")], role="document")
    stage(log, entry("证照费", "4"), part="民政局")
    log.graph.update()
    assert log.integrity.verify(Scope(sources=True)).problems == ()
    return log


def damage(log: Log, statement: str) -> None:
    with log._session.database.write() as conn:
        conn.execute(text(statement))


def spans(log: Log) -> list[Any]:
    return [(s.id, s.content, s.known_to, s.part) for s in sorted(log.queries.spans(), key=lambda s: s.id)]


EVERY_DATABASE = pytest.mark.parametrize(
    ("url", "every"),
    [
        pytest.param("sqlite", 1, id="sqlite"),
        pytest.param("postgresql", 5, marks=pytest.mark.server, id="postgresql-a fifth"),
        pytest.param("postgresql", 1, marks=[pytest.mark.server, pytest.mark.soak], id="postgresql-all"),
    ],
    indirect=["url"],
)
"""The same comparisons find the damage on PostgreSQL: there every fifth statement is tried; all are soak."""


@pytest.mark.slow
@EVERY_DATABASE
def test_all_damage_is_named(site: Log, every: int) -> None:
    unnamed = {}
    for statement, name in (*DERIVED, *LOGGED)[::every]:
        problems = problems_after(site, statement)
        if not any(name in problem for problem in problems):
            unnamed[statement] = problems
    assert unnamed == {}


@pytest.mark.slow
@EVERY_DATABASE
def test_what_is_derived_is_repaired_and_what_was_replaced_is_listed(
    site: Log, tmp_path: Path, every: int
) -> None:
    before = spans(site)
    for n, (statement, name) in enumerate(DERIVED[::every]):
        damage(site, statement)
        lines = tmp_path / f"{n}.jsonl"
        assert site.integrity.repair(lines) == len(lines.read_text().splitlines()) > 0, statement
        assert name.removesuffix(": ") in lines.read_text()
        site.graph.update()
        assert site.integrity.verify().problems == (), statement
    assert spans(site) == before


@pytest.mark.slow
def test_interchanged_identities_are_repaired_and_a_taken_one_is_not_given_back(
    log: Log, tmp_path: Path
) -> None:
    release(log, entry("甲"), entry("乙"), entry("丙"))
    first, second, third = (ids(log)[name] for name in "甲乙丙")
    log.releases.withdraw("fees", [third], reason="误发")
    log.releases.rename("fees", first, entry("丙").content, effective_on=LATE, reason="更名")
    assert log.integrity.verify().problems == ()
    before = identities(log)
    assert before[third] is None
    damage(log, "UPDATE record SET identity = 'x' WHERE identity IS NULL")
    with log._session.database.write() as conn:
        for record, identity in ((first, None), (second, before[first]), (first, before[second])):
            conn.execute(update(record_table).where(record_table.c.id == record).values(identity=identity))
    assert log.integrity.repair(tmp_path / "replaced.jsonl") == 3
    assert identities(log) == before
    assert log.integrity.verify().problems == ()


def identities(log: Log) -> dict[str, str | None]:
    with log._session.read() as conn:
        return {row.id: row.identity for row in conn.execute(select(record_table))}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_repair_that_fails_leaves_no_list_of_what_was_replaced(log: Log, tmp_path: Path) -> None:
    release(log, entry("甲"))
    damage(log, "UPDATE record SET identity = 'x'")
    damage(log, "CREATE TRIGGER no BEFORE UPDATE ON record BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    file = tmp_path / "replaced.jsonl"
    with pytest.raises(DatabaseError, match="disk full"):
        log.integrity.repair(file)
    assert not file.exists()
    file.write_text("of another repair")
    with pytest.raises(FileExistsError):
        log.integrity.repair(file)
    assert file.read_text() == "of another repair"


@pytest.mark.slow
def test_the_log_itself_is_never_repaired(site: Log, tmp_path: Path) -> None:
    damage(site, "UPDATE revision SET content = replace(content, '2', '3') WHERE content LIKE '%2%'")
    broken = [p for p in site.integrity.verify().problems if "does not match its hash" in p]
    site.integrity.repair(tmp_path / "replaced.jsonl")
    assert (tmp_path / "replaced.jsonl").stat().st_mode & 0o077 == 0, "it may list what was erased"
    assert [p for p in site.integrity.verify().problems if "does not match its hash" in p] == broken != []


@pytest.mark.slow
def test_a_span_that_shows_another_revision_is_named_with_record_release_and_field(site: Log) -> None:
    record = ids(site)["证照费"]
    (problem,) = problems_after(site, "UPDATE span SET revision = 1 WHERE revision = 3")
    place = f"记录 record {record}, 第2次发布 release fees/2"
    assert problem == f"{place}: span.revision: 现值 stored 1, 应为 rebuilt 3"


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["flipped", "deleted"])
def test_a_damaged_source_is_named_never_read_and_healed_by_the_same_bytes(site: Log, loss: str) -> None:
    digest = digest_of(b"a workbook")
    _damage_source(site, digest, None if loss == "deleted" else b"a w0rkbook")
    assert any(digest[:12] in problem for problem in site.integrity.verify(Scope(sources=True)).problems)
    with pytest.raises(LogError) as refused:
        site.evidence.source_bytes(digest)
    assert refused.value.code == ("no-such-source" if loss == "deleted" else "source-damaged")
    put_workbook(site)
    assert site.evidence.source_bytes(digest) == b"a workbook"
    assert site.integrity.verify(Scope(sources=True)).problems == ()


@pytest.mark.slow
def test_a_log_that_was_cut_off_or_rewritten_does_not_continue_a_kept_checkpoint(log: Log) -> None:
    log.keys.create()
    release(log, entry("证照费", "0.95"))
    before = _rows(log)
    release(log, entry("证照费", "1"), on=MIDDLE)
    note = log.proofs.checkpoint()
    assert note is not None
    kept = Scope(checkpoint=note)
    assert log.integrity.verify(kept).problems == ()
    _restore(log, before)
    assert log.integrity.verify().problems == ()
    assert ["cut off" in problem for problem in log.integrity.verify(kept).problems] == [True]
    release(log, entry("证照费", "0.85"), on=MIDDLE)
    release(log, entry("证照费", "2"), on=LATE)
    assert log.integrity.verify().problems == ()
    assert ["was rewritten" in problem for problem in log.integrity.verify(kept).problems] == [True]
    assert log.integrity.verify(Scope(checkpoint="no note")).problems


def test_what_is_not_covered_is_said(log: Log) -> None:
    plain, whole = log.integrity.verify(), log.integrity.verify(Scope(sources=True))
    assert any("--sources" in part for part in plain.uncovered)
    assert not any("--sources" in part for part in whole.uncovered)


@pytest.mark.slow
def test_thousands_of_problems_are_counted(log: Log) -> None:
    release(log, *(entry(f"费{n}", kind="行政") for n in range(1_200)))
    damage(log, "DELETE FROM value")
    problems = log.integrity.verify().problems
    assert len(problems) == 1_001
    assert "200 more" in problems[-1]


def _damage_source(log: Log, digest: str, data: bytes | None) -> None:
    sources = log._session.sources
    if isinstance(sources, FolderBlobs):
        path = sources._path(digest)
        path.unlink()
        if data is not None:
            path.write_bytes(data)
        return
    assert isinstance(sources, DatabaseBlobs)
    with log._session.database.write() as conn:
        sources.drop(conn, digest)
        if data is not None:
            conn.execute(insert(source_bytes).values(digest=digest, data=data))


def _rows(log: Log) -> list[list[dict[str, Any]]]:
    with log._session.database.read() as conn:
        return [[dict(row) for row in conn.execute(select(table)).mappings()] for table in ALL_TABLES]


def _restore(log: Log, rows: list[list[dict[str, Any]]]) -> None:
    """Replace the whole database, as somebody does who has full access to it."""
    with log._session.database.write() as conn:
        for table in reversed(ALL_TABLES):
            conn.execute(delete(table))
        for table, own in zip(ALL_TABLES, rows, strict=True):
            if own:
                conn.execute(insert(table), own)


def test_a_trigger_that_would_change_what_is_published_is_named(log: Log) -> None:
    with log._session.database.write() as conn:
        if conn.dialect.name == "sqlite":
            body = "BEGIN UPDATE site SET base = 'x'; END"
        else:
            conn.execute(text("CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'"))
            body = "EXECUTE FUNCTION nothing()"
        conn.execute(text(f"CREATE TRIGGER quiet AFTER INSERT ON release {body}"))
    assert any("trigger quiet" in problem for problem in log.integrity.verify().problems)


def test_a_file_that_cannot_be_read_does_not_end_the_verification(tmp_path: Path, clock: Clock) -> None:
    log = Log.open(sqlite.new(tmp_path / "qingdan.db"), sources=tmp_path / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    log.datasets.create(*fees_dataset())
    key = log.keys.create()
    release(log, entry("证照费"))
    (source,) = (tmp_path / "sources").glob("*/*")
    for path in (source, tmp_path / "keys" / f"{key.id.hex()}.pem"):  # as a bad block, for root too
        path.unlink()
        path.mkdir()
    problems = log.integrity.verify(Scope(sources=True)).problems
    assert len(problems) == 2
    assert all("cannot be" in problem for problem in problems)
    log.close()


def test_a_folder_of_keys_that_cannot_be_read_stops_no_publication(log: Log) -> None:
    log.keys.create()
    log._session.keys.folder /= "long" * 100  # refused, as a folder of another user
    assert release(log, entry("证照费")).number == 1
    assert "cannot be used" in log.keys.last_error()
    assert any("cannot be used" in problem for problem in log.integrity.verify().problems)


def random_releases(random: Random, count: int) -> tuple[list[ReleaseRow], Growth]:
    """Releases of three datasets, and by how much the records in force grow; some are erased later."""
    releases = [
        ReleaseRow(n, random.randint(1, 3), "fees", n, 10 * n, random.randint(1, 30), "")
        for n in range(1, count + 1)
    ]
    growth: Growth = Counter()
    for one in releases:
        later = releases[one.sequence : one.sequence + 9]
        erasing = [other.sequence for other in later if other.dataset == one.dataset]
        for erased_by in (0, *erasing[:1]):
            growth[one.dataset, one.published_at, random.randint(1, 30), erased_by] += random.randint(-3, 3)
    return releases, growth


def test_records_in_force_are_counted_at_each_release_however_many_there_are() -> None:
    for seed in range(50):
        releases, growth = random_releases(Random(seed), 20)
        assert _count_in_force(growth, releases) == {
            release.sequence: sum(
                more
                for (dataset, instant, day, erased_by), more in growth.items()
                if dataset == release.dataset
                and instant <= release.published_at
                and day <= release.effective_on
                and not 0 < erased_by <= release.sequence
            )
            for release in releases
        }
    releases, growth = random_releases(Random(0), 20_000)
    began = time.process_time()
    assert len(_count_in_force(growth, releases)) == len(releases)
    assert time.process_time() - began < 20, "minutes where each release reads all growth"
