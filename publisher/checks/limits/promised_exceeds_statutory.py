"""``promised-exceeds-statutory``: the limit that an office promises is longer than the statutory one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from types import MappingProxyType
from typing import override

from publisher.checks.check import Check, CheckedRecord, Knowledge
from publisher.checks.labelled_sets import set_of_made_rows
from publisher.checks.limits.longer_limits import rules_of_longer
from publisher.ingest.findings.kind import Bilingual, Finding
from schemas.cells.limit_comparison import read_listed_limit, rule_by_which_longer
from schemas.definition.catalogue import Catalogue

_PROMISED, _STATUTORY = "promised_limit", "statutory_limit"
_MESSAGE = Bilingual(
    "“{name}”承诺办结时限列为{promised}，法定办结时限列为{statutory}",
    "“{name}” is listed with a promised limit of {promised} and a statutory limit of {statutory}",
)
_RULES = rules_of_longer(
    _MESSAGE,
    Bilingual("单位相同，承诺的数值较大。", "Both have the same unit, and the promised number is larger."),
)


class PromisedExceedsStatutory(Check):
    code = "promised-exceeds-statutory"
    version = 2
    title = Bilingual("承诺时限长于法定时限", "Promised limit is longer than the statutory one")
    needs = MappingProxyType({})
    rules = tuple(_RULES.values())
    way_out = Bilingual(
        "请核对两个时限及其单位：承诺办结时限不得长于法定办结时限",
        "Check both limits and their units: a promised limit is never longer than the statutory one",
    )
    labelled_set = set_of_made_rows(positives=42, negatives=27)
    example = "取水许可 | 法定办结时限20个工作日，承诺办结时限25个工作日"

    def concerns(self, catalogue: Catalogue) -> bool:
        return _PROMISED in catalogue.by_name and _STATUTORY in catalogue.by_name

    @override
    def find_findings(self, record: CheckedRecord, knowledge: Knowledge, day: date) -> Iterable[Finding]:
        promised = read_listed_limit(record.content.get(_PROMISED))
        statutory = read_listed_limit(record.content.get(_STATUTORY))
        rule = promised and statutory and rule_by_which_longer(promised, statutory)
        if rule:
            cites = [
                record.cite("promised", _PROMISED),
                record.cite("statutory", _STATUTORY),
                record.cite("name", record.catalogue.title_field),
            ]
            yield self.finding(_RULES[rule], cites)
