"""Parameters of the contract, described once for OpenAPI and docs/api.md."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from openapi.operation import Parameter
from publisher.web.query_parameters import DEFAULT_LIMIT, MAX_LIMIT


def text_filter(name: str, description: str, **schema: Any) -> Parameter:
    """Describe a filter of a list; ``schema`` adds to its JSON Schema."""
    return Parameter(name, description, {"type": "string", **schema})


DATASET = Parameter(
    "dataset",
    "数据集的名称，见 /v1/datasets / Name of the dataset",
    {"type": "string"},
    where="path",
    required=True,
    example="shili-power-list",
)
RECORD = Parameter(
    "record",
    "记录标识，长期不变，请勿解析其含义 / Id of the record: permanent; do not parse it",
    {"type": "string"},
    where="path",
    required=True,
)
NUMBER = Parameter(
    "number",
    "发布在数据集内的编号 / Number of the release in its dataset",
    {"type": "integer", "minimum": 1},
    where="path",
    required=True,
    example=1,
)
DIVISION = text_filter(
    "division",
    "数据集的行政区划代码，含其下级 / GB/T 2260 code of the dataset; a division includes those below it",
)
AS_OF = Parameter(
    "as_of",
    "该日（北京时间）有效的内容；默认今天 / What was in legal effect on that day (Asia/Shanghai); "
    "today by default",
    {"type": "string", "format": "date"},
    example="2015-12-01",
)
EFFECTIVE_BY = structs.replace(
    AS_OF,
    description="只含截至该日（北京时间）已生效的变化；默认包括将来生效的 / Only what had taken effect "
    "by that day (Asia/Shanghai); by default also what takes effect later",
)
"""``as_of`` of lists of changes."""
KNOWN_AT = Parameter(
    "known_at",
    "截至该时刻本站已发布的内容；默认此刻 / What this service had published by that instant; now by default",
    {"type": "string", "format": "date-time"},
    example="2026-01-01T00:00:00Z",
)
RELEASE = Parameter(
    "release",
    "某次发布时的状态，同时固定 as_of 与 known_at；不与 as_of、known_at 同用 / The state as of that release: "
    "pins both clocks, so it goes with neither as_of nor known_at",
    {"type": "integer", "minimum": 1},
    example=1,
)
FIELDS = Parameter(
    "fields",
    "只要这些字段，逗号分隔 / Only these fields of the content, comma-separated",
    {"type": "array", "items": {"type": "string"}},
)
SORT = Parameter(
    "sort",
    "按字段排序，前加 - 为降序，可多个，逗号分隔；listed 为清单原有顺序（后来新增的在后）；默认按名称 / "
    "Fields to sort by, comma-separated, - for descending; `listed` for the order of the list, later "
    "additions last; by title by default. Text sorts by code point",
    {"type": "array", "items": {"type": "string"}},
)
LIMIT = Parameter(
    "limit",
    "每页条数 / How many on a page",
    {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
)
CURSOR = Parameter(
    "cursor",
    "上一页 links.next 中的游标；请勿解析 / From links.next of the page before; opaque",
    {"type": "string"},
)
FACETS = Parameter(
    "facets",
    "统计这些字段的取值，逗号分隔 / Count the values of these fields, comma-separated",
    {"type": "array", "items": {"type": "string"}},
)
FILTERS = Parameter(
    "filters",
    "按字段筛选：`field=value`（同名参数为“或”关系，不同名参数为“且”关系），`field.gte=`、`.gt=`、`.lte=`、`.lt=`、"
    "`field.exists=true|false`；字段名见 schema，另有 part 与 status / Filter by field: repeat a name for "
    "or; different names must all hold. Field names are in the schema; part and status count as fields",
    {"type": "object", "additionalProperties": {"type": "string"}},
    free_form=True,
)
VIEW = (AS_OF, KNOWN_AT, RELEASE)

PROBLEMS = (
    "query-too-long",
    "invalid-parameters",
    "method-not-allowed",
    "not-acceptable",
    "internal-error",
    "store-unavailable",
)
"""Problems that every operation may return, in addition to its own."""
