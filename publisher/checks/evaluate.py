"""Measure a check on data that were labelled by hand.

``python -m publisher.checks.evaluate CHECK LABELS.tsv FOLDER``. A line of the labels is a place of the
workbooks of the folder (``file``, ``row``: number of the record from 0, ``field``, ``title``: see
:data:`LABELLED_CHECKS`) and its ``role``. Places of the role that the check looks for should be found. Those
of the role ``reworded`` may be found, and nothing else should.

``python -m publisher.checks.evaluate cancelled-still-listed PAIRS.jsonl``: pairs of names, as
:mod:`publisher.checks.name_pairs` reads them.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cache
from pathlib import Path

import msgspec
from msgspec import structs

from publisher.checks.article_moved import ArticleMoved
from publisher.checks.basis_repealed import BasisRepealed
from publisher.checks.cancelled_still_listed import CancelledStillListed
from publisher.checks.check import Check, CheckedRecord, Knowledge
from publisher.checks.known_statutes import STATUTES
from publisher.checks.labelled_sets import Measures
from publisher.checks.name_pairs import measure_pairs
from publisher.checks.shipped_statutes import REPEALS, read_shipped_statutes
from publisher.ingest.findings.kind import Finding
from publisher.ingest.read_file import read_file
from schemas.definition.catalogue import Content
from schemas.definition.file_loader import load_catalogue

_DAY = date(2026, 1, 1)
_EITHER = "reworded"

type Place = tuple[str, int, str, str]
"""File, number of the record, field, and what is labelled there."""


class LabelledCheck(msgspec.Struct, frozen=True):
    """A check with labels: the role that it looks for, and the titles in a finding that are labelled."""

    check: Check
    role: str
    titles: Callable[[Finding], list[str]]


def _titles_of_statutes(finding: Finding) -> list[str]:
    return [cite.text for cite in finding.cites if cite.role == "statute"]


def _titles_with_articles(finding: Finding) -> list[str]:
    (title,) = _titles_of_statutes(finding)
    return [f"{title}{cite.text}" for cite in finding.cites if cite.role.startswith("article")]


LABELLED_CHECKS = {
    "basis-repealed": LabelledCheck(BasisRepealed(), "basis", _titles_of_statutes),
    "article-moved": LabelledCheck(ArticleMoved(), "moved", _titles_with_articles),
}


@cache
def _read_shipped() -> tuple[Content, ...]:
    catalogue = load_catalogue(STATUTES)
    reading = read_file(read_shipped_statutes(), name=REPEALS.name, catalogue=catalogue)
    return tuple(record.content for record in reading.records)


class ShippedStatutes(Knowledge):
    """The list of statutes that ships, all of it in force, by the keys of a check."""

    def __init__(self, check: Check) -> None:
        self._rows: dict[str, list[CheckedRecord]] = {}
        for number, content in enumerate(_read_shipped()):
            row = CheckedRecord(STATUTES, f"s{number}", "", load_catalogue(STATUTES), content)
            for key in check.needs[STATUTES](content):
                self._rows.setdefault(key, []).append(row)

    def find(self, catalogue: str, key: str) -> Sequence[CheckedRecord]:
        return self._rows.get(key, ()) if catalogue == STATUTES else ()


def find_in_workbooks(check: LabelledCheck, folder: Path) -> Iterator[Place]:
    """Yield every place in the power lists of a folder at which the check has a finding."""
    catalogue, statutes = load_catalogue("power-list"), ShippedStatutes(check.check)
    for path in sorted(folder.iterdir()):
        reading = read_file(path.read_bytes(), name=path.name, catalogue=catalogue)
        for number, entry in enumerate(reading.records):
            record = CheckedRecord("list", f"r{number}", "", catalogue, entry.content)
            for finding in check.check.find_findings(record, statutes, _DAY):
                for title in check.titles(finding):
                    yield path.name, number, finding.cites[0].field, title


def measure(code: str, labels: Path, folder: Path) -> Measures[Place]:
    """Measure a check. Precision counts all findings; those of the role ``reworded`` are right."""
    with labels.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    roles = {(row["file"], int(row["row"]), row["field"], row["title"]): row["role"] for row in rows}
    positives = {place for place, role in roles.items() if role == LABELLED_CHECKS[code].role}
    findings = set(find_in_workbooks(LABELLED_CHECKS[code], folder))
    right = {place for place in findings if place in positives or roles.get(place) == _EITHER}
    return Measures(
        len(positives),
        sum(role not in {LABELLED_CHECKS[code].role, _EITHER} for role in roles.values()),
        len(right) / len(findings) if findings else 1.0,
        len(findings & positives) / len(positives) if positives else 1.0,
        tuple(sorted(positives - findings)),
        tuple(sorted(findings - right)),
    )


if __name__ == "__main__":
    code, *paths = sys.argv[1:]
    files = [Path(path) for path in paths]
    is_of_names = code == CancelledStillListed.code
    measures = structs.asdict(measure_pairs(*files)) if is_of_names else structs.asdict(measure(code, *files))
    json.dump(measures, sys.stdout, ensure_ascii=False, indent=1)
