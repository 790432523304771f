"""Columns of Parquet files keep their types unless one value does not fit."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from publisher.log.log import Log
from publisher.log.model import View
from publisher.views.exports import parquet, write_state
from tests.support.log import LATE, entry, put_workbook, stage


@pytest.mark.slow
@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("standard", 5, "5"),
        ("rate", "many", "many"),
        ("rate", 2**70, str(2**70)),
        ("rate", True, "true"),
        ("amount", "1e40", "1e40"),
        ("amount", "NaN", "NaN"),
        ("amount", "１", "１"),
        ("amount", "1_0", "1_0"),
        ("open", "yes", "yes"),
        ("begins", "2015-13-01", "2015-13-01"),
        ("begins", "20151201", "20151201"),
        ("bases", ["鞍政发〔2015〕34号", 1], '["鞍政发〔2015〕34号",1]'),
        ("time", {"value": "x"}, '{"value":"x"}'),
        ("files", [{"name": "细则", "size": "大"}], '[{"name":"细则","size":"大"}]'),
        ("files", ["细则"], '["细则"]'),
        ("charge", {"amount": 3, "unit": "元"}, '{"amount":3,"unit":"元"}'),
    ],
)
def test_a_value_of_another_type_makes_its_column_text_and_no_other(
    log: Log, tmp_path: Path, field: str, value: Any, text: str
) -> None:
    rows = list(log.queries.whole_state("fees", View()))
    content = json.dumps({"name": "奇", field: value}, ensure_ascii=False).encode()
    odd = rows[0]._replace(id="odd", content=content)
    about = write_state.describe_state(log, "fees", View())
    parquet.write_parquet(tmp_path / "plain.parquet", about, lambda: iter(rows))
    parquet.write_parquet(tmp_path / "odd.parquet", about, lambda: iter([*rows, odd]))
    plain, changed = (pq.read_table(tmp_path / f"{name}.parquet") for name in ("plain", "odd"))
    kinds = dict(zip(plain.schema.names, plain.schema.types, strict=True))
    assert dict(zip(changed.schema.names, changed.schema.types, strict=True)) == kinds | {field: pa.string()}
    assert changed.column(field).to_pylist()[-1] == text


def test_an_amount_keeps_its_range_its_bound_and_what_it_is_a_rate_of(log: Log, tmp_path: Path) -> None:
    rows = list(log.queries.whole_state("fees", View()))
    amounts = [
        {"amount": "0.5", "unit": "元", "most": "1", "kind": "range"},
        {"amount": "2", "unit": "‰", "of": "合同额", "kind": "ceiling"},
    ]
    contents = [json.dumps({"charge": amount}, ensure_ascii=False).encode() for amount in amounts]
    changed = [rows[0]._replace(id=str(n), content=content) for n, content in enumerate(contents)]
    about = write_state.describe_state(log, "fees", View())
    parquet.write_parquet(tmp_path / "amounts.parquet", about, lambda: iter(changed))
    blank = dict.fromkeys(("most", "of", "kind"))
    exact = [
        {key: Decimal(part) if key in ("amount", "most") else part for key, part in amount.items()}
        for amount in amounts
    ]
    column = pq.read_table(tmp_path / "amounts.parquet").column("charge")
    assert column.to_pylist() == [blank | amount for amount in exact]


def test_every_source_file_of_a_release_is_in_the_metadata(log: Log, tmp_path: Path) -> None:
    stage(log, entry("丙"), part="财政局")
    log.drafts.stage(
        "fees",
        [entry("丁")],
        part="民政局",
        source=put_workbook(log, "another workbook"),
        parser_version="test 1",
    )
    published = log.releases.publish("fees", effective_on=LATE)
    assert published is not None
    about = write_state.describe_state(log, "fees", View(release=published.number))
    parquet.write_parquet(tmp_path / "facts.parquet", about, lambda: iter(()))
    metadata = pq.read_table(tmp_path / "facts.parquet").schema.metadata
    lines = metadata["原始文件 Source file".encode()].decode().splitlines()
    assert sorted(line.partition(" (")[0] for line in lines) == ["a workbook.xls", "another workbook.xls"]
