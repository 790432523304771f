"""``qingdan commitments propose``: rows for a clerk, which import as they are; a refusal for other texts."""

from __future__ import annotations

from pathlib import Path

from publisher.ingest.read_file import read_file
from publisher.sample.plan import data_folder
from schemas.definition.file_loader import load_catalogue
from tests.support.command import Home

NOTICE = Path(str(data_folder() / "notice" / "鞍政发〔2015〕34号（网页文本）.txt"))
RULES = Path(str(data_folder() / "shili" / "示政发〔2024〕2号.txt"))


def test_the_rows_of_a_plan_import_without_an_error(site: Home, tmp_path: Path) -> None:
    target = tmp_path / "任务.csv"
    assert site.run("commitments", "propose", str(NOTICE), "--output", str(target)).code == 0
    reading = read_file(target.read_bytes(), name=target.name, catalogue=load_catalogue("commitments"))
    assert [finding.code for finding in reading.findings if finding.severity == "error"] == []
    first = reading.records[0].content
    assert first["plan"] == "鞍政发〔2015〕34号"
    assert str(first["task"]) in str(first["excerpt"])
    assert {"deadline", "lead"}.isdisjoint(first)
    again = site.run("commitments", "propose", str(NOTICE), "--output", str(target))
    assert (again.code, "file-exists" in again.err) == (1, True)


def test_proposals_as_json_and_in_a_file_too(site: Home, tmp_path: Path) -> None:
    target = tmp_path / "任务.csv"
    result = site.run("commitments", "propose", str(NOTICE), "--json", "--output", str(target))
    assert {one["kind"] for one in result.json} == {"成果", "行动"}
    assert target.exists()


def test_a_text_that_is_no_work_plan_is_refused(site: Home) -> None:
    result = site.run("commitments", "propose", str(RULES))
    assert (result.code, "no-work-plan" in result.err) == (1, True)
