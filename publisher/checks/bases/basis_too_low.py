"""``basis-too-low``: every basis of a row is of a level that may not create a row of this kind."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from types import MappingProxyType
from typing import override

import msgspec

from publisher.checks.bases.cited_documents import (
    CitedDocument,
    cite_document,
    cited_documents,
    has_unread_text,
    names_a_statute,
)
from publisher.checks.check import Check, CheckedRecord, Knowledge, Rule
from publisher.checks.labelled_sets import set_with_real_rows
from publisher.ingest.findings.kind import Bilingual, Finding
from schemas.definition.catalogue import Catalogue, Content
from schemas.reference.issuers import UNKNOWN

_MESSAGE = Bilingual(
    "“{name}”仍列于清单，所列依据只有{basis}等文件，没有列明层级足够的依据",
    "“{name}” is listed on no other basis than documents such as {basis}, none of a sufficient level",
)
_LOCAL_FEE = Rule(
    "local-fee",
    "likely",
    _MESSAGE,
    Bilingual(
        "机关代字表明都是设区的市级或县级文件；收费项目实行中央和省两级审批（财综〔2004〕100号）。",
        "By their 机关代字 all are of a city or county; charges are approved by the nation and the provinces "
        "(财综〔2004〕100号).",
    ),
)
_LOCAL_FUND = Rule(
    "local-fund",
    "likely",
    _MESSAGE,
    Bilingual(
        "机关代字表明都是地方文件；政府性基金由法律、行政法规和中央文件设立（财综〔2010〕80号）。",
        "By their 机关代字 all are local; government funds are created by statutes and documents of the "
        "nation (财综〔2010〕80号).",
    ),
)
_DOCUMENT_ONLY = Rule(
    "document-only",
    "likely",
    _MESSAGE,
    Bilingual(
        "机关代字表明都是部门或地方文件，没有法律、法规、规章或国务院文件；规范性文件不得设定许可、处罚、强制和中介服务"
        "（行政许可法、行政处罚法、行政强制法，国办发〔2015〕31号）。",
        "By their 机关代字 all are documents of departments or places, with no statute, rule or document of "
        "the State Council; they may create no licence, penalty, compulsion or intermediary service.",
    ),
)
_POWERS = frozenset({"行政许可", "行政处罚", "行政强制", "行政强制措施", "行政强制执行"})
_BELOW_PROVINCE = frozenset({"设区的市级", "县级"})
_BELOW_NATION = frozenset({"省级", *_BELOW_PROVINCE})


class _Demand(msgspec.Struct, frozen=True):
    rule: Rule
    since: date
    """Day from which the demand is made."""


_FEES = _Demand(_LOCAL_FEE, date(2005, 1, 1))
_FUNDS = _Demand(_LOCAL_FUND, date(2011, 1, 1))
_SERVICES = _Demand(_DOCUMENT_ONLY, date(2015, 4, 27))
_APPROVALS = _Demand(_DOCUMENT_ONLY, date(2004, 7, 1))
_DEMANDS = {
    "fees": _FEES,
    "government-funds": _FUNDS,
    "intermediary-services": _SERVICES,
    "pre-approvals": _APPROVALS,
}
"""Catalogue → what bases of all its rows have to fulfil. Those of powers depend on their kind."""
_POWER_DAYS = {"行政许可": date(2004, 7, 1), "行政处罚": date(1996, 10, 1)}
_COMPULSION = date(2012, 1, 1)


class BasisTooLow(Check):
    code = "basis-too-low"
    version = 1
    title = Bilingual("依据层级不足", "Basis is of too low a level")
    needs = MappingProxyType({})
    days = (*_POWER_DAYS.values(), _COMPULSION, _APPROVALS.since, _FEES.since, _FUNDS.since, _SERVICES.since)
    rules = (_LOCAL_FEE, _LOCAL_FUND, _DOCUMENT_ONLY)
    way_out = Bilingual(
        "请补充有权机关的依据；没有的，该事项是否继续保留应重新研究",
        "Add the basis of the body that has the power; if there is none, reconsider the item",
    )
    labelled_set = set_with_real_rows(positives=10, negatives=113)
    example = "占道停车管理费 | 鞍政发〔2016〕3号"

    @override
    def concerns(self, catalogue: Catalogue) -> bool:
        return catalogue.name == "power-list" or catalogue.name in _DEMANDS

    @override
    def find_findings(self, record: CheckedRecord, knowledge: Knowledge, day: date) -> Iterable[Finding]:
        demand = _demand(record.catalogue, record.content)
        if demand is None or day < demand.since or record.content.get("parent_name"):
            return
        if names_a_statute(record):
            return
        documents = cited_documents(record)
        if not documents or not all(_is_too_low(one, demand.rule) for one in documents):
            return
        if has_unread_text(record, documents):
            return
        name = record.cite("name", record.catalogue.title_field)
        others = [cite_document(record, one, f"basis{n}") for n, one in enumerate(documents[1:], 2)]
        yield self.finding(demand.rule, [cite_document(record, documents[0]), *others, name])


def _demand(catalogue: Catalogue, content: Content) -> _Demand | None:
    """Return what the bases of a row have to fulfil; None if nothing is known of its kind."""
    if catalogue.name == "power-list":
        kind = str(content.get("power_type", ""))
        since = _POWER_DAYS.get(kind, _COMPULSION)
        return _Demand(_DOCUMENT_ONLY, since) if kind in _POWERS else None
    return _DEMANDS.get(catalogue.name)


def _is_too_low(document: CitedDocument, rule: Rule) -> bool:
    """Test whether a basis certainly does not suffice. Unknown issuers may."""
    if document.nature != "document" or not document.number or document.issuer.level == UNKNOWN:
        return False
    if rule is _LOCAL_FEE:
        return document.issuer.level in _BELOW_PROVINCE
    if rule is _LOCAL_FUND:
        return document.issuer.level in _BELOW_NATION
    return document.issuer.maker != "国务院"
