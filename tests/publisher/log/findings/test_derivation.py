"""Findings of one record from its states: several keys of what is known, and what the record was before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from types import MappingProxyType
from typing import Any, override

from publisher.checks.check import Check, CheckedRecord, Knowledge, Publisher, Rule
from publisher.ingest.findings.kind import Bilingual, Finding
from publisher.log.clocks import FOREVER
from publisher.log.findings.derivation import derive
from publisher.log.findings.record_states import CheckedState, DatasetIndex, KnownStates, Period
from schemas.definition.catalogue import Content
from schemas.definition.file_loader import load_catalogue

POWERS, STATUTES = load_catalogue("power-list"), load_catalogue("statutes")
RULE = Rule("rule", "look", Bilingual("{own}{other}", "{own}{other}"), Bilingual("", ""))


def words_of(content: Content) -> Iterable[str]:
    return str(content.get("title", "")).split()


class SharedWord(Check):
    """Each word of the record's name that a known title has too."""

    code, version, title, rules = "shared-word", 1, Bilingual("", ""), (RULE,)
    needs = MappingProxyType({"statutes": words_of})
    way_out, example = Bilingual("", ""), ""

    @override
    def find_findings(self, record: CheckedRecord, knowledge: Knowledge, day: date) -> Iterable[Finding]:
        rows = {
            row.id: row
            for word in str(record.content["name"]).split()
            for row in knowledge.find("statutes", word)
        }
        for row in rows.values():
            yield self.finding(RULE, [record.cite("own", "name"), row.cite("other", "title")])


class Renamed(Check):
    """The name that a record had before."""

    code, version, title, rules = "renamed", 1, Bilingual("", ""), (RULE,)
    needs = MappingProxyType({})
    needs_earlier = True
    way_out, example = Bilingual("", ""), ""

    @override
    def find_findings(self, record: CheckedRecord, knowledge: Knowledge, day: date) -> Iterable[Finding]:
        for before in knowledge.earlier(record)[:1]:
            yield self.finding(RULE, [record.cite("own", "name"), before.cite("other", "name")])


class Reader:
    """States of the list that a check needs."""

    def __init__(self, *states: CheckedState) -> None:
        self._states = states

    def of_datasets(self, keys: Any) -> Iterable[list[CheckedState]]:
        return [[state] for state in self._states]


def state(
    key: int, content: Content, period: Period, catalogue: Any = POWERS, revision: int = 0
) -> CheckedState:
    record = CheckedRecord("list", f"r{key}", f"hash{key}-{revision}", catalogue, content)
    return CheckedState(record, period, key, 1, key * 10 + revision, None)


def test_a_record_of_a_needed_list_is_found_by_each_of_its_keys_and_counts_once() -> None:
    known = state(2, {"title": "甲 乙"}, Period(5, 9, 0, FOREVER), STATUTES)
    datasets = DatasetIndex({1: "statutes"}, {1: STATUTES}, {1: Publisher()})
    states = KnownStates(Reader(known), datasets, SharedWord())  # type: ignore[arg-type]
    own = Period(1, 20, 0, FOREVER)
    for name in ("甲", "乙 丙", "甲 乙"):
        ((row, period),) = derive(SharedWord(), [state(1, {"name": name}, own)], states)
        assert (row.code, period) == ("shared-word", Period(5, 9, 0, FOREVER))
    assert list(derive(SharedWord(), [state(1, {"name": "丙"}, own)], states)) == []


def test_what_a_record_was_before_is_known_from_the_release_that_says_so() -> None:
    first = state(1, {"name": "甲"}, Period(1, 5, 100, FOREVER))
    corrected = state(1, {"name": "甲"}, Period(5, FOREVER, 100, 200))
    second = state(1, {"name": "乙"}, Period(5, FOREVER, 200, FOREVER), revision=1)
    nothing = KnownStates(Reader(), DatasetIndex({}, {}, {}), Renamed())  # type: ignore[arg-type]
    rows = dict(derive(Renamed(), [first, corrected, second], nothing))
    assert {row.cites: period for row, period in rows.items()} == {
        '[["own",10,"name",null,0,1],["other",10,"name",null,0,1]]': Period(5, FOREVER, 100, 200),
        '[["own",11,"name",null,0,1],["other",10,"name",null,0,1]]': Period(5, FOREVER, 200, FOREVER),
    }


class SinceARule(Check):
    """A rule that applies from a day."""

    code, version, title, rules = "since-a-rule", 1, Bilingual("", ""), (RULE,)
    needs = MappingProxyType({})
    days = (date(2005, 1, 1),)
    way_out, example = Bilingual("", ""), ""

    @override
    def find_findings(self, record: CheckedRecord, knowledge: Knowledge, day: date) -> Iterable[Finding]:
        if day >= self.days[0]:
            yield self.finding(RULE, [record.cite("own", "name"), record.cite("other", "name")])


def test_a_rule_that_begins_while_a_record_is_in_force_opens_its_finding_on_that_day() -> None:
    first, last = date(2001, 1, 1).toordinal(), date(2009, 1, 1).toordinal()
    check = SinceARule()
    known = KnownStates(Reader(), DatasetIndex({}, {}, {}), check)  # type: ignore[arg-type]  # reads as one does
    ((_, period),) = derive(check, [state(1, {"name": "停车费"}, Period(first, last, 0, FOREVER))], known)
    assert period == Period(check.days[0].toordinal(), last, 0, FOREVER)
