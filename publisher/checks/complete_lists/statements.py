"""Lists that are complete, as a record of the kind ``complete-lists`` of their own publishing body states.

No other list is used: from an incomplete one nothing follows about what it does not contain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from publisher.checks.approval_names import ApprovalName, names_in
from publisher.checks.check import CheckedRecord, Knowledge, Publisher
from schemas.definition.catalogue import Content
from schemas.reference.administrative_divisions import shorten_code
from schemas.reference.government_levels import Level, levels_in

STATEMENTS = "complete-lists"
"""Name of the catalogue."""
_LEAST_SHARED = 0.5
"""Shared pairs of characters from which on names are near, as a share of those of either name."""
_NAMES = ("name", "parent_name", "sub_name")
_KINDS = {
    "行政事业性收费": "fees",
    "政府性基金": "government-funds",
    "中介服务": "intermediary-services",
    "行政许可事项": "licence-items",
    "权责清单": "power-list",
}
"""Kind of list that a statement names → its catalogue."""


@dataclass(frozen=True, slots=True)
class CompleteList:
    statement: CheckedRecord
    publisher: Publisher

    @property
    def dataset(self) -> str:
        return str(self.statement.content["list"])


def keys_of_statement(content: Content) -> Iterable[str]:
    yield _KINDS.get(str(content.get("kind")), "")


def keys_of_row(content: Content) -> Iterable[str]:
    """Yield the keys of the names of a row: their pairs of characters."""
    for name in _names_of(content):
        yield from name.pairs


def find_complete_lists(knowledge: Knowledge, kind: str) -> Iterator[CompleteList]:
    """Yield the complete lists of a kind that have records on the day, whose own publisher says so."""
    for statement in knowledge.find(STATEMENTS, kind):
        publisher = knowledge.publisher_of(kind, str(statement.content["list"]))
        if publisher is not None and publisher.body == statement.publisher.body != "":
            yield CompleteList(statement, publisher)


def covers(own: Publisher, other: Publisher, *, same_area: bool) -> bool:
    """Test whether what a list of a publisher does not contain may not stand in a list of another one.

    ``same_area``: whether it may be a list of the same area, and not only of one below. A place that is not
    stated is none.
    """
    if not other.division:
        return False
    below = shorten_code(other.division)
    if own.division:
        above = shorten_code(own.division)
        return below.startswith(above) and (same_area or below != above)
    return Level.NATION in levels_in(own.body)


def find_lists_with_near_name(knowledge: Knowledge, kind: str, names: Sequence[ApprovalName]) -> set[str]:
    """Find the datasets of a kind in which a row has a name near one of some names."""
    near: set[str] = set()
    compared: set[tuple[str, str]] = set()
    for key in sorted({pair for name in names for pair in name.pairs}):
        for row in knowledge.find(kind, key):  # every key, since what is looked up depends on the names alone
            own = row.dataset, row.id
            if row.dataset not in near and own not in compared:
                compared.add(own)
                if _is_near(names, row):
                    near.add(row.dataset)
    return near


def _is_near(names: Sequence[ApprovalName], row: CheckedRecord) -> bool:
    """Test whether names may mean the same, by far less than what makes them the same approval."""
    others = list(_names_of(row.content))
    return any(one.share_of_pairs(other) >= _LEAST_SHARED for other in others for one in names)


def _names_of(content: Content) -> Iterator[ApprovalName]:
    for field in _NAMES:
        if isinstance(value := content.get(field), str):
            yield from names_in(value)
