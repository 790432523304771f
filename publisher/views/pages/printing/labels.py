"""The words of pages that several share: kinds of change, states, labels, counts. Chinese and English."""

from __future__ import annotations

import re
from collections.abc import Mapping

from publisher.views.pages.printing.page_request import Visit

_SLASH = re.compile(r"\s*/ (?=[A-Z])")

KINDS: Mapping[str, tuple[str, str]] = {
    "added": ("新增", "added"),
    "changed": ("调整", "changed"),
    "renamed": ("更名", "renamed"),
    "removed": ("取消", "removed"),
    "corrected": ("更正", "corrected"),
    "withdrawn": ("撤回", "withdrawn"),
    "erased": ("删除", "erased"),
}
STATUSES: Mapping[str, tuple[str, str]] = {
    "current": ("有效", "in force"),
    "future": ("尚未生效", "not yet in force"),
    "removed": ("已取消", "removed"),
    "withdrawn": ("已撤回", "withdrawn"),
    "erased": ("已依法删除", "erased"),
}
BOOLEANS: Mapping[str, tuple[str, str]] = {"true": ("是", "yes"), "false": ("否", "no")}
LABELS: Mapping[str, tuple[str, str]] = {
    "demo": ("演示数据", "demo data"),
    "partial": ("不完整", "partial"),
    "historic": ("历史版本", "historic"),
    "transcribed": ("转录", "transcribed"),
    "compiled": ("整理", "compiled"),
}
FACETS: Mapping[str, tuple[str, str]] = {
    "dataset": ("数据集", "Dataset"),
    "body": ("机构", "Body"),
    "type": ("类型", "Type"),
    "division": ("行政区划", "Area"),
    "year": ("年份", "Year"),
    "part": ("报送部门", "Handed in by"),
    "status": ("状态", "Status"),
}


def of(visit: Visit, table: Mapping[str, tuple[str, str]], name: str) -> str:
    """The word for ``name``; a name without one is shown itself."""
    return visit.t(*table[name]) if name in table else name


def half(visit: Visit, text: str) -> str:
    """The reader's half of a text in two languages, written ``中文 / English``."""
    halves = _SLASH.split(text, maxsplit=1)
    return halves[-1] if visit.lang == "en" else halves[0]


def counted(visit: Visit, counts: Mapping[str, int]) -> str:
    """新增 2 项、取消 1 项; empty where nothing of these kinds happened."""
    told = [(kind, counts[kind]) for kind in KINDS if counts.get(kind)]
    if visit.lang == "en":
        return ", ".join(f"{number:,} {KINDS[kind][1]}" for kind, number in told)
    return "、".join(f"{KINDS[kind][0]}{number:,}项" for kind, number in told)
