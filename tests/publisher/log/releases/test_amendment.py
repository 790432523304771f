"""更正, withdrawal, renames and migration: manual releases and their effects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

import pytest

from publisher.log.log import Log
from publisher.log.model import LogError, Proposal, RecordQuery, View
from tests.support.clock import Clock
from tests.support.log import (
    EARLY,
    LATE,
    MIDDLE,
    catalogue,
    entry,
    field,
    ids,
    rebuild_spans,
    release,
    stage,
    standards,
)


def test_a_correction_acts_over_the_whole_span_of_the_value_from_now_on(log: Log, clock: Clock) -> None:
    release(log, entry("证照费", "1"), on=EARLY)
    release(log, entry("证照费", "2"), on=LATE)
    before = clock.advance(hours=1)
    clock.advance(hours=1)
    correction = log.releases.correct(
        "fees", {ids(log)["证照费"]: entry("证照费", "20").content}, reason="录入有误"
    )
    assert standards(log, View(as_of=MIDDLE)) == {"证照费": "1"}
    assert standards(log, View(as_of=LATE)) == {"证照费": "20"}
    assert standards(log, View(as_of=LATE, known_at=before)) == {"证照费": "2"}
    (change,) = log.queries.changes(dataset="fees", release=correction.number)
    assert (change.kind, change.reason, change.effective_on) == ("corrected", "录入有误", LATE)
    assert log.queries.record("fees", ids(log)["证照费"]).reason == "录入有误"


def test_a_correction_leaves_the_days_of_an_earlier_part_to_it(log: Log, clock: Clock) -> None:
    stage(log, entry("甲"), part="财政局")
    stage(log, entry("乙"), part="民政局")
    log.releases.publish("fees", effective_on=EARLY)
    stage(log, part="财政局")
    stage(log, entry("甲"), entry("乙"), part="民政局")
    log.releases.publish("fees", effective_on=LATE)
    record, days = ids(log)["甲"], (View(as_of=MIDDLE), View())
    published, at = log.queries.record("fees", record), clock.advance(hours=1)
    for value in ("7", "8"):  # the second one corrects what the first one wrote
        clock.advance(hours=1)
        log.releases.correct("fees", {record: entry("甲", value).content}, reason="录入有误")
        states = [log.queries.record("fees", record, view) for view in days]
        assert [(one.part, one.content["standard"]) for one in states] == [
            ("财政局", value),
            ("民政局", value),
        ]
        assert states[0].revision == states[1].revision
    assert [one.release for one in log.queries.later_amendments(published, at)] == [3, 4]
    assert log.integrity.verify().problems == ()
    assert rebuild_spans(log) == 0


def test_a_correction_does_not_change_the_identity_of_a_record(log: Log) -> None:
    release(log, entry("证照费"))
    with pytest.raises(LogError) as refused:
        log.releases.correct("fees", {ids(log)["证照费"]: entry("登记费").content}, reason="x")
    assert refused.value.code == "identity-changed"


def test_an_import_that_undoes_a_correction_raises_a_warning(log: Log) -> None:
    release(log, entry("证照费", "1"))
    log.releases.correct("fees", {ids(log)["证照费"]: entry("证照费", "2").content}, reason="x")
    stage(log, entry("证照费", "1"))
    diff = log.drafts.diff("fees")
    assert [w.code for w in diff.warnings] == ["correction-undone"]
    assert [c.cause for c in diff.changed] == ["source"]


def test_a_withdrawn_record_leaves_a_tombstone_and_its_history(log: Log, clock: Clock) -> None:
    first = release(log, entry("证照费"), entry("登记费"))
    record = ids(log)["证照费"]
    clock.advance(days=1)
    log.releases.withdraw("fees", [record], reason="误发")
    state = log.queries.record("fees", record)
    assert (state.status, state.content, state.reason, state.salt) == ("withdrawn", {}, "误发", None)
    assert log.queries.record("fees", record, View(as_of=EARLY)).status == "withdrawn"
    assert standards(log) == {"登记费": "1"}
    then = log.queries.record("fees", record, View(release=first.number))
    assert then.content["standard"] == "1"
    assert then.withdrawn_at == clock.now
    assert [(c.kind, c.withdrawn) for c in log.queries.history("fees", record)] == [
        ("added", True),
        ("withdrawn", True),
    ]


def test_a_withdrawn_record_stays_so_until_its_text_changes(log: Log) -> None:
    release(log, entry("证照费"))
    record = ids(log)["证照费"]
    log.releases.withdraw("fees", [record], reason="误发")
    stage(log, entry("证照费"))
    assert [w.code for w in log.drafts.diff("fees").warnings] == ["withdrawn-stays"]
    assert log.releases.publish("fees", effective_on=MIDDLE) is None
    stage(log, entry("证照费", "2"))
    assert [w.code for w in log.drafts.diff("fees").warnings] == ["withdrawn-returns"]
    log.releases.publish("fees", effective_on=MIDDLE)
    state = log.queries.record("fees", record)
    assert (state.status, state.withdrawn_at) == ("current", None)


def test_withdrawn_and_removed_records_can_be_listed(log: Log) -> None:
    release(log, entry("甲"), entry("乙"), entry("丙"))
    log.releases.withdraw("fees", [ids(log)["甲"]], reason="误发")
    release(log, entry("甲"), entry("丙"), on=MIDDLE)

    def titles(status: str) -> list[str]:
        query = RecordQuery(statuses=(status,))
        page = log.queries.records("fees", query)
        assert page.total == len(page.records)
        return [r.title for r in page.records]

    assert (titles("current"), titles("removed"), titles("withdrawn")) == (["丙"], ["乙"], ["甲"])
    release(log, entry("丙"), entry("丁"), on=EARLY.replace(year=2030))
    assert titles("future") == ["丁"]


def test_a_renamed_record_keeps_its_id_and_matches_the_new_name(log: Log) -> None:
    release(log, entry("证照费"))
    record = ids(log)["证照费"]
    log.releases.rename("fees", record, entry("证照工本费").content, effective_on=MIDDLE, reason="更名")
    stage(log, entry("证照工本费"))
    assert log.drafts.diff("fees", effective_on=LATE).counts["unchanged"] == 1
    log.drafts.discard("fees")
    assert standards(log, View(as_of=EARLY)) == {"证照费": "1"}
    assert standards(log) == {"证照工本费": "1"}
    assert [c.kind for c in log.queries.history("fees", record)] == ["added", "renamed"]


def test_the_old_name_of_a_renamed_record_may_come_back_as_another_record(log: Log) -> None:
    release(log, entry("证照费"))
    record = ids(log)["证照费"]
    log.releases.rename("fees", record, entry("证照工本费").content, effective_on=MIDDLE, reason="更名")
    release(log, entry("证照工本费"), entry("证照费"), on=LATE)
    records = ids(log)
    assert records["证照工本费"] == record
    assert records["证照费"] != record


@pytest.mark.parametrize(
    ("names", "day"),
    [
        ({MIDDLE: "证照费"}, EARLY),
        ({EARLY: "证照费", LATE: "证照费"}, MIDDLE),
        ({date(2030, 1, 1): "证照费"}, LATE),
        ({EARLY: "证照费", LATE: "甲"}, LATE),
    ],
    ids=["before", "past", "future", "removed"],
)
def test_a_rename_begins_while_the_present_content_is_in_effect(
    log: Log, names: Mapping[date, str], day: date
) -> None:
    for number, (first, name) in enumerate(names.items()):
        release(log, entry(name, str(number)), on=first)
    (added,) = log.queries.changes(dataset="fees", release=1)
    with pytest.raises(LogError) as refused:
        log.releases.rename(
            "fees", added.record, entry("证照工本费").content, effective_on=day, reason="更名"
        )
    assert refused.value.code == "rename-outside-period"


@pytest.mark.slow
@pytest.mark.parametrize("way_out", ["later", "cancel"])
def test_a_rename_is_not_undone_by_a_state_of_a_later_day(log: Log, clock: Clock, way_out: str) -> None:
    release(log, entry("甲"), on=EARLY)
    today = clock().date()
    later = today + timedelta(days=30)
    release(log, entry("甲", "2"), on=later)
    record, content = ids(log)["甲"], entry("丁").content
    with pytest.raises(LogError) as refused:
        log.releases.rename("fees", record, content, effective_on=today, reason="更名")
    assert refused.value.code == "later-name"
    assert f"请自{later}起更名，或先取消第2次发布" in refused.value.zh
    if way_out == "later":
        log.releases.rename("fees", record, entry("丁", "2").content, effective_on=later, reason="更名")
    else:
        log.releases.cancel("fees", 2, reason="撤")
        log.releases.rename("fees", record, content, effective_on=today, reason="更名")
    assert set(standards(log, View(as_of=later))) == {"丁"}
    assert set(standards(log)) == {"甲" if way_out == "later" else "丁"}
    assert log.integrity.verify().problems == ()
    assert rebuild_spans(log) == 0


@pytest.mark.slow
@pytest.mark.parametrize("way_out", ["later", "cancel"])
def test_a_rename_is_not_undone_by_the_return_of_an_item(log: Log, clock: Clock, way_out: str) -> None:
    release(log, entry("甲"), on=EARLY)
    today = clock().date()
    gone, back = today + timedelta(days=10), today + timedelta(days=30)
    release(log, entry("甲"), entry("乙"), on=back)
    release(log, entry("丙"), on=gone, on_conflict="keep")
    record, content = ids(log)["甲"], entry("丁").content
    with pytest.raises(LogError) as refused:
        log.releases.rename("fees", record, content, effective_on=today, reason="更名")
    assert f"请自{back}起更名，或先取消第3次发布" in refused.value.zh
    if way_out == "cancel":
        log.releases.cancel("fees", 3, reason="撤")
    day = back if way_out == "later" else today
    log.releases.rename("fees", record, content, effective_on=day, reason="更名")
    assert set(standards(log, View(as_of=back))) == {"丁", "乙"}


def test_a_release_that_is_cancelled_is_no_way_out_of_a_refused_rename(log: Log, clock: Clock) -> None:
    release(log, entry("甲"), on=EARLY)
    today = clock().date()
    release(log, entry("甲", "2"), on=today + timedelta(days=60))
    gone = today + timedelta(days=80)
    release(log, entry("丙"), on=gone)
    log.releases.cancel("fees", 3, reason="撤")
    with pytest.raises(LogError) as refused:
        log.releases.rename("fees", ids(log)["甲"], entry("丁").content, effective_on=today, reason="更名")
    assert "或先取消第2次发布" in refused.value.zh


def test_a_rename_may_precede_a_state_of_the_same_name(log: Log, clock: Clock) -> None:
    release(log, entry("甲"), on=EARLY)
    today = clock().date()
    later = today + timedelta(days=30)
    record = ids(log)["甲"]
    log.releases.rename("fees", record, entry("丁").content, effective_on=later, reason="更名")
    log.releases.rename("fees", record, entry("丁").content, effective_on=today, reason="更早")
    assert standards(log) == standards(log, View(as_of=later)) == {"丁": "1"}


def test_a_name_in_use_is_not_given_to_another_record(log: Log) -> None:
    release(log, entry("甲"), entry("乙"))
    with pytest.raises(LogError) as refused:
        log.releases.rename("fees", ids(log)["甲"], entry("乙").content, effective_on=MIDDLE, reason="更名")
    assert refused.value.code == "identity-taken"


def test_a_correction_that_changes_nothing_is_refused(log: Log) -> None:
    release(log, entry("甲"))
    with pytest.raises(LogError) as refused:
        log.releases.correct("fees", {ids(log)["甲"]: entry("甲").content}, reason="x")
    assert refused.value.code == "nothing-changes"
    assert len(log.queries.releases("fees")) == 1


@pytest.mark.parametrize("standard", ["1", "2"])
def test_a_rename_that_changes_no_name_is_refused(log: Log, standard: str) -> None:
    release(log, entry("甲"))
    content = entry("甲", standard).content
    with pytest.raises(LogError) as refused:
        log.releases.rename("fees", ids(log)["甲"], content, effective_on=MIDDLE, reason="x")
    assert refused.value.code == "nothing-renamed"
    assert len(log.queries.releases("fees")) == 1


def test_an_unknown_record_cannot_be_corrected_or_withdrawn(log: Log) -> None:
    release(log, entry("甲"))
    for act in (
        lambda: log.releases.correct("fees", {"nobody": {}}, reason="x"),
        lambda: log.releases.withdraw("fees", ["nobody"], reason="x"),
        lambda: log.queries.record("fees", "nobody"),
        lambda: log.queries.history("fees", "nobody"),
    ):
        with pytest.raises(LogError) as refused:
            act()
        assert refused.value.code == "no-such-record"


def test_optional_fields_may_be_added_without_a_migration(log: Log) -> None:
    release(log, entry("甲"))
    wider = catalogue(fields=[field("unit", "单位")])
    log.drafts.stage(
        "fees",
        [entry("甲", unit="元")],
        part="财政局",
        source=log.evidence.put_source(b"x", name="x", media_type="text/csv"),
        parser_version="1",
        catalogue=wider,
    )
    log.releases.publish("fees", effective_on=MIDDLE)
    assert log.queries.catalogue("fees").digest == wider.digest
    assert "unit" not in log.queries.catalogue("fees", 1).by_name


def test_another_identity_needs_a_migration_which_is_a_release(log: Log) -> None:
    release(log, entry("甲", place="东"), entry("乙", place="西"))
    other = catalogue(identity=["name"])
    with pytest.raises(LogError) as refused:
        log.drafts.preview("fees", [Proposal([entry("甲")], "财政局")], catalogue=other)
    assert refused.value.code == "migration-needed"
    before = ids(log)
    migration = log.releases.migrate("fees", other, reason="改用名称")
    assert (migration.number, migration.catalogue_digest) == (2, other.digest)
    stage(log, entry("甲", place="南"), entry("乙", place="西"))
    assert log.drafts.diff("fees").counts["changed"] == 1
    assert ids(log) == before


def test_a_migration_drops_removed_fields_from_its_day_on_as_a_reading(log: Log) -> None:
    log.releases.migrate("fees", catalogue(fields=[field("unit", "单位")]), effective_on=EARLY)
    release(log, entry("甲", unit="元"))
    log.releases.migrate("fees", catalogue(identity=["name"]), effective_on=MIDDLE)
    record = ids(log)["甲"]
    assert log.queries.record("fees", record, View(as_of=EARLY)).content["unit"] == "元"
    assert "unit" not in log.queries.record("fees", record).content
    assert [(c.kind, c.cause) for c in log.queries.changes(release=3)] == [("changed", "reading")]


def test_a_migration_that_cannot_tell_records_apart_changes_nothing(log: Log) -> None:
    release(log, entry("甲", place="东"), entry("甲", place="西"))
    with pytest.raises(LogError) as refused:
        log.releases.migrate("fees", catalogue(identity=["name"]))
    assert refused.value.code == "identity-taken"
    assert len(log.queries.releases("fees")) == 1


def test_what_was_published_since_a_person_was_shown_a_record_is_not_overwritten(
    log: Log, clock: Clock
) -> None:
    release(log, entry("证照费"), entry("登记费"))
    record, other = ids(log)["证照费"], ids(log)["登记费"]
    coming = release(log, entry("证照费"), entry("登记费", "3"), on=date(2099, 1, 1)).number
    shown = log.approvals.shown_state("fees")
    log.releases.correct("fees", {other: entry("登记费", "2").content}, reason="x")
    log.releases.correct("fees", {record: entry("证照费", "5").content}, reason="x", shown_state=shown)
    acts: Mapping[str, Callable[[], object]] = {
        "correct": lambda: log.releases.correct(
            "fees", {record: entry("证照费", "7").content}, reason="x", shown_state=shown
        ),
        "withdraw": lambda: log.releases.withdraw("fees", [record], reason="x", shown_state=shown),
        "rename": lambda: log.releases.rename(
            "fees", record, entry("执照费").content, effective_on=MIDDLE, reason="x", shown_state=shown
        ),
        "cancel": lambda: log.releases.cancel("fees", coming, reason="x", shown_state=shown),
    }
    refusals = {}
    for name, act in acts.items():
        with pytest.raises(LogError) as refused:
            act()
        refusals[name] = refused.value.code, refused.value.zh.partition("，与")[0]
    assert refusals == {
        **dict.fromkeys(acts, ("state-moved", "在此期间，第4次发布更改了有关内容")),
        "cancel": ("state-moved", "在此期间，第3次发布更改了有关内容"),
    }
    shown = log.approvals.shown_state("fees")
    clock.advance(days=1)
    with pytest.raises(LogError) as refused:
        log.releases.withdraw("fees", [record], reason="x", shown_state=shown)
    assert (refused.value.code, "日期已是" in refused.value.zh) == ("state-moved", True)
    assert standards(log) == {"证照费": "5", "登记费": "2"}


def test_a_draft_that_changed_since_it_was_shown_is_not_published(log: Log) -> None:
    release(log, entry("证照费"))
    stage(log, entry("证照费", "2"))
    shown = log.approvals.shown_state("fees", with_draft=True)
    stage(log, entry("登记费"), part="民政局")
    with pytest.raises(LogError) as refused:
        log.releases.publish("fees", effective_on=MIDDLE, shown_state=shown)
    assert refused.value.code == "state-moved"
    ours = log.approvals.shown_state("fees", with_draft=True, parts=["财政局"])
    stage(log, entry("登记费", "2"), part="民政局")
    assert log.releases.publish("fees", effective_on=MIDDLE, parts=["财政局"], shown_state=ours)


def test_an_erasure_destroys_no_file_that_nobody_was_shown(log: Log) -> None:
    release(log, entry("证照费"))
    records = [("fees", ids(log)["证照费"])]
    shown = log.releases.preview_erasure("fees", [ids(log)["证照费"]])
    stage(log, entry("证照费", "2"))
    with pytest.raises(LogError) as refused:
        log.releases.erase(records=records, ground="判决", shown_state=shown)
    assert refused.value.code == "state-moved"
    shown = log.releases.preview_erasure("fees", [ids(log)["证照费"]])
    assert log.releases.erase(records=records, ground="判决", shown_state=shown).number == 2
