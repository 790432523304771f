"""``cancelled-still-listed`` (明放暗留): a decision cancelled or delegated an approval that a list still has.

The exact way is a place in a decision that the record cites as basis (国务院令第412号第86项). The other
is the name: what it approves is the same, and only words that any approval may have differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import override

from publisher.checks.approval_names import ApprovalName, names_in
from publisher.checks.cancellation import (
    Standing,
    cites_of_decision,
    is_item,
    judge,
    lists_approval,
    states_decision,
)
from publisher.checks.check import Check, CheckedRecord, Knowledge, LabelledSet, Rule, texts_of
from publisher.ingest.findings.kind import Bilingual, Cite, Finding
from schemas.definition.catalogue import Catalogue, Content
from schemas.reference.decision_places import DecisionPlace, find_decision_places, number_in_digits

_CANCELLED = "cancelled-items"
_LISTS = frozenset({"power-list", "licence-items", "service-guides", "pre-approvals", "investment-approvals"})
_NAMES = ("name", "sub_name")

_MESSAGE = Bilingual(
    "“{name}”仍列于清单，而{number}对“{item}”的处理决定是“{decision}”",
    "“{name}” is still listed, although {number} decided on “{item}”: {decision}",
)
_SAME_PLACE = Bilingual(
    "依据所引的{place}，就是该决定所列的这一项。",
    "The basis cites {place}, which is the item of the decision.",
)
_SAME_NAME = Bilingual(
    "两个名称只有审批、许可、设立、企业一类通用字词和语序不同。",
    "Both names differ only in words that any approval may have, and in their order.",
)
_UNCLEAR = Bilingual(
    "所引原文没有写明决定涉及哪一层级、哪一部分，或者没有写明决定的日期。",
    " The texts do not state which level, or which part, the decision concerns, or do not state its day.",
)


def _unclear(because: Bilingual) -> Bilingual:
    return Bilingual(because.zh + _UNCLEAR.zh, because.en + _UNCLEAR.en)


_SAME_PLACE_RULE = Rule("cited-place", "fact", _MESSAGE, _SAME_PLACE)
_SAME_PLACE_UNCLEAR_RULE = Rule("cited-place-unclear", "likely", _MESSAGE, _unclear(_SAME_PLACE))
_SAME_NAME_RULE = Rule("same-name", "likely", _MESSAGE, _SAME_NAME)
_SAME_NAME_UNCLEAR_RULE = Rule("same-name-unclear", "look", _MESSAGE, _unclear(_SAME_NAME))


_AGREEMENT = Bilingual(
    "{number}对“{item}”的处理决定是“{decision}”，本条列入清单与该决定相符",
    "{number} decided on “{item}”: {decision}. That this item is listed agrees with it",
)
_AGREEMENTS: Mapping[Standing, Rule] = {
    "delegated": Rule(
        "delegated",
        "agrees",
        _AGREEMENT,
        Bilingual("已经下放到列出它的层级。", "It was delegated to the level that lists it."),
    ),
    "filing": Rule(
        "filing",
        "agrees",
        _AGREEMENT,
        Bilingual(
            "已经改为备案，清单没有把它列为行政许可。", "It is a filing now, and is not listed as a licence."
        ),
    ),
    "restored": Rule(
        "restored",
        "agrees",
        _AGREEMENT,
        Bilingual("依据中有晚于该决定的规定。", "A basis is newer than the decision."),
    ),
    "other-level": Rule(
        "other-level",
        "agrees",
        _AGREEMENT,
        Bilingual("该决定涉及的是另一层级的审批。", "The decision is on the approval of another level."),
    ),
}


def _keys_of_row(content: Content) -> Iterator[str]:
    """Yield what a record that means the item of a decision looks up: name and places."""
    for name in names_in(str(content.get("name", "")))[:1]:
        yield _name_key(name)
    yield from (_place_key(place) for place in _places_of_row(content))


def _places_of_row(content: Content) -> list[DecisionPlace]:
    places = [place for _, text in texts_of(content.get("basis")) for place in find_decision_places(text)]
    number, item = content.get("decision_number"), content.get("item_number")
    if number and item:
        annex = number_in_digits(str(content.get("annex", "")))
        places.append(DecisionPlace(str(number), annex, number_in_digits(str(item)), 0, 0))
    return places


def _name_key(name: ApprovalName) -> str:
    return f"name {name.key}"


def _place_key(place: DecisionPlace) -> str:
    return f"place {place.key}"


class CancelledStillListed(Check):
    code = "cancelled-still-listed"
    version = 2
    title = Bilingual("已取消或下放的审批仍列于清单", "Cancelled approval is still listed")
    needs = MappingProxyType({_CANCELLED: _keys_of_row})
    rules = (_SAME_PLACE_RULE, _SAME_PLACE_UNCLEAR_RULE, _SAME_NAME_RULE, _SAME_NAME_UNCLEAR_RULE)
    agreements = tuple(_AGREEMENTS.values())
    way_out = Bilingual(
        "请对照决定核对：确已取消的，移出清单；已改为备案的，改列其他行政权力；决定之后另有新依据的，补列该依据",
        "Compare with the decision: remove what was cancelled, list a filing as such, or name a newer basis",
    )
    labelled_set = LabelledSet(
        Bilingual(
            "决定和国家清单中的审批与14个部门工作簿中事项的575对名称，由一人标注；"
            "“同一审批”只有10对，规则也是参照它们编写的，召回率很不确定；"
            "另有8对未能判定，不计入",
            "575 pairs of an approval in a decision or national list and an item in 14 workbooks, labelled "
            "by one judge; only 10 are the same approval, and the rules were written with them at hand; "
            "8 more are unsure and do not count",
        ),
        measured_on=date(2026, 11, 30),
        positives=10,
        negatives=557,
        precision="1.00",
        recall="0.70",
    )
    example = "煤炭经营许可 | 行政许可 | 已取消：设立煤炭经营企业审批"

    def concerns(self, catalogue: Catalogue) -> bool:
        return catalogue.name in _LISTS

    @override
    def find_findings(self, record: CheckedRecord, knowledge: Knowledge, day: date) -> Iterable[Finding]:
        for row, cites in self.find_links(record, knowledge):
            standing = judge(row, record, day)
            by_name = len(cites) == 1
            rules = {
                "kept": _SAME_NAME_RULE if by_name else _SAME_PLACE_RULE,
                "unclear": _SAME_NAME_UNCLEAR_RULE if by_name else _SAME_PLACE_UNCLEAR_RULE,
                **_AGREEMENTS,
            }
            if standing in rules:
                yield self.finding(rules[standing], [*cites, *_cites_of_row(row)])

    def find_links(
        self, record: CheckedRecord, knowledge: Knowledge
    ) -> list[tuple[CheckedRecord, tuple[Cite, ...]]]:
        """List the items of decisions that mean the approval of a record, whether it is lawful or not.

        Each with what links it to the record: a name, or a name and the place that the record's basis cites.
        """
        if not lists_approval(record):
            return []
        links: dict[str, tuple[CheckedRecord, tuple[Cite, ...]]] = {}
        for row, cites in (*self._links_by_place(record, knowledge), *self._links_by_name(record, knowledge)):
            if states_decision(row):
                links.setdefault(row.id, (row, cites))
        return list(links.values())

    def _links_by_place(
        self, record: CheckedRecord, knowledge: Knowledge
    ) -> Iterator[tuple[CheckedRecord, tuple[Cite, ...]]]:
        """Yield the items of decisions at the places that the record's bases cite."""
        for field in record.catalogue.basis_fields:
            for item, text in texts_of(record.content.get(field)):
                for place in find_decision_places(text):
                    for row in knowledge.find(_CANCELLED, _place_key(place)):
                        if any(place.is_at(own) for own in _places_of_row(row.content)):
                            cite = record.cite("place", field, place.start, place.end, item)
                            yield row, (record.cite("name", "name"), cite)

    def _links_by_name(
        self, record: CheckedRecord, knowledge: Knowledge
    ) -> Iterator[tuple[CheckedRecord, tuple[Cite, ...]]]:
        """Yield the items of decisions that have the name of the record, or of a part of it."""
        for field in _NAMES:
            for name in names_in(str(record.content.get(field, ""))):
                for row in knowledge.find(_CANCELLED, _name_key(name)):
                    if is_item(name, row):
                        yield row, (record.cite("name", field, name.start, name.end),)


def _cites_of_row(row: CheckedRecord) -> Iterator[Cite]:
    yield from cites_of_decision(row)
    for field in ("actor", "addressed_level", "delegated_to", "scope", "decided_on"):
        if row.content.get(field):
            yield row.cite(field, field)
