"""An edit by hand has the values that an import of the same texts would have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest

from publisher.log.log import Log
from publisher.log.model import RecordQuery
from publisher.workflow.amendment_previews import preview_edit
from publisher.workflow.import_files import InputFile, import_files
from schemas.definition.catalogue import Content
from tests.support.clock import Clock
from tests.support.datasets import create_dataset

FEES = "收费项目,执收部门,收费标准,设定依据\n护照费,公安局,200元/本,《甲法》第一条\n"
POWERS = "事项名称,权力类型,法定办结时限,设定依据\n护照,行政许可,20日,《甲法》第一条\n"


@pytest.fixture
def log(url: str, tmp_path: Path, clock: Clock) -> Iterator[Log]:
    log = Log.open(url, sources=tmp_path / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2020-01-01")
    yield log
    log.close()


def edit(log: Log, catalogue: str, table: str, texts: Mapping[str, str]) -> Content:
    """Publish a table of one row and preview an edit → content after it."""
    create_dataset(log, catalogue, catalogue)
    import_files(log, catalogue, [InputFile("清单.csv", table.encode())])
    log.releases.publish(catalogue, effective_on=date(2015, 1, 1), basis="示政发〔2015〕1号")
    (record,) = log.queries.records(catalogue, RecordQuery()).records
    return preview_edit(log, catalogue, record.id, texts, kind="corrected").content


@pytest.mark.slow
@pytest.mark.parametrize(
    ("texts", "amount"),
    [
        ({"standard": "300元/本"}, {"amount": "300", "unit": "元/本"}),
        ({"standard": "按规定执行"}, None),
        ({"standard": "300元/本", "amount": "310元/本"}, {"amount": "310", "unit": "元/本"}),
        ({"amount": "310元/本"}, {"amount": "310", "unit": "元/本"}),
        ({"name": "护照收费"}, {"amount": "200", "unit": "元/本"}),
    ],
)
def test_an_amount_is_derived_again_from_the_text(
    log: Log, texts: Mapping[str, str], amount: Content | None
) -> None:
    assert edit(log, "fees", FEES, texts).get("amount") == amount


def test_an_amount_that_differs_from_the_text_stays(log: Log) -> None:
    table = FEES.replace("设定依据", "设定依据,金额").replace("第一条", "第一条,150元/本")
    assert edit(log, "fees", table, {"standard": "300元/本"})["amount"] == {"amount": "150", "unit": "元/本"}


def test_the_days_of_a_licence_are_working_days(log: Log) -> None:
    content = edit(log, "power-list", POWERS, {"statutory_limit": "15日"})
    assert content["statutory_limit"] == {"value": 15, "unit": "工作日"}
