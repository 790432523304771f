"""Forty rows with a fault that was put into them, twenty without, and the rows of published lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import pytest

from publisher.checks.bases.basis_missing import BasisMissing
from publisher.checks.bases.basis_superseded import BasisSuperseded
from publisher.checks.bases.basis_too_low import BasisTooLow
from publisher.checks.bases.rate_only import RateOnly
from publisher.checks.check import Check, CheckedRecord, Knowledge
from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue
from tests.support.shared_data import require

CHECKS: tuple[Check, ...] = (BasisMissing(), BasisTooLow(), BasisSuperseded(), RateOnly())
DAY = date(2026, 1, 1)
ANNUAL = "全国性及中央部门和单位行政事业性收费目录清单"
DOCUMENTS: tuple[dict[str, Any], ...] = (
    {"number": "财综〔2003〕901号", "title": "关于收费的通知", "ended_by": "财税〔2019〕1号"},
    {"number": "发改价格〔2004〕60号", "title": "关于证照的通知", "ended_by": "《收费管理办法》"},
    {"number": "示财综〔2010〕3号", "title": "示例市收费项目目录", "date_written": "2010-03-01"},
    {"number": "示财综〔2020〕8号", "title": "示例市收费项目目录（2020年版）", "date_written": "2020-03-01"},
    {"number": "财税〔2014〕101号", "title": f"关于公布2014年{ANNUAL}的通知", "date_written": "2014-10-01"},
    {"number": "财税〔2025〕7号", "title": f"关于公布2025年{ANNUAL}的通知", "date_written": "2025-02-01"},
    {"number": "财税〔2016〕11号", "title": "关于废止文件的通知", "date_written": "2016-02-01"},
)

type Row = tuple[str, dict[str, Any]]
"""Catalogue, content."""


def fee(*basis: str, **more: str) -> Row:
    return "fees", {"name": "证照工本费", "basis": list(basis), **more}


def fund(*basis: str) -> Row:
    return "government-funds", {"name": "河道基金", "basis": list(basis)}


def service(*basis: str) -> Row:
    return "intermediary-services", {"name": "安全评价", "basis": list(basis)}


def power(kind: str, basis: str) -> Row:
    return "power-list", {"name": "查验", "power_type": kind, "basis": basis}


MISSING = [
    *(fee(), fee(department="公安"), fee(level="中央"), fund(), ("government-funds", {"name": "附加"})),
    *(service(), ("intermediary-services", {"name": "检测", "approval": "施工许可"})),
    *(("pre-approvals", {"name": "典当行设立"}), power("行政许可", ""), power("行政处罚", "")),
]
TOO_LOW = [
    fee("鞍政发〔2016〕3号"),
    fee("沈政办发〔2012〕9号", "沈政发〔2015〕1号"),
    fee("《关于占道停车收费的通知》（杭政办〔2014〕7号）"),
    fund("晋财综〔2017〕20号"),
    fund("鞍政发〔2013〕6号", "辽财非〔2014〕2号"),
    service("鲁政办发〔2017〕4号"),
    service("国土资发〔2011〕5号", "合政办〔2016〕8号"),
    power("行政许可", "《关于加强弩管理的通知》（公治〔1999〕1646号）"),
    power("行政处罚", "1.鞍政发〔2018〕2号"),
    ("pre-approvals", {"name": "典当行设立", "basis": ["浙政发〔2012〕5号"]}),
]
SUPERSEDED = [
    fee("财综〔2003〕901号"),
    fee("财综[2003]901号", "财税〔2020〕9号"),
    fee("《关于收费的通知》（财综〔2003〕901号）"),
    fund("国发〔1992〕37号", "财综〔2003〕901号"),
    service("《安全生产法》第三十二条", "发改价格〔2004〕60号"),
    power("行政许可", "【规范性文件】发改价格〔2004〕60号第三条"),
    fee("示财综〔2010〕3号"),
    fund("示财综〔2010〕3号"),
    fee(f"《关于公布2014年{ANNUAL}的通知》（财税〔2014〕101号）"),
    power("行政征收", "财税〔2014〕101号"),
]
RATE = [
    fee("《关于证照收费标准的通知》（发改价格〔2010〕5号）"),
    fee("《关于核定考试费收费标准的批复》"),
    fee("《关于重新核定停车费收费标准的函》（示发改收费〔2019〕2号）"),
    fee("发改价格规〔2019〕1931号"),
    fee("发改价格规〔2020〕12号", "发改价格规〔2021〕1号"),
    fee("《关于降低证照收费标准的通知》", "发改价格规〔2019〕1931号"),
    fund("《关于调整河道基金征收标准的通知》（示财综〔2014〕9号）"),
    fund("《关于水利基金征收标准的通知》"),
    fee("《关于住院医疗收取标准的通知》（示价〔2009〕3号）"),
    fee("《关于检验费率的通知》"),
]
CLEAN = [
    fee("财综〔2004〕60号"),
    fee("〔1992〕价费字240号", "公通字〔2000〕99号"),
    fee("《幼儿园管理条例》", "发改价格〔2011〕3207号"),
    fee("示政发〔2018〕9号"),  # 代字 of no known place
    fee("青政发〔2018〕9号"),  # 青海 or 青岛
    fee("鞍政发〔2016〕3号", "《辽宁省收费条例》"),
    fee("鞍政发〔2016〕3号", "省物价局文件"),
    fee("鲁财综〔2016〕3号"),
    fee("计价格〔1999〕1074号", "陕价行发〔2009〕148号"),
    fee(parent_name="外国人证件费"),
    fee("鞍政发〔2016〕3号", parent_name="外国人证件费"),
    fee("《关于收费项目和收费标准的通知》（财综〔2009〕1号）"),
    fee("财税〔2025〕7号", "示财综〔2020〕8号"),
    fund("国发〔1992〕37号", "晋财综〔2017〕20号"),
    fund("《教育法》"),
    service("《安全生产法》第三十二条", "鲁政办发〔2017〕4号"),
    service("国办发〔2015〕31号"),
    power("公共服务", ""),
    power("行政许可", "《国务院对确需保留的行政审批项目设定行政许可的决定》（国务院令第412号）"),
    power("行政检查", "鞍政发〔2018〕2号"),
]


class Documents(Knowledge):
    """A list of documents that contains the made ones."""

    def find(self, catalogue: str, key: str) -> Sequence[CheckedRecord]:
        keys_of = BasisSuperseded.needs[catalogue]
        rows = (
            CheckedRecord("documents", f"d{n}", f"h{n}", load_catalogue("policies"), row)
            for n, row in enumerate(DOCUMENTS)
        )
        return [row for row in rows if key in keys_of(row.content)]


def codes(row: Row, day: date = DAY) -> list[str]:
    catalogue, content = row
    record = CheckedRecord("list", "r", "h", load_catalogue(catalogue), content)
    return [
        finding.code
        for check in CHECKS
        if check.concerns(record.catalogue)
        for finding in check.find_findings(record, Documents(), day)
    ]


@pytest.mark.parametrize(
    ("code", "rows"),
    [
        ("basis-missing", MISSING),
        ("basis-too-low", TOO_LOW),
        ("basis-superseded", SUPERSEDED),
        ("rate-only", RATE),
    ],
)
def test_each_row_with_a_fault_is_found(code: str, rows: Sequence[Row]) -> None:
    assert len(rows) == 10
    assert [(row, codes(row)) for row in rows if codes(row) != [code]] == []


def test_no_row_without_a_fault_is_found() -> None:
    assert len(CLEAN) == 20
    assert [(row, codes(row)) for row in CLEAN if codes(row)] == []


def test_documents_that_supersede_nothing_are_not_kept() -> None:
    keys_of = BasisSuperseded.needs["policies"]
    kept = [row["number"] for row in DOCUMENTS if list(keys_of(row))]
    assert kept == [row["number"] for row in DOCUMENTS[:-1]]


@pytest.mark.parametrize(
    ("row", "before", "since"),
    [
        (TOO_LOW[0], date(2004, 12, 31), date(2005, 1, 1)),
        (TOO_LOW[3], date(2010, 12, 31), date(2011, 1, 1)),
        (TOO_LOW[5], date(2015, 4, 26), date(2015, 4, 27)),
        (TOO_LOW[7], date(2004, 6, 30), date(2004, 7, 1)),
        (RATE[0], date(2004, 12, 31), date(2005, 1, 1)),
        (SUPERSEDED[6], date(2020, 2, 29), date(2020, 3, 1)),
    ],
)
def test_rules_and_later_lists_apply_from_their_day(row: Row, before: date, since: date) -> None:
    assert (codes(row, before), len(codes(row, since))) == ([], 1)
    stated = {day for check in CHECKS for day in check.days}
    assert since in stated or since == date(2020, 3, 1)  # a day of a record cuts by itself


def published_rows() -> Iterator[Row]:
    lists = {
        "fees": "fees",
        "government-funds": "government-funds",
        "intermediary-services": "intermediary-services",
        "pre-approvals": "pre-approval-2017",
    }
    for catalogue, folder in lists.items():
        for path in sorted(require(folder).iterdir()):
            reading = read_file(path.read_bytes(), name=path.name, catalogue=load_catalogue(catalogue))
            yield from ((catalogue, record.content) for record in reading.records)


@pytest.mark.shared
def test_no_row_of_a_published_list_is_found() -> None:
    rows = list(published_rows())
    assert len(rows) == 93
    assert [(row, codes(row)) for row in rows if codes(row)] == []
    for check in CHECKS:
        published = check.labelled_set
        assert published is not None
        assert (published.positives, published.negatives) == (10, len(rows) + len(CLEAN))
