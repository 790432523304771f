"""States of records that checks read, as of a release, and what is known from other lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import batched, groupby, pairwise, product
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, case, select

from publisher.checks.all_checks import CHECKS
from publisher.checks.check import Check, CheckedRecord, Knowledge, Publisher, day_in
from publisher.checks.complete_lists.statements import COMPLETE_LISTS
from publisher.log.clocks import FOREVER
from publisher.log.database import tables as t
from publisher.log.database.connection import stream
from schemas.definition.catalogue import Catalogue

_BATCH = 500
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_s, _v, _r = t.span.c, t.revision.c, t.record.c


class Period(msgspec.Struct, frozen=True):
    """A rectangle on both clocks, in the numbers of the tables; the ends are not part of it."""

    effective_from: int
    effective_to: int
    known_from: int
    known_to: int

    def contains(self, day: int, instant: int) -> bool:
        return self.effective_from <= day < self.effective_to and self.known_from <= instant < self.known_to

    def cells(self, days: Iterable[int], instants: Iterable[int]) -> Iterator[Period]:
        """Cut the rectangle at those of some days and instants that are within it."""
        first, end = self.effective_from, self.effective_to
        known_from, known_to = self.known_from, self.known_to
        all_days = sorted({first, end, *(day for day in days if first < day < end)})
        all_instants = sorted({known_from, known_to, *(at for at in instants if known_from < at < known_to)})
        for day_pair, instant_pair in product(pairwise(all_days), pairwise(all_instants)):
            yield Period(*day_pair, *instant_pair)

    def joined(self, other: Period) -> Period:
        """Return the smallest period that contains both."""
        return Period(
            min(self.effective_from, other.effective_from),
            max(self.effective_to, other.effective_to),
            min(self.known_from, other.known_from),
            max(self.known_to, other.known_to),
        )

    def is_before(self, day: int, instant: int) -> bool:
        return self.effective_to <= day and self.known_from <= instant < self.known_to


class CheckedState(msgspec.Struct, frozen=True):
    """A record's content for a period."""

    record: CheckedRecord
    period: Period
    key: int
    dataset: int
    revision: int
    part: int | None


class DatasetIndex(msgspec.Struct, frozen=True):
    """Datasets by key, with their name, current catalogue and publisher."""

    names: Mapping[int, str]
    catalogues: Mapping[int, Catalogue]
    publishers: Mapping[int, Publisher]

    def of_catalogue(self, name: str) -> list[int]:
        return [key for key, catalogue in self.catalogues.items() if catalogue.name == name]

    def concerned(self, check: Check) -> list[int]:
        return [key for key, catalogue in self.catalogues.items() if check.concerns(catalogue)]


def stated_complete(conn: Connection, datasets: DatasetIndex, keys: Sequence[int]) -> list[int]:
    """Return the keys of the datasets among ``keys`` that were ever stated to be complete."""
    x = t.value.c
    statements = datasets.of_catalogue(COMPLETE_LISTS)
    if not (statements and keys):
        return []
    stated = set(conn.scalars(select(x.text).where(x.dataset.in_(statements), x.field == "list")).all())
    return [key for key in keys if datasets.names[key] in stated]


class StateReader:
    """Reads states as they were known at an instant: those with a title, by which findings name a record.

    Erased contents cannot be read at any.
    """

    def __init__(self, conn: Connection, datasets: DatasetIndex, instant: int) -> None:
        self.conn, self._datasets, self._instant = conn, datasets, instant

    def of_datasets(
        self, keys: Sequence[int], records: Sequence[int] | None = None
    ) -> Iterator[list[CheckedState]]:
        """Yield the states of each record of the datasets with these keys; ``records``: of no others.

        Yields no list for a record whose content was erased, or that never had a title.
        """
        if records is None:
            yield from self._by_record(self._states().where(_s.dataset.in_(keys)))
            return
        # A sum, which no index has: by that of datasets SQLite would read all their spans for each batch.
        states = self._states().where((_s.dataset + 0).in_(keys))
        for batch in batched(records, _BATCH):
            yield from self._by_record(states.where(_s.record.in_(batch)))

    def _states(self) -> Select[Any]:
        known_to = case((_s.known_to > self._instant, FOREVER), else_=_s.known_to).label("known_to")
        return (
            select(
                *(_s.record, _s.dataset, _s.revision, _s.part, _r.id, _v.hash, _v.content),
                *(_s.effective_from, _s.effective_to, _s.known_from, known_to),
            )
            .join_from(t.span, t.revision, _v.key == _s.revision)
            .join(t.record, _r.key == _s.record)
            .where(_s.status == "stated", _v.content.is_not(None), _s.known_from <= self._instant)
            .order_by(_s.record, _s.known_from, _s.effective_from)
        )

    def _by_record(self, query: Select[Any]) -> Iterator[list[CheckedState]]:
        for _, rows in groupby(stream(self.conn, query), key=itemgetter(0)):
            if states := [state for row in rows if (state := self._state(row)).record.has_title]:
                yield states

    def _state(self, row: Any) -> CheckedState:
        # By position: looking columns up by name takes a third of the time.
        record, dataset, revision, part, record_id, digest, content, *period = row
        catalogue = self._datasets.catalogues[dataset]
        name, publisher = self._datasets.names[dataset], self._datasets.publishers[dataset]
        own = CheckedRecord(name, record_id, digest, catalogue, _decode(content), publisher)
        return CheckedState(own, Period(*period), record, dataset, revision, part)


