"""Records one by one: their changes are folded again, and compared with spans, marks and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from publisher.log.clocks import FOREVER
from publisher.log.database import tables as t
from publisher.log.database.connection import stream
from publisher.log.database.grouped_rows import GroupedRows
from publisher.log.verification import span_fold
from publisher.log.verification.problem import Problem
from publisher.log.verification.span_fold import FoldedSpan, ReleaseRow

type Growth = Counter[tuple[int, int, int, int]]
"""(dataset, instant, day, sequence of the release that erased the record, or 0) → by how much the records in
force grow there, negative where they fall."""


class RecordedChange(NamedTuple):
    """A change of the log with what its revision says. A plain tuple: a row's names cost a third more."""

    record: int
    sequence: int
    release: int
    dataset: int
    kind: str
    revision: int
    part: int | None
    before_part: int | None
    effective_from: int
    effective_to: int
    title: str | None
    owner: int | None
    corrects: bool | None


class RecordChecks:
    """One pass over all records. Afterwards :attr:`growth` counts the records in force."""

    def __init__(self, conn: Connection, releases: Mapping[int, ReleaseRow], last_sequence: int) -> None:
        self._conn, self._releases, self._last_sequence = conn, releases, last_sequence
        self._parts = {row.key: row.dataset for row in conn.execute(select(t.part.c.key, t.part.c.dataset))}
        self.growth: Growth = Counter()
        self.revisions = 0
        """Number of revisions that a change brought."""

    def check(self) -> Iterator[Problem]:
        changes = GroupedRows(self._changes(), itemgetter(0))
        spans = GroupedRows(self._spans(), itemgetter(0))
        r = t.record.c
        columns = (r.key, r.id, r.dataset, r.withdrawn_at, r.erased_by)
        for record in stream(self._conn, select(*columns).order_by(r.key)):
            own = changes.take(record.key)
            if not own:
                yield Problem(f"记录 record {record.id}: 没有变化 the log has no change of it")
            yield from self._check_record(record, own, spans.take(record.key))
        for table, groups in (("change", changes), ("span", spans)):
            for key in groups.strays():
                yield Problem(f"表 table {table}: 没有记录 there is no record {key}")

    def _check_record(self, record: Any, changes: Sequence[Any], spans: Sequence[Any]) -> Iterator[Problem]:
        where = f"记录 record {record.id}"
        by_release = [
            (self._releases[sequence], list(group))
            for sequence, group in groupby(changes, key=itemgetter(2))
            if sequence in self._releases
        ]
        rebuilt = span_fold.fold(by_release)
        withdrawn_at = None if record.erased_by is not None else _withdrawn_at(by_release, rebuilt)
        for span in rebuilt:
            self._count(span, record.erased_by or 0)
            if record.erased_by is not None:
                span[span_fold.STATUS], span[span_fold.TITLE] = "erased", ""
        yield from self._compare_spans(where, record, spans, rebuilt)
        yield from self._check_changes(where, record, changes)
        if record.withdrawn_at != withdrawn_at:
            own = (record.withdrawn_at, withdrawn_at)
            yield Problem(where, "record.withdrawn_at", *own, derived="record", key=(record.key,))

    def _check_changes(self, where: str, record: Any, changes: Sequence[RecordedChange]) -> Iterator[Problem]:
        brought: set[int] = set()
        for change in changes:
            if (release := self._releases.get(change.release)) is None:
                continue
            owners = (change.dataset, record.dataset, change.owner)
            expected = (release.dataset, release.dataset, record.key)
            if owners != expected:
                yield from _name_owners(f"{where}, {release}", owners, expected)
            if change.part is not None or change.before_part is not None:
                yield from self._check_parts(f"{where}, {release}", release, change)
            if change.revision in brought:
                continue
            brought.add(change.revision)
            # The first change with a revision brought it.
            corrects = None if change.corrects is None else bool(change.corrects)
            if corrects is not None and corrects != (change.kind == "corrected"):
                own = ("revision.corrects", corrects, not corrects)
                yield Problem(f"{where}, {release}", *own, derived="revision", key=(change.revision,))
        self.revisions += len(brought)

    def _check_parts(self, where: str, release: ReleaseRow, change: RecordedChange) -> Iterator[Problem]:
        for name, part in (("part", change.part), ("before_part", change.before_part)):
            if part is not None and self._parts.get(part) != release.dataset:
                yield Problem(where, f"change.{name}", part, None)

    def _compare_spans(
        self, where: str, record: Any, stored: Sequence[Any], rebuilt: Sequence[FoldedSpan]
    ) -> Iterator[Problem]:
        for row in stored:
            if not 0 < row.sequence <= self._last_sequence:
                key = (record.key, row.made, row.effective_from)
                yield Problem(
                    self._place(where, row.made), "span.sequence", row.sequence, None, derived="span", key=key
                )
        rows = [list(row[1:-1]) for row in stored]
        if rows == rebuilt:
            return
        unmatched = {(row[span_fold.MADE], row[span_fold.FIRST]): row for row in rows}
        for span in rebuilt:
            made, first = span[span_fold.MADE], span[span_fold.FIRST]
            place, key = self._place(where, made), (record.key, made, first)
            row = unmatched.pop((made, first), None)
            if row is None:
                yield Problem(place, "span", None, _by_name(span), derived="span", key=key)
                continue
            for name, value, expected in zip(span_fold.FIELDS, row, span, strict=True):
                if value != expected:
                    yield Problem(place, f"span.{name}", value, expected, derived="span", key=key)
        for (made, first), row in unmatched.items():
            key = (record.key, made, first)
            yield Problem(self._place(where, made), "span", _by_name(row), None, derived="span", key=key)

    def _place(self, where: str, release: int) -> str:
        return f"{where}, {self._releases.get(release, f'release #{release}')}"

    def _count(self, span: FoldedSpan, erased_by: int) -> None:
        """Count how a span changes the number of records in force, on both clocks."""
        if span[span_fold.STATUS] != "stated":
            return
        dataset, growth = span[span_fold.DATASET], self.growth
        known_to, first, end = span[span_fold.KNOWN_TO], span[span_fold.FIRST], span[span_fold.END]
        for instant, sign in ((span[span_fold.KNOWN_FROM], 1), (known_to, -1)):
            if instant < FOREVER:
                if first < FOREVER:
                    growth[dataset, instant, first, erased_by] += sign
                if end < FOREVER:
                    growth[dataset, instant, end, erased_by] -= sign

    def _changes(self) -> Iterable[RecordedChange]:
        c, v = t.change.c, t.revision.c
        query = (
            select(
                *(c.record, c.sequence, c.release, c.dataset, c.kind, c.revision, c.part, c.before_part),
                *(c.effective_from, c.effective_to, v.title, v.record.label("owner"), v.corrects),
            )
            .join_from(t.change, t.revision, v.key == c.revision, isouter=True)
            .order_by(c.record, c.sequence)
        )
        return map(RecordedChange._make, stream(self._conn, query))

    def _spans(self) -> Iterable[Any]:
        s = t.span.c
        columns = (s.record, *(s[name] for name in span_fold.FIELDS), s.sequence)
        return stream(self._conn, select(*columns).order_by(s.record, s.made, s.effective_from))


