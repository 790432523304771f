"""``basis-missing``: a charge, a fund, a service or a power is listed without any basis."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from types import MappingProxyType
from typing import override

from publisher.checks.check import Check, CheckedRecord, Knowledge, Rule
from publisher.checks.labelled_sets import set_with_real_rows
from publisher.ingest.findings.kind import Bilingual, Finding
from schemas.definition.catalogue import Catalogue

_MISSING = Rule(
    "missing",
    "fact",
    Bilingual("“{name}”仍列于清单，没有列明依据", "“{name}” is listed without a basis"),
    Bilingual("依据一栏是空白。", "The column of its basis is blank."),
)
_CATALOGUES = frozenset({"fees", "government-funds", "intermediary-services", "pre-approvals", "power-list"})
_WITHOUT_BASIS = ("公共服务", "内部", "其他")
"""Types of powers that need no statute or document of their own."""


class BasisMissing(Check):
    code = "basis-missing"
    version = 1
    title = Bilingual("没有列明依据", "Basis is missing")
    needs = MappingProxyType({})
    rules = (_MISSING,)
    way_out = Bilingual(
        "请补充设定依据；没有依据的，该事项是否继续保留应重新研究",
        "Add the basis; if there is none, reconsider the item",
    )
    labelled_set = set_with_real_rows(positives=10, negatives=113)
    example = "证照工本费 | 依据空白"

    @override
    def concerns(self, catalogue: Catalogue) -> bool:
        return catalogue.name in _CATALOGUES

    @override
    def find_findings(self, record: CheckedRecord, knowledge: Knowledge, day: date) -> Iterable[Finding]:
        content, field = record.content, record.catalogue.basis_field
        kind = str(content.get("power_type", ""))
        part_of_another = bool(content.get("parent_name"))  # whose basis may stand for it
        if field is None or content.get(field) or part_of_another or kind.startswith(_WITHOUT_BASIS):
            return
        yield self.finding(_MISSING, [record.cite("name", record.catalogue.title_field)])