class KnownStates:
    """States of the lists that a check needs, by the keys with which it finds them."""

    def __init__(self, reader: StateReader, datasets: DatasetIndex, check: Check) -> None:
        self._by_key: dict[tuple[str, str], list[CheckedState]] = {}
        self._days: dict[int, tuple[int, ...]] = {}
        self._lists: dict[tuple[str, str], tuple[Publisher, Period]] = {}
        for name, keys_of in check.needs.items():
            keys = datasets.of_catalogue(name)
            if name in check.complete_only:
                keys = stated_complete(reader.conn, datasets, keys)
            for states in reader.of_datasets(keys):
                for state in states:
                    self._note_list(name, state)
                    for key in dict.fromkeys(keys_of(state.record.content)):
                        self._by_key.setdefault((name, key), []).append(state)

    def __len__(self) -> int:
        return len(self._by_key)

    def find(self, name: str, key: str) -> Sequence[CheckedState]:
        return self._by_key.get((name, key), ())

    def days_of(self, state: CheckedState) -> tuple[int, ...]:
        """Return the days that one of these states names. Many records read the same ones."""
        days = self._days.get(state.revision)
        if days is None:
            days = self._days[state.revision] = tuple(days_of(state))
        return days

    def list_of(self, catalogue: str, dataset: str) -> tuple[Publisher, Period] | None:
        """Return who publishes a list, and the time from its first to its last record."""
        return self._lists.get((catalogue, dataset))

    @property
    def list_periods(self) -> Sequence[Period]:
        return [period for _, period in self._lists.values()]

    def _note_list(self, catalogue: str, state: CheckedState) -> None:
        key = catalogue, state.record.dataset
        publisher, period = self._lists.get(key, (state.record.publisher, state.period))
        self._lists[key] = (publisher, period.joined(state.period))


class KnowledgeAt(Knowledge):
    """The states that hold on a day, as known at an instant."""

    def __init__(self, states: KnownStates, day: int, instant: int, own: Sequence[CheckedState] = ()) -> None:
        self._states, self._day, self._instant, self._own = states, day, instant, own

    def find(self, catalogue: str, key: str) -> Sequence[CheckedRecord]:
        states = self._states.find(catalogue, key)
        return [state.record for state in states if state.period.contains(self._day, self._instant)]

    def publisher_of(self, catalogue: str, dataset: str) -> Publisher | None:
        publisher, period = self._states.list_of(catalogue, dataset) or (None, None)
        return publisher if period is not None and period.contains(self._day, self._instant) else None

    def earlier(self, record: CheckedRecord) -> Sequence[CheckedRecord]:
        own = [state for state in self._own if state.period.is_before(self._day, self._instant)]
        own.sort(key=lambda state: state.period.effective_from, reverse=True)
        return [state.record for state in own if state.record.id == record.id]


def checks_with_states(
    reader: StateReader, datasets: DatasetIndex, checks: Iterable[Check] = CHECKS
) -> Iterator[tuple[Check, KnownStates]]:
    """Yield checks with the states that they need; one whose lists the site does not have is left out."""
    for check in checks:
        states = KnownStates(reader, datasets, check)
        if states or not check.needs:
            yield check, states


def days_of(state: CheckedState) -> Iterator[int]:
    """Yield the days that a state names in its fields: what is known may change on them."""
    for field in state.record.catalogue.fields:
        if field.type == "date" and (day := day_in(state.record.content.get(field.name))):
            yield day.toordinal()
