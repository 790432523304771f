"""Recognition of the part that a file belongs to."""

from __future__ import annotations

import time

import pytest

from publisher.ingest.parsed_file import LeftOut, Reading, SheetReport
from publisher.log.model import Dataset, LogError, Part
from publisher.workflow import part_of_file
from tests.support.datasets import make_dataset


def dataset(*declared: Part) -> Dataset:
    return make_dataset("shili", parts=declared)


def reading(file: str, *, title: str = "", sheet: str = "Sheet1") -> Reading:
    left_out = (LeftOut(sheet, 1, "title", title),) if title else ()
    return Reading(
        file=file,
        digest="0" * 64,
        media_type="text/csv",
        catalogue="power-list",
        parser_version="1",
        sheets=(SheetReport(sheet, 1, 0, 0, 1),),
        records=(),
        left_out=left_out,
        findings=(),
    )


def test_a_file_belongs_to_the_department_that_its_name_contains() -> None:
    two_parts = dataset(Part("应急管理局"), Part("统计局"))
    part = part_of_file.identify_part(two_parts, reading("市应急管理局权责清单.xls"))
    assert part is not None
    assert part.name == "应急管理局"


@pytest.mark.parametrize(
    "file", ["市发改委权责清单.xls", "发展和改革委员会.xlsx", "示例市发展改革委 2015.ods"]
)
def test_a_department_is_recognised_by_its_short_names(file: str) -> None:
    part = part_of_file.identify_part(dataset(Part("发展和改革委员会"), Part("统计局")), reading(file))
    assert part is not None
    assert part.name == "发展和改革委员会"


def test_a_name_inside_a_longer_name_does_not_count() -> None:
    two_parts = dataset(Part("文化局"), Part("新闻文化局"))
    part = part_of_file.identify_part(two_parts, reading("新闻文化局权责清单.xlsx"))
    assert part is not None
    assert part.name == "新闻文化局"


@pytest.mark.parametrize("name", ["财政局", "市财政局"])
@pytest.mark.parametrize(
    ("file", "is_own"),
    [
        ("鞍山市财政局权责清单.xlsx", True),
        ("辽宁省鞍山市财政局.xlsx", True),
        ("鞍山市人民政府市财政局.xlsx", True),
        ("市财政局权责清单.xlsx", True),
        ("海城市财政局权责清单.xlsx", False),
        ("马鞍山市财政局权责清单.xlsx", False),
        ("鞍山市海城市财政局.xlsx", False),
    ],
)
def test_a_department_of_another_place_is_not_the_part(name: str, file: str, *, is_own: bool) -> None:
    of_anshan = make_dataset("shili", parts=(Part(name), Part("统计局")), division="210300")
    if is_own:
        part = part_of_file.identify_part(of_anshan, reading(file))
        assert part is not None
        assert part.name == name
    else:
        with pytest.raises(LogError, match="无法识别"):
            part_of_file.identify_part(of_anshan, reading(file, title=f"{name}权责清单"))


def test_the_title_decides_if_the_file_name_contains_no_part() -> None:
    part = part_of_file.identify_part(
        dataset(Part("统计局")), reading("附件1.xlsx", title="示例市统计局权责清单")
    )
    assert part is not None
    assert part.name == "统计局"


def test_the_sheets_name_decides_where_neither_file_nor_title_does() -> None:
    part = part_of_file.identify_part(dataset(Part("统计局")), reading("附件1.xlsx", sheet="统计局"))
    assert part is not None
    assert part.name == "统计局"


def test_a_file_that_may_be_from_two_departments_is_refused_and_both_are_named() -> None:
    with pytest.raises(LogError) as refused:
        part_of_file.identify_part(dataset(Part("统计局"), Part("财政局")), reading("统计局和财政局.xlsx"))
    assert refused.value.code == "part-unclear"
    assert "统计局、财政局" in refused.value.zh


def test_a_file_from_an_unknown_part_is_refused_and_the_declared_parts_are_listed() -> None:
    with pytest.raises(LogError) as refused:
        part_of_file.identify_part(dataset(Part("统计局"), Part("财政局")), reading("某某.xlsx"))
    assert refused.value.code == "part-unclear"
    assert "统计局" in refused.value.zh
    assert "财政局" in refused.value.en


def test_a_dataset_without_parts_is_kept_whole() -> None:
    assert part_of_file.identify_part(dataset(), reading("任何文件.xlsx")) is None


def test_a_part_is_named_by_its_alias_or_its_code() -> None:
    one_part = dataset(Part("市场监督管理局", aliases=("工商局",), code="08"))
    assert {part_of_file.find_part(one_part, name).name for name in ("市场监督管理局", "工商局", "08")} == {
        "市场监督管理局"
    }


def test_an_unknown_part_is_refused_and_the_declared_ones_are_listed() -> None:
    with pytest.raises(LogError) as refused:
        part_of_file.find_part(dataset(Part("统计局")), "统计")
    assert refused.value.code == "no-such-part"
    assert "统计局" in refused.value.zh


def test_a_title_that_repeats_a_name_ten_thousand_times_is_read_at_once() -> None:
    two_parts = dataset(Part("文化局"), Part("新闻文化局"))
    began = time.process_time()
    part = part_of_file.identify_part(two_parts, reading("清单.xlsx", title="新闻文化局" * 10_000))
    assert part is not None
    assert part.name == "新闻文化局"
    assert time.process_time() - began < 2
