"""``docs/catalogues.md`` documents every key, kind and catalogue; the example of the guide is valid."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from schemas.definition import file_loader
from schemas.definition.catalogue import FieldFormat
from schemas.definition.file_loader import list_names, parse_catalogue

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "catalogues.md").read_text(encoding="utf-8")
GUIDE = (DOCS / "how-to" / "catalogue.md").read_text(encoding="utf-8")

KEYS = [
    *file_loader._CatalogueSection.__struct_fields__,
    *file_loader._FieldSection.__struct_fields__,
    *file_loader._Constraints.__struct_fields__,
    *(key for key in file_loader._Field.__struct_fields__ if key not in {"qingdan", "format"}),
]
KINDS = ["limit", "amount", *(kind for kind in get_args(FieldFormat) if kind != "default")]


@pytest.mark.parametrize("word", [*KEYS, *KINDS, *list_names()])
def test_the_page_documents_every_key_kind_and_catalogue(word: str) -> None:
    assert f"`{word}`" in PAGE


def test_the_example_of_the_guide_is_a_catalogue() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    assert parse_catalogue(example).name == "wells"
