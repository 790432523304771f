"""A catalogue with places and every kind of field, and its records, which are the same in every run."""

from __future__ import annotations

import json
import random
from typing import Any

from schemas.definition.catalogue import Catalogue, Content
from schemas.definition.file_loader import parse_catalogue

PLACES = "service-halls"
SOURCE = json.dumps(
    {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "qingdan": {
            "name": "halls",
            "title": {"zh": "办事大厅", "en": "Service halls"},
            "item": "大厅",
            "description": "为测试而编。/ Made up for tests.",
            "identity": [["code"]],
            "title_field": "name",
        },
        "fields": [
            {
                "name": "code",
                "type": "string",
                "title": "编码",
                "description": "编码。/ Code.",
                "qingdan": {"title_en": "Code", "kind": "code"},
            },
            {
                "name": "name",
                "type": "string",
                "title": "名称",
                "description": "名称。/ Name.",
                "constraints": {"required": True},
                "qingdan": {"title_en": "Name", "searched": 5},
            },
            {
                "name": "kind",
                "type": "string",
                "title": "类别",
                "description": "类别。/ Kind.",
                "qingdan": {"title_en": "Kind", "facet": True},
            },
            {
                "name": "windows",
                "type": "integer",
                "title": "窗口数",
                "description": "窗口数。/ Windows.",
                "qingdan": {"title_en": "Windows"},
            },
            {
                "name": "opened",
                "type": "date",
                "title": "启用日期",
                "description": "启用日期。/ Opened on.",
                "qingdan": {"title_en": "Opened"},
            },
            {
                "name": "weekends",
                "type": "boolean",
                "title": "周末办公",
                "description": "周末办公。/ Open at weekends.",
                "qingdan": {"title_en": "Weekends"},
            },
            {
                "name": "services",
                "type": "array",
                "title": "事项",
                "description": "事项。/ Services.",
                "qingdan": {"title_en": "Services", "facet": True},
            },
            {
                "name": "longitude",
                "type": "number",
                "title": "经度",
                "description": "经度。/ Longitude.",
                "qingdan": {"title_en": "Longitude"},
            },
            {
                "name": "latitude",
                "type": "number",
                "title": "纬度",
                "description": "纬度。/ Latitude.",
                "qingdan": {"title_en": "Latitude"},
            },
            {
                "name": "remark",
                "type": "string",
                "title": "备注",
                "description": "备注。/ Remark.",
                "qingdan": {"title_en": "Remark", "searched": 1},
            },
        ],
    },
    ensure_ascii=False,
)
KINDS = ("政务服务中心", "便民服务站", "税务大厅", 'it\'s a "hall"', "100%_[a]*?\\")
SERVICES = ("社保", "不动产登记", "营业执照", "出入境")


def catalogue() -> Catalogue:
    return parse_catalogue(SOURCE, where="halls.json")


def halls(count: int, *, seed: int = 7) -> list[Content]:
    """Build halls; some fields are missing, and some halls have no place."""
    draw = random.Random(seed)
    contents: list[Content] = []
    for number in range(count):
        content: dict[str, Any] = {
            "code": f"H{number:06}",
            "name": f"{draw.choice('东西南北中')}{draw.choice(KINDS)}{number}",
            "kind": draw.choice(KINDS),
            "windows": draw.randrange(-2, 40),
            "opened": f"20{draw.randrange(10, 25)}-{draw.randrange(1, 13):02}-{draw.randrange(1, 29):02}",
            "weekends": draw.random() < 0.5,
            "services": draw.sample(SERVICES, draw.randrange(1, 4)),
            "longitude": f"{draw.uniform(122, 124):.5f}",
            "latitude": f"{draw.uniform(40, 42):.5f}",
            "remark": draw.choice(("<b>&amp;</b>", "甲乙丙", "Abc", "abc", "\U0001f3e2 楼")),
        }
        for name in ("kind", "windows", "opened", "weekends", "services", "remark", "longitude"):
            if draw.random() < 0.15:
                del content[name]
        contents.append(content)
    return contents
