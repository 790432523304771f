"""A field that a later catalogue indexes: filters and counts have the records from before it too."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sqlalchemy import delete, select, text

from publisher.log.database import tables as t
from publisher.log.log import Log
from publisher.log.model import RecordQuery, View
from publisher.log.predicate import AnyValue
from schemas.definition.catalogue import Catalogue
from tests.support.log import EARLY, LATE, MIDDLE, catalogue, entry, field, put_workbook, release

ORIGIN = "origin"
FIRST = AnyValue(ORIGIN, "=", ("甲地",))


def with_origin(*, facet: bool) -> Catalogue:
    return catalogue(fields=[field(ORIGIN, "来源", **({"facet": True} if facet else {}))])


def publish(log: Log, own: Catalogue, *names: str, on: date = EARLY) -> None:
    entries = [entry(name, origin="甲地") for name in names]
    source = put_workbook(log)
    log.drafts.stage("fees", entries, part="财政局", source=source, parser_version="1", catalogue=own)
    log.releases.publish("fees", effective_on=on)


def found(log: Log, view: View | None = None) -> list[str]:
    page = log.queries.records("fees", RecordQuery(view=view or View(), where=FIRST, limit=100))
    assert page.total == len(page.records)
    return [record.title for record in page.records]


def counted(log: Log) -> tuple[tuple[str, int], ...]:
    return log.queries.records("fees", RecordQuery(facets=(ORIGIN,))).facets[ORIGIN]


def test_unchanged_records_stay_in_filters_and_counts_of_a_field_that_is_a_facet_now(log: Log) -> None:
    publish(log, with_origin(facet=False), "甲", "乙")
    assert found(log) == ["乙", "甲"]
    publish(log, with_origin(facet=True), "甲", "乙", "丙", on=MIDDLE)
    assert found(log) == ["丙", "乙", "甲"]
    assert found(log, View(release=1)) == ["乙", "甲"]
    assert counted(log) == (("甲地", 3),)
    assert log.integrity.verify().problems == ()


def test_a_migration_to_a_catalogue_with_a_new_facet_keeps_all_records_in_it(log: Log) -> None:
    publish(log, with_origin(facet=False), "甲", "乙")
    log.releases.migrate("fees", with_origin(facet=True), reason="x", effective_on=MIDDLE)
    assert found(log) == ["乙", "甲"]
    assert counted(log) == (("甲地", 2),)
    assert log.integrity.verify().problems == ()


def test_a_facet_that_is_dropped_and_returns_counts_the_records_of_each_time(log: Log) -> None:
    for n, facet in enumerate((True, False, True)):
        publish(log, with_origin(facet=facet), *"甲乙丙"[: n + 1], on=(EARLY, MIDDLE, LATE)[n])
        assert len(found(log)) == n + 1
        assert log.integrity.verify().problems == ()
    assert counted(log) == (("甲地", 3),)


def test_an_older_view_has_the_facet_that_a_later_catalogue_dropped_with_the_field(log: Log) -> None:
    publish(log, with_origin(facet=False), "甲")
    publish(log, with_origin(facet=True), "甲", "乙", on=MIDDLE)
    log.releases.migrate("fees", catalogue(), reason="x", effective_on=LATE)
    assert found(log, View(release=2)) == ["乙", "甲"]
    assert log.integrity.verify().problems == ()


def forget_values(log: Log) -> None:
    """Leave the table of values as a version did that indexed new revisions only."""
    with log._session.write() as conn:
        of_first = select(t.change.c.revision).where(t.change.c.release == 1)
        conn.execute(delete(t.value).where(t.value.c.field == ORIGIN, t.value.c.revision.in_(of_first)))
    assert found(log) == ["丙"]


def test_what_a_home_lacks_is_a_problem_and_repaired(log: Log, tmp_path: Path) -> None:
    publish(log, with_origin(facet=False), "甲", "乙")
    publish(log, with_origin(facet=True), "甲", "乙", "丙", on=MIDDLE)
    forget_values(log)
    problems = log.integrity.verify().problems
    assert len(problems) == 2
    assert "value.origin" in problems[0]
    assert log.integrity.repair(tmp_path / "replaced.jsonl") == 2
    assert found(log) == ["丙", "乙", "甲"]
    assert log.integrity.verify().problems == ()


def test_what_a_home_lacks_is_written_by_0025(log: Log, url: str, tmp_path: Path) -> None:
    publish(log, with_origin(facet=False), "甲", "乙")
    publish(log, with_origin(facet=True), "甲", "乙", "丙", on=MIDDLE)
    forget_values(log)
    with log._session.write() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '0024'"))
    migrated = Log.open(url, sources=tmp_path / "sources")
    assert found(migrated) == ["丙", "乙", "甲"]
    assert migrated.integrity.verify().problems == ()
    migrated.close()


def test_a_new_optional_field_that_no_record_has_costs_no_values(log: Log) -> None:
    release(log, entry("甲"))
    publish(log, with_origin(facet=True), "甲", "乙", on=MIDDLE)
    assert counted(log) == (("甲地", 2),)
    assert log.integrity.verify().problems == ()
