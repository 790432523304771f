"""Settings of datasets that tests create."""

from __future__ import annotations

from typing import Any

from publisher.log.log import Log
from publisher.log.model import Dataset
from schemas.definition.catalogue import Catalogue
from schemas.definition.file_loader import load_catalogue


def make_dataset(name: str, catalogue: str = "power-list", **settings: Any) -> Dataset:
    """Build the settings of a dataset of 示例市. ``settings``: those that differ."""
    defaults: dict[str, Any] = {
        "title": name,
        "title_en": name,
        "body": "示例市人民政府",
        "division": None,
        "licence": "CC0-1.0",
        "contact": "a@b.example",
    }
    return Dataset(name=name, catalogue=catalogue, **{**defaults, **settings})


def create_dataset(
    log: Log, name: str, catalogue: str | Catalogue = "power-list", **settings: Any
) -> Dataset:
    """Create a dataset. ``catalogue``: the name of one that ships, or another."""
    if isinstance(catalogue, str):
        catalogue = load_catalogue(catalogue)
    dataset = make_dataset(name, catalogue.name, **settings)
    log.datasets.create(dataset, catalogue)
    return dataset
