"""The articles of China's laws, which lie beside the project, and a dataset for them."""

from __future__ import annotations

from pathlib import Path

from publisher.log.log import Log
from schemas.definition import file_loader
from schemas.definition.catalogue import Catalogue
from tests.support import shared_data
from tests.support.datasets import create_dataset

ARTICLES = ("laws", "articles.jsonl.gz")
"""Folder and file in the folder of shared data."""
NAME = "laws"
_CATALOGUE = Path(__file__).with_name("law-articles.json")


def data_path(*names: str) -> Path:
    """Path of a file or folder in ``shared/data`` beside the project, which may be missing."""
    return (shared_data.folder() or Path("shared", "data")).joinpath(*names)


def create_law_dataset(log: Log) -> Catalogue:
    """Create the dataset :data:`NAME` → its catalogue."""
    catalogue = file_loader.parse_catalogue(_CATALOGUE.read_text(encoding="utf-8"), where=str(_CATALOGUE))
    create_dataset(log, NAME, catalogue)
    return catalogue
