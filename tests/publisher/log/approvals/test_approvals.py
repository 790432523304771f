"""The two-person rule: an approval is of a digest, by part, and nothing else is published."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from msgspec import structs

from publisher.log.approvals.submission import PublicationRequest, Secrecy, Submission, decode
from publisher.log.log import Log
from publisher.log.model import LogError
from publisher.workflow.publish_draft import publish_draft
from schemas.definition.catalogue import Content
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.log import (
    EARLY,
    LATE,
    entry,
    fees_dataset,
    ids,
    problems_after,
    put_workbook,
    release,
    stage,
    standards,
)

DRAFT = PublicationRequest(kind="draft", basis="示财〔2020〕1号", effective_on=EARLY)
REVIEWED = Secrecy(reviewed_by="保密员", reviewed_on=date(2020, 1, 1))


def submit(log: Log, request: PublicationRequest = DRAFT, drafter: str = "zhang") -> Submission:
    return log.approvals.submit("fees", request, drafter=drafter, secrecy=REVIEWED)


def approve(log: Log, one: Submission, reviewer: str = "li") -> Submission:
    return log.approvals.approve(one.key, digest=one.digest, reviewer=reviewer)


def publish(
    log: Log, request: PublicationRequest = DRAFT, actor: str = "wang", submission: int | None = None
) -> int:
    published = log.releases.publish(
        "fees",
        effective_on=request.effective_on or EARLY,
        basis=request.basis,
        note=request.note,
        parts=request.parts,
        actor=actor,
        submission=submission,
    )
    assert published is not None
    return published.number


def code_of(error: pytest.ExceptionInfo[LogError]) -> str:
    return error.value.code


def test_the_rule_is_an_entry_of_the_log_and_holds_from_then_on(log: Log) -> None:
    assert log.datasets.get("fees").two_persons
    log.datasets.change("fees", two_persons=False)
    assert release(log, entry("甲")).approval is None
    log.datasets.change("fees", two_persons=True)
    stage(log, entry("乙"))
    with pytest.raises(LogError) as refused:
        publish(log)
    assert code_of(refused) == "approval-needed"
    assert log.integrity.verify().ok


def test_what_was_approved_is_published_and_the_release_says_by_which_roles(log: Log) -> None:
    stage(log, entry("甲"))
    approve(log, submit(log))
    assert publish(log) == 1
    (published,) = log.queries.releases("fees")
    assert published.approval is not None
    assert published.approval.emergency is None
    assert published.approval.secrecy_reviewed_on == date(2020, 1, 1)
    assert [role for role, _ in published.approval.people] == ["填报", "审核", "发布", "保密审查"]
    assert len({who for _, who in published.approval.people}) == 4
    document = log.proofs.document(published.document) or ""
    for name in ("zhang", "li", "wang", "保密员"):
        assert f'"{name}"' not in document
    assert log.approvals.list() == []
    assert log.integrity.verify().ok
    assert problems_after(log, "UPDATE release SET approval = NULL WHERE sequence = 1")


@pytest.mark.parametrize("change", ["content", "more", "discard"])
def test_any_edit_after_the_approval_voids_it(log: Log, change: str) -> None:
    stage(log, entry("甲"))
    one = approve(log, submit(log))
    if change == "content":
        stage(log, entry("甲", "2"))
    elif change == "more":
        stage(log, entry("乙"), part="民政局")
    else:
        log.drafts.discard("fees")
        stage(log, entry("乙"))
    assert not log.approvals.get(one.key).is_current
    with pytest.raises(LogError) as refused:
        publish(log)
    assert code_of(refused) == "approval-void"
    assert log.queries.releases("fees") == ()


def test_cancellations_of_two_releases_wait_beside_each_other(log: Log) -> None:
    requests = [PublicationRequest(kind="cancel", note="有误", release=number) for number in (2, 3, 2)]
    first, second, again = (submit(log, request) for request in requests)
    states = [log.approvals.get(one.key).state for one in (first, second, again)]
    assert states == ["replaced", "submitted", "submitted"]


def test_a_part_that_was_renamed_is_submitted_once(log: Log) -> None:
    stage(log, entry("甲"))
    first = submit(log, structs.replace(DRAFT, parts=("财政局",)))
    log.datasets.rename_part("fees", "财政局", "财政和国资局")
    second = submit(log, structs.replace(DRAFT, parts=("财政和国资局",)))
    assert [log.approvals.get(one.key).state for one in (first, second)] == ["replaced", "submitted"]


def test_a_digest_tells_nothing_of_a_content_that_somebody_guesses(log: Log) -> None:
    stage(log, entry("甲"))
    assert submit(log).digest != submit(log).digest


def test_another_heading_is_not_approved(log: Log) -> None:
    stage(log, entry("甲"))
    approve(log, submit(log))
    for other in (
        structs.replace(DRAFT, basis="示财〔2020〕2号"),
        structs.replace(DRAFT, effective_on=LATE),
        structs.replace(DRAFT, note="另外"),
        structs.replace(DRAFT, parts=("财政局",)),
    ):
        with pytest.raises(LogError) as refused:
            publish(log, other)
        assert code_of(refused) == "approval-needed"
    assert publish(log) == 1


def test_the_same_file_handed_in_again_keeps_the_approval(log: Log) -> None:
    stage(log, entry("甲"))
    approve(log, submit(log))
    stage(log, entry("甲"))
    assert publish(log) == 1


def test_only_what_was_shown_is_approved(log: Log) -> None:
    stage(log, entry("甲"))
    one = submit(log)
    stage(log, entry("甲", "2"))
    with pytest.raises(LogError) as refused:
        approve(log, one)
    assert code_of(refused) == "digest-moved"
    again = submit(log)
    with pytest.raises(LogError) as refused:
        approve(log, structs.replace(again, digest=one.digest))
    assert code_of(refused) == "digest-moved"
    with pytest.raises(LogError) as refused:
        approve(log, one)
    assert code_of(refused) == "submission-decided"


def test_nobody_approves_his_own_work_and_two_approvals_of_one_person_count_once(log: Log) -> None:
    stage(log, entry("甲"))
    one = submit(log)
    with pytest.raises(LogError) as refused:
        approve(log, one, reviewer="zhang")
    assert code_of(refused) == "same-person"
    assert approve(log, one) == approve(log, one)
    with pytest.raises(LogError) as refused:
        approve(log, one, reviewer="zhao")
    assert code_of(refused) == "submission-decided"


def test_a_returned_draft_comes_back_with_its_reason_and_is_submitted_again(log: Log) -> None:
    stage(log, entry("甲"))
    one = submit(log)
    with pytest.raises(LogError) as refused:
        log.approvals.return_(one.key, reviewer="li", reason=" ")
    assert code_of(refused) == "reason-missing"
    log.approvals.return_(one.key, reviewer="li", reason="标准有误")
    (returned,) = log.approvals.list("fees", ("returned",))
    assert (returned.reason, returned.reviewer) == ("标准有误", "li")
    with pytest.raises(LogError):
        approve(log, one)
    stage(log, entry("甲", "2"))
    approve(log, submit(log))
    publish(log)
    assert standards(log) == {"甲": "2"}


@pytest.mark.slow
def test_an_approval_by_part_is_not_voided_by_another_department_and_takes_its_part_only(log: Log) -> None:
    finance, civil = structs.replace(DRAFT, parts=("财政局",)), structs.replace(DRAFT, parts=("民政局",))
    stage(log, entry("甲"))
    approve(log, submit(log, finance))
    stage(log, entry("乙"), part="民政局")
    submit(log, civil)
    with pytest.raises(LogError) as refused:
        publish(log, civil)
    assert code_of(refused) == "approval-needed"
    publish(log, finance)
    assert standards(log) == {"甲": "1"}
    draft = log.drafts.get("fees")
    assert draft is not None
    assert [one.part for one in draft.imports] == ["民政局"]
    (waiting,) = log.approvals.list("fees")
    assert (waiting.request.parts, waiting.is_current) == (("民政局",), True)
    approve(log, waiting)
    publish(log, civil)
    assert standards(log) == {"甲": "1", "乙": "1"}
    assert log.drafts.get("fees") is None
    assert log.integrity.verify().ok


def test_rows_in_error_that_an_import_leaves_out_concern_neither_another_part_nor_the_approval(
    log: Log,
) -> None:
    in_error, source = structs.replace(entry("丙"), in_error=True), put_workbook(log)
    left_out = [{"file": source.name, "rows": [1], "reason": "error"}]
    log.drafts.stage(
        "fees",
        [entry("甲"), in_error],
        part="财政局",
        left_out=left_out,
        source=source,
        parser_version="1",
    )
    log.drafts.stage("fees", [in_error], part="民政局", source=source, parser_version="1")
    finance, civil = (structs.replace(DRAFT, parts=(part,)) for part in ("财政局", "民政局"))
    approve(log, submit(log, finance))
    assert publish_draft(log, "fees", effective_on=EARLY, basis=DRAFT.basis, parts=finance.parts) is not None
    assert standards(log) == {"甲": "1"}
    approve(log, submit(log, civil))
    with pytest.raises(LogError) as refused:
        publish_draft(log, "fees", effective_on=EARLY, basis=DRAFT.basis, parts=civil.parts)
    assert code_of(refused) == "rows-in-error"


def test_what_crosses_parts_is_checked_when_it_is_published(log: Log) -> None:
    """One identity in two parts: approved each by itself, and refused together with what is in force."""
    for part in ("财政局", "民政局"):
        stage(log, entry("甲", "1" if part == "财政局" else "2"), part=part)
        approve(log, submit(log, structs.replace(DRAFT, parts=(part,))))
    publish(log, structs.replace(DRAFT, parts=("财政局",)))
    with pytest.raises(LogError) as refused:
        publish(log, structs.replace(DRAFT, parts=("民政局",)))
    assert code_of(refused) == "conflicts"
    assert standards(log) == {"甲": "1"}


def test_what_is_not_for_the_public_stays_in_the_draft(log: Log) -> None:
    stage(log, entry("甲"))
    with pytest.raises(LogError) as refused:
        log.approvals.submit("fees", DRAFT, drafter="zhang", secrecy=Secrecy(openness="依申请公开"))
    assert code_of(refused) == "not-for-the-public"


@pytest.mark.slow
@pytest.mark.parametrize("two_persons", [True, False])
@pytest.mark.parametrize(
    ("end", "code"),
    [("edit", "approval-void"), ("return", "approval-needed"), ("undecided", "approval-needed")],
)
def test_a_submission_is_published_as_it_was_approved_whatever_the_rule(
    log: Log, end: str, code: str, *, two_persons: bool
) -> None:
    log.datasets.change("fees", two_persons=two_persons)
    stage(log, entry("证照费"))
    one = submit(log)
    if end != "undecided":
        approve(log, one)
    if end == "edit":
        stage(log, entry("证照费", "2"))
    elif end == "return":
        log.approvals.return_(one.key, reviewer="li", reason="依据不对")
    with pytest.raises(LogError) as refused:
        publish(log, submission=one.key)
    assert code_of(refused) == code
    assert log.queries.releases("fees") == ()
    again = approve(log, submit(log))
    with pytest.raises(LogError):  # the approval of another submission does not count
        publish(log, submission=one.key)
    publish(log, submission=again.key)
    assert log.approvals.get(again.key).state == "published"


def test_an_emergency_is_stated_for_ever(log: Log) -> None:
    stage(log, entry("甲"))
    log.releases.publish("fees", effective_on=EARLY, actor="wang", emergency="防汛应急收费减免")
    (published,) = log.queries.releases("fees")
    assert published.approval is not None
    assert (published.approval.emergency, published.approval.digest) == ("防汛应急收费减免", "")
    assert "防汛应急收费减免" in (log.proofs.document(published.document) or "")
    assert log.integrity.verify().ok


@pytest.mark.slow
def test_names_of_who_approved_are_erased_with_those_of_clerks(log: Log) -> None:
    stage(log, entry("甲"))
    approve(log, submit(log))
    publish(log)
    (before,) = log.queries.releases("fees")
    (one,) = log.approvals.list(states=("published",))
    assert log.releases.erase_actor("li", ground="个人信息保护法第四十七条").releases == [1]
    one = log.approvals.get(one.key)
    assert (one.drafter, one.reviewer, one.secrecy.reviewed_by) == ("", "", "")
    (after,) = log.queries.releases("fees")
    assert after.approval == before.approval
    with log._session.read() as conn:
        stored = conn.exec_driver_sql("SELECT approval FROM release").scalar()
    assert stored
    assert '"li"' not in str(stored)
    assert log.integrity.verify().ok


@pytest.mark.slow
@pytest.mark.parametrize("other", ["%", "l_", "LI"])
def test_names_that_only_resemble_the_erased_one_stay(log: Log, other: str) -> None:
    stage(log, entry("甲"))
    approve(log, submit(log))
    publish(log)
    with pytest.raises(LogError) as error:
        log.releases.erase_actor(other, ground="个人信息保护法第四十七条")
    assert code_of(error) == "no-such-actor"


@pytest.mark.slow
def test_backups_forget_erased_names_and_what_a_submission_proposes_for_an_erased_record(
    tmp_path: Path, clock: Clock
) -> None:
    home = tmp_path / "home"
    log = Log.open(sqlite.new(home / "qingdan.db"), sources=home / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2020-01-01")
    log.datasets.create(*fees_dataset())
    stage(log, entry("甲"))
    approve(log, submit(log, drafter="zhang"), reviewer="审核人李某")
    publish(log)
    record = ids(log)["甲"]
    content: Content = {"name": "甲", "standard": "张三丰的身份证号"}
    waiting = submit(log, PublicationRequest(kind="correct", note="更正", records={record: content}))
    log.recovery.back_up(home, tmp_path / "backups")
    log.releases.erase_actor("审核人李某", ground="个人信息保护法第四十七条")
    log.releases.erase(records=[("fees", record)], ground="（2026）法民初1号")
    assert not log.approvals.get(waiting.key).is_current
    assert log.recovery.forget_erased(tmp_path / "backups", lambda *_: False) == (1, [])
    assert log.integrity.verify().ok
    log.close()
    for file in (home / "qingdan.db", *(tmp_path / "backups").rglob("qingdan.db")):
        for words in ("张三丰", "审核人李某"):
            assert words.encode() not in file.read_bytes()
        with closing(sqlite3.connect(file)) as conn:
            (approval,) = conn.execute("SELECT approval FROM release WHERE number = 1").fetchone()
            salts = [
                decode(text).salt for (text,) in conn.execute("SELECT request FROM submission ORDER BY key")
            ]
        assert '"name"' not in approval
        assert salts == ["", ""]


@pytest.mark.slow
def test_a_changed_submission_is_found(log: Log) -> None:
    stage(log, entry("甲"))
    approve(log, submit(log))
    publish(log)
    assert problems_after(log, "UPDATE submission SET reviewer = 'zhao'")
