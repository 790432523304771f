"""Drafts and releases: added, changed, removed, unchanged, moved and refused records."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import Engine, event

from publisher.log.log import Log
from publisher.log.model import LogError, Part, Proposal, RecordQuery, View
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
    put_workbook,
    release,
    stage,
    standards,
)


def kinds(log: Log, number: int) -> list[tuple[str, str]]:
    return [(c.kind, c.title) for c in log.queries.changes(dataset="fees", release=number)]


def test_a_release_says_what_was_added_changed_and_removed(log: Log) -> None:
    release(log, entry("证照费"), entry("登记费"))
    second = release(log, entry("证照费", "2"), entry("诉讼费"), on=MIDDLE)
    assert second.counts == {"added": 1, "changed": 1, "removed": 1, "records": 2}
    assert kinds(log, 2) == [("changed", "证照费"), ("added", "诉讼费"), ("removed", "登记费")]
    changed = log.queries.changes(dataset="fees", release=2)[0]
    assert [(f.field, f.before, f.after) for f in changed.fields] == [("standard", "1", "2")]


def test_an_unchanged_record_keeps_its_revision(log: Log) -> None:
    release(log, entry("证照费"), entry("登记费"))
    before = log.queries.record("fees", ids(log)["证照费"])
    release(log, entry("证照费"), entry("登记费", "2"), on=MIDDLE)
    after = log.queries.record("fees", ids(log)["证照费"])
    assert (after.revision, after.salt, after.release) == (before.revision, before.salt, 1)


def test_the_same_draft_again_makes_no_release(log: Log) -> None:
    release(log, entry("证照费"))
    stage(log, entry("证照费"))
    assert log.releases.publish("fees", effective_on=MIDDLE) is None
    assert log.drafts.get("fees") is None
    assert len(log.queries.releases("fees")) == 1


def test_going_back_to_old_bytes_is_a_release(log: Log) -> None:
    for day, standard in ((EARLY, "A"), (MIDDLE, "B"), (LATE, "A")):
        release(log, entry("证照费", standard), on=day)
    assert [r.number for r in log.queries.releases("fees")] == [1, 2, 3]
    assert [standards(log, View(as_of=d))["证照费"] for d in (EARLY, MIDDLE, LATE)] == ["A", "B", "A"]
    assert len({c.record for c in log.queries.changes(dataset="fees")}) == 1


def test_an_import_removes_only_within_its_part(log: Log) -> None:
    stage(log, entry("证照费"))
    stage(log, entry("婚姻登记费"), part="民政局")
    log.releases.publish("fees", effective_on=EARLY)
    release(log, entry("登记费"), on=MIDDLE)
    assert standards(log) == {"登记费": "1", "婚姻登记费": "1"}


def test_a_partial_source_never_removes(log: Log) -> None:
    release(log, entry("证照费"))
    stage(log, entry("登记费"), partial=True)
    log.releases.publish("fees", effective_on=MIDDLE)
    assert set(standards(log)) == {"证照费", "登记费"}


def test_a_running_catalogue_only_adds_and_gathers_files(log: Log) -> None:
    dataset, _ = fees_dataset("decisions", parts=())
    log.datasets.create(dataset, catalogue(running=True))
    for number, name in enumerate(("甲", "乙")):
        source = put_workbook(log, f"decision {number}")
        log.drafts.stage("decisions", [entry(name)], part=None, source=source, parser_version="1")
    log.releases.publish("decisions", effective_on=EARLY)
    release(log, entry("丙"), part=None, dataset="decisions", on=MIDDLE)
    assert set(standards(log, dataset="decisions")) == {"甲", "乙", "丙"}


def test_an_older_decision_may_be_added_to_a_running_catalogue_later(log: Log) -> None:
    dataset, _ = fees_dataset("decisions", parts=())
    log.datasets.create(dataset, catalogue(running=True))
    release(log, entry("新"), part=None, dataset="decisions", on=LATE)
    release(log, entry("旧"), part=None, dataset="decisions", on=EARLY)
    assert set(standards(log, View(as_of=MIDDLE), "decisions")) == {"旧"}


def test_a_second_import_of_a_part_replaces_the_first(log: Log) -> None:
    stage(log, entry("证照费"))
    stage(log, entry("登记费"))
    draft = log.drafts.get("fees")
    assert draft is not None
    assert draft.records == 1
    assert [i.part for i in draft.imports] == ["财政局"]


def test_a_discarded_draft_leaves_nothing(log: Log) -> None:
    source = put_workbook(log, "secret plans")
    log.drafts.stage("fees", [entry("证照费")], part="财政局", source=source, parser_version="1")
    log.drafts.discard("fees")
    assert log.drafts.get("fees") is None
    with pytest.raises(LogError, match="no source"):
        log.evidence.source_bytes(source.digest)


def test_discarding_a_draft_keeps_the_file_of_a_release(log: Log) -> None:
    release(log, entry("证照费"))
    stage(log, entry("证照费", "2"))
    log.drafts.discard("fees")
    assert log.evidence.source_bytes(log.queries.release("fees", 1).sources[0].digest) == b"a workbook"


def test_a_file_with_every_row_twice_costs_few_statements(log: Log) -> None:
    rows = [entry(f"第{number}项") for number in range(300)]
    statements: list[str] = []

    def count(*arguments: Any) -> None:
        statements.append(arguments[2])

    stage(log, *rows, *rows)
    event.listen(Engine, "before_cursor_execute", count)
    try:
        diff = log.drafts.diff("fees", limit=1)
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    assert (diff.counts["added"], len(diff.warnings)) == (300, 300)
    assert len(statements) < 100


def test_an_exact_copy_counts_once_with_a_warning(log: Log) -> None:
    stage(log, entry("证照费"), entry("证照费"))
    diff = log.drafts.diff("fees")
    assert [w.code for w in diff.warnings] == ["exact-copy"]
    assert diff.counts["added"] == 1
    release = log.releases.publish("fees", effective_on=EARLY)
    assert release is not None
    assert release.counts["records"] == 1


def test_two_rows_of_one_identity_that_differ_are_an_error_that_names_both(log: Log) -> None:
    stage(log, entry("证照费", "3"), entry("证照费", "7"))
    with pytest.raises(LogError) as refused:
        log.releases.publish("fees", effective_on=EARLY)
    (conflict,) = refused.value.details
    assert conflict.code == "same-identity"
    assert [place["rows"] for place in conflict.locators] == [[3], [7]]
    assert "名称、地点" in conflict.message_zh
    assert log.queries.releases("fees") == ()


def test_one_identity_in_two_parts_is_an_error(log: Log) -> None:
    stage(log, entry("证照费"))
    stage(log, entry("证照费", "2"), part="民政局")
    with pytest.raises(LogError) as refused:
        log.releases.publish("fees", effective_on=EARLY)
    assert [c.code for c in refused.value.details] == ["identity-in-two-parts"]


def test_a_row_from_before_the_first_part_of_a_dataset_conflicts_too(log: Log) -> None:
    log.datasets.create(*fees_dataset("taxes", parts=()))
    stage(log, entry("甲"), part=None, dataset="taxes")
    log.datasets.add_part("taxes", Part("财政局"))
    stage(log, entry("甲"), dataset="taxes")
    assert [c.code for c in log.drafts.diff("taxes").conflicts] == ["identity-in-two-parts"]


def test_a_part_cannot_take_a_record_that_another_part_still_contains(log: Log) -> None:
    release(log, entry("证照费"))
    stage(log, entry("证照费"), part="民政局")
    assert [c.code for c in log.drafts.diff("fees").conflicts] == ["identity-in-two-parts"]


def test_a_record_moves_when_its_part_drops_it_in_the_same_draft(log: Log) -> None:
    release(log, entry("证照费"), entry("登记费"))
    record = ids(log)["证照费"]
    stage(log, entry("登记费"))
    stage(log, entry("证照费"), part="民政局")
    second = log.releases.publish("fees", effective_on=MIDDLE)
    assert second is not None
    assert second.counts == {"changed": 1, "records": 2}
    moved = log.queries.record("fees", record)
    assert (moved.part, moved.status) == ("民政局", "current")
    assert [(f.field, f.before, f.after) for f in log.queries.history("fees", record)[-1].fields] == [
        ("part", "财政局", "民政局")
    ]


def test_records_of_a_closed_part_can_move(log: Log) -> None:
    release(log, entry("证照费"))
    log.datasets.close_part("fees", "财政局", valid_to=MIDDLE)
    stage(log, entry("证照费"), part="民政局")
    log.releases.publish("fees", effective_on=MIDDLE)
    assert log.queries.record("fees", ids(log)["证照费"]).part == "民政局"


def test_records_of_a_merged_part_are_removed_and_kept_by_the_other(log: Log) -> None:
    release(log, entry("证照费"), entry("登记费"))
    log.datasets.merge_parts("fees", "财政局", "民政局")
    assert {r.part for r in log.queries.records("fees", RecordQuery()).records} == {"民政局"}
    release(log, entry("证照费"), part="民政局", on=MIDDLE)
    assert kinds(log, 2) == [("removed", "登记费")]


def test_a_renamed_part_is_recognised_by_both_names(log: Log) -> None:
    log.datasets.rename_part("fees", "财政局", "财政和国资局")
    stage(log, entry("证照费"))
    release(log, entry("证照费"), part="财政和国资局")
    assert log.queries.record("fees", ids(log)["证照费"]).part == "财政和国资局"
    with pytest.raises(LogError, match="already used"):
        log.datasets.add_part("fees", Part("财政局"))


def test_a_better_reading_of_the_same_cells_is_not_a_change_of_the_source(log: Log) -> None:
    release(log, entry("证照费", "1O", cells="10"), entry("登记费", "5"))
    release(log, entry("证照费", "10", cells="10"), entry("登记费", "6"), on=MIDDLE)
    assert [c.cause for c in log.queries.changes(dataset="fees", release=2)] == ["reading", "source"]


def test_rows_in_error_block_a_release(log: Log) -> None:
    source = put_workbook(log)
    rows = [entry("证照费"), structs.replace(entry("登记费", "9"), in_error=True)]
    log.drafts.stage("fees", rows, part="财政局", source=source, parser_version="1")
    with pytest.raises(LogError) as refused:
        log.releases.publish("fees", effective_on=EARLY)
    assert refused.value.code == "rows-in-error"
    published = log.releases.publish("fees", effective_on=EARLY, without_errors=True)
    assert published is not None
    assert set(standards(log)) == {"证照费"}
    assert published.left_out == (
        {"file": "a workbook.xls", "reason": "error", "rows": [9], "sheet": "收费"},
    )


def test_a_row_in_error_neither_changes_nor_removes_what_is_published(log: Log) -> None:
    release(log, entry("证照费"), entry("登记费"))
    rows = [entry("证照费", "2"), structs.replace(entry("登记费", "9"), in_error=True)]
    log.drafts.stage("fees", rows, part="财政局", source=put_workbook(log), parser_version="1")
    log.releases.publish("fees", effective_on=MIDDLE, without_errors=True)
    assert standards(log) == {"证照费": "2", "登记费": "1"}


def test_a_state_of_later_effect_is_not_overwritten_by_default(log: Log) -> None:
    release(log, entry("证照费", "1"), on=EARLY)
    release(log, entry("证照费", "3"), on=LATE)
    stage(log, entry("证照费", "2"))
    with pytest.raises(LogError) as refused:
        log.releases.publish("fees", effective_on=MIDDLE)
    assert refused.value.code == "later-effect"
    assert refused.value.zh.startswith(f"第2次发布的内容自{LATE}起生效")
    assert len(log.queries.releases("fees")) == 2


def test_keeping_later_states_inserts_one_between(log: Log) -> None:
    release(log, entry("证照费", "1"), entry("登记费", "1"), on=EARLY)
    release(log, entry("证照费", "3"), entry("登记费", "1"), on=LATE)
    release(log, entry("证照费", "2"), entry("登记费", "2"), entry("临时费"), on=MIDDLE, on_conflict="keep")
    assert standards(log, View(as_of=EARLY)) == {"证照费": "1", "登记费": "1"}
    assert standards(log, View(as_of=MIDDLE)) == {"证照费": "2", "登记费": "2", "临时费": "1"}
    assert standards(log, View(as_of=LATE)) == {"证照费": "3", "登记费": "1"}
    assert (
        log.queries.record(
            "fees", next(c.record for c in log.queries.changes() if c.title == "临时费")
        ).status
        == "removed"
    )


def test_replacing_later_states_ends_them(log: Log) -> None:
    release(log, entry("证照费", "1"), on=EARLY)
    release(log, entry("证照费", "3"), entry("将来费"), on=LATE)
    release(log, entry("证照费", "1"), on=MIDDLE, on_conflict="replace")
    assert standards(log, View(as_of=LATE)) == {"证照费": "1"}
    assert kinds(log, 3) == [("changed", "证照费"), ("removed", "将来费")]


def test_a_file_of_later_effect_that_changed_nothing_is_a_later_state_too(log: Log) -> None:
    release(log, entry("证照费", "1"), on=EARLY)
    stage(log, entry("证照费", "1"))
    stage(log, entry("婚姻登记费"), part="民政局")
    log.releases.publish("fees", effective_on=LATE)
    stage(log, entry("证照费", "2"))
    assert [c.code for c in log.drafts.diff("fees", effective_on=MIDDLE).conflicts] == ["later-effect"]
    log.releases.publish("fees", effective_on=MIDDLE, on_conflict="keep")
    assert standards(log, View(as_of=MIDDLE))["证照费"] == "2"
    assert standards(log, View(as_of=LATE))["证照费"] == "1"


def test_a_release_may_take_effect_in_the_future(log: Log, clock: Clock) -> None:
    release(log, entry("证照费", "1"), on=date(2019, 1, 1))
    release(log, entry("证照费", "2"), entry("新费"), on=date(2020, 3, 1))
    assert standards(log) == {"证照费": "1"}
    new = next(c.record for c in log.queries.changes() if c.title == "新费")
    assert log.queries.record("fees", new).status == "future"
    # 1 March begins in Shanghai eight hours earlier than in UTC.
    clock.now = datetime(2020, 2, 29, 15, 59, tzinfo=UTC)
    assert standards(log) == {"证照费": "1"}
    clock.advance(minutes=1)
    assert standards(log) == {"证照费": "2", "新费": "1"}


def test_releases_are_strictly_later_than_those_before_whatever_the_clock_says(
    log: Log, clock: Clock
) -> None:
    first = release(log, entry("证照费", "1"))
    clock.advance(minutes=-4)
    second = release(log, entry("证照费", "2"), on=MIDDLE)
    assert second.published_at == first.published_at + timedelta(microseconds=1)


def test_a_clock_far_behind_the_newest_release_publishes_nothing(log: Log, clock: Clock) -> None:
    release(log, entry("证照费", "1"))
    clock.advance(days=-365)
    with pytest.raises(LogError) as caught:
        release(log, entry("证照费", "2"), on=MIDDLE)
    assert caught.value.code == "clock-behind"
    assert len(log.queries.releases("fees")) == 1


def test_a_preview_stores_nothing(log: Log) -> None:
    release(log, entry("证照费"))
    diff = log.drafts.preview("fees", [Proposal([entry("证照费", "2"), entry("新费")], "财政局")])
    assert (diff.counts["changed"], diff.counts["added"]) == (1, 1)
    assert log.drafts.get("fees") is None


def test_a_record_that_goes_and_one_that_comes_under_the_same_title_may_be_a_rename(log: Log) -> None:
    release(log, entry("证照费", place="东区"))
    stage(log, entry("证照费", place="西区"))
    assert [w.code for w in log.drafts.diff("fees").warnings] == ["rename-suggested"]


def test_a_record_comes_back_under_its_own_id(log: Log) -> None:
    release(log, entry("证照费"), entry("登记费"))
    record = ids(log)["证照费"]
    release(log, entry("登记费"), on=MIDDLE)
    assert log.queries.record("fees", record).status == "removed"
    release(log, entry("证照费"), entry("登记费"), on=LATE)
    assert ids(log)["证照费"] == record
    assert [c.kind for c in log.queries.history("fees", record)] == ["added", "removed", "added"]


def test_the_same_data_makes_the_same_ids_in_another_site(tmp_path: Path, clock: Clock) -> None:
    hashes = []
    for name in ("one", "two"):
        log = Log.open(sqlite.new(tmp_path / f"{name}.db"), sources=tmp_path / name, clock=clock)
        log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026")
        log.datasets.create(*fees_dataset())
        release(log, entry("证照费"), entry("登记费"))
        hashes.append(ids(log))
        log.close()
    assert hashes[0] == hashes[1]


def test_content_that_has_no_canonical_form_is_refused_and_nothing_staged(log: Log) -> None:
    for value in (1.5, "\ud800", 2**60):
        with pytest.raises(LogError) as refused:
            stage(log, entry("好"), entry("坏", x=value))
        assert refused.value.code == "bad-content"
    assert log.drafts.get("fees") is None


def test_control_characters_and_quotes_are_kept_as_they_are(log: Log) -> None:
    name = "a\x00b'; DROP TABLE release; --\x1f%"
    release(log, entry(name))
    (record,) = log.queries.records("fees", RecordQuery()).records
    assert record.content["name"] == name
    assert record.title == name.replace("\x00", "\ufffd")


def test_publishing_an_empty_draft_is_refused(log: Log) -> None:
    with pytest.raises(LogError) as refused:
        log.releases.publish("fees", effective_on=EARLY)
    assert refused.value.code == "no-draft"


def test_an_empty_import_removes_all_of_its_part(log: Log) -> None:
    release(log, entry("证照费"))
    assert release(log, on=MIDDLE).counts == {"removed": 1, "records": 0}
