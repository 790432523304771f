"""Budget of memory of a file that is read in the calling process: JSON Lines."""

from __future__ import annotations

from publisher.ingest.findings.files import TOO_LARGE
from publisher.ingest.findings.kind import Bilingual, Place
from publisher.ingest.parsed_file import UnreadableFile

MEMORY = 400 << 20
"""Bytes, as estimated; texts are limited by the size of the file."""
_RECORD, _VALUE, _FINDING = 1_000, 150, 1_200
"""Bytes of an object in memory without its texts; measured with 150,000 articles of laws."""


class ReadingBudget:
    """Counts what a reading keeps in memory."""

    def __init__(self, file: str) -> None:
        self._file, self._spent, self._findings = file, 0, 0

    def spend(self, record: int, values: int, findings: int) -> None:
        """Count a record. ``findings``: total so far. Raises ``UnreadableFile`` beyond the budget."""
        self._spent += _RECORD + _VALUE * values + _FINDING * (findings - self._findings)
        self._findings = findings
        if self._spent > MEMORY:
            detail = Bilingual(
                f"第{record}条时已超过 {MEMORY >> 20} MiB 内存，其中检查问题{findings}个",
                f"more than {MEMORY >> 20} MiB of memory at record {record}, with {findings} findings",
            )
            raise UnreadableFile(TOO_LARGE.at(Place(self._file, row=record), detail=detail))
