"""``article-moved``: a text that a record quotes has another number in a newer edition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache, partial
from types import MappingProxyType
from typing import override

import msgspec

from publisher.checks.check import Check, CheckedRecord, Knowledge, LabelledSet, Rule, texts_of
from publisher.checks.known_statutes import STATUTES, date_of, find_rows, rests_on_statutes, statute_key
from publisher.ingest.findings.kind import Bilingual, Finding
from schemas.definition.catalogue import Catalogue, Content
from schemas.reference.article_hashes import (
    ArticleIndex,
    HashedArticle,
    HashedText,
    Match,
    hash_quotation,
    index_articles,
)
from schemas.reference.legal_bases import CitedStatute, find_cited_statutes
from schemas.reference.quoted_articles import QuotedArticle, article_key, find_quoted_articles

_LEAST_CLAUSES = 2
"""A single clause may have the hash of another one by chance."""
_LEAST_SHARE = 0.3
"""Least share of the quoted letters that have to be in the other article: editions change words."""
_LONG_CLAUSE = 16
"""Letters of a clause that is enough if it is all of the quoted text."""
_MOST_TEXTS = 1024
"""Most texts whose quotations are kept in memory: the rows of a department often have the same text."""

_MESSAGE = Bilingual(
    "引文仍列为《{statute}》{article}，在{edition}的版本中是{newer}",
    "The quoted text is still listed as 《{statute}》 {article}; in the edition of {edition} it is {newer}",
)
_MOVED = Rule(
    "moved",
    "fact",
    _MESSAGE,
    Bilingual(
        "与该版本各条的校验值核对：引文的每个分句都在{newer}，不都在{article}。",
        "Compared with the hashes of that edition: every clause quoted is in {newer}, not every one "
        "in {article}.",
    ),
)
_MOVED_IN_PART = Rule(
    "moved-in-part",
    "likely",
    _MESSAGE,
    Bilingual(
        "与该版本各条的校验值核对：引文的不少文字在{newer}，在{article}的不到其一半；其余文字在该版本已有不同，"
        "或没有引全。",
        "Compared with the hashes of that edition: much of the quotation is in {newer}, less than half of "
        "that in {article}; that edition has other words for the rest, or it is not all quoted.",
    ),
)
_UNDATED = Rule(
    "moved-undated",
    "look",
    _MESSAGE,
    Bilingual(
        "与该版本各条的校验值核对：引文在{newer}。依据没有注明版本，无法确定所引版本是否更新。",
        "Compared with the hashes of that edition: the quotation is in {newer}. The basis does not state its "
        "edition, which may be a newer one.",
    ),
)
_BY_STRENGTH = (_UNDATED, _MOVED_IN_PART, _MOVED)
"""The weakest first."""


class _Moved(msgspec.Struct, frozen=True):
    """A quoted article, the article of the edition that contains its text, and how certain that is."""

    item: int | None
    quoted: QuotedArticle
    newer: HashedArticle
    rule: Rule


def _keys_of_row(content: Content) -> Iterable[str]:
    return (statute_key(str(content.get("title", ""))),) if content.get("article_hashes") else ()


class ArticleMoved(Check):
    code = "article-moved"
    version = 1
    title = Bilingual("所引条文的条号已变", "Quoted article has another number")
    needs = MappingProxyType({STATUTES: _keys_of_row})
    rules = (_MOVED, _MOVED_IN_PART, _UNDATED)
    way_out = Bilingual(
        "请按现行版本核对条号和条文，并注明版本",
        "Check number and text against the edition in force, and state that edition",
    )
    labelled_set = LabelledSet(
        Bilingual(
            "14个部门工作簿（2,049项）所引条文3,138处，由程序与条文全文比较，判为条号已变的人工读过开头，"
            "其余没有逐一读过：96处文字基本未变而条号已变；"
            "另有128处文字不同之处较多，找到的（68处）算对，没有找到的不计；阈值是参照它们确定的，不足以精确估计",
            "3,138 quoted articles in 14 workbooks of departments (2,049 items), compared with the texts of "
            "the statutes by a program; the beginnings of those that moved were read, no others: 96 "
            "stand nearly word by word under another number. 128 were reworded: "
            "those found (68) count as right, the others are not counted. Thresholds were set with these "
            "at hand",
        ),
        measured_on=date(2026, 11, 30),
        positives=96,
        negatives=294,
        precision="1.00",
        recall="0.98",
    )
    example = "【法律】《中华人民共和国种子法》（2015年11月4日修订）第五十四条：禁止任何单位和个人在种子……"

    @override
    def concerns(self, catalogue: Catalogue) -> bool:
        return rests_on_statutes(catalogue)

    @override
    def find_findings(self, record: CheckedRecord, knowledge: Knowledge, day: date) -> Iterable[Finding]:
        for field in record.catalogue.basis_fields:
            moved: dict[str, tuple[CheckedRecord, list[_Moved]]] = {}
            for item, text in texts_of(record.content.get(field)):
                for row, one in _find_moved(item, text, knowledge, day):
                    moved.setdefault(row.id, (row, []))[1].append(one)
            for row, own in moved.values():
                yield self._finding(record, field, row, own)

    def _finding(
        self, record: CheckedRecord, field: str, row: CheckedRecord, moved: Sequence[_Moved]
    ) -> Finding:
        cites = []
        for number, one in enumerate(moved, 1):
            suffix = "" if number == 1 else str(number)
            quoted = one.quoted
            cites += [
                record.cite(f"article{suffix}", field, quoted.start, quoted.end, one.item),
                record.cite(f"quotation{suffix}", field, quoted.text_start, quoted.text_end, one.item),
                row.cite(f"newer{suffix}", "article_hashes", one.newer.start, one.newer.end),
            ]
        edition = "effective" if "effective" in row.content and "version" not in row.content else "version"
        cites += [row.cite("statute", "title"), row.cite("edition", edition)]
        return self.finding(min((one.rule for one in moved), key=_BY_STRENGTH.index), cites)


def _find_moved(
    item: int | None, text: str, knowledge: Knowledge, day: date
) -> Iterator[tuple[CheckedRecord, _Moved]]:
    editions = find_rows(text, knowledge, partial(_newest_edition, day=day))
    for statute, quoted, quotation in _read_quotations(text) if editions else ():
        row = editions.get(statute_key(statute.title))
        if row is None or _is_newer(statute, row):
            continue
        index = index_articles(str(row.content["article_hashes"]))
        if (located := _locate(quoted, quotation, index)) is not None:
            newer, rule = located
            yield row, _Moved(item, quoted, newer, rule if statute.dated else _UNDATED)


@lru_cache(maxsize=_MOST_TEXTS)
def _read_quotations(text: str) -> tuple[tuple[CitedStatute, QuotedArticle, HashedText], ...]:
    """Read the articles that a text quotes, which is not repeated for each day."""
    statutes = find_cited_statutes(text)
    return tuple(
        (statute, quoted, hash_quotation(text[quoted.text_start : quoted.text_end]))
        for statute in statutes
        if statute.role == "basis"
        for quoted in find_quoted_articles(text, statute, statutes)
    )


def _newest_edition(rows: Iterable[CheckedRecord], day: date) -> CheckedRecord | None:
    """Return the edition in force on a day that took effect last."""
    dated = [
        (since, row.id, row) for row in rows if (since := _in_force_from(row)) is not None and since <= day
    ]
    return max(dated, key=lambda one: one[:2])[2] if dated else None


def _in_force_from(row: CheckedRecord) -> date | None:
    return date_of(row, "effective") or date_of(row, "version")


def _is_newer(statute: CitedStatute, row: CheckedRecord) -> bool:
    """Test whether a basis names an edition that is newer than the one that is known."""
    since = _in_force_from(row)
    return statute.dated is not None and since is not None and statute.dated > since


def _locate(
    quoted: QuotedArticle, quotation: HashedText, index: ArticleIndex
) -> tuple[HashedArticle, Rule] | None:
    """Find the one other article that contains a quoted text, or much of it; None if its own may do so."""
    own = article_key(quoted.number)
    whole = index.by_text.get(quotation.whole, frozenset())
    if own is None or any(article_key(number) == own for number in whole):
        return None
    if len(whole) == 1:
        return index.articles[next(iter(whole))], _MOVED
    best, *others = index.find(quotation) or [Match("", 0, 0)]
    under_own = sum(match.letters for match in others if article_key(match.article) == own)
    rivals = under_own * 2 >= best.letters or any(match.letters == best.letters for match in others)
    if article_key(best.article) == own or rivals or not _is_enough(quotation, best):
        return None
    everything = best.clauses == len(quotation.clauses) >= _LEAST_CLAUSES
    return index.articles[best.article], _MOVED if everything else _MOVED_IN_PART


def _is_enough(quotation: HashedText, match: Match) -> bool:
    """Test whether a quotation with these clauses in an article can only be of that article."""
    if len(quotation.clauses) == 1:
        return match.letters >= _LONG_CLAUSE
    return match.clauses >= _LEAST_CLAUSES and match.letters >= _LEAST_SHARE * quotation.letters
