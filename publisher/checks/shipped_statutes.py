"""The list of statutes that ships: repeals, and editions with hashes of their articles."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from schemas.definition.file_loader import load_catalogue

FOLDER = Path(__file__).parent
REPEALS = FOLDER / "statutes.csv"
EDITIONS = FOLDER / "statute_editions.csv.gz"
"""Written by ``scripts.statute_editions``."""


def read_shipped_statutes() -> bytes:
    """Return the list as one CSV file. An edition of which both files have a row is one row."""
    names = {field.title: field.name for field in load_catalogue("statutes").fields}
    editions: dict[tuple[str, str], dict[str, str]] = {}
    for file in (REPEALS.read_bytes(), gzip.decompress(EDITIONS.read_bytes())):
        for line in csv.DictReader(io.StringIO(file.decode())):
            row = {names[heading]: value for heading, value in line.items() if value}
            editions.setdefault((row["title"], row.get("version", "")), {}).update(row)
    return write_statutes(editions.values())


def write_statutes(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Write rows as CSV under the headings of the catalogue."""
    fields = load_catalogue("statutes").fields
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.title for field in fields)
    writer.writerows([row.get(field.name, "") for field in fields] for row in rows)
    return text.getvalue().encode()
