"""Measure a check on data that were labelled by hand.

``python -m publisher.checks.evaluate basis-repealed LABELS.tsv FOLDER``: every statute with a repealed title
in the workbooks of the folder is a line of the labels (``file``, ``row``: number of the record from 0,
``field``, ``title``, ``role``). Those of the role ``basis`` should be found, those of the role ``mention``
should not, and nothing else should.

``python -m publisher.checks.evaluate cancelled-still-listed PAIRS.jsonl``: pairs of names, as
:mod:`publisher.checks.name_pairs` reads them.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from publisher.checks.basis_repealed import BasisRepealed, statute_key
from publisher.checks.cancelled_still_listed import CancelledStillListed
from publisher.checks.check import CheckedRecord, Knowledge
from publisher.checks.name_pairs import measure_pairs
from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue

STATUTES_FILE = Path(__file__).parent / "statutes.csv"
"""The list of repeals that ships."""
_DAY = date(2026, 1, 1)

type Place = tuple[str, int, str, str]
"""File, number of the record, field, title of the statute."""


@dataclass(frozen=True, slots=True)
class Measures:
    positives: int
    negatives: int
    precision: float
    recall: float
    missed: tuple[Place, ...]
    wrong: tuple[Place, ...]


class ShippedStatutes(Knowledge):
    """The list of repeals that ships, all of it in force."""

    def __init__(self) -> None:
        catalogue = load_catalogue("statutes")
        reading = read_file(STATUTES_FILE.read_bytes(), name=STATUTES_FILE.name, catalogue=catalogue)
        self._rows: dict[str, list[CheckedRecord]] = {}
        for number, entry in enumerate(reading.records):
            row = CheckedRecord("statutes", f"s{number}", "", catalogue, entry.content)
            self._rows.setdefault(statute_key(str(entry.content["title"])), []).append(row)

    def find(self, catalogue: str, key: str) -> Sequence[CheckedRecord]:
        return self._rows.get(key, ()) if catalogue == "statutes" else ()


def find_in_workbooks(folder: Path, day: date = _DAY) -> Iterator[Place]:
    """Yield every basis of the power lists of a folder that is repealed on the day."""
    catalogue, statutes, check = load_catalogue("power-list"), ShippedStatutes(), BasisRepealed()
    for path in sorted(folder.iterdir()):
        reading = read_file(path.read_bytes(), name=path.name, catalogue=catalogue)
        for number, entry in enumerate(reading.records):
            record = CheckedRecord("list", f"r{number}", "", catalogue, entry.content)
            for finding in check.applies(record, statutes, day):
                title = next(cite.text for cite in finding.cites if cite.role == "statute")
                yield path.name, number, finding.cites[0].field, title


def measure(labels: Path, folder: Path) -> Measures:
    with labels.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    places = {(row["file"], int(row["row"]), row["field"], row["title"]): row["role"] for row in rows}
    positives = {place for place, role in places.items() if role == "basis"}
    findings = set(find_in_workbooks(folder))
    right = len(findings & positives)
    return Measures(
        len(positives),
        len(places) - len(positives),
        right / len(findings) if findings else 1.0,
        right / len(positives) if positives else 1.0,
        tuple(sorted(positives - findings)),
        tuple(sorted(findings - positives)),
    )


if __name__ == "__main__":
    code, *paths = sys.argv[1:]
    files = [Path(path) for path in paths]
    measures = measure_pairs(*files) if code == CancelledStillListed.code else measure(*files)
    json.dump(asdict(measures), sys.stdout, ensure_ascii=False, indent=1)
