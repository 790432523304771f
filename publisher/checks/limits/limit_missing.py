"""``limit-missing``: a licence is listed without a limit, or a limit is not listed any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from types import MappingProxyType
from typing import override

from publisher.checks.check import Check, CheckedRecord, Knowledge, Rule
from publisher.checks.labelled_sets import set_of_made_rows
from publisher.ingest.findings.kind import Bilingual, Finding
from schemas.cells.limit_comparison import read_listed_limit
from schemas.definition.catalogue import Catalogue

_LIMITS = ("promised_limit", "statutory_limit")
_GUIDES = ("service-guides",)
"""Kinds of list in which each licence has a limit. Many power lists have no column for one."""
_LICENCE = "行政许可"
_DROPPED = Rule(
    "dropped",
    "fact",
    Bilingual(
        "“{name}”现未列明可识读的办结时限，此前列有{before}",
        "“{name}” is listed without a limit that can be read; it was listed with {before}",
    ),
    Bilingual(
        "此前列有时限，现在法定和承诺办结时限均无可识读的内容。",
        "A limit was listed before; now neither the statutory nor the promised one can be read.",
    ),
)
_MISSING = Rule(
    "missing",
    "look",
    Bilingual(
        "“{name}”列为{kind}，没有列明可识读的办结时限",
        "“{name}” is listed as {kind} without a limit that can be read",
    ),
    Bilingual(
        "办事指南中行政许可的法定和承诺办结时限均无可识读的内容；也可能只是写法未能识读。",
        "Of a licence in a guide neither limit can be read; perhaps only its wording could not be.",
    ),
)


class LimitMissing(Check):
    code = "limit-missing"
    version = 1
    title = Bilingual("没有列明时限", "Limit is missing")
    needs = MappingProxyType({})
    needs_earlier = True
    rules = (_DROPPED, _MISSING)
    way_out = Bilingual(
        "请补充法定和承诺办结时限，并写明数值和单位",
        "Add the statutory and the promised limit, with number and unit",
    )
    labelled_set = set_of_made_rows(positives=2, negatives=7)
    example = "取水许可 | 行政许可，法定和承诺办结时限均空白"

    def concerns(self, catalogue: Catalogue) -> bool:
        return all(name in catalogue.by_name for name in _LIMITS)

    @override
    def find_findings(self, record: CheckedRecord, knowledge: Knowledge, day: date) -> Iterable[Finding]:
        if _fields_with_limit(record) or _has_note(record):
            return
        name = record.cite("name", record.catalogue.title_field)
        before = next(
            ((one, own[0]) for one in knowledge.earlier(record) if (own := _fields_with_limit(one))), None
        )
        kind = record.catalogue.type_field
        if before is not None:
            yield self.finding(_DROPPED, [name, before[0].cite("before", before[1])])
        elif record.catalogue.name in _GUIDES and kind and record.content.get(kind) == _LICENCE:
            yield self.finding(_MISSING, [name, record.cite("kind", kind)])


def _fields_with_limit(record: CheckedRecord) -> Sequence[str]:
    return [name for name in _LIMITS if read_listed_limit(record.content.get(name)) is not None]


def _has_note(record: CheckedRecord) -> bool:
    """Test whether a column beside a limit says something about it in words."""
    return any(record.content.get(f"{name}_note") for name in _LIMITS)
