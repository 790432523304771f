"""Texts that a pattern with a repeat in a repeat would read in every possible way, for hours."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from publisher.ingest.documents.repeal_sentences import find_repealed_documents
from publisher.ingest.formats.detect import HTML_START, SPREADSHEETML
from publisher.ingest.tables.heading_text import parse_unit
from schemas.reference.cited_works import find_cited_works
from schemas.reference.decision_places import find_decision_places
from schemas.reference.document_numbers import parse_number
from schemas.reference.legal_bases import find_cited_statutes
from schemas.reference.quoted_articles import find_quoted_articles

_LAW, _NEXT = "《中华人民共和国水法》", "《中华人民共和国森林法》第二条"


def _quoted(text: str) -> object:
    statutes = find_cited_statutes(text)
    return [list(find_quoted_articles(text, statute, statutes)) for statute in statutes]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("read", "text", "is_found"),
    [
        (find_cited_statutes, _LAW + "*①" * 15_000 + "段" + _NEXT, True),
        (find_cited_works, _LAW + "00." * 10_000 + _NEXT, True),
        (find_cited_works, _LAW + "附件，" + "\t" * 15_000 + _NEXT, True),
        (find_cited_works, _LAW + "第一条，" + "\t" * 15_000 + _NEXT, True),
        (_quoted, f"{_LAW}\n第一条{'一二三四五' * 2_000}。{_NEXT}", True),
        (find_decision_places, "国发〔2015〕3号第1项" * 4_000, True),
        (find_decision_places, "国发〔2015〕3号第1-500项" * 10_000, True),
        (find_cited_works, "《水法》第1条至第500条" * 10_000, True),
        (find_cited_works, "令号" + "一、第二" * 20_000 + "国务院令第5号", True),
        (find_cited_works, "公告" + "12、" * 20_000 + "国务院令第5号", True),
        (find_cited_works, "令号" + "一 、 第 二" * 20_000 + "国务院令第5号", True),
        (find_cited_statutes, "《水法》））" * 10_000, True),
        (find_cited_works, ("泰和" * 19 + "即财综〔2015〕1号") * 500, True),
        (parse_number, "鞍政发" + "\t" * 10_000 + "2015" + "\t" * 10_000 + "[", False),
        (parse_number, "[2015" + " -" * 10_000 + "第", False),
        (parse_unit, "元/" + "\t" * 10_000 + "定" + "\t" * 10_000, False),
        (find_repealed_documents, "以下" + "现从之日" * 200 + "废止。", False),
        (find_repealed_documents, "自发布之日起" * 40 + "的《甲办法》废止。", True),
        (find_repealed_documents, "《甲办法》" + "均予" * 200 + "不废止。", False),
        (find_repealed_documents, "《甲办法》同时废止。" + "\t" * 60_000, True),
        (SPREADSHEETML.match, "<!-" + "---><?--><??><!-" * 200, False),
        (HTML_START.match, "<!--" + "--><!--" * 200, False),
    ],
)
def test_a_text_made_to_be_read_in_every_way_is_read_once(
    read: Callable[[str], object], text: str, is_found: bool
) -> None:
    assert bool(read(text)) is is_found


@pytest.mark.parametrize("text", ["鞍政发  2015\n34", "鞍政发\t[ 2015 ]\u300034 号", "（2015）  34号"])
def test_blanks_in_a_number_do_not_count(text: str) -> None:
    number = parse_number(text)
    assert number is not None
    assert (number.year, number.number, number.text) == (2015, 34, text)
