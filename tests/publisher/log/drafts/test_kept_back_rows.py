"""Rows of a running catalogue that publication keeps back."""

from __future__ import annotations

import pytest

from publisher.log.drafts.rows_left_out import row_left_out
from publisher.log.log import Log
from publisher.log.model import LogError
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


def test_rows_in_conflict_that_a_release_will_list_are_left_out_of_a_draft(log: Log) -> None:
    dataset, _ = fees_dataset("decisions", parts=())
    log.datasets.create(dataset, catalogue(running=True))
    twice = (entry("乙", "1"), entry("乙", "2"), entry("乙", "3"))
    stage(log, *twice, part=None, dataset="decisions")
    diff = log.drafts.diff("decisions", effective_on=EARLY, without_errors=True)
    assert {conflict.code for conflict in diff.conflicts} == {"same-identity"}
    with pytest.raises(LogError):
        log.releases.publish("decisions", effective_on=EARLY, without_errors=True)
    stage(log, *twice, entry("丙"), part=None, dataset="decisions")
    diff = log.drafts.diff("decisions", effective_on=EARLY, without_errors=True)
    assert (diff.counts["added"], diff.counts["in_error"], diff.conflicts) == (1, 3, ())
    assert {warning.code for warning in diff.warnings} == {"same-identity"}
    published = log.releases.publish("decisions", effective_on=EARLY, without_errors=True)
    assert published is not None
    assert [row["reason"] for row in published.left_out] == ["conflict"] * 3
    assert published.left_out == tuple(map(row_left_out, diff.left_out))
