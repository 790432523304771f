"""Decisions on approvals: what they decide, whom they concern, and what is compatible with them.

Not every cancelled name that is still listed contradicts the decision: the State Council cancels approvals of
its own ministries, delegates others to the very body that lists them, or a later law creates them again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from enum import Enum
from typing import Literal

from publisher.checks.approval_names import ApprovalName, compare_names, names_in
from publisher.checks.check import CheckedRecord, day_in, texts_of
from publisher.ingest.findings.kind import Cite
from schemas.reference.administrative_divisions import shorten_code
from schemas.reference.document_numbers import find_citations
from schemas.reference.government_levels import Level, level_of_division, levels_in
from schemas.reference.legal_bases import find_cited_statutes

type Standing = Literal["kept", "unclear", "delegated", "filing", "restored", "other-level", "unrelated"]
"""Consequence of a decision for a record that lists the approval.

``kept``: it should not be in the list any more. ``unclear``: the texts do not say whom the decision concerns,
or whether a basis is newer than the decision.
``delegated``, ``filing``, ``restored`` and ``other-level``: the record is lawful, since the approval was
delegated to the body that lists it, became a filing, or has a newer basis, or since the decision is on
another level. ``unrelated``: the decision does not end the approval, is not in effect yet, or binds another
place.
"""


class Treatment(Enum):
    """Effect of a decision on an approval → the words for it. The first that a text contains counts."""

    PARTLY = "部分取消|部分下放"
    TO_FILING = "备案"
    TO_LATER = "后置"
    MERGED = "合并|整合|并入"
    OTHER_BODY = "调整实施机关|实施机关调整|转移|移交"
    DELEGATED = "下放"
    CANCELLED = "取消|停止执行|不再(?:实施|审批)"


_ENDING = frozenset({Treatment.CANCELLED, Treatment.DELEGATED, Treatment.TO_FILING, Treatment.PARTLY})
_TREATMENTS = {treatment: re.compile(treatment.value) for treatment in Treatment}
NO_APPROVAL = frozenset({"行政处罚", "行政强制", "行政征收", "行政给付", "行政检查", "行政奖励", "行政裁决"})
_LICENCE = "行政许可"
_LISTS_OF_LICENCES = frozenset({"licence-items"})
_CITES_OF_DECISION = {"item": "name", "number": "decision_number", "decision": "decision"}
"""Role → the field of an item that a finding quotes for it."""
_STATE_COUNCIL = re.compile(r"^国(?:发|办发|函|办函|令|务院)")


def treatment_of(row: CheckedRecord) -> Treatment | None:
    """Return what is decided about an item; None if the source does not say."""
    text = _text(row, "decision")
    return next((one for one, words in _TREATMENTS.items() if words.search(text)), None)


def states_decision(row: CheckedRecord) -> bool:
    """Report whether an item says what is decided about it, and in which document."""
    return all(row.content.get(field) for field in _CITES_OF_DECISION.values())


def is_item(name: ApprovalName, row: CheckedRecord) -> bool:
    """Report whether a name means the approval that an item is about."""
    return compare_names(name, names_in(str(row.content["name"]))[0]).is_same


def cites_of_decision(row: CheckedRecord) -> Iterator[Cite]:
    yield from (row.cite(role, field) for role, field in _CITES_OF_DECISION.items())


def judge(row: CheckedRecord, record: CheckedRecord, day: date) -> Standing:
    """Return what follows from the decision on the item ``row`` for a record that lists the same approval."""
    treatment, decided = treatment_of(row), _possible_days(row)
    is_ahead = decided is not None and decided[0] > day
    if treatment not in _ENDING or is_ahead or not _is_in_area(row, record):
        return "unrelated"
    if treatment is Treatment.TO_FILING and not _lists_licence(record):
        return "filing"
    bases = tuple(_days_of_bases(record))
    if decided is not None and any(one > decided[1] for one in bases):
        return "restored"
    may_be_restored = decided is None and bool(bases)
    own, addressed = levels_of(record), _addressed_levels(row)
    if treatment is Treatment.DELEGATED:
        standing = _judge_delegation(own, addressed, levels_in(_delegation_text(row)))
        return "unclear" if standing == "kept" and may_be_restored else standing
    if own and addressed and not own & addressed:
        return "other-level"
    if addressed == {Level.NATION} and not own:
        return "unrelated"
    kind = record.content.get(record.catalogue.type_field or "")
    is_clear = own and addressed and (kind or record.catalogue.name in _LISTS_OF_LICENCES)
    return "kept" if is_clear and not may_be_restored and treatment is not Treatment.PARTLY else "unclear"


def levels_of(record: CheckedRecord) -> frozenset[Level]:
    """Return the levels whose approval a record lists: its own words, else those of its list."""
    for field in ("level", "actor"):
        if levels := levels_in(_text(record, field)):
            return levels
    level = level_of_division(record.publisher.division)
    return frozenset({level}) if level is not None else levels_in(record.publisher.body)


def _judge_delegation(
    own: frozenset[Level], addressed: frozenset[Level], receivers: frozenset[Level]
) -> Standing:
    """Judge a delegated approval: the body that received it may list it, and so may the levels below."""
    if not own or not receivers:
        return "unrelated"
    if max(own) >= min(receivers):
        return "delegated"
    return "kept" if own & addressed else "unrelated"


def _is_in_area(row: CheckedRecord, record: CheckedRecord) -> bool:
    """Test whether the decision binds the publisher of the record: the nation, or one place."""
    if _STATE_COUNCIL.match(_text(row, "decision_number")):
        return True
    if row.publisher.division:
        return shorten_code(record.publisher.division).startswith(shorten_code(row.publisher.division))
    place = row.publisher.body.removesuffix("人民政府")
    return bool(place) and record.publisher.body.startswith(place)


def lists_approval(record: CheckedRecord) -> bool:
    """Test for a record that may list an approval: not a penalty or an inspection that hangs on one."""
    return record.content.get(record.catalogue.type_field or "") not in NO_APPROVAL


def _lists_licence(record: CheckedRecord) -> bool:
    kind = record.content.get(record.catalogue.type_field or "")
    return kind == _LICENCE or record.catalogue.name in _LISTS_OF_LICENCES


def _possible_days(row: CheckedRecord) -> tuple[date, date] | None:
    """Return the first and the last day on which an item can have been decided; None if that is unknown.

    Without its day they are those of the year in its number; that of an order (令) has none.
    """
    if (day := day_in(row.content.get("decided_on"))) is not None:
        return day, day
    years = [one.year for one in find_citations(_text(row, "decision_number")) if one.year]
    return (date(years[0], 1, 1), date(years[0], 12, 31)) if years else None


def _days_of_bases(record: CheckedRecord) -> Iterator[date]:
    for field in record.catalogue.basis_fields:
        for _, text in texts_of(record.content.get(field)):
            yield from (one.dated for one in find_cited_statutes(text) if one.dated is not None)
            yield from (date(one.year, 1, 1) for one in find_citations(text) if one.year)


def _addressed_levels(row: CheckedRecord) -> frozenset[Level]:
    return levels_in(_text(row, "addressed_level")) or levels_in(_text(row, "actor"))


def _delegation_text(row: CheckedRecord) -> str:
    """Return the words for whom an approval was delegated to; empty if none are stated."""
    return _text(row, "delegated_to") or _text(row, "decision").partition("下放")[2].removeprefix("至")


def _text(record: CheckedRecord, field: str) -> str:
    value = record.content.get(field)
    return value if isinstance(value, str) else ""
