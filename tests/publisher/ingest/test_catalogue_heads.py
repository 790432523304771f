"""Heads of real lists, each read with its catalogue: every column is known, and values have their types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from publisher.ingest.read_file import read_file
from schemas.definition.catalogue import Json
from schemas.definition.file_loader import load_catalogue
from tests.publisher.ingest.workbooks import csv_bytes, read_workbook

HEADS: Mapping[str, tuple[Sequence[str], Sequence[str], Mapping[str, Json]]] = {
    "licence-items": (
        ["序号", "中央主管部门", "许可事项名称", "实施机关", "设定和实施依据"],
        ["1", "国家甲委", "甲许可", "示例市甲委（初审）；示例市甲局", "《甲法》第一条"],
        {"central_body": "国家甲委", "name": "甲许可", "actor": "示例市甲委（初审）；示例市甲局"},
    ),
    "service-guides": (
        [
            *(
                "事项名称",
                "基本编码",
                "实施编码",
                "事项类型",
                "事项版本",
                "事项状态",
                "设定依据",
                "权力来源",
                "行使层级",
            ),
            *(
                "实施主体",
                "实施主体编码",
                "法定办结时限",
                "法定办结时限说明",
                "承诺办结时限",
                "受理条件",
                "申请材料",
            ),
            *(
                "办理流程",
                "办件类型",
                "办理形式",
                "到办事现场次数",
                "是否收费",
                "收费标准",
                "收费依据",
                "服务对象",
            ),
            *(
                "通办范围",
                "办理地点",
                "办理时间",
                "咨询方式",
                "监督投诉方式",
                "在线办理地址",
                "计划生效日期",
                "计划取消日期",
            ),
            *("业务指导部门", "是否允许减免", "减免依据", "业务办理项名称"),
        ][:-1],
        [
            *(
                "甲许可",
                "000121001000",
                "11210000MB1234567A4210000001000",
                "行政许可",
                "3",
                "在用",
                "《甲法》",
                "法定本级行使",
            ),
            *(
                "3",
                "示例市局",
                "11210000MB1234567A",
                "15日",
                "自受理之日起",
                "5个工作日",
                "符合条件",
                "申请表",
                "受理、审查",
            ),
            *(
                "承诺件",
                "窗口办理",
                "1",
                "是",
                "10元/证",
                "《收费办法》",
                "企业法人",
                "全市",
                "示例路1号",
                "工作日",
            ),
            *(
                "0412-1234567",
                "0412-7654321",
                "https://zwfw.example.gov.cn/1",
                "2026-01-01",
                "2030年1月1日",
                "省甲厅",
            ),
            *("否", "无"),
        ],
        {
            "implementation_code": "11210000MB1234567A4210000001000",
            "level": "市级",
            "statutory_limit": {"value": 15, "unit": "工作日"},
            "promised_limit": {"value": 5, "unit": "工作日"},
            "visits": 1,
            "fee_amount": {"amount": "10", "unit": "元/证"},
            "cancelled_on": "2030-01-01",
        },
    ),
    "spot-checks": (
        [
            *(
                "编号",
                "抽查事项名称",
                "抽查子项",
                "抽查依据",
                "抽查主体",
                "抽查对象",
                "抽查比例",
                "抽查频次",
                "抽查方式",
            ),
            *("检查人员要求", "备注"),
        ],
        [
            "1",
            "甲检查",
            "甲子项",
            "《甲条例》第三十二条",
            "市公安局",
            "甲企业",
            "5%",
            "每年1次",
            "现场检查",
            "两人以上",
            "",
        ],
        {"number": "1", "share": "5%", "frequency": "每年1次"},
    ),
    "discretion-standards": (
        ["序号", "违法行为", "处罚依据", "裁量阶次", "适用条件", "裁量标准", "备注"],
        ["1", "未取得许可经营", "《甲法》第十条", "较轻", "货值不足一万元", "1-2万元", ""],
        {"grade": "较轻", "amount": {"amount": "10000", "unit": "元", "most": "20000", "kind": "range"}},
    ),
    "investment-approvals": (
        [
            "序号",
            "核准事项",
            "核准机关",
            "核准权限",
            "设定依据",
            "强制性中介服务事项",
            "中介服务设定依据",
            "办理时限",
        ],
        [
            "1",
            "甲项目核准",
            "示例市发展改革委",
            "总投资一亿元以下",
            "《甲目录》",
            "节能评估",
            "《节约能源法》",
            "20个工作日",
        ],
        {"service": "节能评估", "promised_limit": {"value": 20, "unit": "工作日"}},
    ),
    "support-policies": (
        [
            "序号",
            "政策名称",
            "文号",
            "扶持对象",
            "申请条件",
            "扶持方式",
            "扶持标准",
            "申请期限",
            "主管部门",
            "联系电话",
        ],
        [
            "1",
            "甲补贴",
            "示政发〔2026〕1号",
            "小微企业",
            "在本市登记",
            "补贴",
            "每户5000元",
            "每年3月",
            "示例市局",
            "0412-1",
        ],
        {"number": "示政发〔2026〕1号", "amount": {"amount": "5000", "unit": "元/户"}},
    ),
    "support-recipients": (
        [
            "序号",
            "企业名称",
            "统一社会信用代码",
            "法定代表人",
            "扶持政策",
            "扶持金额",
            "实施部门",
            "享受日期",
        ],
        ["1", "示例甲公司", "91210300MA0000000X", "某某", "甲补贴", "5万元", "示例市局", "2026-01-02"],
        {"amount": {"amount": "50000", "unit": "元"}, "received_on": "2026-01-02"},
    ),
}


@pytest.mark.parametrize("name", HEADS)
def test_each_head_is_known_and_values_have_their_types(name: str) -> None:
    heads, row, expected = HEADS[name]
    assert len(heads) == len(row)
    reading = read_workbook(csv_bytes(heads, row), name)
    assert {f.code for f in reading.findings} <= {"personal-column"}
    (record,) = reading.records
    assert {key: record.content.get(key) for key in expected} == expected
    catalogue = load_catalogue(name)
    assert record.content[catalogue.title_field]
    assert not {f.name for f in catalogue.fields if f.personal} & record.content.keys()


def test_a_recipient_without_a_code_is_no_enterprise_and_is_refused() -> None:
    rows = (["企业名称", "统一社会信用代码", "扶持金额"], ["某某", "", "5000元"])
    reading = read_workbook(csv_bytes(*rows), "support-recipients")
    assert [(f.code, f.row) for f in reading.findings if f.severity == "error"] == [("required-missing", 2)]
    assert reading.records[0].in_error


GUIDE = """<html><body><h1>甲许可服务指南</h1>
<h2>一、事项名称</h2><p>甲许可（新办）</p><h2>二、事项类型</h2><p>行政许可</p>
<h2>三、设定依据</h2><p>《甲法》第十六条</p><p>《甲条例》第六条</p><h2>四、实施机关</h2><p>示例市局</p>
<h2>五、法定办结时限</h2><p>20日</p><h2>六、审批数量</h2><p>无数量限制</p><h2>七、申请材料</h2><p>1.申请表</p><p>2.证明</p>
<h2>二十二、咨询服务</h2><p>0412-1234567</p></body></html>"""


@pytest.mark.parametrize("form", ["html", "txt"])
def test_a_page_of_numbered_labels_is_one_guide(form: str) -> None:
    text = (
        GUIDE if form == "html" else GUIDE.replace("</p>", "\n").replace("</h1>", "\n").replace("</h2>", "\n")
    )
    if form == "txt":
        for tag in ("<html><body>", "</body></html>", "<h1>", "<h2>", "<p>"):
            text = text.replace(tag, "")
    reading = read_file(text.encode(), name=f"甲.{form}", catalogue=load_catalogue("service-guides"))
    (record,) = reading.records
    assert record.content == {
        "name": "甲许可（新办）",
        "item_type": "行政许可",
        "basis": "《甲法》第十六条\n《甲条例》第六条",
        "actor": "示例市局",
        "statutory_limit": {"value": 20, "unit": "工作日"},
        "materials": "1.申请表\n2.证明",
        "consultation": "0412-1234567",
    }
    assert [f.found for f in reading.findings] == ["六、审批数量"]
    assert reading.rows == len(record.rows) + len(reading.left_out)
