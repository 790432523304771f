"""Parts of a draft: which imports belong to them, whatever is asked."""

from __future__ import annotations

from functools import partial

import pytest

from publisher.log.log import Log
from publisher.log.model import LogError
from tests.support.log import EARLY, entry, stage


def test_a_draft_is_asked_for_a_part_as_publication_names_it(log: Log) -> None:
    stage(log, entry("证照费"))
    log.datasets.rename_part("fees", "财政局", "财政和国资局")
    for name in ("财政局", "财政和国资局"):
        assert log.drafts.diff("fees", parts=[name]).counts["added"] == 1
        assert [one.records for one in log.drafts.imports("fees", [name])] == [1]
        assert log.drafts.count_without("fees", "kind", [name]) == 1
        assert log.findings.of_draft("fees", EARLY, [name]) == ()
    for part, code in (("教育局", "no-such-part"), ("民政局", "no-draft")):
        for act in (log.drafts.diff, partial(log.releases.publish, effective_on=EARLY)):
            with pytest.raises(LogError) as refused:
                act("fees", parts=[part])
            assert refused.value.code == code
    for ask in (
        lambda: log.drafts.imports("fees", ["教育局"]),
        lambda: log.drafts.count_without("fees", "kind", ["教育局"]),
        lambda: log.findings.of_draft("fees", EARLY, ["教育局"]),
    ):
        with pytest.raises(LogError, match="no part"):
            ask()
    published = log.releases.publish("fees", effective_on=EARLY, parts=["财政局"])
    assert published is not None
    assert published.counts["added"] == 1


@pytest.mark.parametrize(("part", "code"), [(None, "part-needed"), ("教育局", "no-such-part")])
def test_an_import_names_a_declared_part(log: Log, part: str | None, code: str) -> None:
    with pytest.raises(LogError) as refused:
        stage(log, entry("证照费"), part=part)
    assert refused.value.code == code
    assert refused.value.details == ("财政局", "民政局")
    if part:
        assert "现有：财政局、民政局。" in refused.value.zh
