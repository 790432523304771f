"""``service-without-approval``: the approval of an intermediary service is cancelled or not listed.

That it is not listed counts only against lists that their own publisher stated to be complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from types import MappingProxyType
from typing import override

from publisher.checks.approval_names import ApprovalName, names_in
from publisher.checks.cancellation import (
    Treatment,
    cites_of_decision,
    is_item,
    judge,
    states_decision,
    treatment_of,
)
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
from schemas.definition.catalogue import Catalogue, Content

_CANCELLED = "cancelled-items"
_APPROVALS = ("power-list", "licence-items")
_LICENCE = "许可"
_APPROVAL_CANCELLED = Rule(
    "approval-cancelled",
    "look",
    Bilingual(
        "中介服务“{service}”仍列于“{approval}”，而{number}对“{item}”的处理决定是“{decision}”",
        "The service “{service}” is still listed for “{approval}”, although {number} decided on “{item}”: "
        "{decision}",
    ),
    Bilingual(
        "两个名称只有审批、许可、设立、企业一类通用字词和语序不同；所引原文没有写明是否同一层级的审批。",
        "Both names differ only in words that any approval may have, and in their order; the texts do not "
        "state whether both are of one level.",
    ),
)
_NOT_LISTED = Rule(
    "approval-not-listed",
    "look",
    Bilingual(
        "中介服务“{service}”仍列于“{approval}”，而“{list}”写明“{statement}”，其中没有这一审批或名称相近的审批",
        "The service “{service}” is listed for “{approval}”, although “{list}” says “{statement}” and has "
        "neither this approval nor one of a similar name",
    ),
    Bilingual(
        "该清单由公布机关自己写明是完整的，其中没有一个名称与所涉审批相近；也可能只是写法不同。",
        "The publisher of that list states that it is complete, and no name in it is like that of the "
        "approval; perhaps it only uses other words.",
    ),
)


def _keys_of_row(content: Content) -> Iterator[str]:
    yield from (name.key for name in names_in(str(content.get("name", "")))[:1])


class ServiceWithoutApproval(Check):
    code = "service-without-approval"
    version = 3
    title = Bilingual("中介服务所涉审批已取消或未列", "Approval of a service is cancelled or not listed")
    needs = MappingProxyType(
        {
            _CANCELLED: _keys_of_row,
            COMPLETE_LISTS: keys_of_statement,
            **dict.fromkeys(_APPROVALS, keys_of_row),
        }
    )
    complete_only = frozenset(_APPROVALS)
    rules = (_APPROVAL_CANCELLED, _NOT_LISTED)
    way_out = Bilingual(
        "请对照决定核对：审批已取消的，不再保留该中介服务；审批仍在的，补列其现行依据",
        "Compare with the decision: drop the service if the approval is cancelled, or name its present basis",
    )
    labelled_set = set_of_made_rows(positives=12, negatives=14)
    example = "煤炭经营场所评价报告 | 煤炭经营许可"

    def concerns(self, catalogue: Catalogue) -> bool:
        return catalogue.name == "intermediary-services"

    @override
    def find_findings(self, record: CheckedRecord, knowledge: Knowledge, day: date) -> Iterable[Finding]:
        names = names_in(str(record.content.get("approval", "")))
        cancelled = list(self._find_cancelled(record, names, knowledge, day))
        not_listed = list(self._find_not_listed(record, names, knowledge))
        yield from cancelled or not_listed

    def _find_cancelled(
        self, record: CheckedRecord, names: Sequence[ApprovalName], knowledge: Knowledge, day: date
    ) -> Iterator[Finding]:
        reported: set[str] = set()
        for name in names:
            for row in knowledge.find(_CANCELLED, name.key):
                if row.id in reported or not states_decision(row) or not is_item(name, row):
                    continue
                is_cancelled = treatment_of(row) is Treatment.CANCELLED
                if is_cancelled and judge(row, record, day) in ("kept", "unclear"):
                    reported.add(row.id)
                    cites = [
                        record.cite("approval", "approval", name.start, name.end),
                        record.cite("service", "name"),
                        *cites_of_decision(row),
                    ]
                    yield self.finding(_APPROVAL_CANCELLED, cites)

    def _find_not_listed(
        self, record: CheckedRecord, names: Sequence[ApprovalName], knowledge: Knowledge
    ) -> Iterator[Finding]:
        """Yield a finding if no complete list of the area has it. Lists of licences count for licences."""
        is_licence = _LICENCE in str(record.content.get("approval", ""))
        complete, is_listed = [], False
        for kind in _APPROVALS:
            near = find_lists_with_near_name(knowledge, kind, names)
            for one in find_complete_lists(knowledge, kind):
                if covers(one.publisher, record.publisher, same_area=True) and (
                    kind == "power-list" or is_licence
                ):
                    complete.append(one.statement)
                    is_listed = is_listed or one.dataset in near
        if complete and names and not is_listed:
            cites = [
                record.cite("approval", "approval"),
                record.cite("service", "name"),
                complete[0].cite("statement", "statement"),
                complete[0].cite("list", "title"),
            ]
            yield self.finding(_NOT_LISTED, cites)
