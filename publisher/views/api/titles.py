"""What fields and their values are called for people: Chinese titles beside the machine's names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from publisher.views.api.answers import common
from schemas.definition.catalogue import Catalogue
from schemas.reference import administrative_divisions

COMMON: Mapping[str, str] = {
    "dataset": "数据集",
    "body": "机构",
    "type": "类型",
    "division": "行政区划",
    "year": "年份",
    "part": "报送部门",
    "status": "状态",
}
"""Facets that every record has, whatever its catalogue."""

_STATUS: Mapping[str, str] = {
    "current": "有效",
    "future": "尚未生效",
    "removed": "已取消",
    "withdrawn": "已撤回",
    "erased": "已删除",
}


_BOOLEAN: Mapping[str, str] = {"true": "是", "false": "否"}


def of_field(catalogue: Catalogue, name: str) -> str:
    field = catalogue.by_name.get(name)
    return field.title if field is not None else COMMON.get(name, name)


def facet(
    name: str,
    title: str,
    counts: Iterable[tuple[str, int]],
    *,
    datasets: Mapping[str, str] | None = None,
) -> common.Facet:
    """``datasets``: name → title, where the facet may be of datasets."""
    return common.Facet(
        field=name,
        title=title,
        values=tuple(
            common.FacetValue(
                value=administrative_divisions.full(value) if name == "division" else value,
                title=_of_value(name, value, datasets or {}),
                count=count,
            )
            for value, count in counts
        ),
    )


def _of_value(name: str, value: str, datasets: Mapping[str, str]) -> str:
    match name:
        case "dataset":
            return datasets.get(value, value)
        case "division":
            return administrative_divisions.name(value) or value
        case "status":
            return _STATUS.get(value, value)
        case _:
            return _BOOLEAN.get(value, value)
