"""``service-without-approval``: an intermediary service is kept for an approval that a decision cancelled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from types import MappingProxyType
from typing import override

from publisher.checks.approval_names import compare_names, names_in
from publisher.checks.cancellation import Treatment, judge, treatment_of
from publisher.checks.check import Check, CheckedRecord, Knowledge, Rule
from publisher.ingest.findings.kind import Bilingual, Finding
from schemas.definition.catalogue import Catalogue, Content

_CANCELLED = "cancelled-items"
_RULE = Rule(
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


def _keys_of_row(content: Content) -> Iterator[str]:
    yield from (name.key for name in names_in(str(content.get("name", "")))[:1])


class ServiceWithoutApproval(Check):
    code = "service-without-approval"
    version = 1
    title = Bilingual("中介服务所涉审批已取消", "Approval of a service is cancelled")
    needs = MappingProxyType({_CANCELLED: _keys_of_row})
    rules = (_RULE,)
    way_out = Bilingual(
        "请对照决定核对：审批已取消的，不再保留该中介服务；审批仍在的，补列其现行依据",
        "Compare with the decision: drop the service if the approval is cancelled, or name its present basis",
    )
    example = "煤炭经营场所评价报告 | 煤炭经营许可"

    def concerns(self, catalogue: Catalogue) -> bool:
        return catalogue.name == "intermediary-services"

    @override
    def applies(self, record: CheckedRecord, knowledge: Knowledge, day: date) -> Iterable[Finding]:
        seen: set[str] = set()
        for name in names_in(str(record.content.get("approval", ""))):
            for row in knowledge.find(_CANCELLED, name.key):
                is_cited = all(row.content.get(field) for field in ("decision_number", "decision"))
                if row.id in seen or not is_cited or treatment_of(row) is not Treatment.CANCELLED:
                    continue
                is_same = compare_names(name, names_in(str(row.content["name"]))[0]).is_same
                if is_same and judge(row, record, day) in ("kept", "unclear"):
                    seen.add(row.id)
                    fields = {"item": "name", "number": "decision_number", "decision": "decision"}
                    cites = [
                        record.cite("approval", "approval", name.start, name.end),
                        record.cite("service", "name"),
                        *(row.cite(role, field) for role, field in fields.items()),
                    ]
                    yield self.finding(_RULE, cites)
