"""A site with many features."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.support.site import new_site, publish
from publisher.log.model import DraftEntry
from tests.support.datasets import create_dataset

DATASET = "bench-items"
_SENTENCE = "行政相对人应当依照法律法规的规定提出申请，由有关部门依法受理审查决定。"


def contents(count: int, size: int) -> list[dict[str, Any]]:
    """Generate records of about ``size`` bytes, the same in every run."""
    draw = random.Random(8)
    records = []
    for number in range(count):
        text = "".join(draw.sample(_SENTENCE, len(_SENTENCE)))
        long = (text * (size // len(text.encode()) + 1)).encode()[:size].decode(errors="ignore")
        records.append(
            {"name": f"第{number:06}项", "power_type": draw.choice(["行政许可", "行政检查"]), "remark": long}
        )
    return records


def build(home: Path, base: str, records: Sequence[dict[str, Any]]) -> None:
    home.mkdir()
    log = new_site(home, base=base)
    create_dataset(log, DATASET, "power-list", division="210300")
    publish(log, DATASET, map(DraftEntry, records), date(2015, 1, 1))
    log.close()
