"""Several items in one cell of names are reported by row; a name that is one is not."""

import pytest

from publisher.ingest.tables.several_names import split_at_chosen_breaks, split_names
from tests.publisher.ingest.workbooks import Rows, codes, csv_bytes, read_workbook, xlsx


@pytest.mark.parametrize(
    "text",
    [
        *("1.护照费\n2.签证费", "1.护照费2.签证费", "１、护照费；２、签证费", "①护照费②签证费"),
        *("3.护照费\n4.签证费", "（1）护照费（2）签证费", "一、护照费\n二、签证费", "⑴护照费⑵签证费"),
        *("行政许可：1.护照费 2.签证费", "⒈护照费\n⒉签证费", "护照费\n签证费", "• 护照费\n• 签证费"),
        *("1) 护照费 2) 签证费", "婚姻登记\n收养登记"),
    ],
)
def test_marks_bullets_and_lines_show_several_names(text: str) -> None:
    assert len(split_names(text)) == 2


@pytest.mark.parametrize(
    "text",
    [
        *("1.护照费", "（一）护照费", "(1)居留许可", "▲护照费", "护照费；签证费", "A、B类1.5吨"),
        *("对违反《条例》第2、3条的处罚", "1.对违反《条例》第2条第3、4款的处罚", "对第(1)项、第(2)项的处罚"),
        *(
            "一、二、三类医疗器械经营许可",
            "第一、二类医疗器械",
            "2.5米以上3.5米以下",
            "特种设备使用登记1、2类",
        ),
        *(
            "对未取得许可\n擅自经营的处罚",
            "采矿许可证核发\n（含变更）",
            "农业机械\n驾驶证核发",
            "排水许可\n审批",
        ),
        "1.建立台账。\n2.每月报送。",
    ],
)
def test_one_name_stays_one(text: str) -> None:
    assert split_names(text) == []


@pytest.mark.parametrize(("catalogue", "heading"), [("fees", "管理方式"), ("power-list", "权力类型")])
def test_the_cell_is_reported_once_with_its_row(catalogue: str, heading: str) -> None:
    rows = [
        ["序号", "项目名称", heading, "设定依据"],
        ["1", "1.护照费\n2.签证费", "其他", "《护照法》第八条"],
        ["2", "居留许可", "其他", "《护照法》第九条"],
    ]
    reading = read_workbook(csv_bytes(*rows), catalogue)
    assert [(f.row, f.found) for f in reading.findings if f.code == "several-names"] == [
        (2, "1.护照费 2.签证费")
    ]
    assert "several-names" in codes(reading)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("自然人\n企业法人", 2),
        ("护照\n来往港澳通行证\n签注", 3),
        ("自然人\n 企业法人", 2),
        ("进入自然保护区从\n事有关活动审批", 0),
        ("市统\n计局", 0),
        ("甘草收购\n（含麻黄草）许可", 2),
        ("甘草（麻黄\n草收购许可证核发）", 0),
        ("科室、\n社会经济统计科", 0),
        ("自然人", 0),
        ("戊\n许可", 0),
    ],
)
def test_a_line_longer_than_the_one_above_was_not_broken_by_a_column(text: str, count: int) -> None:
    assert len(split_at_chosen_breaks(text)) == count


def test_joined_lines_that_no_column_broke_are_reported_in_every_field_of_names() -> None:
    header = ["序号", "事项名称", "权力类型", "承办机构", "通办范围", "备注"]
    rows: Rows = [
        header,
        [1, "甲许可", "行政许可", "法规科\n行政审批科", "全市\n跨省通办", "一\n二二二二"],
        [2, "乙许可", "行政许可", "政策法\n规科", "全市\n全省", ""],
    ]
    reading = read_workbook(xlsx(("Sheet1", rows)))
    found = [(f.row, f.column) for f in reading.findings if f.code == "several-names"]
    assert found == [(2, "D 承办机构"), (2, "E 通办范围")]
