"""The check ``basis-repealed``, on made records and on the workbooks of departments."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from publisher.checks.basis_repealed import BasisRepealed
from publisher.checks.check import CheckedRecord, finding_id
from publisher.checks.evaluate import measure
from publisher.checks.known_statutes import statute_key
from publisher.checks.shipped_statutes import REPEALS
from publisher.ingest.findings.kind import Finding
from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue
from tests.publisher.checks.knowledge import KnownStatutes
from tests.support.shared_data import require

STATUTES, POWER_LIST = load_catalogue("statutes"), load_catalogue("power-list")
ARCHIVES = {
    "title": "档案法实施办法",
    "repealed_on": "2024-03-01",
    "repealed_by": "档案法实施条例",
    "repealed_by_version": "2024-01-12",
    "repealed_article": "第五十二条",
}
BASIS = "【法规】《中华人民共和国档案法实施办法》（2017年3月1日修正）\n第八条：履行下列职责"


def check(
    content: dict[str, Any], *rows: dict[str, Any], on: date = date(2025, 1, 1), catalogue: Any = POWER_LIST
) -> list[Finding]:
    record = CheckedRecord("list", "r1", "own", catalogue, content)
    return list(BasisRepealed().find_findings(record, KnownStatutes(BasisRepealed, rows), on))


def test_a_basis_is_found_from_the_day_of_the_repeal_on_with_every_row_cited() -> None:
    assert check({"name": "甲", "basis": BASIS}, ARCHIVES, on=date(2024, 2, 29)) == []
    (finding,) = check({"name": "甲", "basis": BASIS}, ARCHIVES, on=date(2024, 3, 1))
    assert (finding.code, finding.severity, finding.rule) == ("basis-repealed", "fact", "repealed")
    assert finding.message_zh == "《档案法实施办法》仍列于依据，自2024-03-01起已经废止"
    assert finding.because_zh == "《档案法实施条例》第五十二条写明废止。"
    first, *others = finding.cites
    assert first.text == BASIS[first.start : first.end] == BASIS[4 : BASIS.index("：")]
    assert [(c.record, c.field, c.text) for c in others] == [
        ("s0", "title", "档案法实施办法"),
        ("s0", "repealed_on", "2024-03-01"),
        ("s0", "repealed_by", "档案法实施条例"),
        ("s0", "repealed_article", "第五十二条"),
    ]


def test_a_mention_in_a_quoted_article_is_no_basis() -> None:
    text = "【法律】《水法》\n第六条：有违法行为的，依照《档案法实施办法》第八条的规定处理。"
    assert check({"name": "甲", "basis": text}, ARCHIVES) == []


def test_a_statute_that_was_enacted_again_under_its_name_is_in_force() -> None:
    again = {"title": "档案法实施办法", "effective": "2025-01-01"}
    assert len(check({"name": "甲", "basis": BASIS}, ARCHIVES, again, on=date(2024, 12, 31))) == 1
    assert check({"name": "甲", "basis": BASIS}, ARCHIVES, again, on=date(2025, 1, 1)) == []


def test_an_edition_that_is_newer_than_the_repeal_is_in_force() -> None:
    older, newer = ({"title": "档案法实施办法", "version": day} for day in ("2017-03-01", "2025-06-01"))
    assert len(check({"name": "甲", "basis": BASIS}, ARCHIVES, older, on=date(2025, 6, 1))) == 1
    assert len(check({"name": "甲", "basis": BASIS}, ARCHIVES, newer, on=date(2025, 5, 31))) == 1
    assert check({"name": "甲", "basis": BASIS}, ARCHIVES, newer, on=date(2025, 6, 1)) == []


def test_a_newer_edition_of_the_same_title_repeals_no_basis() -> None:
    newer = {**ARCHIVES, "repealed_by": "中华人民共和国档案法实施办法"}
    assert check({"name": "甲", "basis": BASIS}, newer) == []


@pytest.mark.parametrize("day", ["2024-02-30", "", "不详"])
def test_a_day_that_is_none_is_not_known(day: str) -> None:
    assert (
        check({"name": "甲", "basis": BASIS}, {**ARCHIVES, "repealed_on": day, "repealed_by_version": day})
        == []
    )


def test_an_edition_that_is_not_older_than_the_repeal_is_only_to_be_looked_at() -> None:
    new = BASIS.replace("2017年3月1日修正", "2024年1月12日公布")
    (finding,) = check({"name": "甲", "basis": new}, ARCHIVES)
    assert (finding.severity, finding.rule) == ("look", "old-name")


def test_a_repeal_without_its_day_counts_from_the_edition_that_states_it() -> None:
    undated = {name: value for name, value in ARCHIVES.items() if name != "repealed_on"}
    assert check({"name": "甲", "basis": BASIS}, undated, on=date(2024, 1, 11)) == []
    (finding,) = check({"name": "甲", "basis": BASIS}, undated, on=date(2024, 1, 12))
    assert finding.message_zh == "《档案法实施办法》仍列于依据，至迟自2024-01-12起已经废止"
    without_article = {**undated, "repealed_article": ""}
    assert check({"name": "甲", "basis": BASIS}, without_article) == []


def test_items_of_a_list_are_cited_one_by_one_and_one_statute_gives_one_finding() -> None:
    fees = load_catalogue("fees")
    basis = ["《水法》第七条", "《档案法实施办法》第八条", "《档案法实施办法》第九条"]
    (finding,) = check({"name": "甲", "basis": basis}, ARCHIVES, catalogue=fees)
    own = [cite for cite in finding.cites if cite.record == "r1"]
    assert [(c.role, c.item, c.text) for c in own] == [
        ("basis", 1, "《档案法实施办法》第八条"),
        ("basis2", 2, "《档案法实施办法》第九条"),
    ]


def test_the_id_depends_on_records_and_field_and_not_on_what_they_say() -> None:
    (one,) = check({"name": "甲", "basis": BASIS}, ARCHIVES)
    (same,) = check({"name": "甲", "basis": f"{BASIS}。"}, {**ARCHIVES, "repealed_on": "2024-04-01"})
    (other,) = check({"name": "甲", "responsibility_basis": BASIS}, ARCHIVES)
    assert finding_id(one) == finding_id(same) != finding_id(other)


def test_lists_of_documents_and_decisions_are_not_checked() -> None:
    concerned = {
        n
        for n in ("power-list", "fees", "cancelled-items", "policies", "statutes")
        if BasisRepealed().concerns(load_catalogue(n))
    }
    assert concerned == {"power-list", "fees"}


def test_the_list_of_statutes_that_ships_can_be_imported_as_it_is() -> None:
    reading = read_file(REPEALS.read_bytes(), name=REPEALS.name, catalogue=STATUTES)
    assert len(reading.records) == 582
    assert [f for f in reading.findings if f.severity == "error"] == []
    keys = Counter(statute_key(str(record.content["title"])) for record in reading.records)
    assert [key for key, count in keys.items() if count > 1] == ["国家安全法"]  # repealed, and enacted again
    repealed = [r.content for r in reading.records if "effective" not in r.content]
    assert all(r.get("repealed_by") and r.get("repealed_article") for r in repealed)
    assert sum("repealed_on" in r for r in repealed) >= 490


@pytest.mark.shared
@pytest.mark.slow  # 14 workbooks
def test_real_workbooks_every_row_that_rests_on_a_repealed_statute_is_found_and_no_mention() -> None:
    """Labelled by hand: every statute of the workbooks with a repealed title. 13 rows, one file twice."""
    measures = measure("basis-repealed", Path(__file__).parent / "labels.tsv", require("power-list-karamay"))
    assert (measures.missed, measures.wrong) == ((), ())
    published = BasisRepealed.labelled_set
    assert published is not None
    assert (published.positives, published.negatives) == (measures.positives, measures.negatives) == (20, 6)
    assert (published.precision, published.recall) == (f"{measures.precision:.2f}", f"{measures.recall:.2f}")
