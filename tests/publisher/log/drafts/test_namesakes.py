"""Documents of one title and no number are two; a conflict in a running catalogue blocks only its rows."""

from __future__ import annotations

import pytest

from publisher.log.log import Log
from publisher.log.model import DraftEntry, LogError, RecordQuery
from schemas.definition.catalogue import Json
from schemas.definition.file_loader import load_catalogue
from tests.publisher.log.drafts.test_repeals import DOCUMENTS, documents, publish, stage  # noqa: F401 - a fixture
from tests.support.clock import Clock
from tests.support.log import MIDDLE, rebuild_spans

TITLE = "行政处罚信息公开表"


def form(text: str, **more: Json) -> DraftEntry:
    return DraftEntry(
        {"title": TITLE, "body_markdown": text, **more}, source_text=text, locator={"rows": [1]}
    )


def texts(log: Log) -> list[str]:
    records = log.queries.records(DOCUMENTS, RecordQuery(limit=100)).records
    return sorted(str(r.content["body_markdown"]) for r in records if "body_markdown" in r.content)


def numbered(text: str) -> DraftEntry:
    return DraftEntry({"title": "甲", "number": "示政发〔2026〕1号", "body_markdown": text}, source_text=text)


def test_two_pages_with_one_title_are_two_documents(documents: Log) -> None:  # noqa: F811
    stage(documents, "a.html", form("甲公司，罚款九十万元。"))
    stage(documents, "b.html", form("乙公司，警告。"))
    diff = documents.drafts.diff(DOCUMENTS)
    assert (diff.conflicts, diff.counts["added"]) == ((), 2)
    assert [w.code for w in diff.warnings] == ["same-title"]
    publish(documents)
    assert texts(documents) == ["乙公司，警告。", "甲公司，罚款九十万元。"]
    assert documents.integrity.verify().ok


def test_a_page_read_again_stays_its_own_document(documents: Log, clock: Clock) -> None:  # noqa: F811
    for name, text in (("a.html", "甲公司，罚款。"), ("b.html", "乙公司，警告。"), ("c.html", "丙公司。")):
        stage(documents, name, form(text))
        publish(documents)
        clock.advance(days=1)
    stage(documents, "b.html", form("乙公司，警告并罚款。"))
    stage(documents, "a.html", form("甲公司，罚款。"))
    diff = documents.drafts.diff(DOCUMENTS)
    assert (diff.counts["added"], diff.counts["changed"], diff.counts["unchanged"]) == (0, 1, 1)
    publish(documents, MIDDLE)
    assert texts(documents) == ["丙公司。", "乙公司，警告并罚款。", "甲公司，罚款。"]


def test_the_same_text_under_another_name_is_one_document(documents: Log) -> None:  # noqa: F811
    stage(documents, "a.html", form("甲公司，罚款。"))
    publish(documents)
    stage(documents, "copy.html", form("甲公司，罚款。"))
    assert documents.drafts.diff(DOCUMENTS).counts["added"] == 0


def test_documents_of_one_title_stay_two_over_a_migration(documents: Log) -> None:  # noqa: F811
    for name, text in (("a.html", "甲公司。"), ("b.html", "乙公司。")):
        stage(documents, name, form(text))
    publish(documents)
    documents.releases.migrate(DOCUMENTS, load_catalogue("policies"), effective_on=MIDDLE)
    assert documents.integrity.verify().problems == ()
    for name, text in (("b.html", "乙公司，罚款。"), ("a.html", "甲公司。")):
        stage(documents, name, form(text))
    counts = documents.drafts.diff(DOCUMENTS).counts
    assert (counts["added"], counts["changed"], counts["unchanged"]) == (0, 1, 1)


@pytest.mark.parametrize("without_errors", [False, True])
def test_rows_in_conflict_that_are_all_of_a_draft_are_an_error(
    documents: Log,  # noqa: F811
    *,
    without_errors: bool,
) -> None:
    stage(documents, "a.html", numbered("一份正文。"))
    stage(documents, "b.html", numbered("另一份正文。"))
    with pytest.raises(LogError) as refused:
        documents.releases.publish(DOCUMENTS, effective_on=MIDDLE, without_errors=without_errors)
    assert refused.value.code == "conflicts"
    draft = documents.drafts.get(DOCUMENTS)
    assert draft is not None
    assert draft.records == 2


@pytest.mark.slow
@pytest.mark.parametrize("without_errors", [False, True])
def test_a_conflict_blocks_its_own_rows_only(documents: Log, *, without_errors: bool) -> None:  # noqa: F811
    stage(documents, "a.html", numbered("一份正文。"))
    stage(documents, "b.html", numbered("另一份正文。"), form("甲公司。"))
    stage(documents, "c.html", form("乙公司。"))
    assert [c.code for c in documents.drafts.diff(DOCUMENTS).conflicts] == ["same-identity"]
    release = documents.releases.publish(DOCUMENTS, effective_on=MIDDLE, without_errors=without_errors)
    assert release is not None
    assert texts(documents) == ["乙公司。", "甲公司。"]
    draft = documents.drafts.get(DOCUMENTS)
    if without_errors:
        assert draft is None
        assert [row["reason"] for row in release.left_out] == ["conflict", "conflict"]
    else:
        assert draft is not None
        assert (draft.records, [i.source.name for i in draft.imports]) == (2, ["a.html.xls", "b.html.xls"])
        documents.drafts.discard(DOCUMENTS)
    assert documents.integrity.verify().ok
    assert rebuild_spans(documents) == 0
