"""A repeal that a clerk accepts marks its document, and only that, on both databases."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from msgspec import structs

from publisher.log.log import Log
from publisher.log.model import DraftEntry, LogError, Part, RecordQuery, RecordState
from schemas.definition.catalogue import Json
from tests.support.clock import Clock
from tests.support.datasets import create_dataset
from tests.support.log import EARLY, LATE, MIDDLE, put_workbook, rebuild_spans

DOCUMENTS = "documents"


def document(number: int, *ends: str, **more: Json) -> DraftEntry:
    content: dict[str, Json] = {
        "number": f"示政发〔2015〕{number}号",
        "title": f"关于第{number}件事的通知",
        **more,
    }
    if ends:
        content["ends"] = list(ends)
    return DraftEntry(
        content, source_text=str(number), locator={"sheet": "", "rows": [number], "cells": {"title": "A1"}}
    )


@pytest.fixture
def documents(log: Log) -> Log:
    create_dataset(log, DOCUMENTS, "policies", parts=(Part("财政局"), Part("民政局")))
    return log


def stage(log: Log, name: str, *entries: DraftEntry, part: str = "财政局") -> None:
    log.drafts.stage(DOCUMENTS, entries, part=part, source=put_workbook(log, name), parser_version="1")


def records_by_number(log: Log) -> dict[str, RecordState]:
    page = log.queries.records(DOCUMENTS, RecordQuery(limit=100))
    return {str(state.content["number"])[9:-1]: state for state in page.records}


def marks(log: Log) -> dict[str, Json]:
    return {key: state.content.get("ended_by") for key, state in records_by_number(log).items()}


def accept(log: Log, *names: str) -> int:
    """Accept proposed repeals, all or those of these documents. → their number."""
    return len(log.drafts.decide_repeals(DOCUMENTS, names or None, accept=True))


def publish(log: Log, day: date = EARLY) -> None:
    log.releases.publish(DOCUMENTS, effective_on=day)


def test_a_proposal_that_nobody_accepts_marks_nothing_and_stays_open(documents: Log, clock: Clock) -> None:
    stage(documents, "文件", document(1))
    stage(documents, "决定", document(9, "示政发〔2015〕1号"))
    (proposal,) = documents.drafts.diff(DOCUMENTS, effective_on=EARLY).repeals
    assert (proposal.title, proposal.by, proposal.state) == (
        "关于第1件事的通知",
        "示政发〔2015〕9号",
        "proposed",
    )
    publish(documents)
    assert marks(documents) == {"1": None, "9": None}
    assert [p.state for p in documents.drafts.repeals(DOCUMENTS)] == ["proposed"]
    assert documents.drafts.get(DOCUMENTS) is None
    clock.advance(days=1)
    assert accept(documents, "示政发〔2015〕1号") == 1
    draft = documents.drafts.get(DOCUMENTS)
    assert draft is not None
    assert (draft.imports, draft.accepted_repeals) == ((), 1)
    publish(documents, MIDDLE)
    assert marks(documents) == {"1": "示政发〔2015〕9号", "9": None}
    assert documents.drafts.repeals(DOCUMENTS) == ()
    assert documents.drafts.get(DOCUMENTS) is None
    assert documents.integrity.verify().ok


def test_a_proposal_shows_the_sentence_that_names_its_document(documents: Log) -> None:
    stage(documents, "文件", document(1), document(2))
    notice = document(9, "示政发〔2015〕1号", "《关于第2件事的通知》")
    sentences = {"ends": "《甲》（示政发〔2015〕1号）同时废止。\n《关于第2件事的通知》自行失效。"}
    stage(documents, "决定", structs.replace(notice, originals=sentences))
    assert [(p.title, p.sentence) for p in documents.drafts.repeals(DOCUMENTS)] == [
        ("关于第1件事的通知", "《甲》（示政发〔2015〕1号）同时废止。"),
        ("关于第2件事的通知", "《关于第2件事的通知》自行失效。"),
    ]


def test_a_refused_proposal_is_not_asked_again_and_can_be_accepted_later(documents: Log) -> None:
    stage(documents, "文件", document(1))
    stage(documents, "决定", document(9, "示政发〔2015〕1号"))
    documents.drafts.decide_repeals(DOCUMENTS, None, accept=False)
    assert documents.drafts.diff(DOCUMENTS, effective_on=EARLY).repeals == ()
    assert [p.state for p in documents.drafts.repeals(DOCUMENTS)] == ["refused"]
    publish(documents)
    assert marks(documents) == {"1": None, "9": None}
    accept(documents, "关于第1件事的通知")
    publish(documents, MIDDLE)
    assert marks(documents)["1"] == "示政发〔2015〕9号"


def test_all_is_what_nobody_has_decided_about(documents: Log) -> None:
    stage(documents, "文件", document(1))
    stage(documents, "决定", document(9, "示政发〔2015〕1号"))
    documents.drafts.decide_repeals(DOCUMENTS, None, accept=False)
    assert accept(documents) == 0
    assert [p.state for p in documents.drafts.repeals(DOCUMENTS)] == ["refused"]


def test_another_part_that_is_published_leaves_an_accepted_repeal_open(documents: Log) -> None:
    for name, one in (("文件", document(1)), ("决定", document(9, "示政发〔2015〕1号"))):
        stage(documents, name, one, part="民政局")
    publish(documents)
    accept(documents)
    stage(documents, "别的", document(5))
    documents.releases.publish(DOCUMENTS, effective_on=MIDDLE, parts=["财政局"])
    assert marks(documents)["1"] is None
    assert [p.state for p in documents.drafts.repeals(DOCUMENTS)] == ["accepted"]
    assert documents.integrity.verify().problems == ()
    draft = documents.drafts.get(DOCUMENTS)
    assert draft is not None
    assert (draft.imports, draft.accepted_repeals) == ((), 1)
    stage(documents, "别的", document(5))
    assert documents.releases.publish(DOCUMENTS, effective_on=MIDDLE, parts=["财政局"]) is None
    assert [p.state for p in documents.drafts.repeals(DOCUMENTS)] == ["accepted"]
    assert len(documents.drafts.decide_repeals(DOCUMENTS, None, accept=False)) == 0
    assert len(documents.drafts.decide_repeals(DOCUMENTS, ["关于第1件事的通知"], accept=False)) == 1
    assert documents.drafts.get(DOCUMENTS) is None


def test_a_drafted_document_of_another_part_is_not_marked_and_can_be_refused(documents: Log) -> None:
    stage(documents, "文件", document(2))
    stage(documents, "决定", document(9, "示政发〔2015〕2号"), part="民政局")
    assert accept(documents) == 1
    documents.releases.publish(DOCUMENTS, effective_on=EARLY, parts=["民政局"])
    assert len(documents.drafts.decide_repeals(DOCUMENTS, ["关于第2件事的通知"], accept=False)) == 1
    publish(documents)
    assert marks(documents) == {"2": None, "9": None}
    assert documents.integrity.verify().problems == ()


def test_a_notice_that_stays_in_the_draft_ends_nothing(documents: Log, clock: Clock) -> None:
    stage(documents, "文件", document(2))
    publish(documents)
    clock.advance(days=1)
    stage(documents, "别的", document(4))
    stage(documents, "决定", document(9, "示政发〔2015〕2号"), part="民政局")
    assert accept(documents) == 1
    documents.releases.publish(DOCUMENTS, effective_on=MIDDLE, parts=["财政局"])
    assert marks(documents) == {"2": None, "4": None}
    clock.advance(days=1)
    publish(documents, MIDDLE)
    assert marks(documents) == {"2": "示政发〔2015〕9号", "4": None, "9": None}
    assert documents.integrity.verify().problems == ()


def test_a_document_in_force_is_marked_with_the_draft_of_its_own_part(documents: Log, clock: Clock) -> None:
    stage(documents, "文件", document(2))
    stage(documents, "决定", document(9, "示政发〔2015〕2号"), part="民政局")
    publish(documents)
    clock.advance(days=1)
    assert accept(documents) == 1
    for part, by in (("民政局", None), ("财政局", "示政发〔2015〕9号")):
        stage(documents, "别的", document(5 if by else 4), part=part)
        diff = documents.drafts.diff(DOCUMENTS, effective_on=MIDDLE, parts=[part])
        assert diff.marked == (1 if by else 0)
        documents.releases.publish(DOCUMENTS, effective_on=MIDDLE, parts=[part])
        assert marks(documents)["2"] == by
        clock.advance(days=1)
    assert documents.drafts.get(DOCUMENTS) is None
    assert documents.drafts.repeals(DOCUMENTS) == ()
    assert documents.integrity.verify().problems == ()


def test_a_release_in_effect_before_the_repealed_document_leaves_its_repeal_open(
    documents: Log, clock: Clock
) -> None:
    stage(documents, "文件", document(1))
    publish(documents, MIDDLE)
    clock.advance(days=1)
    stage(documents, "决定", document(9, "示政发〔2015〕1号"))
    assert accept(documents) == 1
    publish(documents, EARLY)
    assert marks(documents) == {"1": None, "9": None}
    draft = documents.drafts.get(DOCUMENTS)
    assert draft is not None
    assert draft.accepted_repeals == 1
    assert [p.state for p in documents.drafts.repeals(DOCUMENTS)] == ["accepted"]
    clock.advance(days=1)
    publish(documents, MIDDLE)
    assert marks(documents)["1"] == "示政发〔2015〕9号"
    assert documents.drafts.get(DOCUMENTS) is None
    assert documents.drafts.repeals(DOCUMENTS) == ()
    assert documents.integrity.verify().ok


def test_a_discarded_draft_takes_its_acceptances_with_it(documents: Log) -> None:
    stage(documents, "文件", document(1))
    stage(documents, "决定", document(9, "示政发〔2015〕1号"))
    publish(documents)
    accept(documents)
    documents.drafts.discard(DOCUMENTS)
    assert documents.drafts.get(DOCUMENTS) is None
    assert [p.state for p in documents.drafts.repeals(DOCUMENTS)] == ["proposed"]


def test_a_mark_of_an_earlier_version_stays_when_its_document_is_read_again(documents: Log) -> None:
    stage(documents, "文件", document(1, ended_by="示政发〔2015〕9号", validity="废止"))
    stage(documents, "决定", document(9, "示政发〔2015〕1号"))
    publish(documents)
    stage(documents, "文件", document(1))
    diff = documents.drafts.diff(DOCUMENTS, effective_on=MIDDLE)
    assert (diff.counts["changed"], diff.repeals) == (0, ())


def test_documents_of_one_file_are_marked_in_their_own_parts_by_a_notice_of_another(
    documents: Log, clock: Clock
) -> None:
    stage(documents, "财政", *(document(n) for n in range(1, 5)))
    stage(documents, "民政", document(5), part="民政局")
    documents.releases.publish(DOCUMENTS, effective_on=EARLY)
    clock.advance(days=1)
    references = ("示政发〔2015〕1号", "《关于第3件事的通知》", "示政发〔2015〕5号", "示政发〔1990〕7号")
    stage(documents, "决定", document(9, *references))
    accept(documents)
    release = documents.releases.publish(DOCUMENTS, effective_on=MIDDLE)
    assert release is not None
    assert (release.counts["added"], release.counts["changed"]) == (1, 3)
    by = "示政发〔2015〕9号"
    assert marks(documents) == {"1": by, "2": None, "3": by, "4": None, "5": by, "9": None}
    state = records_by_number(documents)["5"]
    assert (state.part, state.sources[0].name, state.locator["cells"]) == (
        "民政局",
        "民政.xls",
        {"title": "A1"},
    )
    assert documents.drafts.get(DOCUMENTS) is None
    assert documents.integrity.verify().ok
    assert rebuild_spans(documents) == 0


def test_the_first_notice_that_ends_a_document_is_named_and_what_the_document_says_stays(
    documents: Log, clock: Clock
) -> None:
    ended = "示政发〔2015〕1号"
    stage(documents, "第一", document(7, ended))
    documents.releases.publish(DOCUMENTS, effective_on=EARLY)
    clock.advance(days=1)
    stage(documents, "第二", document(8, ended, "示政发〔2015〕2号"))
    stage(documents, "文件", document(1, validity="失效"), document(2, ended_by="示政发〔2014〕3号"))
    accept(documents)
    documents.releases.publish(DOCUMENTS, effective_on=MIDDLE)
    documents_after = records_by_number(documents)
    assert documents_after["1"].content["validity"] == "失效"
    assert documents_after["1"].content["ended_by"] == "示政发〔2015〕7号"
    assert documents_after["2"].content["ended_by"] == "示政发〔2014〕3号"
    assert "validity" not in documents_after["2"].content


def test_a_notice_that_was_withdrawn_ends_nothing_any_more(documents: Log, clock: Clock) -> None:
    stage(documents, "决定", document(9, "示政发〔2015〕1号"))
    documents.releases.publish(DOCUMENTS, effective_on=EARLY)
    clock.advance(days=1)
    documents.releases.withdraw(
        DOCUMENTS, [records_by_number(documents)["9"].id], reason="误发", actor="经办人"
    )
    clock.advance(days=1)
    stage(documents, "文件", document(1))
    assert accept(documents) == 0
    documents.releases.publish(DOCUMENTS, effective_on=LATE)
    assert marks(documents) == {"1": None}


def test_a_notice_ends_only_what_its_present_text_names(documents: Log, clock: Clock) -> None:
    stage(documents, "文件", document(1), document(2))
    stage(documents, "决定", document(9, "示政发〔2015〕1号"))
    publish(documents)
    clock.advance(days=1)
    stage(documents, "决定", document(9, "示政发〔2015〕2号"))
    publish(documents, MIDDLE)
    assert [p.title for p in documents.drafts.repeals(DOCUMENTS)] == ["关于第2件事的通知"]


def test_a_title_in_force_is_found_in_another_width_as_one_in_the_draft_is(documents: Log) -> None:
    title, notice = "关于示例办法（试行）的通知", document(9, "《关于示例办法(试行)的通知》")
    stage(documents, "文件", document(1, title=title))
    stage(documents, "决定", notice)
    assert [p.title for p in documents.drafts.repeals(DOCUMENTS)] == [title]
    publish(documents)
    assert [p.title for p in documents.drafts.repeals(DOCUMENTS)] == [title]


def test_a_document_of_a_part_that_was_merged_is_marked(documents: Log, clock: Clock) -> None:
    stage(documents, "文件", document(1), part="民政局")
    stage(documents, "决定", document(9, "示政发〔2015〕1号"))
    publish(documents)
    clock.advance(days=1)
    documents.datasets.merge_parts(DOCUMENTS, "民政局", "财政局")
    accept(documents)
    publish(documents, MIDDLE)
    state = records_by_number(documents)["1"]
    assert (state.content["ended_by"], state.part) == ("示政发〔2015〕9号", "财政局")
    assert documents.integrity.verify().problems == ()


def test_a_repeal_whose_release_was_cancelled_is_proposed_again(documents: Log, clock: Clock) -> None:
    stage(documents, "文件", document(1))
    publish(documents)
    clock.advance(days=1)
    notice = document(9, "示政发〔2015〕1号")
    stage(documents, "决定", notice)
    accept(documents)
    publish(documents, clock().date() + timedelta(days=30))
    documents.releases.cancel(DOCUMENTS, 2, reason="生效日期有误")
    assert documents.drafts.get(DOCUMENTS) is None
    stage(documents, "决定", notice)
    assert accept(documents) == 1
    clock.advance(days=1)
    publish(documents, MIDDLE)
    assert marks(documents)["1"] == "示政发〔2015〕9号"
    assert documents.integrity.verify().problems == ()


def test_a_row_in_error_ends_nothing_and_a_document_does_not_end_itself(documents: Log) -> None:
    stage(documents, "决定", structs.replace(document(8, "示政发〔2015〕1号"), in_error=True))
    stage(documents, "文件", document(1), document(9, "示政发〔2015〕9号", "《关于第9件事的通知》"))
    assert accept(documents) == 0
    documents.releases.publish(DOCUMENTS, effective_on=EARLY, without_errors=True)
    assert marks(documents) == {"1": None, "9": None}


@pytest.mark.both_databases
def test_one_document_is_left_out_of_a_draft_and_its_token_counts_once(documents: Log) -> None:
    for number in (1, 2):
        source = put_workbook(documents, f"{number}.html")
        documents.drafts.stage(
            DOCUMENTS, [document(number)], part="财政局", source=source, parser_version="1"
        )
    draft = documents.drafts.get(DOCUMENTS)
    assert draft is not None
    first, second = draft.imports
    documents.drafts.discard_import(DOCUMENTS, first.token)
    left = documents.drafts.get(DOCUMENTS)
    assert left is not None
    assert left.imports == (second,)
    with pytest.raises(LogError) as refused:
        documents.drafts.discard_import(DOCUMENTS, first.token)
    assert refused.value.code == "draft-moved"
    documents.drafts.discard_import(DOCUMENTS, second.token)
    assert documents.drafts.get(DOCUMENTS) is None
    assert documents.integrity.verify().problems == ()


def test_a_marked_document_that_is_kept_back_loses_its_mark(documents: Log, clock: Clock) -> None:
    stage(documents, "文件一", document(1))
    stage(documents, "文件二", document(1, title="同一文号的通知"))
    stage(documents, "通知", document(9, "示政发〔2015〕1号"))
    assert accept(documents) > 0
    publish(documents)
    assert records_by_number(documents).keys() == {"9"}
    draft = documents.drafts.get(DOCUMENTS)
    assert draft is not None
    rows = [row for one in draft.imports for row in documents.drafts.rows(one, range(9))]
    assert len(rows) == 2
    assert all("ended_by" not in row.content and "validity" not in row.content for row in rows)
    second = next(one for one in draft.imports if "二" in one.source.name)
    documents.drafts.discard_import(DOCUMENTS, second.token)
    publish(documents, MIDDLE)
    assert marks(documents) == {"1": "示政发〔2015〕9号", "9": None}
    assert documents.integrity.verify().problems == ()
