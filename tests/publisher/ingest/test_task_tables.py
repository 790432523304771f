"""Tables of tasks (任务分工表) as offices publish them, read by the ordinary importer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue
from tests.publisher.ingest import task_tables
from tests.publisher.ingest.workbooks import xlsx

COMMITMENTS = load_catalogue("commitments")


@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("分工表.xlsx", task_tables.workbook),
        ("通知.docx", task_tables.document),
        ("通知.html", task_tables.page),
    ],
)
def test_thirty_tasks_have_no_finding(name: str, build: Callable[[], bytes]) -> None:
    reading = read_file(build(), name=name, catalogue=COMMITMENTS)
    assert [finding.code for finding in reading.findings] == []
    assert len(reading.records) == 30
    first, last = reading.records[0].content, reading.records[29].content
    assert first["plan"] == last["plan"] == task_tables.NUMBER
    assert first["task"] == "编制并公布第1批权责事项清单"
    assert (first["lead"], first["result"]) == ("市发展和改革委员会", "第1批清单")
    assert first["responsible"] == "市财政局、市民政局、各县（市）区政府"
    assert (first["deadline"], first["due_on"]) == ("2024-06-01/2024-06-30", "2024-06-30")
    assert [reading.records[n].content.get("due_on") for n in (1, 2, 3, 4)] == [
        *("2024-09-30", "2024-12-31", None, "2024-06-30"),
    ]
    assert {"kind", "goal", "supporting", "clause"}.isdisjoint(first)


def test_sections_of_a_workbook_are_kept() -> None:
    records = read_file(task_tables.workbook(), name="a.xlsx", catalogue=COMMITMENTS).records
    assert [record.content["section"] for record in records] == [
        *(["全面推行权责清单"] * 15 + ["规范行政审批中介服务"] * 15),
    ]


def test_a_column_of_numbers_and_two_numbers_in_the_title_are_not_overruled() -> None:
    rows = [["任务", "牵头单位"], ["编制清单", "市财政局"]]
    two = xlsx(("a", [["落实示政发〔2023〕1号和示政发〔2024〕2号任务分工表"], *rows]), merged=["A1:B1"])
    (record,) = read_file(two, name="a.xlsx", catalogue=COMMITMENTS).records
    assert "plan" not in record.content
    own = [
        ["示政发〔2024〕2号任务分工表"],
        ["文号", "任务"],
        ["", "编制清单"],
        ["示政发〔2023〕1号", "公布清单"],
    ]
    plans = [
        record.content.get("plan")
        for record in read_file(
            xlsx(("a", own), merged=["A1:B1"]), name="a.xlsx", catalogue=COMMITMENTS
        ).records
    ]
    assert plans == [None, "示政发〔2023〕1号"]


def test_a_deadline_without_a_year_is_reported_and_stays_blank() -> None:
    data = xlsx(("a", [["任务", "完成时限"], ["编制清单", "12月底前"]]))
    reading = read_file(data, name="a.xlsx", catalogue=COMMITMENTS)
    assert [finding.code for finding in reading.findings] == ["deadline-as-text"]
    assert {"deadline", "due_on"}.isdisjoint(reading.records[0].content)
    assert reading.records[0].originals["deadline"] == "12月底前"
