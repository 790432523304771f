"""Knowledge of tests: rows of other lists by key, and what a record was before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from publisher.checks.check import Check, CheckedRecord, Knowledge
from schemas.definition.catalogue import Content
from schemas.definition.file_loader import load_catalogue


class Known(Knowledge):
    """``rows``: (catalogue, key) → contents. ``before``: earlier contents of the record, newest first."""

    def __init__(
        self, rows: Mapping[tuple[str, str], Sequence[Content]] | None = None, before: Sequence[Content] = ()
    ) -> None:
        self._rows, self._before = rows or {}, before

    def find(self, catalogue: str, key: str) -> Sequence[CheckedRecord]:
        contents = self._rows.get((catalogue, key), ())
        return [make_record(content, catalogue, f"{key}{n}") for n, content in enumerate(contents)]

    def earlier(self, record: CheckedRecord) -> Sequence[CheckedRecord]:
        return [
            CheckedRecord(record.dataset, record.id, f"before{n}", record.catalogue, content)
            for n, content in enumerate(self._before)
        ]


class KnownStatutes(Knowledge):
    """Rows of the list of statutes, found by the keys of a check. Ids: ``s0``, ``s1`` and so on."""

    def __init__(self, check: type[Check], rows: Sequence[Content]) -> None:
        statutes = load_catalogue("statutes")
        self._keys_of = check.needs["statutes"]
        self._rows = [
            CheckedRecord("statutes", f"s{n}", f"hash{n}", statutes, row) for n, row in enumerate(rows)
        ]

    def find(self, catalogue: str, key: str) -> Sequence[CheckedRecord]:
        assert catalogue == "statutes"
        return [row for row in self._rows if key in self._keys_of(row.content)]


def make_record(content: Content, catalogue: str = "power-list", name: str = "own") -> CheckedRecord:
    return CheckedRecord(catalogue, name, f"hash-{name}", load_catalogue(catalogue), content)
