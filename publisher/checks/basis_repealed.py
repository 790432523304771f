"""``basis-repealed``: a record in force rests on a statute that is repealed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import partial
from types import MappingProxyType

import msgspec

from publisher.checks.check import Check, CheckedRecord, Knowledge, LabelledSet, Rule, texts_of
from publisher.checks.known_statutes import STATUTES, date_of, find_rows, rests_on_statutes, statute_key
from publisher.ingest.findings.kind import Bilingual, Finding
from schemas.definition.catalogue import Catalogue, Content
from schemas.reference.legal_bases import CitedStatute, find_cited_statutes


def _keys_of_row(content: Content) -> Iterable[str]:
    return (statute_key(str(content.get("title", ""))),)


_BECAUSE = Bilingual("《{by}》{article}写明废止。", "《{by}》 repeals it in its article {article}.")
_REPEALED = Rule(
    "repealed",
    "fact",
    Bilingual(
        "《{statute}》仍列于依据，自{day}起已经废止",
        "《{statute}》 is still listed as a basis; it was repealed as of {day}",
    ),
    _BECAUSE,
)
_REPEALED_BEFORE = Rule(
    "repealed-before",
    "fact",
    Bilingual(
        "《{statute}》仍列于依据，至迟自{day}起已经废止",
        "《{statute}》 is still listed as a basis; it was repealed on {day} at the latest",
    ),
    _BECAUSE,
)
_OLD_NAME = Rule(
    "old-name",
    "look",
    Bilingual(
        "《{statute}》仍列于依据，这个名称已经废止，所注版本可能是取代它的《{by}》",
        "《{statute}》 is still listed as a basis; this title is repealed, and the edition may be that of "
        "《{by}》",
    ),
    Bilingual(
        "《{by}》{article}写明自{day}起废止，而所注日期不早于它的公布：可能只需改正名称。",
        "《{by}》 repeals it in its article {article} as of {day}, and the edition that is named is not "
        "older: perhaps only the title has to be corrected.",
    ),
)


class _CitedRepeal(msgspec.Struct, frozen=True):
    """A basis of the record, and the row that says that it is repealed."""

    row: CheckedRecord
    item: int | None
    statute: CitedStatute


class BasisRepealed(Check):
    code = "basis-repealed"
    version = 2
    title = Bilingual("依据已经废止", "Basis is repealed")
    needs = MappingProxyType({STATUTES: _keys_of_row})
    rules = (_REPEALED, _REPEALED_BEFORE, _OLD_NAME)
    way_out = Bilingual(
        "请核对现行规定：有新依据的，改为新依据及其条款；没有的，该事项是否继续保留应重新研究",
        "Check what is in force: name the new basis and its article; if there is none, reconsider the item",
    )
    labelled_set = LabelledSet(
        Bilingual(
            "14个部门工作簿（2,049项）中提到已经废止的法律法规之处，逐一人工标注；不重复的事项只有13个，规则也是参照它们编写的，不足以精确估计",
            "Every mention of a repealed statute in 14 workbooks of departments (2,049 items), labelled by "
            "hand; only 13 distinct items rest on one, and the rules were written with them at hand",
        ),
        measured_on=date(2026, 11, 30),
        positives=20,
        negatives=6,
        precision="1.00",
        recall="1.00",
    )
    example = "档案工作监督检查 | 【法规】《中华人民共和国档案法实施办法》第八条"

    def concerns(self, catalogue: Catalogue) -> bool:
        return rests_on_statutes(catalogue)

    def find_findings(self, record: CheckedRecord, knowledge: Knowledge, day: date) -> Iterable[Finding]:
        for field in record.catalogue.basis_fields:
            yield from self._check_field(record, field, knowledge, day)

    def _check_field(
        self, record: CheckedRecord, field: str, knowledge: Knowledge, day: date
    ) -> Iterator[Finding]:
        cited: dict[str, list[_CitedRepeal]] = {}
        for item, text in texts_of(record.content.get(field)):
            repeals = find_rows(text, knowledge, partial(_find_repeal, day=day))
            for statute in find_cited_statutes(text) if repeals else ():
                row = repeals.get(statute_key(statute.title))
                if row is not None and statute.role == "basis":
                    cited.setdefault(row.id, []).append(_CitedRepeal(row, item, statute))
        for own in cited.values():
            yield self._finding(record, field, own)

    def _finding(self, record: CheckedRecord, field: str, cited: Sequence[_CitedRepeal]) -> Finding:
        row = cited[0].row
        roles = ["basis", *(f"basis{number}" for number in range(2, len(cited) + 1))]
        cites = [
            record.cite(role, field, own.statute.start, own.statute.end, own.item)
            for role, own in zip(roles, cited, strict=True)
        ]
        known_day = "repealed_on" in row.content
        rule = _REPEALED if known_day else _REPEALED_BEFORE
        dated = [own.statute.dated for own in cited]
        if all(newest is not None and newest >= _replaced_from(row) for newest in dated):
            rule = _OLD_NAME
        fields = {
            "statute": "title",
            "day": "repealed_on" if known_day else "repealed_by_version",
            "by": "repealed_by",
            "article": "repealed_article",
        }
        cites += [row.cite(role, name) for role, name in fields.items()]
        return self.finding(rule, cites)


def _find_repeal(rows: Iterable[CheckedRecord], day: date) -> CheckedRecord | None:
    """Return the row that says that a title is repealed on a day; None if an edition of it is in force."""
    newest: tuple[date, bool, CheckedRecord] | None = None
    for row in rows:
        version = None if "repealed_by" in row.content else date_of(row, "version")
        events = [(_repealed_from(row), True), (date_of(row, "effective") or version, False)]
        for event, repealed in events:
            if event is not None and event <= day and (newest is None or (event, not repealed) > newest[:2]):
                newest = (event, not repealed, row)
    return None if newest is None or newest[1] else newest[2]


def _repealed_from(row: CheckedRecord) -> date | None:
    """Return the first day on which the row's edition is certainly repealed; None without a full citation.

    None also if a newer edition replaced it: the title that the basis names is in force.
    """
    title, by = (str(row.content.get(name, "")) for name in ("title", "repealed_by"))
    if not (by and row.content.get("repealed_article")) or statute_key(title) == statute_key(by):
        return None  # a newer edition of the same title: the basis leads to it
    return date_of(row, "repealed_on") or date_of(row, "repealed_by_version")


def _replaced_from(row: CheckedRecord) -> date:
    """Return the day from which a note on the edition can only mean the statute that replaced it."""
    days = (date_of(row, "repealed_on"), date_of(row, "repealed_by_version"))
    return min(day for day in days if day is not None)
