"""``not-in-superior-list``: a list has an item that a complete list above it does not contain."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from types import MappingProxyType
from typing import override

from publisher.checks.approval_names import names_in
from publisher.checks.check import Check, CheckedRecord, Knowledge, Rule
from publisher.checks.complete_lists.statements import (
    COMPLETE_LISTS,
    covers,
    find_complete_lists,
    find_lists_with_near_name,
    keys_of_row,
    keys_of_statement,
)
from publisher.checks.labelled_sets import set_of_made_rows
from publisher.ingest.findings.kind import Bilingual, Finding
from schemas.definition.catalogue import Catalogue

_KINDS = ("fees", "government-funds", "intermediary-services", "licence-items")
"""Kinds whose lists are closed from above; powers also rest on local rules, and have no common names."""
_NOT_LISTED = Rule(
    "not-listed",
    "look",
    Bilingual(
        "“{name}”仍列于清单，而“{list}”写明“{statement}”，其中没有这个名称或相近的名称",
        "“{name}” is listed, although “{list}” says “{statement}” and has neither this name nor one like it",
    ),
    Bilingual(
        "上级清单由公布机关自己写明是完整的，其中没有一个名称与本条相近；也可能只是两份清单写法不同。",
        "The publisher of the list above states that it is complete, and no name in it is like this one; "
        "perhaps the two lists only use other words.",
    ),
)


class NotInSuperiorList(Check):
    code = "not-in-superior-list"
    version = 1
    title = Bilingual("上级完整清单未列", "Not in the complete list above")
    needs = MappingProxyType({COMPLETE_LISTS: keys_of_statement, **dict.fromkeys(_KINDS, keys_of_row)})
    complete_only = frozenset(_KINDS)
    rules = (_NOT_LISTED,)
    way_out = Bilingual(
        "请与上级清单核对：上级已经取消的，移出清单；名称不同的，改用上级清单的名称",
        "Compare with the list above: remove what was cancelled there, or use the name that it has there",
    )
    labelled_set = set_of_made_rows(positives=10, negatives=14)
    example = "占道停车费 | 省级收费目录清单之外的收费一律不得执行"

    def concerns(self, catalogue: Catalogue) -> bool:
        return catalogue.name in _KINDS

    @override
    def find_findings(self, record: CheckedRecord, knowledge: Knowledge, day: date) -> Iterable[Finding]:
        kind, title = record.catalogue.name, record.catalogue.title_field
        names = [
            name for field in (title, "parent_name") for name in names_in(str(record.content.get(field, "")))
        ]
        near = find_lists_with_near_name(knowledge, kind, names)
        above = [
            one
            for one in find_complete_lists(knowledge, kind)
            if one.dataset != record.dataset and covers(one.publisher, record.publisher, same_area=False)
        ]
        if above and names and not any(one.dataset in near for one in above):
            statement = above[0].statement
            cites = [
                record.cite("name", title),
                statement.cite("statement", "statement"),
                statement.cite("list", "title"),
            ]
            yield self.finding(_NOT_LISTED, cites)
