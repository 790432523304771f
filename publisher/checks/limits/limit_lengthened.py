"""``limit-lengthened``: a record lists a longer limit than before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from types import MappingProxyType
from typing import override

from publisher.checks.check import Check, CheckedRecord, Knowledge
from publisher.checks.labelled_sets import set_of_made_rows
from publisher.checks.limits.longer_limits import rules_of_longer
from publisher.ingest.findings.kind import Bilingual, Finding
from schemas.cells.limit_comparison import ListedLimit, read_listed_limit, rule_by_which_longer
from schemas.definition.catalogue import Catalogue

_OWN_LIMITS = ("promised_limit", "service_limit")
"""Fields of limits that the office sets itself; a statutory one grows by law."""
_MESSAGE = Bilingual(
    "“{name}”现列{now}，此前列{before}", "“{name}” is listed with {now}; it was listed with {before}"
)
_RULES = rules_of_longer(
    _MESSAGE,
    Bilingual("单位相同，现列的数值较大。", "Both have the same unit, and the present number is larger."),
)


class LimitLengthened(Check):
    code = "limit-lengthened"
    version = 2
    title = Bilingual("时限比此前长", "Limit is longer than before")
    needs = MappingProxyType({})
    needs_earlier = True
    rules = tuple(_RULES.values())
    way_out = Bilingual(
        "请核对：误录的，更正时限；确需延长的，说明理由",
        "Check it: correct a limit that was entered wrongly, or state the reason why it has to be longer",
    )
    labelled_set = set_of_made_rows(positives=5, negatives=12)
    example = "养老服务备案 | 承诺办结时限20个工作日，此前10个工作日"

    def concerns(self, catalogue: Catalogue) -> bool:
        return any(name in catalogue.by_name for name in _OWN_LIMITS)

    @override
    def find_findings(self, record: CheckedRecord, knowledge: Knowledge, day: date) -> Iterable[Finding]:
        earlier = knowledge.earlier(record)
        for field in _OWN_LIMITS if earlier else ():
            now = read_listed_limit(record.content.get(field))
            before = None if now is None else _last_other(earlier, field, now)
            if now is None or before is None:
                continue
            rule = rule_by_which_longer(now, before[1])
            if rule is not None:
                title = record.catalogue.title_field
                cites = [
                    record.cite("now", field),
                    before[0].cite("before", field),
                    record.cite("name", title),
                ]
                yield self.finding(_RULES[rule], cites)


def _last_other(
    earlier: Iterable[CheckedRecord], field: str, now: ListedLimit
) -> tuple[CheckedRecord, ListedLimit] | None:
    """Return the newest earlier state that listed another limit, with it."""
    for record in earlier:
        limit = read_listed_limit(record.content.get(field))
        if limit is not None and limit != now:
            return record, limit
    return None
