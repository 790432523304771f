"""A check: a pure function of one record and of what is known, on one day, from other lists."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import ClassVar

import msgspec

from publisher.ingest.findings.kind import Bilingual, Cite, Finding, Severity
from schemas.cells.value_texts import format_limit
from schemas.definition.catalogue import Catalogue, Content


class Publisher(msgspec.Struct, frozen=True):
    """The body that publishes a list, and the place that the list is for."""

    body: str = ""
    division: str = ""
    """Code of the administrative division; empty for the nation, or if it is not stated."""


class CheckedRecord(msgspec.Struct, frozen=True):
    """A record in force: what a check reads of it."""

    dataset: str
    id: str
    revision: str
    """Hash of the revision."""
    catalogue: Catalogue
    content: Content
    publisher: Publisher = Publisher()

    @property
    def has_title(self) -> bool:
        """Whether its title is a text: checks read no other records, which findings could not name."""
        return text_of(self.content, self.catalogue.title_field, None) is not None

    def cite(
        self, role: str, field: str, start: int = 0, end: int | None = None, item: int | None = None
    ) -> Cite:
        """Cite a part of a field; without positions, all of it. Raises ``LookupError`` if it has no text."""
        text = text_of(self.content, field, item)
        if text is None:
            raise LookupError(field)
        end = len(text) if end is None else end
        return Cite(role, self.dataset, self.id, self.revision, field, start, end, text[start:end], item)


def text_of(content: Content, field: str, item: int | None) -> str | None:
    """Return the text of a field, or of an item of a list; None if there is none.

    A time limit has the text in which it is printed: 20个工作日.
    """
    value = content.get(field)
    if item is not None:
        value = value[item] if isinstance(value, list) and item < len(value) else None
    if isinstance(value, dict) and value.keys() == {"value", "unit"}:
        return format_limit(value)
    return value if isinstance(value, str) else None


def texts_of(value: object) -> Iterator[tuple[int | None, str]]:
    """Yield the text of a value, or each text of a list with its number."""
    if isinstance(value, str):
        yield None, value
    elif isinstance(value, list):
        yield from ((number, item) for number, item in enumerate(value) if isinstance(item, str))


def day_in(value: object) -> date | None:
    """Return the day that a value states; None for anything else, so that a bad row does not stop a check."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


class Knowledge(ABC):
    """Published facts of the day of the check that it may use in addition to the record."""

    @abstractmethod
    def find(self, catalogue: str, key: str) -> Sequence[CheckedRecord]:
        """Return the records of lists of a catalogue that are in force on the day and have the key.

        :attr:`Check.needs` computes the keys of a record.
        """

    def earlier(self, record: CheckedRecord) -> Sequence[CheckedRecord]:  # noqa: ARG002
        """Return the earlier contents of the record, newest first; none for a row that is not published."""
        return ()

    def publisher_of(self, catalogue: str, dataset: str) -> Publisher | None:  # noqa: ARG002
        """Return who publishes a list that the check reads; None if it has no records on the day.

        None also if the list is not of the catalogue.
        """
        return None


class Rule(msgspec.Struct, frozen=True):
    """A way in which a check comes to a finding. Its texts contain ``{roles}`` of cites, and nothing else."""

    name: str
    severity: Severity
    message: Bilingual
    because: Bilingual


class LabelledSet(msgspec.Struct, frozen=True):
    """Quality of a check on data that were labelled by hand."""

    description: Bilingual
    """Description of the data, and their limits."""
    measured_on: date
    positives: int
    """Texts that it should find."""
    negatives: int
    """Texts like them that it should not."""
    precision: str
    """Decimal fraction, like :attr:`recall`."""
    recall: str


class Check(ABC):
    """A check of single records. Instances have no state."""

    code: ClassVar[str]
    version: ClassVar[int]
    """Counts up with every change of its results: everything is then checked again."""
    title: ClassVar[Bilingual]
    needs: ClassVar[Mapping[str, Callable[[Content], Iterable[str]]]]
    """Catalogue → keys by which each of its records is found: the lists that the check reads."""
    complete_only: ClassVar[frozenset[str]] = frozenset()
    """Catalogues in :attr:`needs` of which only lists that are stated to be complete are read."""
    needs_earlier: ClassVar[bool] = False
    """Whether it reads the earlier contents of the record."""
    days: ClassVar[tuple[date, ...]] = ()
    """Days on which its rules begin to apply, besides those that records state."""
    rules: ClassVar[tuple[Rule, ...]]
    agreements: ClassVar[tuple[Rule, ...]] = ()
    """Rules of the severity ``agrees``, which the page of a record shows."""
    way_out: ClassVar[Bilingual]
    example: ClassVar[str]
    """Content of a record that causes a finding."""
    labelled_set: ClassVar[LabelledSet | None] = None

    def concerns(self, catalogue: Catalogue) -> bool:  # noqa: ARG002 - some checks look at it
        """Report whether records of the catalogue can have findings."""
        return True

    @abstractmethod
    def find_findings(self, record: CheckedRecord, knowledge: Knowledge, day: date) -> Iterable[Finding]:
        """Yield the findings of a record on a day, each with another id.

        The keys that it looks up depend on the record alone: by them the log finds which records have to be
        checked again after a change of another list.
        """

    def finding(self, rule: Rule, cites: Sequence[Cite]) -> Finding:
        """Create a finding of a rule; its texts quote the cites."""
        words = {cite.role: cite.text for cite in cites}
        return Finding(
            code=self.code,
            severity=rule.severity,
            file="",
            message_zh=rule.message.zh.format_map(words),
            message_en=rule.message.en.format_map(words),
            way_out_zh=self.way_out.zh,
            way_out_en=self.way_out.en,
            cites=tuple(cites),
            because_zh=rule.because.zh.format_map(words),
            because_en=rule.because.en.format_map(words),
            rule=rule.name,
        )

    def rule(self, name: str) -> Rule:
        """Return the rule of a name. Raises ``KeyError``."""
        return {rule.name: rule for rule in (*self.rules, *self.agreements)}[name]


def finding_id(finding: Finding) -> str:
    """Compute the id from the check, the field that the finding is about and the records that it cites."""
    first = finding.cites[0]
    records = sorted({(cite.dataset, cite.record) for cite in finding.cites[1:]})
    parts = [
        finding.code,
        first.dataset,
        first.record,
        first.field,
        *(part for pair in records for part in pair),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]
