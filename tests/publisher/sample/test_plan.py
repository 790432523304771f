"""The sample files match the plan in content, format and labels."""

from __future__ import annotations

import csv
import re
from datetime import date
from pathlib import Path

import pytest

from publisher.ingest.read_file import read_file
from publisher.sample import plan
from publisher.sample.plan import DatasetPlan, File, Publish
from schemas.definition.file_loader import load_catalogue

SAMPLE = Path(plan.__file__).parent
DATASETS = {dataset.name: dataset for dataset in plan.read_plan().dataset}


def files(dataset: DatasetPlan) -> list[File]:
    return [file for step in dataset.step if isinstance(step, Publish) for file in step.files]


FILES = [
    pytest.param(d, f, id=f"{d.name}-{number}")
    for d in DATASETS.values()
    for number, f in enumerate(files(d))
]


def test_every_dataset_of_the_brief_is_planned() -> None:
    assert set(DATASETS) == {
        *("policy-documents", "national-fees-2009", "national-fees-2025", "shaanxi-fees", "city-fees-2021"),
        *("shanxi-funds", "pre-approvals-2017", "intermediary-services", "liaoning-power-items"),
        *("cancelled-items", "shili-power-list", "shili-fees", "shili-licences", "shili-spot-checks"),
        *("shili-cancelled-items", "shili-documents", "statutes", "shili-county-fees", "shili-responses"),
        *("anshan-commitments", "shili-plans", "shili-commitments", "shili-commitment-evidence"),
        "shili-commitment-statements",
        *("shili-guides", "shili-intermediary-services"),
    }


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_every_dataset_says_what_it_is_in_words_and_labels(dataset: DatasetPlan) -> None:
    assert dataset.labels
    assert set(dataset.labels) <= {"compiled", "demo", "historic", "partial", "transcribed"}
    assert " / " in dataset.notice
    assert dataset.source_note
    assert dataset.licence
    assert dataset.contact


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_the_fictitious_city_is_marked_once_in_its_notice_and_nothing_else_is_a_demo(
    dataset: DatasetPlan,
) -> None:
    fictitious = dataset.name.startswith("shili-")
    assert dataset.notice.startswith("演示数据：") is fictitious
    assert "演示" not in dataset.title
    assert ("demo" in dataset.labels) is fictitious
    assert ("虚构" in dataset.notice) is fictitious


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_only_the_notice_is_said_to_be_of_anshan(dataset: DatasetPlan) -> None:
    of_anshan = dataset.body.startswith("鞍山") or (dataset.division or "").startswith("2103")
    assert of_anshan is (dataset.name in ("policy-documents", "anshan-commitments"))


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_a_release_without_a_stated_document_says_how_its_day_was_chosen(dataset: DatasetPlan) -> None:
    for step in dataset.step:
        if isinstance(step, Publish) and not step.basis:
            assert "日期" in step.note


@pytest.mark.slow
@pytest.mark.parametrize(("dataset", "file"), FILES)
def test_every_file_is_read_without_an_error_and_every_row_is_accounted_for(
    dataset: DatasetPlan, file: File
) -> None:
    data = plan.data_folder().joinpath(file.file).read_bytes()
    reading = read_file(data, name=file.file, catalogue=load_catalogue(dataset.catalogue))
    assert [f for f in reading.findings if f.severity == "error"] == []
    assert reading.records
    for sheet in reading.sheets:
        assert sheet.rows == sheet.records + sheet.continuations + sheet.left_out


def test_the_files_come_in_the_forms_in_which_departments_hand_them_in() -> None:
    suffixes = {file.file.rpartition(".")[2] for dataset in DATASETS.values() for file in files(dataset)}
    assert suffixes == {"csv", "json", "txt", "xls", "xlsx"}


def test_nothing_lies_in_the_data_folder_that_the_plan_does_not_name() -> None:
    folder = SAMPLE / "data"
    lying = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert lying == {file.file for dataset in DATASETS.values() for file in files(dataset)}


@pytest.mark.slow
@pytest.mark.parametrize("sheet", sorted((SAMPLE / "sheets").glob("*.csv")), ids=lambda path: path.stem)
def test_a_workbook_holds_the_text_that_was_reviewed(sheet: Path) -> None:
    from publisher.ingest.formats.detect import open_file

    with sheet.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    width = len(rows[1])
    (workbook,) = (SAMPLE / "data" / "shili").glob(f"{sheet.stem}.*")
    (grid,) = open_file(workbook.read_bytes(), workbook.name).grids
    texts = [[cell.text for cell in row][:width] for row in grid.rows]
    assert texts[0][0] == rows[0][0]
    assert [row + [""] * (width - len(row)) for row in texts[1:]] == rows[1:]


def test_the_steps_of_all_datasets_are_published_in_the_order_of_their_days() -> None:
    days = [step.published_on for _, step in plan.read_plan().in_order()]
    assert days == sorted(days)
    quarters = {d.effective_on for d in DATASETS["shili-power-list"].step if isinstance(d, Publish)}
    assert {date(2024, 10, 1), date(2025, 1, 1), date(2025, 4, 1), date(2025, 7, 1)} <= quarters


def test_the_lists_of_the_city_name_no_real_place_and_no_person_and_quote_nothing() -> None:
    for path in (SAMPLE / "data" / "shili" / "city").iterdir():
        text = path.read_text(encoding="utf-8")
        assert not re.search("新疆|自治区|克拉玛依|兵团|地州", text), path.name
        assert not any(len(cell) > 200 for row in csv.reader(text.splitlines()) for cell in row), path.name
