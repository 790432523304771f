"""``qingdan compare``: its output for people, its JSON, and the files that it writes."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from tests.support.command import Home, item, xlsx

NAME = "shili-power-list"


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Publish two releases: one record changed, one removed, one added. Tests only read them."""
    folder = tmp_path_factory.mktemp("compared")
    site = Home(folder / "home")
    site.dataset(NAME, "应急管理局")
    lists = [
        ([item("甲许可"), item("乙许可")], "2015-12-01"),
        ([item("甲许可", promised="5个工作日"), item("丙许可")], "2016-12-01"),
    ]
    for n, (items, day) in enumerate(lists):
        file = xlsx(folder / f"{n}.xlsx", items)
        site.ok("import", file, "--dataset", NAME, "--part", "应急管理局")
        site.ok("publish", NAME, "--effective-on", day, "--basis", f"示发〔{day[:4]}〕1号")
    return site


@pytest.mark.slow
def test_a_person_reads_what_changed_and_why(compared: Home) -> None:
    output = compared.ok("compare", NAME, 1, 2).out
    for line in (
        "新增  丙许可",
        "移出清单  乙许可",
        "调整  甲许可",
        "10个工作日 → 5个工作日",
    ):
        assert line in output
    assert "示发〔2016〕1号" in output
    assert "未变化 0" in output


def test_a_program_reads_the_same_and_days_mean_what_was_in_effect(compared: Home) -> None:
    by_release = compared.ok("compare", NAME, 1, 2, "--json").json
    by_day = compared.ok("compare", NAME, "2016-11-30", "2016-12-01", "--json").json
    assert by_release == by_day
    assert by_release["totals"]["kinds"]["changed"] == 1
    same = compared.ok("compare", NAME, "2015-12-01", "2016-11-30", "--json").json
    assert same["differences"] == []


def test_a_file_stays_if_there_is_nothing_to_compare(compared: Home, tmp_path: Path) -> None:
    (table := tmp_path / "比较.csv").write_text("kept", encoding="utf-8")
    assert compared.run("compare", NAME, 1, 7, "--csv", table).code == 3
    assert table.read_text(encoding="utf-8") == "kept"


def test_what_exceeds_the_limit_is_announced(compared: Home) -> None:
    assert "只列出2条，还有更多" in compared.ok("changes", "--limit", 2).err
    assert compared.ok("changes", "--limit", 5).err == ""


def test_files_are_written_for_people(compared: Home, tmp_path: Path) -> None:
    table, book = tmp_path / "比较.csv", tmp_path / "比较.xlsx"
    compared.ok("compare", NAME, 1, "--csv", table, "--xlsx", book)
    assert "丙许可" in table.read_text(encoding="utf-8-sig")
    assert openpyxl.load_workbook(book).sheetnames == ["说明", "比较"]


@pytest.mark.parametrize(
    ("arguments", "code"), [((2, 1), 2), (("2016-01-01", "2015-01-01"), 2), (("x",), 2), ((1, 9), 3)]
)
def test_what_makes_no_sense_is_refused(compared: Home, arguments: tuple[object, ...], code: int) -> None:
    assert compared.run("compare", NAME, *arguments).code == code
