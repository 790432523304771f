"""A log with values that file formats damage: formulas, commas, newlines, exact numbers, days, lists."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from publisher.log.log import Log
from publisher.log.model import DraftEntry, View
from publisher.views.exports import write_state
from publisher.views.exports.formats import FILE_FORMATS
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.log import catalogue, entry, fees_dataset, field, release

TYPED: tuple[dict[str, Any], ...] = (
    {"name": "amount", "title": "金额", "type": "number"},
    {"name": "begins", "title": "起始", "type": "date"},
    {"name": "open", "title": "公开", "type": "boolean"},
    {"name": "bases", "title": "依据", "type": "array"},
    {"name": "time", "title": "时限", "type": "object", "kind": "limit"},
    {"name": "charge", "title": "收费", "type": "object", "kind": "amount"},
    {"name": "files", "title": "附件", "type": "array", "kind": "files"},
)
NASTY = '=HYPERLINK("http://evil.example","点我"),\n第二行'


def entries() -> list[DraftEntry]:
    full = {
        "amount": "-12345678901234567.89",
        "begins": "2015-12-01",
        "open": True,
        "bases": ["《行政许可法》", "鞍政发〔2015〕34号"],
        "time": {"value": 20, "unit": "工作日"},
        "charge": {"amount": "3.50", "unit": "元/份"},
        "files": [
            {"name": "细则", "url": "https://a.example/1.pdf", "size": 12, "sha256": "0" * 64},
            {"name": "表"},
        ],
        "rate": -5,
    }
    texts = ["+1+1", "-2+3", "@SUM(A1)", "\t=1", "＝1+1", NASTY, "=1+1", "危险化学品“许可”, 一"]
    return [
        entry("城市基础设施配套费", "正常", cells="a", **full),
        *(entry(f"项目{n}", text, cells=str(n), kind="𠮷") for n, text in enumerate(texts)),
    ]


def typed_fields() -> tuple[Any, ...]:
    definitions = []
    for column in TYPED:
        definition = field(column["name"], column["title"], column["type"])
        if "kind" in column:
            definition["qingdan"]["kind"] = column["kind"]
        definitions.append(definition)
    return tuple(definitions)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    log = Log.open(sqlite.new(tmp_path / "qingdan.db"), sources=tmp_path / "sources", clock=Clock())
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    dataset, _ = fees_dataset()
    log.datasets.create(dataset, catalogue(fields=typed_fields()))
    release(log, *entries(), on=date(2015, 1, 1))
    yield log
    log.close()


def export_file(log: Log, form: str, folder: Path, lang: Any = "zh", view: View = View(release=1)) -> Path:  # noqa: B008 - frozen
    path = folder / f"out.{FILE_FORMATS[form].suffix}"
    path.unlink(missing_ok=True)
    write_state.state_writer(log, write_state.describe_state(log, "fees", view, lang), FILE_FORMATS[form])(
        path
    )
    return path