def _name_owners(where: str, stored: Sequence[int | None], expected: Sequence[int]) -> Iterator[Problem]:
    """Yield a problem for each owner of a change that is not the expected one, in the same order."""
    names = ("change.dataset", "record.dataset", "revision.record")
    for name, was, now in zip(names, stored, expected, strict=True):
        if was != now:
            yield Problem(where, name, was, now)


def _withdrawn_at(
    by_release: Sequence[tuple[ReleaseRow, Sequence[RecordedChange]]], spans: Sequence[FoldedSpan]
) -> int | None:
    """Return when the record was last withdrawn from every day, unless it was published again since."""
    at: int | None = None
    for release, changes in by_release:
        kinds = {change.kind for change in changes}
        if "withdrawn" in kinds:
            at = None if _is_stated(spans, release.published_at) else release.published_at
        elif kinds - {"removed"}:
            at = None
    return at


def _is_stated(spans: Sequence[FoldedSpan], instant: int) -> bool:
    """Report whether anything is in force on some day, as known at an instant."""
    return any(
        span[span_fold.STATUS] == "stated"
        and span[span_fold.KNOWN_FROM] <= instant < span[span_fold.KNOWN_TO]
        for span in spans
    )


def _by_name(span: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(span_fold.FIELDS, span, strict=True))
