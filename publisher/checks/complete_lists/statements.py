"""Lists that are complete, as a record of the kind ``complete-lists`` of their own publishing body states.

No other list is used: from an incomplete one nothing follows about what it does not contain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from publisher.checks.approval_names import ApprovalName, names_in
from publisher.checks.check import CheckedRecord, Knowledge, Publisher
from schemas.definition.catalogue import Content
from schemas.reference.administrative_divisions import shorten_code
from schemas.reference.government_levels import Level, levels_in

COMPLETE_LISTS = "complete-lists"
"""Name of the catalogue."""
_LEAST_SHARED = 0.5
"""Least share of common pairs of characters of two names that are near."""
_NAMES = ("name", "parent_name", "sub_name")
_KINDS = {
    "行政事业性收费": "fees",
    "政府性基金": "government-funds",
    "中介服务": "intermediary-services",
    "行政许可事项": "licence-items",
    "权责清单": "power-list",
}
"""Kind of list that a statement names → its catalogue."""


class CompleteList(msgspec.Struct, frozen=True):
    """A complete list: the record that states it, and who publishes both."""

    statement: CheckedRecord
    publisher: Publisher

    @property
    def dataset(self) -> str:
        """Name of the dataset that contains the list."""
        return str(self.statement.content["list"])


def keys_of_statement(content: Content) -> Iterable[str]:
    """Yield the catalogue of the list that a statement is about; empty if its kind is unknown."""
    yield _KINDS.get(str(content.get("kind")), "")


def keys_of_row(content: Content) -> Iterable[str]:
    """Yield the keys of the names of a row: their pairs of characters."""
    for name in _names_of(content):
        yield from name.pairs


def find_complete_lists(knowledge: Knowledge, kind: str) -> Iterator[CompleteList]:
    """Yield the complete lists of a kind that have records on the day, whose own publisher says so."""
    for statement in knowledge.find(COMPLETE_LISTS, kind):
        publisher = knowledge.publisher_of(kind, str(statement.content["list"]))
        if publisher is not None and publisher.body == statement.publisher.body != "":
            yield CompleteList(statement, publisher)


def covers(own: Publisher, other: Publisher, *, same_area: bool) -> bool:
    """Test whether a complete list of ``own`` limits what a list of ``other``, of an area below, may contain.

    ``same_area``: whether a list of the same area is limited too. A list without a stated area is not.
    """
    if not other.division:
        return False
    below = shorten_code(other.division)
    if own.division:
        above = shorten_code(own.division)
        return below.startswith(above) and (same_area or below != above)
    return Level.NATION in levels_in(own.body)


def find_lists_with_near_name(knowledge: Knowledge, kind: str, names: Sequence[ApprovalName]) -> set[str]:
    """Return the names of the datasets of a kind in which a row has a name that is near one of ``names``."""
    near: set[str] = set()
    seen_rows: set[tuple[str, str]] = set()
    for key in sorted({pair for name in names for pair in name.pairs}):
        for row in knowledge.find(kind, key):  # every key, since what is looked up depends on the names alone
            own = row.dataset, row.id
            if row.dataset not in near and own not in seen_rows:
                seen_rows.add(own)
                if _is_near(names, row):
                    near.add(row.dataset)
    return near


def _is_near(names: Sequence[ApprovalName], row: CheckedRecord) -> bool:
    """Test whether a row may mean one of the names: less is needed than for the same approval."""
    others = list(_names_of(row.content))
    return any(one.share_of_pairs(other) >= _LEAST_SHARED for other in others for one in names)


def _names_of(content: Content) -> Iterator[ApprovalName]:
    for field in _NAMES:
        if isinstance(value := content.get(field), str):
            yield from names_in(value)
