"""Rows of a running catalogue that publication keeps back."""

from __future__ import annotations

from publisher.log.log import Log
from tests.support.log import EARLY, catalogue, entry, fees_dataset, stage


def test_rows_in_conflict_that_a_running_catalogue_keeps_back_are_no_changes_of_a_draft(log: Log) -> None:
    dataset, _ = fees_dataset("decisions", parts=())
    log.datasets.create(dataset, catalogue(running=True))
    stage(log, entry("甲"), entry("乙", "1"), entry("乙", "2"), part=None, dataset="decisions")
    diff = log.drafts.diff("decisions", effective_on=EARLY)
    assert [change.title for change in diff.added] == ["甲"]
    assert (diff.counts["added"], diff.counts["in_error"]) == (1, 2)
    assert [conflict.code for conflict in diff.conflicts] == ["same-identity"]
    published = log.releases.publish("decisions", effective_on=EARLY)
    assert published is not None
    assert published.counts["added"] == 1
