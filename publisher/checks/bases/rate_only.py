"""``rate-only``: every basis of a charge fixes its rate, and none creates it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from types import MappingProxyType
from typing import override

from publisher.checks.bases.cited_documents import (
    CitedDocument,
    cite_document,
    cited_documents,
    has_unread_text,
)
from publisher.checks.check import Check, CheckedRecord, Knowledge, Rule
from publisher.checks.labelled_sets import set_with_real_rows
from publisher.ingest.findings.kind import Bilingual, Finding
from schemas.definition.catalogue import Catalogue

_RATE = re.compile(r"(?:收费|征收|收取|缴费|计费)标准|费率")
_CREATES = re.compile(
    r"项目|设立|立项|目录|(?:管理|征收|收费|使用)(?:暂行|实施)?(?:办法|规定|细则)|审批|批准"
)
_RATE_ONLY = Rule(
    "rate-only",
    "look",
    Bilingual(
        "“{name}”仍列于清单，所列依据只核定标准：{basis}",
        "“{name}” is listed on bases that only fix its rate: {basis}",
    ),
    Bilingual(
        "标题只写收费标准，或机关代字专用于标准；收费的设立另需依据。",
        "The titles name rates only, or the 机关代字 is that of rates; a charge needs one that creates it.",
    ),
)
_SINCE = date(2005, 1, 1)
"""Charges and their rates are approved apart: 财综〔2004〕100号, 发改价格〔2006〕532号."""


class RateOnly(Check):
    code = "rate-only"
    version = 1
    title = Bilingual("依据只核定标准", "Basis only fixes the rate")
    needs = MappingProxyType({})
    days = (_SINCE,)
    rules = (_RATE_ONLY,)
    way_out = Bilingual("请补充设立该收费的依据", "Add the basis that creates the charge")
    labelled_set = set_with_real_rows(positives=10, negatives=113)
    example = "证照工本费 | 《关于证照工本费收费标准的通知》（发改价格〔2010〕5号）"

    @override
    def concerns(self, catalogue: Catalogue) -> bool:
        return catalogue.name in {"fees", "government-funds"}

    @override
    def find_findings(self, record: CheckedRecord, knowledge: Knowledge, day: date) -> Iterable[Finding]:
        documents = cited_documents(record)
        if day < _SINCE or record.content.get("parent_name") or not documents:
            return
        if not all(_fixes_rates(one) for one in documents) or has_unread_text(record, documents):
            return
        name = record.cite("name", record.catalogue.title_field)
        others = [cite_document(record, one, f"basis{n}") for n, one in enumerate(documents[1:], 2)]
        yield self.finding(_RATE_ONLY, [cite_document(record, documents[0]), *others, name])


def _fixes_rates(document: CitedDocument) -> bool:
    if document.title:
        return _RATE.search(document.title) is not None and _CREATES.search(document.title) is None
    return document.issuer.rates_only
