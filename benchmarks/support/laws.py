"""The articles of China's laws, which lie beside the project, and a dataset for them."""

from __future__ import annotations

from pathlib import Path

from publisher.log.log import Log
from publisher.log.model import Dataset
from schemas.definition import file_loader
from schemas.definition.catalogue import Catalogue
from tests.support import shared_data

ARTICLES = ("laws", "articles.jsonl.gz")
"""Folder and file in the folder of shared data."""
NAME = "laws"
_CATALOGUE = Path(__file__).with_name("law-articles.json")


def data_path(*names: str) -> Path:
    """Path of a file or folder in ``shared/data`` beside the project, which may be missing."""
    return (shared_data.folder() or Path("shared", "data")).joinpath(*names)


def create_dataset(log: Log) -> Catalogue:
    """Initialise a site and create the dataset :data:`NAME` → its catalogue."""
    log.datasets.init_site("https://bench.example", "bench.example,2026-01-01")
    catalogue = file_loader.parse_catalogue(_CATALOGUE.read_text(encoding="utf-8"), where=str(_CATALOGUE))
    log.datasets.create(bench_dataset(NAME, catalogue), catalogue)
    return catalogue


def bench_dataset(name: str, catalogue: Catalogue) -> Dataset:
    """Describe a dataset whose texts mean nothing."""
    return Dataset(
        name=name,
        catalogue=catalogue.name,
        title="bench",
        title_en="bench",
        body="bench",
        division=None,
        licence="bench",
        contact="bench",
    )
