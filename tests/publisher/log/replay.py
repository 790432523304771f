"""A simple model of the log: the state of every day, after every release.

It shares nothing with the log: a table of days for each record, copied in full at each release.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from itertools import count

DAYS = 10
"""Days 0 … 9 of the tests' calendar; the state of the last day is permanent."""


@dataclass(frozen=True)
class Cell:
    """State of a record on one day. A removal and a withdrawal keep ``text``, as in the log."""

    status: str
    revision: int
    text: str


type Table = dict[str, list[Cell | None]]


@dataclass(frozen=True)
class File:
    """A file, stated from the day ``first`` to before the day ``last`` by a release."""

    first: int
    last: int
    release: int


@dataclass
class Replay:
    """Model of one dataset in two parts; the part of a record is the first letter of its name."""

    table: Table = field(default_factory=dict)
    after: list[Table] = field(default_factory=list)
    files: dict[str, list[File]] = field(default_factory=lambda: {"A": [], "B": []})
    """Part → its files, the newest last."""
    _revisions: count[int] = field(default_factory=lambda: count(1))

    def boundary(self, part: str, day: int) -> int | None:
        """First later day on which the part's state is stated or changes."""
        files = self.files[part]
        days = [
            file.first
            for n, file in enumerate(files)
            if file.first > day and not any(f.first <= file.first < f.last for f in files[n + 1 :])
        ]
        for name, cells in self.table.items():
            if name[0] == part:
                days += [d for d in range(day + 1, DAYS) if cells[d] != cells[d - 1]]
        return min(days, default=None)

    def publish(self, part: str, rows: dict[str, str], day: int, end: int) -> bool:
        """Replace the days from ``day`` up to ``end`` by a file → whether anything changed."""
        new = copy.deepcopy(self.table)
        for name, text in rows.items():
            self._state_days(new.setdefault(name, [None] * DAYS), text, day, end)
        for name, cells in new.items():
            if name[0] == part and name not in rows:
                self._remove(cells, day, end)
        if new == self.table:
            return False
        self.files[part].append(File(day, end, len(self.after)))
        self._release(new)
        return True

    def _state_days(self, cells: list[Cell | None], text: str, day: int, end: int) -> None:
        here = cells[day]
        if here is not None and here.status == "withdrawn" and here.text == text:
            return
        same = here is not None and here.status == "current" and here.text == text
        revision = here.revision if same and here is not None else next(self._revisions)
        if same and all(c == here for c in cells[day:end]):
            return
        cells[day:end] = [Cell("current", revision, text)] * (end - day)
        for d in range(end, DAYS):
            if cells[d] is not None:
                break
            cells[d] = Cell("removed", revision, text)

    def _remove(self, cells: list[Cell | None], day: int, end: int) -> None:
        """Remove records that are in force or future in these days; withdrawn ones stay withdrawn."""
        current = [c for c in cells[day:end] if c is not None and c.status == "current"]
        if current:
            removed = Cell("removed", current[0].revision, current[0].text)
            cells[day:end] = [removed] * (end - day)

    def day_to_amend(self, name: str, today: int) -> int | None:
        """Day whose value a correction or a withdrawal changes."""
        cells = self.table[name]
        stated = [d for d, c in enumerate(cells) if c is not None and c.status == "current"]
        if not stated:
            return None
        if today in stated:
            return today
        future = [d for d in stated if d > today]
        return future[0] if future else stated[-1]

    def correct(self, name: str, text: str, today: int) -> bool:
        day = self.day_to_amend(name, today)
        assert day is not None
        new = copy.deepcopy(self.table)
        cells = new[name]
        value = cells[day]
        assert value is not None
        if value.text == text:
            return False
        first, last = day, day + 1
        while first > 0 and cells[first - 1] == value:
            first -= 1
        while last < DAYS and cells[last] == value:
            last += 1
        cells[first:last] = [Cell("current", next(self._revisions), text)] * (last - first)
        self._release(new)
        return True

    def withdraw(self, name: str, today: int) -> None:
        day = self.day_to_amend(name, today)
        assert day is not None
        new = copy.deepcopy(self.table)
        cells = new[name]
        value = cells[day]
        assert value is not None
        first = next(d for d, c in enumerate(cells) if c is not None)
        cells[first:] = [Cell("withdrawn", value.revision, value.text)] * (DAYS - first)
        self._release(new)

    def find_cancellable(self, release: int) -> dict[str, list[int]] | None:
        """Map each record that a release changed to the days of the change.

        None if a later one states anything else about these records.
        """
        old = self.after[release - 1] if release else {}
        new, days = self.after[release], dict[str, list[int]]()
        for name, cells in new.items():
            before = old.get(name, [None] * DAYS)
            if cells != before:
                days[name] = [d for d in range(DAYS) if cells[d] != before[d]]
        return days if all(self.table.get(name) == new[name] for name in days) else None

    def cancel(self, release: int, days: dict[str, list[int]]) -> None:
        """Restore the days of before a release. A record that it brought never took effect."""
        old = self.after[release - 1] if release else {}
        new = copy.deepcopy(self.table)
        for files in self.files.values():
            files[:] = [file for file in files if file.release != release]
        for name, changed in days.items():
            cells = new[name]
            if name not in old:
                del new[name]
                continue
            for day in changed:
                cells[day] = old[name][day]
        self._release(new)

    def erase(self, name: str) -> None:
        """Erase a record from every table, including those of earlier releases."""
        self._release(self.table)
        for table in self.after:
            if name in table:
                table[name] = [c and Cell("erased", 0, "") for c in table[name]]
        self.table = copy.deepcopy(self.table)
        del self.table[name]
        self.after[-1] = copy.deepcopy(self.after[-1])

    def _release(self, table: Table) -> None:
        self.table = table
        self.after.append(copy.deepcopy(table))

    # --- queries of readers ---------------------------------------------------------------------

    def in_force(self, release: int, day: int) -> dict[str, str]:
        """Name → text on a day, as known after a release."""
        table = self.after[release]
        return {n: c.text for n, cells in table.items() if (c := cells[day]) and c.status == "current"}

    def status(self, release: int, day: int, name: str) -> tuple[str, str] | None:
        """Status and text of a record; None if nothing was known about it."""
        cells = self.after[release].get(name, [])
        stated = [c for c in cells[day:] if c is not None]
        if not stated:
            return None
        cell, now = stated[0], cells[day]
        status = "future" if now is None and cell.status == "current" else cell.status
        return status, "" if status in ("withdrawn", "erased") else cell.text
