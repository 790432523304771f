"""Scope of search: the datasets, their facets, and the facets' names in queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from publisher.log.log import Log
from publisher.views.api import titles
from schemas.definition.catalogue import Catalogue, FieldType
from search.query.field_filters import NUMBER, FilterFields

_EVERYWHERE = ("dataset", "body", "type", "division", "year")
FIELD_ALIASES: Mapping[str, str] = {
    "部门": "body",
    "机构": "body",
    "单位": "body",
    "类型": "type",
    "清单": "dataset",
    "数据集": "dataset",
    "地区": "division",
    "区划": "division",
    "年份": "year",
    "年": "year",
    "文号": NUMBER,
    "发文字号": NUMBER,
    NUMBER: NUMBER,
}
"""Words before a colon in a query → field, in addition to the names and titles of facets."""


class SearchScope(msgspec.Struct, frozen=True):
    """Dataset → title, dataset → catalogue, and facet → title."""

    datasets: Mapping[str, str]
    catalogues: Mapping[str, Catalogue]
    facets: Mapping[str, str]

    def filters(self) -> dict[str, FieldType]:
        """Return the filter parameters."""
        return dict.fromkeys(self.facets, "string")

    def fields(self) -> FilterFields:
        """Return the fields that the text of a search may filter by, under each title that a list has."""
        names = {title: name for name, title in _own_facets(self.catalogues.values())}
        for name, title in self.facets.items():
            names |= {title: name, name: name}
        return FilterFields({**names, **FIELD_ALIASES}, {"dataset": self.datasets})


def make_search_scope(log: Log) -> SearchScope:
    datasets = log.datasets.all()
    catalogues = {dataset.name: log.queries.catalogue(dataset.name) for dataset in datasets}
    facets = {name: titles.COMMON[name] for name in _EVERYWHERE}
    for name, title in _own_facets(catalogues.values()):
        facets.setdefault(name, title)
    return SearchScope({d.name: d.title for d in datasets}, catalogues, facets)


def _own_facets(catalogues: Iterable[Catalogue]) -> Iterable[tuple[str, str]]:
    for catalogue in catalogues:
        for field in catalogue.fields:
            if field.facet and not field.personal:
                yield field.name, field.title
