"""Parameters of the full-text search, as the contract describes them."""

from __future__ import annotations

from msgspec import structs

from openapi.operation import Parameter
from publisher.views.api.parameter_docs import AS_OF, CURSOR, KNOWN_AT, LIMIT, RELEASE
from search import contract

MAX_HITS = 100
STATUSES: tuple[contract.Status, ...] = ("current", *contract.ENDED)

SEARCH_PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        "q",
        "搜索词：空格为“且”，引号内为词组，- 为“不含”，OR 或“或”表示任选其一，"
        "部门：、类型：、地区：、年份：、文号：等为筛选；另有筛选条件时可省略，列出全部符合的 / "
        "Search terms: a blank is and, quotes a phrase, - not, OR either; body:, type:, "
        "division:, year:, number: and any other facet filter. "
        "With a filter it may be left out: then everything that passes is listed",
        {"type": "string", "minLength": 1},
        example="食品经营许可",
    ),
    Parameter(
        "filters",
        "按 dataset、body、type、division、year 及清单自己的统计字段筛选；同名参数为“或”关系 / "
        "Filter by these facets or those of a catalogue; repeat a name for or",
        {"type": "object", "additionalProperties": {"type": "string"}},
        free_form=True,
    ),
    Parameter(
        contract.STATUS,
        "current 现行有效，removed 已移出清单，withdrawn 已撤回公布（只查名称）；同名参数为“或”关系 / "
        "In force, removed, or withdrawn (found by title only); repeat it for or",
        {"type": "string", "enum": list(STATUSES), "default": "current"},
    ),
    Parameter(
        "sort",
        "relevance 按相关度，date 从旧到新，-date 从新到旧 / Order of the hits",
        {"type": "string", "enum": ["relevance", "date", "-date"], "default": "relevance"},
    ),
    Parameter(
        "facets",
        "统计这些字段的取值，逗号分隔；已用于筛选的字段仍列出其他取值 / Count the values of these, "
        "comma-separated; one that is filtered by counts as if it were not",
        {"type": "array", "items": {"type": "string"}},
        example=["dataset", "body", "year"],
    ),
    structs.replace(LIMIT, schema={**LIMIT.schema, "maximum": MAX_HITS}),
    CURSOR,
    Parameter(
        "explain",
        "附每条结果的匹配说明 / Explain for each hit why it was found",
        {"type": "boolean", "default": False},
    ),
    AS_OF,
    KNOWN_AT,
    structs.replace(
        RELEASE,
        description="搜索某次发布时的状态；须以 dataset 指明一个数据集，不与 as_of、known_at 同用 / "
        "Search the state as of that release: needs one dataset=, and no as_of or known_at",
    ),
)
