"""Budget of memory of a file that is read in the calling process: JSON Lines."""

from __future__ import annotations

from publisher.ingest.findings.files import TOO_LARGE
from publisher.ingest.findings.kind import Bilingual, Place
from publisher.ingest.parsed_file import UnreadableFile

MEMORY = 400 << 20
"""Bytes, as estimated; texts are limited by the size of the file."""
_RECORD, _VALUE, _FINDING, _KEY = 1_000, 150, 1_200, 1_000
"""Bytes of an object in memory without its texts; measured with 150,000 articles of laws."""


class ReadingBudget:
    """Counts what a reading keeps in memory."""

    def __init__(self, file: str) -> None:
        self._file, self._spent = file, 0

    def spend(self, record: int, values: int, findings: int, keys: int) -> None:
        """Count a record. ``findings`` and ``keys``: totals so far; a key becomes a column with a finding.

        Raises ``UnreadableFile`` beyond the budget.
        """
        self._spent += _RECORD + _VALUE * values
        if self._spent + _FINDING * findings + _KEY * keys > MEMORY:
            detail = Bilingual(
                f"第{record}条时已超过 {MEMORY >> 20} MiB 内存，其中检查问题{findings}个、不同的列名{keys}个",
                f"more than {MEMORY >> 20} MiB of memory at record {record}, with {findings} findings "
                f"and {keys} different keys",
            )
            raise UnreadableFile(TOO_LARGE.at(Place(self._file, row=record), detail=detail))
