"""Structs of the kinds of list."""

from __future__ import annotations

from publisher.views.api.answers.common import Answer


class SchemaAddresses(Answer, frozen=True, kw_only=True):
    table_schema: str
    json_schema: str


class SchemaItem(Answer, frozen=True, kw_only=True):
    """一种清单类型的定义。/ The definition of one kind of list."""

    name: str
    title: str
    title_en: str
    digest: str
    """SHA-256 of the catalogue file. It changes when the schema does."""
    datasets: tuple[str, ...]
    links: SchemaAddresses


class Schemas(Answer, frozen=True, kw_only=True):
    """全部清单类型。/ All kinds of list that this service knows."""

    schemas: tuple[SchemaItem, ...]
