"""Forms with one item per sheet."""

import io

import openpyxl

from tests.publisher.ingest.workbooks import Rows, codes, column, read_workbook, rows_left_out, xlsx

_FORM: Rows = [
    ["某局责任清单"],
    ["职权名称", "危险化学品经营许可", None, None],
    ["职权类型", "行政许可", "审核转报", "否"],
    ["职权编码", "0100123000", "法定主体", "某市应急管理局"],
    ["责任事项", "1.受理责任：公示应当提交的材料。", None, None],
    [None, "2.审查责任：按照标准审查。", None, None],
    ["录入人", "张三", None, None],
    ["备注：本表一式两份"],
]


def test_a_form_is_one_record_read_from_labels() -> None:
    reading = read_workbook(xlsx(("表一", _FORM), merged=["A1:D1", "B2:D2", "A5:A6"]), "responsibility-list")
    content = reading.records[0].content
    assert content["name"] == "危险化学品经营许可"
    assert content["power_type"] == "行政许可"
    assert content["forwarding"] == "否"
    assert content["code"] == "0100123000"
    assert content["actor"] == "某市应急管理局"
    assert content["responsibility"] == "1.受理责任：公示应当提交的材料。\n2.审查责任：按照标准审查。"
    assert reading.records[0].cells["actor"] == "D4"
    assert (1, "title") in rows_left_out(reading)


def test_every_row_of_a_form_is_the_records_own() -> None:
    reading = read_workbook(xlsx(("表一", _FORM[:6]), merged=["A1:D1"]), "responsibility-list")
    assert reading.records[0].rows == (2, 3, 4, 5, 6)
    assert reading.sheets[0].continuations == 4


def test_each_sheet_is_an_item_of_its_own() -> None:
    second = [["职权名称", "乙处罚"], ["职权类型", "行政处罚"], ["法定主体", "某局"]]
    reading = read_workbook(xlsx(("表一", _FORM), ("表二", second)), "responsibility-list")
    assert column(reading, "name") == ["危险化学品经营许可", "乙处罚"]
    assert [r.sheet for r in reading.records] == ["表一", "表二"]


def test_several_forms_may_stand_on_one_sheet() -> None:
    forms = [
        [label, value]
        for name in ("甲", "乙")
        for label, value in (("职权名称", name), ("职权类型", "行政许可"), ("法定主体", "某局"))
    ]
    reading = read_workbook(xlsx(("Sheet1", forms)), "responsibility-list")
    assert column(reading, "name") == ["甲", "乙"]
    assert [r.rows for r in reading.records] == [(1, 2, 3), (4, 5, 6)]


def test_labels_may_carry_their_value_after_a_colon() -> None:
    form = [["职权名称：甲许可"], ["职权类型：行政许可"], ["法定主体：某局"]]
    reading = read_workbook(xlsx(("Sheet1", form)), "responsibility-list")
    assert reading.records[0].content == {"name": "甲许可", "power_type": "行政许可", "actor": "某局"}


def test_who_filled_the_form_in_is_dropped_and_named() -> None:
    reading = read_workbook(xlsx(("表一", _FORM), merged=["A1:D1"]), "responsibility-list")
    assert reading.dropped_columns == ("录入人",)
    assert "personal-column" in codes(reading)
    assert "张三" not in repr(reading)


def test_a_hidden_column_of_a_form_is_named_and_not_quoted() -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx(("表一", [*_FORM[1:4], ["录入人", None, "张三"]]))))
    book.active.column_dimensions["C"].hidden = True
    book.save(out := io.BytesIO())
    reading = read_workbook(out.getvalue(), "responsibility-list")
    (finding,) = [f for f in reading.findings if f.code == "hidden-columns"]
    assert finding.message_zh.endswith("：C")


def test_a_label_of_no_field_beside_a_value_is_reported_and_not_joined_to_it() -> None:
    form: Rows = [
        ["职权名称", "甲许可", "职权类型", "行政许可"],
        ["法定主体", "某局", "监督科室", "法规科", "填表", "张三"],
        ["审批数量", "不限"],
        ["备注", "每日", "办理"],
    ]
    reading = read_workbook(xlsx(("Sheet1", form)), "responsibility-list")
    (record,) = reading.records
    assert (record.content["actor"], record.content["remark"]) == ("某局", "每日办理")
    assert record.unread == (("监督科室", "法规科"), ("填表", "张三"))
    assert [f.found for f in reading.findings if f.code == "unmapped-column"] == ["监督科室", "填表"]
    assert [f.found for f in reading.findings if f.code == "stray-text"] == ["审批数量 | 不限"]


def test_a_label_without_a_field_ends_the_value_above_also_with_its_value_in_the_cell() -> None:
    form: Rows = [
        ["一、职权名称：食品许可"],
        ["二、审批数量：无限制"],
        ["三、职权类型：行政许可"],
        ["四、法定主体：某局"],
        ["五、备注：网址：http://a.cn 9:00"],
        ["一、到窗口：见上"],
    ]
    reading = read_workbook(xlsx(("Sheet1", form)), "responsibility-list")
    content = reading.records[0].content
    assert content["name"] == "食品许可"
    assert "http://a.cn 9:00" in str(content["remark"])
    assert "一、到窗口：见上" in str(content["remark"])
    assert [f.found for f in reading.findings if f.code == "stray-text"] == ["二、审批数量：无限制"]


def test_items_beside_one_another_are_reported() -> None:
    rows: Rows = [
        ["职权名称", "甲许可", "乙许可"],
        ["实施依据", "《甲法》", "《乙法》"],
        ["法定主体", "甲局", "乙局"],
    ]
    reading = read_workbook(xlsx(("表一", rows)), "responsibility-list")
    assert [(f.row, f.found) for f in reading.findings if f.code == "several-names"] == [(1, "甲许可 乙许可")]


def test_two_telephone_numbers_beside_one_another_stay_two() -> None:
    rows: Rows = [
        ["职权名称", "甲许可", None],
        ["职权类型", "行政许可", None],
        ["法定主体", "某局", None],
        ["监督方式", "0412-5512345", "0412-5512346"],
    ]
    reading = read_workbook(xlsx(("表一", rows)), "responsibility-list")
    assert column(reading, "remedy") == ["0412-5512345\n0412-5512346"]
