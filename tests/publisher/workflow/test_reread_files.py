"""Kept files are read again after an upgrade: what would come out otherwise, and a draft of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from publisher.ingest import read_file
from publisher.ingest.parsed_file import MendedCell, Reading
from schemas.definition.catalogue import Catalogue
from tests.support.command import Home, item, xlsx

DATASET = "shili-power-list"
BASIS = ("--basis", "鞍政发〔2015〕34号")
NAMES = ("甲许可", "乙许可", "丙许可", "丁许可")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A site whose file an earlier reader misread: a remark lost, two rows glued into one. Tests copy it."""
    folder = tmp_path_factory.mktemp("published")
    site = Home(folder / "home")
    site.dataset(DATASET, "应急管理局")
    file = xlsx(folder / "应急管理局.xlsx", [item(name, remark=f"{name}备注") for name in NAMES])
    today = read_file.read_file

    def earlier(data: bytes, *, name: str, catalogue: Catalogue, mended: Sequence[MendedCell]) -> Reading:
        from msgspec.structs import replace

        reading = today(data, name=name, catalogue=catalogue, mended=mended)
        first, *others = reading.records[:3]
        misread = {k: v for k, v in first.content.items() if k != "remark"}
        return replace(reading, parser_version="0", records=(replace(first, content=misread), *others))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("publisher.workflow.import_files.read_within_limits", earlier)
        site.ok("import", file, "--dataset", DATASET)
    site.ok("publish", DATASET, "--effective-on", "2015-12-01", *BASIS)
    return site


@pytest.fixture
def published(built: Home, site: Home) -> Home:
    return built.copy_to(site.home)


@pytest.mark.slow
def test_it_shows_record_by_record_what_would_come_out(published: Home) -> None:
    before = published.files()
    out = published.ok("reread", DATASET).out
    assert "调整  甲许可" in out
    assert "备注 remark: （空） → 甲许可备注" in out
    assert "新增  丁许可" in out
    assert "乙许可" not in out
    assert published.files() == before
    (part,) = published.ok("reread", "--json").json[DATASET]
    assert [(d["kind"], d["title"]) for d in part["differences"]] == [
        ("changed", "甲许可"),
        ("added", "丁许可"),
    ]


@pytest.mark.slow
def test_a_draft_has_the_cause_reading(published: Home) -> None:
    published.ok("reread", DATASET, "--draft")
    diff = published.ok("draft", "diff", DATASET, "--json").json
    assert diff["counts"] == {"added": 1, "changed": 1, "removed": 0, "unchanged": 2, "in_error": 0}
    published.ok("publish", DATASET, "--effective-on", "2016-01-01", *BASIS)
    changes = published.ok("changes", DATASET, "--release", "2", "--json").json
    assert {(c["kind"], c["title"], c["cause"]) for c in changes} == {
        ("changed", "甲许可", "reading"),
        ("added", "丁许可", "reading"),
    }
    assert "没有不同" in published.ok("reread", DATASET).out


def test_the_status_says_how_many_records_are_concerned(published: Home) -> None:
    (dataset,) = published.ok("status", "--json").json["datasets"]
    assert dataset["older_readings"] == 3
    assert "有3条记录由旧版程序识读。" in published.ok("status").err
    published.ok("reread", DATASET, "--draft")
    assert f"有3条记录由旧版程序识读（{DATASET}有草稿待发布）。" in published.ok("status").err
    published.ok("publish", DATASET, "--effective-on", "2016-01-01", *BASIS)
    (dataset,) = published.ok("status", "--json").json["datasets"]
    assert dataset["older_readings"] == 0


@pytest.mark.slow
def test_a_correction_by_hand_stays(published: Home) -> None:
    correct = ("correct", DATASET, "甲许可", "备注=更正的备注", "--reason", "录入错误", "--yes")
    published.ok(*correct)
    out = published.ok("reread", DATASET).out
    assert "甲许可" not in out
    published.ok("reread", DATASET, "--draft")
    published.ok("publish", DATASET, "--effective-on", "2016-01-01", *BASIS)
    (record,) = published.ok("show", DATASET, "甲许可", "--json").json
    assert record["content"]["remark"] == "更正的备注"


@pytest.mark.slow
def test_a_withdrawn_record_does_not_come_back(published: Home) -> None:
    published.ok("withdraw", DATASET, "乙许可", "--reason", "误报", "--yes")
    published.ok("reread", DATASET, "--draft")
    published.ok("publish", DATASET, "--effective-on", "2999-01-01", *BASIS, "--accept", "far-day")
    (record,) = published.ok("show", DATASET, "乙许可", "--json").json
    assert record["status"] == "withdrawn"


def test_a_draft_in_the_way_is_not_replaced(published: Home, tmp_path: Path) -> None:
    file = xlsx(tmp_path / "应急管理局再报.xlsx", [item("戊许可")])
    published.ok("import", file, "--dataset", DATASET)
    ran = published.run("reread", DATASET, "--draft")
    assert ran.code == 1
    assert "draft-in-the-way" in ran.err
    assert published.run("reread", "--draft").code == 2


@pytest.mark.slow
def test_nothing_differs_right_after_an_import(site: Home, tmp_path: Path) -> None:
    site.dataset(DATASET, "应急管理局", "统计局")
    for part in ("应急管理局", "统计局"):
        site.ok("import", xlsx(tmp_path / f"{part}.xlsx", [item(f"{part}许可")]), "--dataset", DATASET)
    site.ok("publish", DATASET, "--effective-on", "2015-12-01", *BASIS)
    assert "没有不同" in site.ok("reread").out
    assert "没有不同" in site.ok("reread", DATASET, "--draft").err
    assert site.run("draft", "show", DATASET).code == 3
    (dataset,) = site.ok("status", "--json").json["datasets"]
    assert dataset["older_readings"] == 0


@pytest.mark.slow
def test_items_that_share_a_code_are_told_apart(
    site: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.dataset(DATASET, "应急管理局", "统计局")
    ours, theirs = tmp_path / "应急管理局.csv", tmp_path / "统计局.csv"
    header = "职权编码,事项名称,权力类型,设定依据,备注\n"
    ours.write_text(
        f"{header}A1,甲许可,行政许可,《甲法》,\nA1,乙许可,行政许可,《乙法》,\nA2,丙许可,行政许可,《丙法》,\n"
    )
    theirs.write_text(f"{header}A2,丁许可,行政许可,《丁法》,\n")
    for file in (ours, theirs):
        site.ok("import", file, "--dataset", DATASET)
    site.ok("publish", DATASET, "--effective-on", "2015-12-01", *BASIS)
    assert "没有不同" in site.ok("reread").out
    today = read_file.read_file

    def later(data: bytes, *, name: str, catalogue: Catalogue, mended: Sequence[MendedCell]) -> Reading:
        from msgspec.structs import replace

        reading = today(data, name=name, catalogue=catalogue, mended=mended)
        first, *others = reading.records
        changed = {**first.content, "remark": "改读的备注"}
        return replace(reading, records=(replace(first, content=changed), *others))

    with monkeypatch.context() as patch:
        patch.setattr("publisher.workflow.reread_files.read_within_limits", later)
        site.ok("reread", DATASET, "--draft")
    diff = site.ok("draft", "diff", DATASET, "--json").json
    assert diff["counts"] == {"added": 0, "changed": 2, "removed": 0, "unchanged": 2, "in_error": 0}
    assert {change["title"] for change in diff["changed"]} == {"甲许可", "丁许可"}
