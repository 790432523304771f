"""``basis-superseded``: a basis was ended by another document, or its issuer published a later list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from types import MappingProxyType
from typing import override

from publisher.checks.bases.cited_documents import cite_document, cited_documents
from publisher.checks.check import Check, CheckedRecord, Knowledge, Rule
from publisher.checks.known_statutes import date_of
from publisher.checks.labelled_sets import set_with_real_rows
from publisher.ingest.findings.kind import Bilingual, Cite, Finding
from schemas.definition.catalogue import Catalogue, Content
from schemas.reference.document_numbers import parse_number

_DOCUMENTS = "policies"
_LIST = re.compile(r"目录清单|目录|清单|名录")
_NOT_IN_KEY = re.compile(
    r"[\s《》〈〉（）()“”\d〇年版本第次批]|公布|发布|印发|更新|调整|修订|关于|通知|公告|的"
)

_ENDED = Rule(
    "ended",
    "fact",
    Bilingual("{number}仍列于依据，已由{by}废止", "{number} is still listed as a basis; {by} ended it"),
    Bilingual("文件清单写明它已由{by}废止。", "The list of documents states that {by} ended it."),
)
_LATER_LIST = Rule(
    "later-list",
    "likely",
    Bilingual(
        "{number}仍列于依据，同一机关已于{day}印发同名的{newer}",
        "{number} is still listed as a basis; its issuer published {newer} of the same title on {day}",
    ),
    Bilingual(
        "两份文件的机关代字相同，标题除年份外相同，都是清单：“{title}”。",
        "Both documents have one 机关代字 and, but for the year, one title, that of a list: “{title}”.",
    ),
)


def _keys_of_row(content: Content) -> Iterable[str]:
    """Return the keys of a document that was ended or is a list; the many others are not kept in memory."""
    is_list = _LIST.search(str(content.get("title", ""))) is not None
    number = parse_number(str(content.get("number", ""))) if is_list or content.get("ended_by") else None
    if number is None:
        return ()
    return (number.standard, _lists_of(number.issuer)) if is_list else (number.standard,)


def _lists_of(code: str) -> str:
    """Return the key of the lists that a body issued."""
    return f"lists:{code}"


class BasisSuperseded(Check):
    code = "basis-superseded"
    version = 1
    title = Bilingual("依据已被取代", "Basis is superseded")
    needs = MappingProxyType({_DOCUMENTS: _keys_of_row})
    rules = (_ENDED, _LATER_LIST)
    way_out = Bilingual(
        "请核对现行文件：仍有依据的，改为现行文件；没有的，该事项是否继续保留应重新研究",
        "Check the documents in force: name them if they contain the item; if not, reconsider it",
    )
    labelled_set = set_with_real_rows(positives=10, negatives=113)
    example = "证照工本费 | 示财综〔2009〕1号（文件清单注明已废止）"

    @override
    def concerns(self, catalogue: Catalogue) -> bool:
        return not catalogue.running and catalogue.basis_field is not None

    @override
    def find_findings(self, record: CheckedRecord, knowledge: Knowledge, day: date) -> Iterable[Finding]:
        cited: dict[str, tuple[Rule, list[Cite]]] = {}
        for document in cited_documents(record):
            if document.nature != "document" or not document.number:
                continue
            own = knowledge.find(_DOCUMENTS, document.number)
            lists = knowledge.find(_DOCUMENTS, _lists_of(document.code))
            for rule, row_id, cites in _superseding(own, lists, day):
                cited.setdefault(row_id, (rule, [cite_document(record, document), *cites]))
        for rule, cites in cited.values():
            yield self.finding(rule, cites)


def _superseding(
    rows: Iterable[CheckedRecord], lists: Iterable[CheckedRecord], day: date
) -> Iterator[tuple[Rule, str, list[Cite]]]:
    """Yield rule, id of the document's row, and cites for each way in which it is superseded."""
    for row in rows:
        number = row.cite("number", "number")
        if row.content.get("ended_by"):
            yield _ENDED, row.id, [number, row.cite("by", "ended_by")]
            continue
        later = [other for other in lists if _is_later_list(other, row, day)]
        if later:
            newest = max(later, key=lambda other: (_date(other) or date.min, other.id))
            day_cite = newest.cite("day", _date_field(newest))
            cites = [number, row.cite("title", "title"), newest.cite("newer", "number"), day_cite]
            yield _LATER_LIST, row.id, [*cites, newest.cite("newer-title", "title")]


def _is_later_list(other: CheckedRecord, row: CheckedRecord, day: date) -> bool:
    titles = [str(one.content.get("title", "")) for one in (row, other)]
    before, after = _date(row), _date(other)
    if before is None or after is None or not before < after <= day:
        return False
    return all(_LIST.search(title) for title in titles) and _title_key(titles[0]) == _title_key(titles[1])


def _title_key(title: str) -> str:
    return _NOT_IN_KEY.sub("", title)


def _date_field(row: CheckedRecord) -> str:
    return "effective_on" if row.content.get("effective_on") else "date_written"


def _date(row: CheckedRecord) -> date | None:
    return date_of(row, _date_field(row))
