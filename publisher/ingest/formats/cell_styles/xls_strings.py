"""Strings of .xls files ([MS-XLS] 2.5.293, 2.5.294): format codes, and shared strings with several fonts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def read_unicode(body: bytes, offset: int) -> str:
    """Read a string with a length of two bytes and a byte of options."""
    count = int.from_bytes(body[offset : offset + 2], "little")
    wide = body[offset + 2] & 1
    raw = body[offset + 3 : offset + 3 + count * (1 + wide)]
    return raw.decode("utf-16-le" if wide else "latin-1", "replace")


class _Reader:
    """Reads over the borders of records. A string that continues in the next has a new byte of options."""

    def __init__(self, records: Sequence[bytes]) -> None:
        self._records = records
        self._record = 0
        self._offset = 0

    def read_bytes(self, count: int) -> bytes:
        parts = []
        while count:
            rest = self._records[self._record][self._offset : self._offset + count]
            if not rest:
                self._next_record()
                continue
            parts.append(rest)
            self._offset += len(rest)
            count -= len(rest)
        return b"".join(parts)

    def read_number(self, size: int) -> int:
        return int.from_bytes(self.read_bytes(size), "little")

    def read_characters(self, count: int, *, wide: bool) -> str:
        parts = []
        while count:
            size = 2 if wide else 1
            available = (len(self._records[self._record]) - self._offset) // size
            if available <= 0:
                self._next_record()
                wide = bool(self.read_number(1) & 1)
                continue
            part = min(count, available)
            parts.append(self.read_bytes(part * size).decode("utf-16-le" if wide else "latin-1", "replace"))
            count -= part
        return "".join(parts)

    def _next_record(self) -> None:
        self._record, self._offset = self._record + 1, 0
        if self._record >= len(self._records):
            raise EOFError


type Run = tuple[str, int | None]
"""A part of a text and its font; None for that of the cell."""


def rich_strings(records: Sequence[bytes]) -> Iterator[tuple[int, list[Run]]]:
    """Yield the index and the runs of each shared string that has several. Damage ends the list."""
    if not records:
        return
    reader = _Reader(records)
    try:
        reader.read_bytes(4)
        for index in range(reader.read_number(4)):
            if runs := _read_runs(reader):
                yield index, runs
    except EOFError:
        return


def _read_runs(reader: _Reader) -> list[Run]:
    count, options = reader.read_number(2), reader.read_number(1)
    runs = reader.read_number(2) if options & 8 else 0
    extra = reader.read_number(4) if options & 4 else 0
    text = reader.read_characters(count, wide=bool(options & 1))
    starts = [(reader.read_number(2), reader.read_number(2)) for _ in range(runs)]
    reader.read_bytes(extra)
    if not starts:
        return []
    ends = [*(start for start, _ in starts[1:]), len(text)]
    return [
        (text[: starts[0][0]], None),
        *((text[start:end], font) for (start, font), end in zip(starts, ends, strict=False)),
    ]
