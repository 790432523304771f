"""Erasure: no file contains the text, the chain verifies, and readers see what happened and why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs

from publisher.log import registry
from publisher.log.database.tables import metadata
from publisher.log.log import Log
from publisher.log.model import LogError, Proposal, RecordQuery, View
from publisher.log.releases.erasure import ErasureRelease
from publisher.log.releases.releases import Releases
from publisher.log.verification.last_run import VerificationRun
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.log import (
    EARLY,
    LATE,
    MIDDLE,
    catalogue,
    entry,
    fees_dataset,
    ids,
    problems_after,
    rebuild_spans,
    release,
    stage,
    standards,
)

SECRET = "张三丰的身份证号"


def files_containing(folder: Path, words: str) -> list[Path]:
    """Files whose bytes contain the words, in UTF-8, UTF-16 or as JSON escapes."""
    forms = [words.encode(), words.encode("utf-16-le"), words.encode("unicode_escape")]
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and any(form in path.read_bytes() for form in forms)
    ]


def publish_secret(log: Log) -> str:
    """Publish a record with the secret in its name, value, original and cell, in two revisions and a file."""
    secret = log.evidence.put_source(
        f"a workbook with {SECRET}".encode(), name="a.xls", media_type="text/plain"
    )
    for day, standard in ((EARLY, SECRET), (MIDDLE, f"{SECRET}改")):
        row = entry(f"{SECRET}费", standard, kind=SECRET)
        secret_entry = structs.replace(row, locator={"note": SECRET}, originals={"standard": f" {SECRET} "})
        left_out = [{"sheet": "收费", "row": 9, "reason": "note", "text": SECRET}]
        log.drafts.stage(
            "fees",
            [secret_entry, entry("登记费")],
            part="财政局",
            source=secret,
            parser_version="1",
            left_out=left_out,
        )
        log.releases.publish("fees", effective_on=day)
    return ids(log)[f"{SECRET}费"]


def test_the_catalogue_of_a_deleted_draft_does_not_outlive_it(log: Log) -> None:
    release(log, entry("甲"), entry("乙"))
    stage(log, entry("甲", "2"))
    log.releases.erase(records=[("fees", ids(log)["甲"])], ground="（2026）法民初1号")
    migrated = catalogue(identity=("name",))
    log.releases.migrate("fees", migrated)
    proposal = Proposal([entry("丙")], "财政局")
    assert log.drafts.preview("fees", [proposal], catalogue=migrated).counts["added"] == 1


def test_a_draft_with_the_former_name_of_a_record_is_deleted_with_it(log: Log) -> None:
    release(log, entry("甲"), entry("乙"))
    record = ids(log)["甲"]
    stage(log, entry("甲"), entry("乙", "2"), file="another")
    stage(log, entry("丙"), part="民政局", file="a third")
    for name in ("丁", "戊"):
        log.releases.rename("fees", record, entry(name).content, reason="更名", effective_on=MIDDLE)
    assert log.releases.preview_erasure("fees", [record]).drafted_files == ("another.xls",)
    log.releases.erase(records=[("fees", record)], ground="（2026）法民初1号")
    assert [one.part for one in log.drafts.imports("fees")] == ["民政局"]


def test_a_draft_with_the_name_that_another_record_has_now_stays(log: Log) -> None:
    release(log, entry("甲"))
    record = ids(log)["甲"]
    log.releases.rename("fees", record, entry("丁").content, reason="更名", effective_on=MIDDLE)
    release(log, entry("甲", "2"), entry("丁"), on=LATE)
    stage(log, entry("甲", "3"), file="another")
    log.releases.erase(records=[("fees", record)], ground="（2026）法民初1号")
    assert log.drafts.get("fees") is not None


def test_a_record_is_erased_also_while_a_restored_log_lacks_the_release(log: Log) -> None:
    release(log, entry("甲"))
    record = ids(log)["甲"]
    with log._session.append() as conn:
        erasure = ErasureRelease(log._session.database, conn, registry.dataset_row(conn, "fees"))
        assert erasure.erase_again([record], log._session.clock(), release=None) == [record]
    for _ in range(2):
        state = log.queries.record("fees", record)
        assert (state.status, state.reason) == ("erased", "")
        assert [change.erased for change in log.queries.history("fees", record)] == [True]
        assert rebuild_spans(log) == 0


def test_after_an_erasure_no_file_of_the_home_contains_the_text(tmp_path: Path, clock: Clock) -> None:
    log = Log.open(sqlite.new(tmp_path / "qingdan.db"), sources=tmp_path / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2020")
    log.datasets.create(*fees_dataset())
    record = publish_secret(log)
    stage(log, entry("别的费"), entry(f"{SECRET}费", "在草稿中"))
    assert files_containing(tmp_path, SECRET)
    log.releases.erase(records=[("fees", record)], ground="（2026）法民初1号", actor="法务")
    assert files_containing(tmp_path, SECRET) == []
    assert log.drafts.get("fees") is None
    log.close()
    assert files_containing(tmp_path, SECRET) == []


def test_an_erasure_forgets_what_the_last_verification_quoted(tmp_path: Path, clock: Clock) -> None:
    log = Log.open(sqlite.new(tmp_path / "qingdan.db"), sources=tmp_path / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2020")
    log.datasets.create(*fees_dataset())
    record = publish_secret(log)
    problems = problems_after(log, "UPDATE span SET title = '改' WHERE title LIKE '张三丰%'")
    run = VerificationRun(clock(), clock(), len(problems), tuple(problems), error=f"ValueError: {SECRET}")
    assert SECRET in run.listed[0]
    log.integrity.store_run(run)
    log.releases.erase(records=[("fees", record)], ground="判决")
    log.integrity.store_run(run)  # it read the site before the erasure
    stored = log.integrity.last_run()
    assert stored is not None
    assert (stored.problems, stored.listed, stored.ok) == (len(problems), (), False)
    assert log.integrity.verify().ok
    log.close()
    assert files_containing(tmp_path, SECRET) == []


def test_no_table_contains_the_text_after_an_erasure(log: Log) -> None:
    record = publish_secret(log)
    stage(log, entry(f"{SECRET}费", "在草稿中"))
    log.integrity.store_run(VerificationRun(log._session.clock(), log._session.clock(), 1, (SECRET,)))
    log.releases.erase(records=[("fees", record)], ground="判决")
    with log._session.database.read() as conn:
        for table in metadata.sorted_tables:
            rows = conn.execute(table.select()).all()
            assert SECRET not in repr(rows), table.name
            assert SECRET.encode() not in b"".join(v for r in rows for v in r if isinstance(v, bytes))


def test_readers_see_that_a_record_was_erased_and_why(log: Log) -> None:
    record = publish_secret(log)
    release = log.releases.erase(records=[("fees", record)], ground="（2026）法民初1号", actor="法务")
    assert (release.note, release.actor, release.counts) == (
        "（2026）法民初1号",
        "法务",
        {"erased": 1, "records": 1},
    )
    state = log.queries.record("fees", record)
    assert (state.status, state.reason, state.content, state.salt, state.title) == (
        "erased",
        "（2026）法民初1号",
        {},
        None,
        "",
    )
    assert log.queries.record("fees", record, View(release=1)).status == "erased"
    assert [(c.kind, c.erased, c.title, c.after) for c in log.queries.history("fees", record)] == [
        ("added", True, "", None),
        ("changed", True, "", None),
    ]
    assert [r.erased for r in log.queries.releases("fees")] == [True, True, False]
    query = RecordQuery(statuses=("erased",))
    assert [r.id for r in log.queries.records("fees", query).records] == [record]


@pytest.mark.slow
def test_the_chain_verifies_after_an_erasure_and_names_the_erased_records(log: Log) -> None:
    record = publish_secret(log)
    log.releases.erase(records=[("fees", record)], ground="判决")
    checked = log.integrity.verify()
    assert checked.problems == ()
    assert (checked.releases, checked.erased) == (3, 2)
    assert rebuild_spans(log) == 0
    release(log, entry("登记费", "2"), on=MIDDLE)
    assert log.integrity.verify().ok


def test_lists_and_totals_of_every_view_leave_an_erased_record_out(log: Log) -> None:
    record = publish_secret(log)
    log.releases.erase(records=[("fees", record)], ground="判决")
    for view in (View(), View(as_of=EARLY), View(release=1)):
        page = log.queries.records("fees", RecordQuery(view=view, facets=("kind",)))
        assert page.total == 1
        assert [r.title for r in page.records] == ["登记费"]
        assert page.facets == {"kind": ()}


def test_the_outbox_lists_every_span_of_an_erased_record_for_deletion(log: Log) -> None:
    record = publish_secret(log)
    spans = {s.id for s in log.queries.spans() if s.record == record}
    log.releases.erase(records=[("fees", record)], ground="判决")
    items = log.outbox.items(limit=1000)
    assert {i.key for i in items if i.kind == "erase"} == spans
    assert not {i.key for i in items if i.kind == "span"} & spans
    assert not [s for s in log.queries.spans() if s.record == record]


def test_a_file_that_contained_the_record_is_destroyed_and_others_stay(log: Log) -> None:
    record = publish_secret(log)
    digest = log.queries.release("fees", 1).sources[0].digest
    release(log, entry("婚姻登记费"), part="民政局")
    log.releases.erase(records=[("fees", record)], ground="判决")
    with pytest.raises(LogError, match="no source"):
        log.evidence.source_bytes(digest)
    assert log.evidence.source_bytes(log.queries.release("fees", 3).sources[0].digest) == b"a workbook"


def test_a_file_that_contained_the_record_unchanged_is_destroyed_too(log: Log) -> None:
    release(log, entry("甲"), entry("乙"))
    record = ids(log)["甲"]
    later = log.evidence.put_source(b"a later workbook", name="b.xls", media_type="text/plain")
    log.drafts.stage("fees", [entry("甲"), entry("乙", "2")], part="财政局", source=later, parser_version="1")
    log.releases.publish("fees", effective_on=MIDDLE)
    log.releases.erase(records=[("fees", record)], ground="判决")
    with pytest.raises(LogError, match="no source"):
        log.evidence.source_bytes(later.digest)


def test_an_erased_record_cannot_be_amended_or_erased_again(log: Log) -> None:
    record = publish_secret(log)
    log.releases.erase(records=[("fees", record)], ground="判决")
    acts: tuple[Callable[[], object], ...] = (
        lambda: log.releases.erase(records=[("fees", record)], ground="x"),
        lambda: log.releases.withdraw("fees", [record], reason="x"),
        lambda: log.releases.correct("fees", {record: entry("甲").content}, reason="x"),
    )
    for act in acts:
        with pytest.raises(LogError) as refused:
            act()
        assert refused.value.code == "erased"


def test_a_clean_row_of_the_same_identity_is_another_record_with_a_warning(log: Log) -> None:
    release(log, entry("甲"))
    record = ids(log)["甲"]
    log.releases.erase(records=[("fees", record)], ground="判决")
    stage(log, entry("甲", "2"))
    assert [w.code for w in log.drafts.diff("fees").warnings] == ["erased-before"]
    log.releases.publish("fees", effective_on=MIDDLE)
    assert standards(log) == {"甲": "2"}
    assert ids(log)["甲"] != record


def test_an_erasure_covers_one_dataset(log: Log) -> None:
    release(log, entry("甲"))
    dataset, _ = fees_dataset("others", parts=())
    log.datasets.create(dataset, catalogue())
    release(log, entry("乙"), part=None, dataset="others")
    with pytest.raises(LogError) as refused:
        log.releases.erase(
            records=[("fees", ids(log)["甲"]), ("others", ids(log, "others")["乙"])], ground="判决"
        )
    assert refused.value.code == "one-dataset"


def test_an_erasure_that_was_interrupted_is_finished_when_the_site_is_opened(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = sqlite.new(tmp_path / "qingdan.db")
    log = Log.open(url, sources=tmp_path / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2020")
    log.datasets.create(*fees_dataset())
    record = publish_secret(log)
    with monkeypatch.context() as patch:
        patch.setattr(
            Releases, "scrub", lambda _: None
        )  # the state after a kill between the release and the scrubbing
        log.releases.erase(records=[("fees", record)], ground="判决")
    log.close()
    assert files_containing(tmp_path, SECRET)
    Log.open(url, sources=tmp_path / "sources", clock=clock).close()
    assert files_containing(tmp_path, SECRET) == []
